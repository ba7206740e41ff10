"""A declared property is checked against what is there, counted at once, and counted in what comes later."""

import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from queries.declare import declare_property, frame_facts
from warehouse import QueryError, snapshot
from warehouse.gaps import gaps
from warehouse.properties import declared


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, make_speech: Any, tiny_model: Any) -> Path:
    from ingest import Corpus, ingest

    folder = tmp_path_factory.mktemp("declare")
    speech = make_speech(folder / "speech", n_utterances=6)
    corpus = Corpus.from_files(speech / "audio", speech / "labels", speech / "metadata.csv", name="hummed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ingest(tiny_model(), corpus, folder / "w", model_name="tiny", quiet=True, shard_minutes=0.05, f0=True)
    return folder / "w"


@pytest.fixture
def path(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "w"))


@pytest.fixture
def facts(path: Path) -> duckdb.DuckDBPyConnection:
    return frame_facts(snapshot(path))


def counted(path: Path, name: str) -> dict[tuple[str, str], int]:
    """(group, phone) -> frames, summed over the committed counts."""
    files = list(snapshot(path).files("frame_counts"))
    with duckdb.connect() as con:
        con.read_parquet(files).create_view("counts")
        sql = 'SELECT "group", phone, sum(n)::INTEGER FROM counts WHERE property = ? GROUP BY ALL'
        return {(group, phone): n for group, phone, n in con.execute(sql, [name]).fetchall()}


def expected(facts: duckdb.DuckDBPyConnection, expression: str) -> dict[tuple[str, str], int]:
    sql = f"""SELECT ({expression})::VARCHAR AS g, phone, count(*) FROM frame_facts
              WHERE phone NOT IN ('', 'spn') AND g IS NOT NULL GROUP BY ALL"""
    return {(group, phone): n for group, phone, n in facts.execute(sql).fetchall()}


def test_a_column_is_counted_in_every_shard(path: Path, facts: duckdb.DuckDBPyConnection) -> None:
    done = declare_property(path, "accent", column="accent")
    assert done.property.definition == "accent"
    assert not gaps(snapshot(path))
    assert counted(path, "accent") == expected(facts, "accent")
    assert dict(done.groups) == {
        group: sum(n for (of, _), n in expected(facts, "accent").items() if of == group) for group in ("north", "south")
    }


def test_an_expression_with_prefixes_is_stored_without(path: Path, facts: duckdb.DuckDBPyConnection) -> None:
    declare_property(path, "young", sql="utterances.age < 21 AND frames.frame % 2 = 0")
    assert declared(snapshot(path))["young"].definition == "age < 21 AND frame % 2 = 0"
    assert counted(path, "young") == expected(facts, "age < 21 AND frame % 2 = 0")


def test_quantile_bins_are_frozen_and_cut_where_duckdb_cuts(path: Path, facts: duckdb.DuckDBPyConnection) -> None:
    done = declare_property(path, "half", column="age", bins=2)
    assert done.property.labels == ("low", "high")
    median = facts.execute("SELECT quantile_cont(age, 0.5) FROM frame_facts WHERE phone <> ''").fetchall()[0][0]
    edges = frame_facts(snapshot(path)).execute("SELECT edges FROM property_edges WHERE property = 'half'").fetchall()
    assert edges == [([median],)]
    assert counted(path, "half") == expected(facts, f"CASE WHEN age > {median} THEN 'high' ELSE 'low' END")


def test_bins_over_segments_count_a_segment_once(path: Path, facts: duckdb.DuckDBPyConnection) -> None:
    declare_property(path, "long", column="segment_s", bins=[0.5], over="segments")
    edge = facts.execute(
        "SELECT quantile_cont(d, 0.5) FROM (SELECT DISTINCT utterance_id, segment, segment_s AS d "
        "FROM frame_facts WHERE phone <> '')"
    ).fetchall()[0][0]
    assert counted(path, "long") == expected(facts, f"CASE WHEN segment_s > {edge} THEN 'high' ELSE 'low' END")


def test_edges_are_values_and_a_value_on_an_edge_belongs_below(path: Path, facts: duckdb.DuckDBPyConnection) -> None:
    done = declare_property(path, "years", column="age", edges=[20, 21], labels=["a", "b", "c"])
    assert {group for group, _ in done.groups} <= {"a", "b", "c"}
    assert counted(path, "years") == expected(
        facts, "CASE WHEN age <= 20 THEN 'a' WHEN age <= 21 THEN 'b' ELSE 'c' END"
    )


@pytest.mark.parametrize(
    ("phones", "stored"),
    [
        ("all", None),
        ("AA,IY", {"AA", "IY"}),
        (["S"], {"S"}),
        ("unvoiced", {"P", "T", "K", "CH", "TH", "S", "SH", "F", "HH"}),
    ],
)
def test_phones_are_a_class_a_list_or_all(path: Path, phones: Any, stored: set[str] | None) -> None:
    found = declare_property(path, "x", column="accent", phones=phones).property.phones
    assert (None if found is None else set(found)) == stored


def test_voiced_phones_are_those_of_pitch(path: Path) -> None:
    found = declare_property(path, "x", column="accent", phones="voiced").property
    pitch = declared(snapshot(path))["pitch"]
    assert (found.phones, found.without_classes) == (pitch.phones, pitch.without_classes)


def test_the_same_again_does_nothing_and_another_of_the_name_is_refused(path: Path) -> None:
    declare_property(path, "accent", column="accent")
    before = snapshot(path).id
    declare_property(path, "accent", column="accent")
    assert snapshot(path).id == before
    with pytest.raises(QueryError, match="'accent' is declared already, as accent"):
        declare_property(path, "accent", column="age")
    with pytest.raises(QueryError, match="'gender' is declared already"):
        declare_property(path, "gender", column="accent")


def test_an_interrupted_count_is_resumed(path: Path, facts: duckdb.DuckDBPyConnection) -> None:
    class StopError(Exception):
        pass

    def stop(_: object) -> None:
        raise StopError

    with pytest.raises(StopError):
        declare_property(path, "accent", column="accent", advance=stop)
    assert gaps(snapshot(path))
    declare_property(path, "accent", column="accent")
    assert counted(path, "accent") == expected(facts, "accent")


def test_a_corpus_without_the_column_has_no_group(
    path: Path, tmp_path: Path, make_speech: Any, tiny_model: Any
) -> None:
    from ingest import Corpus, ingest

    done = declare_property(path, "accent", column="accent")
    speech = make_speech(tmp_path / "other", n_utterances=2, seed=9)
    other = Corpus.from_files(speech / "audio", speech / "labels", name="bare")
    ingest(tiny_model(), other, path, model_name="tiny", quiet=True)
    again = declare_property(path, "accent", column="accent")
    assert again.groups == done.groups
    assert not gaps(snapshot(path))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"column": "acent"}, "did you mean accent"),
        ({"sql": "lower(acent)"}, "there are frame_id, hop_us"),
        ({"sql": "accent::INTEGER"}, "Could not convert string"),
        ({"sql": "lower(accent, 3)"}, "number of provided arguments"),
        ({"column": "f0_hz"}, "cut it with --bins 3"),
        ({"column": "frame_id"}, "cut it with --bins 3"),
        ({"column": "accent", "bins": 3}, "accent is VARCHAR, and bins need a number"),
        ({"column": "text"}, "there is nothing to group"),
        ({"column": "age", "bins": 1}, "cuts must ascend"),
        ({"column": "age", "bins": [0.6, 0.3]}, "cuts must ascend"),
        ({"column": "age", "bins": [33, 66]}, "quantiles lie between 0 and 1"),
        ({"column": "age", "edges": []}, "cuts must ascend"),
        ({"column": "age", "edges": [1], "bins": 2}, "give one of the two"),
        ({"column": "age", "bins": 3, "labels": ["a", "b"]}, "2 cuts make 3 bins"),
        ({"column": "age", "bins": 3, "labels": ["a", "b", "a"]}, "a name of its own"),
        ({"column": "age", "labels": ["a", "b"]}, "labels name bins"),
        ({"column": "age", "bins": 3, "over": "words"}, "over frames or segments"),
        ({"column": "accent", "phones": "AA,QQ"}, "phone 'QQ' is in no corpus; there are AA"),
        ({"column": "accent", "sql": "accent"}, "one of the two"),
        ({}, "one of the two"),
    ],
)
def test_a_declaration_that_cannot_be_used_changes_nothing(
    recorded: Path, arguments: dict[str, Any], complaint: str
) -> None:
    before = snapshot(recorded).id
    with pytest.raises(QueryError) as error:
        declare_property(recorded, "x", **arguments)
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)
    assert snapshot(recorded).id == before


@pytest.mark.parametrize("name", ["", " x", "a\nb", "x" * 101])
def test_a_name_must_be_printable(recorded: Path, name: str) -> None:
    with pytest.raises(QueryError, match="property name"):
        declare_property(recorded, name, column="accent")


@pytest.mark.parametrize("name", ["o'neil", "Größe", "a/b", 'say "x"'])
def test_a_name_may_be_anything_printable(path: Path, name: str, facts: duckdb.DuckDBPyConnection) -> None:
    declare_property(path, name, column="accent")
    assert counted(path, name) == expected(facts, "accent")


def test_progress_is_told_commit_by_commit(path: Path) -> None:
    told: list[Any] = []
    advance: Callable[[Any], None] = told.append
    declare_property(path, "accent", column="accent", advance=advance)
    assert len(told) == len(list(snapshot(path).of_kind("shard")))
