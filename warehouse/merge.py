"""Merging: rows of several files of a table as one sorted sequence, in little memory."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.counting import READINGS
from warehouse.errors import WarehouseError
from warehouse.parquet import FORMATS
from warehouse.schema import TABLES

MEMORY = "1GiB"  # that adding up may take before it spills to disk

# Columns that facts are sorted by; a row group has one value of all but the last.
SORTED_BY = {
    "recordings": ("utterance_id",),
    "activations": ("layer", "frame_id"),
    "utterance_means": ("kind", "layer", "utterance_id"),
    "segment_means": ("kind", "layer", "utterance_id"),
    "frames": ("frame_id",),
}


def in_order(table: str, paths: Sequence[Path]) -> Iterator[pa.Table]:
    """Rows of several sorted files, sorted.

    Row groups are read one by one, and only those are sorted together whose ranges interlock.

    Args:
        table: name of a table in ``SORTED_BY``.
        paths: its files.
    """
    *fixed, last_column = SORTED_BY[table]
    footers = [pq.read_metadata(path) for path in paths]
    places = [
        (*_span(footer, group, fixed, last_column), which, group)
        for which, footer in enumerate(footers)
        for group in range(footer.num_row_groups)
    ]
    held: list[pa.Table] = []
    held_key: list[Any] = []
    held_last: Any = None
    for key, first, last, which, group in sorted(places):
        if held and (key != held_key or first >= held_last):  # equal: a frame that lies in two row groups
            yield _sorted(held, last_column)
            held = []
        held_key, held_last = key, max(last, held_last) if held else last
        held.append(pq.ParquetFile(paths[which], metadata=footers[which]).read_row_group(group))
    if held:
        yield _sorted(held, last_column)


def _span(footer: pq.FileMetaData, group: int, fixed: Sequence[str], last_column: str) -> tuple[list[Any], Any, Any]:
    """The values that a row group has in the fixed columns, and its range in the last one."""
    chunks = footer.row_group(group)
    columns = [chunks.column(i) for i in range(chunks.num_columns)]
    statistics = {column.path_in_schema: column.statistics for column in columns}
    return [statistics[name].min for name in fixed], statistics[last_column].min, statistics[last_column].max


def _sorted(pieces: Sequence[pa.Table], column: str) -> pa.Table:
    """Sorted pieces as one; rows of equal value keep their order, such as the ranks of a frame."""
    if len(pieces) == 1:
        return pieces[0]
    rows = pa.concat_tables(pieces, promote_options="permissive")
    return rows.take(pa.compute.sort_indices(rows[column]))


def added_up(table: str, rows: str, spill: Path) -> Iterator[pa.Table]:
    """Partial counts, one row per key, sorted.

    Args:
        table: ``frame_counts`` or ``activation_counts``.
        rows: SELECT of the partial counts.
        spill: folder for what does not fit in memory.

    Raises:
        WarehouseError: the disk is full.
    """
    keys = [name for name in TABLES[table].schema.names if name not in READINGS]
    first = ("model", "corpus", "property", "layer")
    fixed = [*(name for name in first if name in keys), *(name for name in keys if name.endswith("_us"))]
    within = ", ".join(f'"{name}"' for name in ("group", "phone", "neuron") if name in keys)
    sums = ", ".join(f"CAST(sum({reading}) AS BIGINT) AS {reading}" for reading in READINGS)
    same = " AND ".join(f"{name} = ?" for name in fixed)
    sql = f"SELECT {within}, {sums} FROM parts WHERE {same} GROUP BY {within} ORDER BY {within}"
    n_rows = FORMATS["activation_counts"].rows_per_group
    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(spill)}) as con:
        con.execute(f"CREATE VIEW parts AS {rows}")
        # One property and layer at a time: what is added up stays small.
        for values in con.execute(f"SELECT DISTINCT {', '.join(fixed)} FROM parts ORDER BY ALL").fetchall():
            try:
                for batch in con.sql(sql, params=list(values)).to_arrow_reader(n_rows):
                    yield _with_fixed(table, batch, dict(zip(fixed, values, strict=True)))
            except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
                reason = str(error).splitlines()[0]
                raise WarehouseError(f"{spill}: cannot add up counts ({reason}); free some space, try again") from None


def _with_fixed(table: str, batch: pa.RecordBatch, fixed: dict[str, Any]) -> pa.Table:
    schema = TABLES[table].schema
    columns = [
        pa.repeat(pa.scalar(fixed[field.name], field.type), len(batch))
        if field.name in fixed
        else batch.column(field.name)
        for field in schema
    ]
    return pa.table(columns, schema=schema)
