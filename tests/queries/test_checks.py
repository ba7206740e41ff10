"""Every invariant holds in a warehouse that was just made, and finds the row that breaks it."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from queries import connect
from queries.checks import run_checks
from queries.sources import surface_facts
from queries.sql_files import sql_files
from queries.surface import create_surface
from warehouse import create
from warehouse.schema import TABLES


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, make_speech: Any, tiny_model: Any) -> Path:
    from ingest import Corpus, ingest

    folder = tmp_path_factory.mktemp("checks")
    speech = make_speech(folder / "speech", n_utterances=4)
    corpus = Corpus.from_files(speech / "audio", speech / "labels", speech / "metadata.csv", name="hummed")
    bare = Corpus.from_files(make_speech(folder / "bare", n_utterances=2, seed=5) / "audio", name="bare")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for each in (corpus, bare):
            ingest(
                tiny_model(), each, folder / "w", model_name="tiny", quiet=True, shard_minutes=0.05,
                f0=each is corpus, segment_means="block,ffn",
            )  # fmt: skip
        ingest(tiny_model(seed=1), corpus, folder / "w", model_name="other", lambda_pct=10, quiet=True, f0=True)
    return folder / "w"


@pytest.fixture(scope="module")
def tables(recorded: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(recorded) as source, duckdb.connect() as con:
        for name in TABLES:
            con.from_arrow(source.sql(f"FROM {name}").to_arrow_table()).create(name)
        create_surface(con, surface_facts(source.snapshot))
        yield con


@pytest.fixture
def study(tables: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse as tables of a plain DuckDB, to be damaged; frames count from frame_id 0."""
    tables.begin()
    yield tables
    tables.rollback()


def test_a_warehouse_that_was_just_made_is_whole(recorded: Path) -> None:
    with connect(recorded) as con:
        checks = run_checks(con)
        assert con.sql("SELECT count(DISTINCT model) FROM activations").fetchall() == [(2,)]
    assert [check.name for check in checks] == sorted(file.name for file in sql_files("checks"))
    assert [check for check in checks if check.rows] == []


def test_an_empty_warehouse_is_whole(tmp_path: Path) -> None:
    create(tmp_path / "w")
    with connect(tmp_path / "w") as con:
        assert [check for check in run_checks(con) if check.rows] == []


LAST_FRAME = "frame_id = (SELECT max(frame_id) FROM frames WHERE utterance_id = 1)"
AN_ACTIVATION = "model = 'tiny' AND layer = 2 AND frame_id = 7"
OF_PHONE = "model = 'tiny' AND property = 'phone'"
A_COUNT = f"rowid = (SELECT min(rowid) FROM activation_counts WHERE {OF_PHONE} AND layer = 2)"
A_FRAME_COUNT = f"rowid = (SELECT min(rowid) FROM frame_counts WHERE {OF_PHONE})"

DAMAGES: list[tuple[str, str, dict[str, Any]]] = [
    ("models_have_layers", "DELETE FROM layers WHERE model = 'tiny' AND layer = 1", {"model": "tiny", "found": 1}),
    ("models_have_layers", "DELETE FROM layers WHERE model = 'tiny'", {"model": "tiny", "found": 0, "expected": 2}),
    ("models_have_layers", "UPDATE layers SET top_k = 5 WHERE layer = 2 AND model = 'other'", {"layer": 2, "found": 5}),
    ("models_have_layers", "UPDATE layers SET model = 'x' WHERE model = 'other'", {"model": "x", "expected": None}),
    ("models_have_layers", "INSERT INTO layers FROM layers WHERE model = 'tiny' AND layer = 1", {"model": "tiny"}),
    (
        "utterances_are_named_once",
        "UPDATE utterances SET utterance = 'u000' WHERE utterance_id = 1",
        {"utterance": "u000", "with_name": 2, "with_number": 1},
    ),
    ("utterances_are_named_once", "UPDATE utterances SET utterance_id = 0 WHERE utterance_id = 1", {"with_number": 2}),
    ("segments_tile_utterances", "DELETE FROM segments WHERE utterance_id = 1 AND segment = 2", {"segment": 3}),
    ("segments_tile_utterances", "DELETE FROM segments WHERE utterance_id = 1 AND segment = 0", {"segment": 1}),
    ("segments_tile_utterances", "DELETE FROM segments WHERE utterance_id = 1", {"utterance_id": 1, "segment": None}),
    (
        "segments_tile_utterances",
        "UPDATE segments SET start_s = start_s + 2e-6 WHERE utterance_id = 1 AND segment = 2",
        {"utterance_id": 1, "segment": 2},
    ),
    (
        "segments_tile_utterances",
        "UPDATE utterances SET duration = duration + 0.01 WHERE utterance_id = 1",
        {"utterance_id": 1},
    ),
    ("frames_are_numbered", "UPDATE frames SET frame = 99999 WHERE frame_id = 7", {"utterance_id": 0}),
    ("frames_are_numbered", "UPDATE frames SET frame = 6 WHERE frame_id = 7", {"utterance_id": 0}),
    (
        "frames_are_numbered",
        "UPDATE frames SET frame_id = frame_id - 1 WHERE utterance_id = 1",
        {"utterance_id": 1},
    ),
    (
        "frames_lie_in_segments",
        "UPDATE frames SET segment = 999 WHERE frame_id = 7",
        {"frame_id": 7, "phone_of_segment": None},
    ),
    ("frames_lie_in_segments", "UPDATE frames SET phone = 'QQ' WHERE frame_id = 7", {"frame_id": 7, "phone": "QQ"}),
    (
        "runs_have_one_middle",
        f"UPDATE frames SET is_middle = true WHERE {LAST_FRAME}",
        {"utterance_id": 1, "n_middle": 2},
    ),
    (
        "runs_have_one_middle",
        "UPDATE frames SET is_middle = false WHERE frame_id = (SELECT min(frame_id) FROM frames WHERE is_middle)",
        {"n_middle": 0},
    ),
    (
        "runs_have_one_middle",
        "UPDATE frames SET is_middle = frame_id = 0 WHERE utterance_id = 0 AND segment = 0",
        {"utterance_id": 0, "first": 0, "n_middle": 1, "middle": 0},
    ),
    ("runs_have_one_middle", f"UPDATE frames SET is_last_run = false WHERE {LAST_FRAME}", {"utterance_id": 1}),
    ("runs_have_one_middle", "UPDATE frames SET is_last_run = true WHERE frame_id = 0", {"first": 0, "n_last_run": 1}),
    ("phones_are_declared", "UPDATE frames SET phone = 'QQ' WHERE frame_id = 7", {"phone": "QQ", "n_frames": 1}),
    ("phones_are_declared", "UPDATE frames SET phone = NULL WHERE frame_id = 7", {"phone": None, "n_frames": 1}),
    ("f0_is_positive", "UPDATE frames SET f0_hz = 0 WHERE frame_id = 7", {"frame_id": 7, "f0_hz": 0.0}),
    ("f0_is_positive", "UPDATE frames SET f0_hz = 'nan' WHERE frame_id = 7", {"frame_id": 7}),
    ("f0_is_positive", "UPDATE frames SET f0_hz = 'inf' WHERE frame_id = 7", {"frame_id": 7}),
    ("recordings_have_frames", f"DELETE FROM frames WHERE {LAST_FRAME}", {"utterance_id": 1}),
    ("recordings_have_frames", "DELETE FROM frames WHERE utterance_id = 1", {"utterance_id": 1, "n_frames": 0}),
    ("recordings_have_frames", "INSERT INTO recordings FROM recordings WHERE utterance_id = 1", {"n_recordings": 2}),
    (
        "recordings_have_frames",
        "UPDATE models SET hop_us = 10000 WHERE model = 'tiny'",
        {"model": "tiny", "n_frames": 0},
    ),
    (
        "means_are_of_recordings",
        "DELETE FROM recordings WHERE utterance_id = 1",
        {"utterance_id": 1, "n_recorded": None},
    ),
    (
        "means_are_of_recordings",
        "INSERT INTO utterance_means FROM utterance_means WHERE utterance_id = 1 AND layer = 1 AND kind = 'ffn'",
        {"kind": "ffn", "layer": 1, "n_rows": 2},
    ),
    ("means_are_of_recordings", "UPDATE utterance_means SET n_frames = 3 WHERE utterance_id = 1", {"n_averaged": 3}),
    (
        "segment_means_are_of_segments",
        "DELETE FROM segment_means WHERE utterance_id = 1 AND segment = 2 AND kind = 'block' AND layer = 2",
        {"kind": "block", "layer": 2, "utterance_id": 1, "segment": 2, "n_rows": 0, "n_averaged": None},
    ),
    (
        "segment_means_are_of_segments",
        "DELETE FROM segment_means WHERE utterance_id = 1 AND kind = 'ffn'",
        {"kind": "ffn", "layer": 1, "utterance_id": 1, "segment": 0, "n_rows": 0},
    ),
    (
        "segment_means_are_of_segments",
        "UPDATE segment_means SET segment = 99 WHERE utterance_id = 1 AND segment = 2",
        {"kind": "ffn", "layer": 1, "segment": 99, "n_rows": 1, "n_recorded": None},
    ),
    (
        "segment_means_are_of_segments",
        "INSERT INTO segment_means FROM segment_means WHERE utterance_id = 1 AND segment = 2 AND layer = 1",
        {"utterance_id": 1, "segment": 2, "layer": 1, "n_rows": 2},
    ),
    (
        "segment_means_are_of_segments",
        "UPDATE segment_means SET n_frames = n_frames + 1 WHERE utterance_id = 1 AND segment = 2",
        {"utterance_id": 1, "segment": 2, "n_rows": 1},
    ),
    (
        "segment_means_are_of_segments",
        "DELETE FROM recordings WHERE utterance_id = 1",
        {"utterance_id": 1, "segment": 0, "n_recorded": None},
    ),
    (
        "neurons_are_of_their_layer",
        f"UPDATE activations SET neuron = 64 WHERE {AN_ACTIVATION} AND rank = 0",
        {"model": "tiny", "layer": 2, "highest": 64, "n_neurons": 64},
    ),
    (
        "neurons_are_of_their_layer",
        f"UPDATE activations SET neuron = -1 WHERE {AN_ACTIVATION} AND rank = 0",
        {"lowest": -1},
    ),
    (
        "neurons_are_of_their_layer",
        f"UPDATE activations SET layer = 9 WHERE {AN_ACTIVATION}",
        {"layer": 9, "n_neurons": None},
    ),
    (
        "ranks_are_whole",
        "DELETE FROM activations WHERE model = 'other' AND layer = 1 AND frame_id = 7 AND rank = 3",
        {"frame_id": 7, "n_rows": 5},
    ),
    (
        "ranks_are_whole",
        "UPDATE activations SET rank = 2 WHERE model = 'other' AND layer = 1 AND frame_id = 7 AND rank = 3",
        {"model": "other", "layer": 1, "frame_id": 7, "n_rows": 6, "n_ranks": 5},
    ),
    (
        "ranks_are_whole",
        "UPDATE activations SET rank = 6 WHERE model = 'other' AND layer = 2 AND frame_id = 7 AND rank = 5",
        {"model": "other", "layer": 2, "frame_id": 7, "n_ranks": 5},
    ),
    (
        "ranks_are_whole",
        "UPDATE activations SET neuron = (SELECT neuron FROM activations WHERE model = 'other' AND layer = 2 "
        "AND frame_id = 7 AND rank = 0) WHERE model = 'other' AND layer = 2 AND frame_id = 7 AND rank = 5",
        {"model": "other", "layer": 2, "frame_id": 7, "n_neurons": 5},
    ),
    ("ranks_are_whole", f"UPDATE activations SET neuron = 64 WHERE {AN_ACTIVATION} AND rank = 0", {"frame_id": 7}),
    ("ranks_are_whole", f"UPDATE activations SET rank = -1 WHERE {AN_ACTIVATION} AND rank = 0", {"frame_id": 7}),
    ("recorded_frames_exist", f"DELETE FROM activations WHERE {AN_ACTIVATION}", {"frame_id": 7, "activated": False}),
    ("recorded_frames_exist", "DELETE FROM frames WHERE frame_id = 7", {"frame_id": 7, "recorded": False}),
    (
        "recorded_frames_exist",
        "DELETE FROM recordings WHERE model = 'other' AND utterance_id = 0",
        {"model": "other", "frame_id": 0},
    ),
    (
        "counts_are_ordered",
        f"UPDATE activation_counts SET n_middle = n + 1 WHERE {A_COUNT}",
        {"layer": 2, "model": "tiny"},
    ),
    (
        "counts_are_ordered",
        f"UPDATE activation_counts SET n = 0, n_middle = 0, n_reference = 0 WHERE {A_COUNT}",
        {"n": 0},
    ),
    (
        "counts_are_ordered",
        f"UPDATE frame_counts SET n_reference = n_middle + 1 WHERE {A_FRAME_COUNT}",
        {"neuron": None},
    ),
    ("counts_are_ordered", f"UPDATE frame_counts SET n = NULL WHERE {A_FRAME_COUNT}", {"n": None}),
    ("frame_counts_are_frames", f"UPDATE frame_counts SET n = n + 1 WHERE {A_FRAME_COUNT}", {"property": "phone"}),
    (
        "frame_counts_are_frames",
        f"UPDATE frame_counts SET n_reference = n_reference + 1 WHERE {A_FRAME_COUNT}",
        {"property": "phone"},
    ),
    (
        "frame_counts_are_frames",
        f"UPDATE frame_counts SET \"group\" = 'QQ' WHERE {A_FRAME_COUNT}",
        {"group": "QQ", "found": None},
    ),
    (
        "frame_counts_are_frames",
        "DELETE FROM frame_counts WHERE property = 'gender'",
        {"property": "gender", "n": None},
    ),
    (
        "activation_counts_add_up",
        f"UPDATE activation_counts SET n = n + 1 WHERE {A_COUNT}",
        {"layer": 2, "property": "phone"},
    ),
    ("activation_counts_add_up", f"DELETE FROM activation_counts WHERE {A_COUNT}", {"layer": 2, "property": "phone"}),
    (
        "activation_counts_add_up",
        "UPDATE activation_counts SET n_middle = 0 WHERE property = 'pitch'",
        {"property": "pitch"},
    ),
    (
        "activation_counts_add_up",
        "DELETE FROM activation_counts WHERE property = 'speaker'",
        {"property": "speaker", "n": None},
    ),
    (
        "activation_counts_are_facts",
        "UPDATE activation_counts SET neuron = 63 - neuron WHERE property = 'phone' AND model = 'tiny' AND layer = 2",
        {"model": "tiny", "layer": 2},
    ),
    (
        "activation_counts_are_facts",
        f"UPDATE activation_counts SET n_reference = 99 WHERE {A_COUNT}",
        {"n_reference": 99},
    ),
]


@pytest.mark.parametrize(("name", "damage", "row"), DAMAGES, ids=[f"{name}: {sql}" for name, sql, _ in DAMAGES])
def test_a_broken_invariant_names_the_row(
    study: duckdb.DuckDBPyConnection, name: str, damage: str, row: dict[str, Any]
) -> None:
    (changed,) = study.execute(damage).fetchone() or (0,)
    assert changed > 0
    (check,) = run_checks(study, limit=1000, names=[name])
    found = [dict(zip(check.columns, values, strict=True)) for values in check.rows]
    assert any(all(bad[key] == value for key, value in row.items()) for bad in found), found


def test_each_invariant_was_seen_to_fail() -> None:
    others = {file.name for file in sql_files("checks") if not file.name.startswith("probe_")}  # probes/test_checks.py
    assert {name for name, *_ in DAMAGES} == others


def test_what_comes_back_can_be_shown(study: duckdb.DuckDBPyConnection) -> None:
    study.execute("UPDATE frames SET f0_hz = -1; DELETE FROM activations WHERE rank = 0")
    checks = {check.name: check for check in run_checks(study, limit=3)}
    assert {name: len(checks[name].rows) for name in ("f0_is_positive", "ranks_are_whole")} == {
        "f0_is_positive": 3,
        "ranks_are_whole": 3,
    }
    for check in checks.values():
        (file,) = [file for file in sql_files("checks") if file.name == check.name]
        assert check.title == file.title
        assert check.columns == list(file.columns)
        assert len(check.types) == len(check.columns)
