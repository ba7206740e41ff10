"""Facts of a part of a warehouse: the right ones, and no more reading than they need."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drawn_study import GRID, Spoken, Study, draw

from warehouse import Commit
from warehouse.compact import compact
from warehouse.facts import frame_rows, shard_facts
from warehouse.grid import Grid
from warehouse.schema import TABLES, table


def test_frames_of_some_utterances_come_in_order_before_and_after_compaction(folder: Path) -> None:
    study = Study(folder / "w")
    study.ingest("a", draw(np.random.default_rng(0), 4))
    parts = study.ingest("b", draw(np.random.default_rng(1), 9))
    for part in parts:
        before = frame_rows(study.state, [part.name], GRID, part.utterance_ids)
        expected = [i for i, f in study.frames.items() if f.utterance_id in part.utterance_ids]
        assert before["frame_id"].to_pylist() == sorted(expected)
        assert before.schema == TABLES["frames"].schema
    names = [part.name for part in parts]
    numbers = [number for part in parts for number in part.utterance_ids][1::2]
    before = frame_rows(study.state, names, GRID, numbers)
    compact(study.layout)
    assert frame_rows(study.state, names, GRID, numbers) == before
    assert len(frame_rows(study.state, names, GRID, [])) == 0
    assert len(frame_rows(study.state, names, Grid(10_000, 12_500, 25_000), numbers)) == 0


def test_a_small_part_of_a_large_corpus_reads_no_other_row_group(folder: Path) -> None:
    study = Study(folder / "w")
    n, per = 1_000_000, 200
    frames = table("frames", {"frame_id": np.arange(n), "utterance_id": np.arange(n) // per, "phone": ["AH"] * n})
    facts = {"shards": ["s1", "s2"], "corpus": "c", "utterance_ids": [], "hop_us": 20_000, "offset_us": 12_500}
    with Commit(study.layout) as commit:
        commit.add("frames", frames)
        commit.publish("labels", "labels", {**facts, "window_us": 25_000})
    (path,) = study.state.files("frames")
    footer, content = pq.read_metadata(path), bytearray(Path(path).read_bytes())
    spoilt = 0
    for group in range(footer.num_row_groups):
        chunks = [footer.row_group(group).column(i) for i in range(footer.num_columns)]
        ids = next(chunk.statistics for chunk in chunks if chunk.path_in_schema == "utterance_id")
        if not ids.min <= 730 <= ids.max:  # whoever reads this row group fails
            spoilt += 1
            for chunk in chunks:
                start = chunk.dictionary_page_offset or chunk.data_page_offset
                content[start : start + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
    Path(path).write_bytes(content)
    assert spoilt == footer.num_row_groups - 1 >= 7
    wanted = [700, *range(702, 800)]
    found = frame_rows(study.state, ["s1"], GRID, wanted)
    assert found["frame_id"].to_pylist() == [i for number in wanted for i in range(number * per, number * per + per)]
    with pytest.raises(OSError, match=r"."):
        frame_rows(study.state, ["s1"], GRID, [0])


def test_folders_named_like_partitions_add_no_columns(folder: Path) -> None:
    study = Study(folder / "run=3" / "model=x.warehouse")
    study.ingest("c", draw(np.random.default_rng(0), 5))
    compact(study.layout)
    (part, *_) = study.parts
    frames = frame_rows(study.state, [part.name], GRID, part.utterance_ids)
    columns = shard_facts(study.state, "c", frames).table("frame_facts").columns
    assert {"run", "model"}.isdisjoint(columns)
    assert {"accent", "speaker", "phone_class"} <= set(columns)


def test_facts_of_no_frames_are_empty(folder: Path) -> None:
    study = Study(folder / "w")
    con = shard_facts(study.state, "c", table("frames", {}))
    assert con.sql("FROM frame_facts").fetchall() == []


def test_columns_whose_type_differs_between_corpora_are_joined(folder: Path) -> None:
    study = Study(folder / "w")
    (one,) = study.plan("c", [Spoken("a", ("AH",), (None,), {"age": 31, "note": None})])
    (two,) = study.plan("c", [Spoken("b", ("AH",), (None,), {"age": "old", "note": "x"})])
    for part in (one, two):
        study.label(part)
    frames = pa.concat_tables([frame_rows(study.state, [p.name], GRID, p.utterance_ids) for p in (one, two)])
    found = shard_facts(study.state, "c", frames).sql("SELECT utterance, age, note FROM frame_facts ORDER BY ALL")
    assert found.fetchall() == [("a", "31", None), ("b", "old", "x")]
