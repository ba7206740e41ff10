"""Every SQL object says what it is, and every answer is there as a view and as a macro."""

import re
from importlib.resources import files

import duckdb
import pytest
from written_probes import Probe, opened

from queries.parameters import ALL_PARAMETERS, PARAMETERS
from queries.sql_files import FOLDERS, TABLE_MACROS, VIEWED, SqlFile, parse, sql_files

ALL = [file for folder in FOLDERS for file in sql_files(folder)]


@pytest.mark.parametrize("file", ALL, ids=[f"{file.folder}/{file.name}" for file in ALL])
def test_a_file_says_what_it_is(file: SqlFile) -> None:
    assert re.fullmatch(r"\S.*[.,:;)]?", file.title)
    assert file.body
    assert not file.body.rstrip().endswith(";")
    if file.folder != "scalars":
        assert file.grain
    used = set(re.findall(r"\bp_\w+", file.body)) & set(ALL_PARAMETERS)
    if file.folder in {"scalars", "parts", "probes", "lookups"}:
        assert used <= set(file.parameters) | set(re.findall(r"(p_\w+) :=", file.body))
    if file.folder == "checks":
        assert file.columns
        assert not used


def test_every_file_is_read() -> None:
    root = files("queries").joinpath("sql")
    for folder in FOLDERS:
        there = {path.name.removesuffix(".sql") for path in root.joinpath(folder).iterdir()}
        assert there <= {file.name for file in sql_files(folder)}


def test_a_file_without_a_title_is_refused() -> None:
    with pytest.raises(ValueError, match=r"parts/x\.sql: begin with a comment"):
        parse("x", "parts", "SELECT 1")


def test_sections_and_repetition() -> None:
    file = parse(
        "x",
        "parts",
        "-- Title.\n--\n-- More.\n-- Grain: row.\n-- Paper: here.\n-- Parameters: p_a, p_b\n"
        "-- Columns:\n--   a: one: two\nSELECT 1\n-- for each thing\nUNION ALL SELECT $name\n-- end",
    )
    assert (file.title, file.text, file.grain, file.paper) == ("Title.", "Title.\n\nMore.", "row.", "here.")
    assert (file.parameters, dict(file.columns)) == (("p_a", "p_b"), {"a": "one: two"})
    repeated = file.sql([{"name": "2"}, {"name": "3"}])
    assert " ".join(repeated.split()) == "SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3"
    assert file.sql().split() == ["SELECT", "1"]


def test_an_answer_takes_what_all_take_and_what_its_file_lists() -> None:
    more = parse("x", "answers", "-- Title.\n-- Grain: row.\n-- Parameters: p_other, p_z\nSELECT 1")
    assert more.parameters == (*PARAMETERS, "p_other")
    assert more.further_parameters == ("p_other",)
    none = parse("x", "answers", "-- Title.\n-- Grain: row.\nSELECT 1")
    assert (none.parameters, none.further_parameters) == (tuple(PARAMETERS), ())


VIEWS = [file for folder in VIEWED for file in sql_files(folder)]


@pytest.mark.parametrize("file", VIEWS, ids=[file.name for file in VIEWS])
def test_an_answer_is_a_view_and_a_macro_with_a_comment(by_hand: duckdb.DuckDBPyConnection, file: SqlFile) -> None:
    views = by_hand.sql(f"SELECT comment FROM duckdb_views() WHERE view_name = '{file.name}'").fetchall()
    macros = by_hand.sql(
        f"SELECT comment, parameters FROM duckdb_functions() WHERE function_name = '{file.name}'"
    ).fetchall()
    assert views == [(file.comment,)]
    of_all = PARAMETERS if file.folder == "answers" else file.parameters
    assert macros == [(file.comment, list(dict.fromkeys([*of_all, *file.further_parameters])))]
    assert file.title in file.comment
    assert all(f"{name} := {ALL_PARAMETERS[name].default}: " in file.comment for name in file.parameters)
    columns = [name for name, *_ in by_hand.sql(f"DESCRIBE {file.name}").fetchall()]
    assert columns == by_hand.sql(f"FROM {file.name}()").columns
    assert not file.columns or columns == list(file.columns)


@pytest.mark.parametrize("file", sql_files("lookups"), ids=[file.name for file in sql_files("lookups")])
def test_a_lookup_is_a_macro_with_a_comment(by_hand: duckdb.DuckDBPyConnection, file: SqlFile) -> None:
    macros = by_hand.sql(
        f"SELECT comment, parameters FROM duckdb_functions() WHERE function_name = '{file.name}'"
    ).fetchall()
    assert macros == [(file.comment, list(file.parameters))]
    assert set(file.parameters) <= set(ALL_PARAMETERS)
    assert all(f"{name} := {ALL_PARAMETERS[name].default}: " in file.comment for name in file.parameters)
    given = "p_neuron := 0" if "p_neuron" in file.parameters else ""
    assert by_hand.sql(f"FROM {file.name}({given})").columns == list(file.columns)


@pytest.mark.parametrize("has_probes", [False, True])
def test_types_are_those_that_the_file_says(has_probes: bool) -> None:
    # Views are made over outlines of these types.
    with opened([Probe("p")] if has_probes else []) as con:
        for file in (file for folder in TABLE_MACROS for file in sql_files(folder) if file.types):
            if not file.name.startswith("checked_"):
                made = con.sql(f"FROM {file.name}()")
                assert dict(zip(made.columns, map(str, made.types), strict=True)) == dict(file.types), file.name
        for file in VIEWS:
            assert con.sql(f"FROM {file.name}").columns == list(file.types)
            con.sql(f"FROM {file.name}").fetchall()


def test_columns_of_answers_are_explained(by_hand: duckdb.DuckDBPyConnection) -> None:
    said = dict(
        by_hand.sql(
            "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'group_candidates'"
        ).fetchall()
    )
    assert said["n_phones"] == "phones of the group"
