"""The query interface: a sandboxed DuckDB over a snapshot of a warehouse, with every table, view and macro."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from queries.catalog import write_catalog
    from queries.connection import Connection, connect
    from queries.masks import Mask

__all__ = ["Connection", "Mask", "connect", "write_catalog"]

_HOMES = {
    "Connection": "queries.connection",
    "Mask": "queries.masks",
    "connect": "queries.connection",
    "write_catalog": "queries.catalog",
}


def __getattr__(name: str) -> Any:
    # What only reads manifests, as the first screen of the app does, loads neither DuckDB nor NumPy.
    if name not in _HOMES:
        raise AttributeError(f"module 'queries' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
