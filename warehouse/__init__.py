"""What a warehouse is on disk: tables of Parquet, manifests that commit them, and snapshots that read them.

This package knows files, not speech: no audio, no models, no torch, no screens and no views.
"""

from typing import TYPE_CHECKING, Any

from warehouse.errors import CorpusError, FormatError, MaskError, ModelError, QueryError, WarehouseError
from warehouse.grid import Grid
from warehouse.layout import Layout, create, open_layout
from warehouse.snapshot import Snapshot, snapshot

if TYPE_CHECKING:
    from warehouse.commit import Commit

__all__ = [
    "Commit",
    "CorpusError",
    "FormatError",
    "Grid",
    "Layout",
    "MaskError",
    "ModelError",
    "QueryError",
    "Snapshot",
    "WarehouseError",
    "create",
    "open_layout",
    "snapshot",
]


def __getattr__(name: str) -> Any:
    # Writing loads Arrow, which whoever only reads can do without.
    if name == "Commit":
        from warehouse.commit import Commit

        return Commit
    raise AttributeError(f"module 'warehouse' has no attribute {name!r}")
