"""The query interface: a sandboxed DuckDB over a snapshot of a warehouse, with every table, view and macro."""

from typing import TYPE_CHECKING, Any

from queries.catalog import write_catalog
from queries.connection import Connection, connect

if TYPE_CHECKING:
    from queries.masks import Mask

__all__ = ["Connection", "Mask", "connect", "write_catalog"]


def __getattr__(name: str) -> Any:
    # Masks load NumPy, which whoever only asks can do without.
    if name == "Mask":
        from queries.masks import Mask

        return Mask
    raise AttributeError(f"module 'queries' has no attribute {name!r}")
