"""Tables as Arrow makes them, and as other readers find them in the files."""

from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drawn_study import Study, draw

from warehouse import Commit, create
from warehouse.schema import TABLES, file_schema, table


def test_columns_are_cast_to_the_declared_types() -> None:
    columns = {
        "frame_id": np.array([1, 2], np.uint16),
        "hop_us": np.array([20_000, 20_000]),
        "phone": pa.array(["AH", "S"]).dictionary_encode(),
        "f0_hz": np.array([1.5, 2.25]),
    }
    found = table("frames", columns)
    assert found.schema == TABLES["frames"].schema
    assert found["frame_id"].to_pylist() == [1, 2]
    assert found["phone"].to_pylist() == ["AH", "S"]
    assert found["f0_hz"].to_pylist() == [1.5, 2.25]
    assert found["given_pitch"].to_pylist() == [None, None]


def test_a_value_that_does_not_fit_is_refused() -> None:
    with pytest.raises(pa.ArrowInvalid):
        table("frames", {"hop_us": np.array([2**40])})


def test_a_column_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="table frames has no column utterence_id"):
        table("frames", {"utterence_id": [1]})
    with pytest.raises(ValueError, match="table frames has columns"):
        table("frames", {"x": [1]}, [pa.field("x", pa.int64())])


def test_metadata_columns_come_last_and_an_empty_one_is_text() -> None:
    extra = [pa.field("age", pa.int64()), pa.field("accent", pa.null())]
    found = table("utterances", {"utterance_id": [1], "age": [30], "accent": [None]}, extra)
    assert found.schema.names[-2:] == ["age", "accent"]
    assert found.schema.field("accent").type == pa.string()


def test_rows_of_another_shape_are_refused(folder: Path) -> None:
    good = table("recordings", {"model": ["m"], "utterance_id": [1], "n_frames": [2], "shard": ["s"]})
    wrong_order = good.select(["utterance_id", "model", "n_frames", "shard"])
    wrong_type = good.set_column(1, "utterance_id", pa.array([1], pa.int32()))
    with Commit(create(folder / "w")) as commit:
        for bad in (wrong_order, wrong_type, good.drop_columns(["shard"])):
            with pytest.raises(ValueError, match="recordings"):
                commit.add("recordings", bad)


def test_required_columns_are_required_in_the_files() -> None:
    given = pa.schema([*TABLES["activations"].schema, pa.field("value", pa.float32())])
    found = file_schema("activations", pa.schema([field.with_nullable(True) for field in given]))
    assert [field.nullable for field in found] == [False] * 5 + [True]


def test_every_reader_finds_plain_strings_and_the_declared_types(folder: Path) -> None:
    study = Study(folder / "w")
    study.ingest("c", draw(np.random.default_rng(0), 4))
    state = study.state
    for name in ("activations", "activation_counts", "frame_counts", "frames", "utterance_means", "recordings"):
        (path, *_) = state.files(name)
        assert pq.read_schema(path).remove_metadata() == TABLES[name].schema
        frame = pl.read_parquet(path)
        for column, kind, _ in TABLES[name].columns:
            if kind == pa.string():
                assert frame.schema[column] == pl.String
                assert duckdb.read_parquet(path).project(f'typeof("{column}")').limit(1).fetchall() == [("VARCHAR",)]


def test_every_column_is_explained_in_one_line() -> None:
    for spec in TABLES.values():
        assert len({name for name, _, _ in spec.columns}) == len(spec.columns)
        for _, _, comment in spec.columns:
            assert comment
            assert "\n" not in comment
