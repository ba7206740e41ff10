"""Every invariant of probes holds for probes that are as they should be, and finds the row that breaks it."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from written_probes import Probe, opened

from queries.checks import run_checks
from queries.sql_files import sql_files

OF_PROBES = [file.name for file in sql_files("checks") if file.name.startswith("probe_")]


def probes() -> list[Probe]:
    """A probe of genders, p, and one of speakers, q."""
    split = [(0, None, "train"), (1, None, "train"), (2, 0, "train"), (2, 1, "train"), (3, None, "test")]
    p = Probe("p").score(1, [0.9]).score(None, [None], "cosine", measure="eer").ranked(None, [(1, 0), (1, 1)])
    p.splits = [{"seed": 0, "utterance_id": utt, "segment": segment, "part": part} for utt, segment, part in split]
    q = Probe("q", label="speaker", split="utterance")
    q.splits = [{"seed": 0, "utterance_id": utt, "part": part} for utt, part in [(0, "train"), (1, "test")]]
    return [p, q]


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """Utterances 0 and 1 are by speaker s, 2 and 3 by unknown ones."""
    with opened(probes()) as con:
        con.execute("INSERT INTO utterances (utterance_id, speaker) VALUES (0, 's'), (1, 's'), (2, NULL), (3, NULL)")
        yield con


DAMAGES: list[tuple[str, str, dict[str, Any]]] = [
    (
        "probe_rows_have_runs",
        "DELETE FROM probe_runs WHERE probe = 'p'",
        {"probe": "p", "of_table": "probe_scores", "n_runs": 0},
    ),
    (
        "probe_rows_have_runs",
        "INSERT INTO probe_runs FROM probe_runs WHERE probe = 'p'",
        {"of_table": "probe_splits", "n_runs": 2},
    ),
    ("probe_rows_have_runs", "UPDATE probe_rankings SET probe = 'x'", {"probe": "x", "of_table": "probe_rankings"}),
    (
        "probe_scores_are_shares",
        "UPDATE probe_scores SET value = 90 WHERE layer = 1",
        {"probe": "p", "layer": 1, "value": 90.0},
    ),
    (
        "probe_scores_are_shares",
        "UPDATE probe_scores SET value = -0.1 WHERE layer IS NULL",
        {"layer": None, "measure": "eer"},
    ),
    ("probe_scores_are_shares", "UPDATE probe_scores SET value = 'nan' WHERE layer = 1", {"layer": 1}),
    ("probe_scores_are_shares", "UPDATE probe_scores SET value = NULL WHERE layer = 1", {"layer": 1, "value": None}),
    ("probe_scores_are_shares", "UPDATE probe_scores SET n = 0 WHERE layer = 1", {"layer": 1, "n": 0}),
    (
        "probe_splits_leak_nothing",
        "UPDATE probe_splits SET part = 'test' WHERE probe = 'p' AND utterance_id = 0",
        {"probe": "p", "speaker": "s", "utterance_id": None, "n_train": 1, "n_test": 1},
    ),
    (
        "probe_splits_leak_nothing",
        "UPDATE probe_splits SET part = 'test' WHERE utterance_id = 2 AND segment = 0",
        {"probe": "p", "speaker": None, "utterance_id": 2, "n_train": 1, "n_test": 1},
    ),
    (
        "probe_splits_leak_nothing",
        "UPDATE probe_runs SET split = 'speaker' WHERE probe = 'q'",
        {"probe": "q", "speaker": "s"},
    ),
    (
        "probe_splits_leak_nothing",
        "UPDATE probe_splits SET utterance_id = 0 WHERE probe = 'q'",
        {"probe": "q", "speaker": None, "utterance_id": 0},
    ),
]


def test_probes_are_whole(con: duckdb.DuckDBPyConnection) -> None:
    assert [check for check in run_checks(con, names=OF_PROBES) if check.rows] == []


def test_unused_rows_and_other_seeds_are_no_leak(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("UPDATE probe_splits SET part = 'unused' WHERE probe = 'p' AND utterance_id = 0")
    con.execute("UPDATE probe_splits SET seed = 1, part = 'test' WHERE probe = 'p' AND utterance_id = 1")
    assert [check for check in run_checks(con, names=OF_PROBES) if check.rows] == []


@pytest.mark.parametrize(("name", "damage", "row"), DAMAGES, ids=[f"{name}: {sql}" for name, sql, _ in DAMAGES])
def test_a_broken_invariant_names_the_row(
    con: duckdb.DuckDBPyConnection, name: str, damage: str, row: dict[str, Any]
) -> None:
    (changed,) = con.execute(damage).fetchone() or (0,)
    assert changed > 0
    (check,) = run_checks(con, limit=1000, names=[name])
    found = [dict(zip(check.columns, values, strict=True)) for values in check.rows]
    assert any(all(bad[key] == value for key, value in row.items()) for bad in found), found


def test_each_invariant_was_seen_to_fail() -> None:
    assert {name for name, *_ in DAMAGES} == set(OF_PROBES)
