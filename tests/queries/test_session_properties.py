"""Properties of one connection: they answer as declared ones do, and the warehouse is as before."""

import hashlib
import re
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from drawn_study import Study

from queries import Connection, connect
from queries.calls import call
from queries.declare import declare_as, declare_property
from warehouse import QueryError, snapshot
from warehouse.gaps import gaps
from warehouse.properties import Bins, Property, declared

PROPERTIES = (
    Property("accent", "accent", made="here"),
    Property("f0", "f0_hz", Bins(quantiles=(0.5,)), ("low", "high"), without_classes=("unvoiced",)),
    Property("lengths", "segment_s", Bins(quantiles=(0.3, 0.6), over="segments"), ("a", "b", "c")),
    Property("hertz", "f0_hz", Bins(edges=(150.0,)), ("low", "high"), phones=("AH", "IY")),
    Property("letter", "substr(phone, 1, 1)"),
)
QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    ("activation_probabilities", {}),
    ("activation_probabilities", {"p_layer": 2, "p_corpus": "c", "p_frames": "middle"}),
    ("group_candidates", {"p_frames": "reference", "p_sigma": 0.5}),
    ("property_neurons", {"p_where": "frame % 3 > 0", "p_lambda": 8.0}),
]


def digests(folder: Path) -> dict[str, str]:
    return {str(f): hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(folder.rglob("*")) if f.is_file()}


def rows(con: Connection, query: str) -> list[tuple[Any, ...]]:
    return con.sql(f"SELECT * FROM ({query}) ORDER BY ALL").fetchall()


@pytest.fixture(scope="module")
def folder(drawn: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(drawn.layout.root, tmp_path_factory.mktemp("session") / "w"))


@pytest.fixture(scope="module")
def for_good(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(shutil.copytree(folder, tmp_path_factory.mktemp("session") / "good"))
    for prop in PROPERTIES:
        declare_as(path, prop)
    return path


@pytest.mark.slow
def test_answers_are_those_of_declared_properties_and_no_file_changes(folder: Path, for_good: Path) -> None:
    before = digests(folder)
    assert not gaps(snapshot(for_good))
    with connect(folder, properties=PROPERTIES) as con, connect(for_good) as good:
        for name in ("properties", "property_edges", "property_phones", "frame_groups", "frame_counts"):
            counted = "sum(n)::INT AS n" if name == "frame_counts" else "*"
            grouped = f"SELECT {counted} FROM {name}"
            assert rows(con, grouped) == rows(good, grouped), name
        for prop in PROPERTIES:
            for answer, asked in QUESTIONS:
                query = f"FROM {call(answer, {'p_property': prop.name, **asked})}"
                assert rows(con, query) == rows(good, query), query
        assert rows(con, "FROM property_neurons") == rows(good, "FROM property_neurons")
        assert con.snapshot.id == snapshot(folder).id
    assert digests(folder) == before
    assert "accent" not in declared(snapshot(folder))


def test_the_built_in_properties_answer_as_before(folder: Path) -> None:
    with connect(folder, properties=PROPERTIES) as con, connect(folder) as plain:
        query = "FROM activation_probabilities(p_property := 'pitch')"
        assert rows(con, query) == rows(plain, query)


def test_a_cursor_has_them_too(folder: Path) -> None:
    with connect(folder, properties=PROPERTIES[:1]) as con, con.cursor() as cursor:
        assert rows(cursor, "SELECT made FROM properties WHERE property = 'accent'") == [("here",)]


def test_the_layer_and_the_property_asked_for_limit_what_is_read(folder: Path) -> None:
    with connect(folder, properties=PROPERTIES) as con:
        plan, other = (
            con.sql(f"EXPLAIN (FORMAT json) FROM property_neurons(p_property := '{name}', p_layer := 2)").fetchall()[0][
                1
            ]
            for name in ("accent", "gender")
        )
    assert set(re.findall(r"layer = \d", plan)) == {"layer = 2"}
    assert "frame_id" in plan
    assert "frame_id" not in other


def test_prefixes_are_understood_and_what_is_declared_already_is_not_counted_anew(for_good: Path) -> None:
    again = (Property("accent", "utterances.accent"), Property("young", "frames.frame % 2 = 0"))
    with connect(for_good, properties=again) as con:
        found = dict(con.sql("SELECT property, definition FROM properties").fetchall())
        assert (found["accent"], found["young"]) == ("accent", "frame % 2 = 0")
        assert con.sql("SELECT count(*) FROM properties WHERE property = 'accent'").fetchall() == [(1,)]


BAD = [
    (Property("gender", "speaker"), "property 'gender' is declared already, as gender; choose another name"),
    (Property("x", "tone"), "frames have no column 'tone'"),
    (Property("x", "max(f0_hz)"), "looks at many frames"),
    (Property("x", "f0_hz"), "cut it with --bins 3"),
    (Property(" x", "accent"), "give a name of 1 to 100 printable characters"),
    (Property("x", "CAST(accent AS INTEGER)"), "property 'x': CAST"),
    (Property("x", "f0_hz", Bins(edges=(2.0, 1.0)), ("a", "b", "c")), "do not ascend"),
    (Property("x", "f0_hz", Bins(quantiles=(0.5,)), ("a",)), "1 edges make 2 bins"),
    (Property("x", "f0_hz", Bins(quantiles=(0.5,), over="words"), ("a", "b")), "frames or segments, not 'words'"),
    (Property("x", "f0_hz", Bins(edges=(100.0,), given="gift"), ("a", "b")), "property 'x': .*gift"),
    (Property("x", "accent", phones=("QQ",)), "'QQ' is in no corpus"),
    (Property("x", "NULL"), "nothing to group"),
]


@pytest.mark.parametrize(("prop", "message"), BAD, ids=[message for _, message in BAD])
def test_what_makes_no_sense_is_refused_in_a_line(folder: Path, prop: Property, message: str) -> None:
    with pytest.raises(QueryError, match=message) as caught:
        connect(folder, properties=[prop])
    assert "\n" not in str(caught.value)


def test_two_of_one_name_are_refused(folder: Path) -> None:
    with pytest.raises(QueryError, match="property 'x' is declared already, as accent"):
        connect(folder, properties=[Property("x", "accent"), Property("x", "speaker")])


def test_declaring_a_made_property_is_declaring_its_expression(folder: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(folder, tmp_path / "w"))
    done = declare_as(path, Property("accent", "utterances.accent", made="here"))
    assert done.property.made == "here"
    assert declare_property(path, "accent", column="accent").groups == done.groups
    assert not gaps(snapshot(path))
    with pytest.raises(QueryError, match="is declared already, as accent"):
        declare_as(path, Property("accent", "speaker"))


def test_a_warehouse_without_recordings_takes_them(tmp_path: Path) -> None:
    study = Study(tmp_path / "w")
    with pytest.raises(QueryError, match="frames have no column 'accent'"):
        connect(study.layout.root, properties=PROPERTIES[:1])
    with pytest.raises((QueryError, duckdb.Error), match="nothing to group"):
        connect(study.layout.root, properties=[Property("x", "speaker")])
