"""What questions about probes have in common: defaults, names that do not exist, the sandbox, and no probe at all."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest
from drawn_study import Study, draw
from written_probes import PROBE_TABLES, Probe, opened

from queries import Connection, connect, write_catalog
from queries.calls import call
from queries.parameters import ALL_PARAMETERS, PARAMETERS, PROBE_PARAMETERS
from queries.sql_editing.catalog import read_catalog
from queries.sql_editing.completion import complete
from queries.sql_files import SqlFile, sql_files
from warehouse import QueryError, snapshot
from warehouse.compact import compact

VIEWS = sql_files("probes")
ASKED = [*VIEWS, *(file for file in sql_files("lookups") if set(file.parameters) & set(PROBE_PARAMETERS))]

MISTAKES = {
    "p_probe := 'x'": "p_probe: there is no x; there are: p, q, r",
    "p_label := 'x'": "p_label: there is no x; there are: accent, gender",
    "p_model := 'x'": "p_model: there is no x; there are: m, n",
    "p_kind := 'x'": "p_kind: there is no x; there are: block, ffn",
    "p_delta := -1": "p_delta: -1 is no number of points; give 0 to 100",
    "p_delta := NULL": "p_delta: NULL is no number of points",
    "p_delta := 'nan'": "p_delta: nan is no number of points",
    "p_enough := 0": "p_enough: 0 is no percentage; give more than 0, at most 100",
    "p_near := 101": "p_near: 101 is no number of points",
    "p_choice := 'x'": "p_choice: there is no x; there are: paper, smallest",
    "p_choice := NULL": "p_choice: there is no NULL; there are: paper, smallest",
    "p_property := 'x'": "p_property: there is no x; there are: gender",
}


@pytest.mark.parametrize("file", ASKED, ids=[file.name for file in ASKED])
def test_what_does_not_exist_is_an_error_that_lists_what_does(
    probed: Callable[..., duckdb.DuckDBPyConnection], file: SqlFile
) -> None:
    for con in (probed(), probed(Probe("p").score(None, [0.9]).retrained(None, {5: 0.8}))):
        for mistake, message in MISTAKES.items():
            if mistake.split()[0] in file.parameters:
                for select in ("*", "count(*)"):
                    with pytest.raises(duckdb.Error, match=re.escape(message)):
                        con.sql(f"SELECT {select} FROM {file.name}({mistake})").fetchall()


@pytest.mark.parametrize("file", VIEWS, ids=[file.name for file in VIEWS])
def test_a_view_is_its_macro_with_the_defaults(probed: Callable[..., duckdb.DuckDBPyConnection], file: SqlFile) -> None:
    p = Probe("p", n_features=2).score(None, [0.9]).score(1, [0.8]).retrained(None, {50: 0.9})
    p.ranked(None, [(1, 0), (2, 0)])
    p.score(None, [0.7], neurons="top", treatment="zeroed").score(None, [0.6], by_column="gender", group="F")
    q = Probe("q", "accent", n_features=2).score(None, [0.9]).retrained(None, {50: 0.9}).ranked(None, [(1, 0), (2, 0)])
    v = Probe("v", task="verification").score(None, [0.1], "cosine", measure="eer")
    con = probed(p, q, v)
    rows = con.sql(f"FROM {file.name} ORDER BY ALL").fetchall()
    given = ", ".join(f"{name} := {ALL_PARAMETERS[name].default}" for name in file.parameters)
    assert rows
    assert rows == con.sql(f"FROM {file.name}({given}) ORDER BY ALL").fetchall()


def test_without_probes_there_are_no_rows_and_the_same_errors() -> None:
    with opened() as con:
        for file in ASKED:
            assert con.sql(f"FROM {file.name}()").fetchall() == []
            for mistake, message in MISTAKES.items():
                if mistake.split()[0] in file.parameters:
                    said = re.sub("there are: (p, q, r|accent, gender|m, n)", "", message.partition(";")[0])
                    with pytest.raises(duckdb.Error, match=re.escape(said)):
                        con.sql(f"FROM {file.name}({mistake})").fetchall()
        with pytest.raises(duckdb.Error, match="p_probe: there is no x, nor any other"):
            con.sql("FROM minimal_sets(p_probe := 'x')")


def test_calls_take_the_parameters_that_the_file_lists() -> None:
    asked = call("minimal_sets", {"p_label": "it's", "p_delta": 0.5})
    assert asked == "minimal_sets(p_label := 'it''s', p_delta := 0.5)"
    with pytest.raises(QueryError, match="no parameter p_sigma; there are: p_probe, p_label, p_model, p_kind, p_delta"):
        call("minimal_sets", {"p_sigma": 1})
    with pytest.raises(QueryError, match="no parameter p_delta"):
        call("property_neurons", {"p_delta": 1})
    assert not set(PROBE_PARAMETERS) & set(PARAMETERS)


def made(name: str, label: str, kind: str = "ffn", model: str = "m") -> Probe:
    """A probe of the drawn study's 19 neurons."""
    probe = Probe(name, label, model, kind, n_features=19)
    probe.score(None, [0.9, 0.8]).score(1, [0.8, 0.8]).retrained(None, {10: 0.85, 50: 0.9})
    return probe.ranked(None, [*((1, n) for n in range(12)), *((2, n) for n in range(7))])


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    study = Study(tmp_path_factory.mktemp("probes") / "study.warehouse")
    study.ingest("c", draw(np.random.default_rng(1), 6))
    for probe in (made("a1", "gender"), made("a2", "accent"), made("b1", "gender", "block")):
        probe.commit(study.layout)
    return study


@pytest.fixture
def con(study: Study) -> Iterator[Connection]:
    with connect(study.layout.root, comments=False) as con:
        yield con


def test_probes_of_several_commits_are_there(con: Connection) -> None:
    for name in PROBE_TABLES[:1]:
        assert con.sql(f"SELECT probe FROM {name} ORDER BY 1").fetchall() == [("a1",), ("a2",), ("b1",)]
    assert con.sql("SELECT probe, smallest_n FROM minimal_sets(p_kind := 'ffn') ORDER BY 1").fetchall() == [
        ("a1", 2),
        ("a2", 2),
    ]
    with pytest.raises(duckdb.Error, match="p_probe: there is no a3; there are: a1, a2, b1"):
        con.sql("FROM probe_accuracies(p_probe := 'a3')")


def test_questions_about_probes_pass_the_sandbox(con: Connection) -> None:
    for file in ASKED:
        assert con.execute(f"SELECT count(*) FROM {file.name}()").fetchall()[0][0] >= 0
        assert con.sql(f"EXPLAIN FROM {file.name}()").fetchall()
    for text in ("x'; DROP VIEW utterances; --", "x') UNION ALL (SELECT 1"):
        for name in ("p_probe", "p_label", "p_kind", "p_delta", "p_choice"):
            with pytest.raises(duckdb.Error):
                con.sql(f"FROM probe_label_overlap({name} := '{text.replace(chr(39), chr(39) * 2)}')").fetchall()


def test_a_client_that_knows_nothing_of_us_sees_them(study: Study) -> None:
    query = "FROM probe_property_overlap(p_property := 'gender') ORDER BY ALL"
    with duckdb.connect(write_catalog(study.layout), read_only=True) as client, connect(study.layout.root) as con:
        assert client.execute("SELECT count(*) FROM polysemous_neurons").fetchall()[0][0] == 2
        assert client.execute(query).fetchall() == con.sql(query).fetchall() != []


def test_probes_whose_manifest_says_little_are_found_by_the_table(tmp_path: Path) -> None:
    study = Study(tmp_path / "study.warehouse")
    made("old", "accent").commit(study.layout, told=("model",))
    made("older", "gender", "block").commit(study.layout, told=())
    made("new", "age").commit(study.layout)
    with connect(study.layout.root, comments=False) as con:
        for label, probe in (("accent", "old"), ("gender", "older"), ("age", "new")):
            assert con.sql(f"SELECT DISTINCT probe FROM minimal_sets(p_label := '{label}')").fetchall() == [(probe,)]
        with pytest.raises(duckdb.Error, match="p_label: there is no x; there are: accent, age, gender"):
            con.sql("FROM minimal_sets(p_label := 'x')")
        with pytest.raises(duckdb.Error, match="p_probe: older is a probe of block outputs"):
            con.sql("FROM probe_ranking_overlap(p_probe := 'older')")


def test_compaction_leaves_probes_alone(study: Study) -> None:
    before = snapshot(study.layout).facts("probe")
    compact(study.layout)
    assert snapshot(study.layout).facts("probe") == before


@pytest.mark.parametrize(
    ("marked", "first"),
    [
        ("FROM minimal_s|", ["minimal_sets", "minimal_set_neurons"]),
        ("FROM probe_lab|", ["probe_label_overlap"]),
        ("FROM minimal_sets(|", ["p_probe := '", "p_label := '", "p_model := '", "p_kind := '", "p_delta := "]),
        ("FROM minimal_sets(p_probe := '|", ["a1'", "a2'", "b1'"]),
        ("FROM minimal_sets(p_label := '|')", ["accent", "gender"]),
        ("FROM minimal_sets(p_kind := 'f|", ["ffn'"]),
        ("FROM polysemous_neurons(p_choice := '|", ["paper'", "smallest'"]),
        ("FROM probe_label_overlap WHERE label_a = '|", ["accent'", "gender'"]),
        ("FROM probe_redundancy WHERE what = 'r|", ["random'", "rest'"]),
        ("FROM probe_property_overlap(p_prob|)", ["p_probe := '"]),
        ("SELECT | FROM probe_localisation", ["probe", "label", "model", "kind", "choice", "layer", "n", "share"]),
    ],
)
def test_completion_knows_them(con: Connection, marked: str, first: list[str]) -> None:
    catalog = read_catalog(con)
    found = complete(marked.replace("|", "", 1), marked.index("|"), catalog)
    assert sorted([item.insert for item in found.items][: len(first)]) == sorted(first)
    assert all(item.help for item in found.items if item.kind in {"macro", "parameter"})
