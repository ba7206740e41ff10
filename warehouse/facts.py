"""DuckDB over a part of a warehouse's facts, for the work that ends in a commit."""

from collections.abc import Iterable, Sequence

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from warehouse.grid import Grid
from warehouse.layers import grid_of
from warehouse.manifest import Manifest
from warehouse.properties import frame_facts_sql
from warehouse.schema import TABLES, table
from warehouse.snapshot import Snapshot
from warehouse.stored import stored, with_window


def on_grid(manifest: Manifest, grid: Grid) -> bool:
    """Whether a commit of labels is of a grid."""
    return grid_of(manifest.facts) == grid


def frame_rows(state: Snapshot, shards: Iterable[str], grid: Grid, utterance_ids: Sequence[int]) -> pa.Table:
    """Frames of some utterances, by ascending frame_id.

    Only the row groups that hold them are read, however large the corpus is.

    Args:
        state: the warehouse.
        shards: shards that the utterances are part of.
        grid: grid of the frames.
        utterance_ids: numbers of the utterances.
    """
    labels = {m.name: m for shard in shards for m in state.for_shard("labels", shard) if on_grid(m, grid)}
    pieces = [table("frames", {})]
    if len(utterance_ids):
        number, wanted = pc.field("utterance_id"), pa.array(utterance_ids, pa.int64())
        # The range first: membership alone does not skip row groups.
        chosen = (number >= min(utterance_ids)) & (number <= max(utterance_ids)) & number.isin(wanted)
        for path in state.files("frames", labels.values()):
            pieces.append(with_window(pq.read_table(path, filters=chosen), grid))
    return pa.concat_tables(pieces).sort_by("frame_id")


def shard_facts(state: Snapshot, corpus: str, frames: pa.Table) -> duckdb.DuckDBPyConnection:
    """All that is known of some frames of a corpus: ``frames``, and ``frame_facts`` with their groups' edges.

    Args:
        state: the warehouse.
        corpus: corpus of the frames.
        frames: rows of the table frames.
    """
    con = duckdb.connect()
    con.register("frames", frames)
    bounds = pc.min_max(frames["utterance_id"]).as_py()
    first, last = (-1, -1) if bounds["min"] is None else (bounds["min"], bounds["max"])
    _add_facts(con, state, corpus, f"utterance_id BETWEEN {first} AND {last}")
    return con


def corpus_facts(state: Snapshot, corpus: str, grid: Grid) -> duckdb.DuckDBPyConnection:
    """All that is known of a corpus's frames on a grid, read from the files as needed."""
    con = duckdb.connect()
    labels = [m for m in state.of_kind("labels") if m.facts["corpus"] == corpus and on_grid(m, grid)]
    con.execute(f"CREATE VIEW frames AS {stored(state, 'frames', labels)}")
    _add_facts(con, state, corpus)
    return con


def _add_facts(con: duckdb.DuckDBPyConnection, state: Snapshot, corpus: str, condition: str = "true") -> None:
    own = [m for m in state.of_kind("corpus", "edges") if m.facts["corpus"] == corpus]
    # Utterances of every corpus: a property may need a column that only another corpus has.
    _add(con, "utterances", state.files("utterances"), condition)
    _add(con, "segments", state.files("segments", own), condition)
    _add(con, "phones", state.files("phones", own))
    _add(con, "property_edges", state.files("property_edges", own))
    con.execute(f"CREATE VIEW frame_facts AS {frame_facts_sql()}")


def _add(con: duckdb.DuckDBPyConnection, name: str, files: Sequence[str], condition: str = "true") -> None:
    """A view of a table's files; of an empty table where there are none."""
    if files:
        rows = con.read_parquet(list(files), union_by_name=True, hive_partitioning=False)
        rows.filter(condition).create_view(name)
    else:
        con.register(name, TABLES[name].schema.empty_table())
