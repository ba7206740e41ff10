"""The rows of a table's files as SQL, whichever version of the columns each of them has."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from warehouse.grid import Grid
from warehouse.layers import layer_grids
from warehouse.manifest import Manifest
from warehouse.properties import quote
from warehouse.schema import TABLES
from warehouse.snapshot import Snapshot

if TYPE_CHECKING:
    import pyarrow as pa


def stored(state: Snapshot, table: str, manifests: Iterable[Manifest] | None = None) -> str:
    """SELECT of the rows of a table, of some commits only where they are given; without files, of none.

    Folders around the warehouse are no partitions of it, whatever they are called. Files of the first version lack the
    columns of the grid that their commit or its model states; a commit that merged the files of others has theirs.
    """
    chosen = state.manifests if manifests is None else tuple(manifests)
    files: dict[str, list[str]] = defaultdict(list)
    if table in ("frames", "layers", "frame_counts"):
        for manifest in chosen:
            if found := state.files(table, [manifest]):
                files[_added(state, table, manifest)] += found
    elif found := state.files(table, manifests if manifests is None else chosen):
        files[""] += found
    if not files:
        columns = ", ".join(f'CAST(NULL AS {kind}) AS "{column}"' for column, kind, _ in TABLES[table].columns)
        return f"SELECT {columns} WHERE false"
    return " UNION ALL BY NAME ".join(
        f"SELECT *{added} FROM read_parquet([{', '.join(map(quote, listed))}], hive_partitioning = false"
        f"{_by_name(state, table, listed)})"
        for added, listed in files.items()
    )


def with_window(frames: "pa.Table", grid: Grid) -> "pa.Table":
    """Rows of the table frames with the window of their grid, which files of the first version lack."""
    import pyarrow as pa

    names = TABLES["frames"].schema.names
    if "window_us" in frames.column_names:
        return frames.select(names)
    window = pa.repeat(pa.scalar(grid.window_us, pa.int32()), len(frames))
    return frames.append_column("window_us", window).select(names)


def _added(state: Snapshot, table: str, manifest: Manifest) -> str:
    """The columns that a commit's files of a table lack, with their values."""
    if manifest.schema > 1:
        return ""
    facts = manifest.facts
    if table != "frame_counts":
        return f", CAST({facts['window_us']} AS INTEGER) AS window_us"
    grid = asdict(layer_grids(state, facts["model"])[0])
    return "".join(f", CAST({value} AS INTEGER) AS {name}" for name, value in grid.items())


def _by_name(state: Snapshot, table: str, files: list[str]) -> str:
    """Whether files may have different columns, so that each must be looked at."""
    differ = TABLES[table].open
    if table == "activations":
        differ = len({bool(facts.get("values")) for facts in state.facts("model")}) > 1
    return ", union_by_name = true" if differ and len(files) > 1 else ""
