"""Properties: which group each frame has, and what may be declared."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from drawn_study import Spoken, Study, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse import QueryError, create, snapshot
from warehouse.facts import frame_rows, shard_facts
from warehouse.grid import Grid
from warehouse.properties import (
    BUILT_IN,
    UNVOICED,
    VOICED,
    VOWELS,
    Bins,
    Property,
    declare,
    declared,
    group_select,
    phone_counts_sql,
    quote,
    sql_list,
)

FACTS = {
    "frame_id": [0, 1, 2, 3, 4, 5],
    "corpus": ["c"] * 6,
    "hop_us": [20_000] * 6,
    "offset_us": [12_500] * 6,
    "phone": ["", "spn", "AH", "S", "*", "AH"],
    "x": [1.0, 2.0, 2.0, 3.0, float("nan"), None],
    "given_pitch": [None, None, "low", None, None, "high"],
    "group": ["g", "g", None, "h", "h", "i"],
    "property": ["p"] * 6,
    "value": ["v", "v", "w", None, "v", "v"],
}

CON = duckdb.connect()


def _groups(prop: Property, edges: list[float] | None = None, facts: dict[str, list] | None = None) -> dict[int, str]:
    CON.register("frame_facts", pa.table(facts or FACTS))
    frozen = {"property": [prop.name], "corpus": ["c"], "hop_us": [20_000], "offset_us": [12_500]}
    CON.register("property_edges", pa.table(frozen | {"edges": pa.array([edges], pa.list_(pa.float64()))}))
    found = CON.sql(group_select(prop)).to_arrow_table()
    assert found.column_names == ["property", "frame_id", "group"]
    assert set(found["property"].to_pylist()) <= {prop.name}
    return dict(zip(found["frame_id"].to_pylist(), found["group"].to_pylist(), strict=True))


def test_a_column_is_a_property_and_null_is_no_group() -> None:
    assert _groups(Property("it's", "x")) == {2: "2.0", 3: "3.0", 4: "nan"}
    assert _groups(Property("p", "phone")) == {2: "AH", 3: "S", 4: "*", 5: "AH"}
    assert _groups(Property("p", "CASE WHEN phone = 'AH' THEN x > 1 END")) == {2: "true"}


def test_metadata_columns_may_have_the_names_of_the_answer() -> None:
    assert _groups(Property("p", '"group"')) == {3: "h", 4: "h", 5: "i"}
    assert _groups(Property("p", "phone")) == {2: "AH", 3: "S", 4: "*", 5: "AH"}
    assert _groups(Property("p", "value")) == {2: "w", 4: "v", 5: "v"}


def test_a_value_on_an_edge_belongs_below_and_nan_is_no_value() -> None:
    assert _groups(Property("p", "x", Bins(edges=(2.0,)), ("low", "high"))) == {2: "low", 3: "high"}
    quantiles = Property("p", "x", Bins(quantiles=(0.5,)), ("low", "high"))
    assert _groups(quantiles, [2.0]) == {2: "low", 3: "high"}
    assert _groups(quantiles, [1.9]) == {2: "high", 3: "high"}
    assert _groups(quantiles, None) == {}


def test_groups_that_the_corpus_brought_come_first() -> None:
    prop = Property("p", "x", Bins(quantiles=(0.5,), given="given_pitch"), ("low", "high"))
    assert _groups(prop, [2.5]) == {2: "low", 3: "high", 5: "high"}
    assert _groups(prop, None) == {2: "low", 5: "high"}


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.floats(allow_nan=False) | st.none(), min_size=1, max_size=30),
    edges=st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=4, unique=True),
)
def test_bins_are_those_of_plain_comparison(values: list[float | None], edges: list[float]) -> None:
    edges, labels = sorted(edges), tuple(f"bin {i}" for i in range(len(edges) + 1))
    facts = {"frame_id": list(range(len(values))), "phone": ["AH"] * len(values), "x": pa.array(values, pa.float64())}
    found = _groups(Property("p", "x", Bins(edges=tuple(edges)), labels), facts=facts)
    expected = {i: labels[sum(v > edge for edge in edges)] for i, v in enumerate(values) if v is not None}
    assert found == expected


@given(st.text().filter(lambda text: "\x00" not in text), st.floats(allow_nan=False, allow_infinity=False))
def test_literals_are_what_they_were(text: str, number: float) -> None:
    assert duckdb.sql(f"SELECT {quote(text)}, {sql_list([text])}, {sql_list([number])}").fetchall() == [
        (text, [text], [number])
    ]


def test_what_is_declared_is_read_back_in_order(folder: Path) -> None:
    layout = create(folder / "w")
    binned = Property("zeta", "x", Bins(edges=(1.0, 2.5)), ("a", "b", "c"), ("AH",), ("unvoiced",), "by hand")
    own = [binned, Property("alpha", "y")]
    for prop in (own[0], *BUILT_IN[::-1], own[1]):
        declare(layout, prop)
    assert list(declared(snapshot(layout)).values()) == [*BUILT_IN, *own]
    found = {row[0]: row[1:] for row in rows(snapshot(layout), "properties")}
    assert found["zeta"] == ("x", '{"edges": [1.0, 2.5]}', ["a", "b", "c"], ["AH"], ["unvoiced"], "by hand")
    assert found["gender"] == ("gender", None, None, None, None, "built in")


def test_a_name_stands_for_one_property(folder: Path) -> None:
    layout = create(folder / "w")
    prop = Property("p", "x", Bins(edges=(1.0,)), ("a", "b"))
    declare(layout, prop)
    declare(layout, Property("p", "x", Bins(edges=(1.0,)), ("a", "b"), made="again"))
    for other in (Property("p", "y"), Property("p", "x", Bins(edges=(2.0,)), ("a", "b"))):
        with pytest.raises(QueryError, match="'p' is declared already, as x; choose another name"):
            declare(layout, other)
    assert declared(snapshot(layout)) == {"p": prop}


@pytest.mark.parametrize(
    ("bins", "labels", "said"),
    [
        (Bins(edges=(2.0, 1.0)), ("a", "b", "c"), "do not ascend"),
        (Bins(edges=(1.0, 1.0)), ("a", "b", "c"), "do not ascend"),
        (Bins(quantiles=(0.5, 1.5)), ("a", "b", "c"), "not all between 0 and 1"),
        (Bins(quantiles=(0.5,)), ("a", "b", "c"), "1 edges make 2 bins"),
        (Bins(edges=(1.0,)), ("a", "a"), "as many different labels"),
    ],
)
def test_bins_that_make_no_sense_are_refused(folder: Path, bins: Bins, labels: tuple[str, ...], said: str) -> None:
    layout = create(folder / "w")
    with pytest.raises(QueryError, match=said) as error:
        declare(layout, Property("p", "x", bins, labels))
    assert "\n" not in str(error.value)
    assert declared(snapshot(layout)) == {}


@pytest.mark.parametrize(
    ("prop", "counting"),
    [
        (Property("p", "x"), {"AH", "S", "*", "Q"}),
        (Property("p", "x", phones=("AH", "")), {"AH", "*"}),
        (Property("p", "x", without_classes=("unvoiced",)), {"AH", "*", "Q"}),
        (Property("p", "x", phones=("AH", "S"), without_classes=("vowel",)), {"S", "*"}),
    ],
)
def test_some_phones_do_not_count_outside_the_reference_reading(prop: Property, counting: set[str]) -> None:
    classes = {"AH": "vowel", "S": "unvoiced", "Q": None, "*": None, "": None, "spn": None}
    CON.register("inventory", pa.table({"phone": list(classes), "phone_class": list(classes.values())}))
    found = CON.sql(f"SELECT phone FROM inventory WHERE {phone_counts_sql(prop)}").fetchall()
    assert {phone for (phone,) in found} == counting


def test_phone_classes_are_those_of_the_paper() -> None:
    assert (len(VOWELS), len(VOICED), len(UNVOICED)) == (15, 15, 9)
    assert len({*VOWELS, *VOICED, *UNVOICED}) == 39


def test_frame_facts_join_everything_about_a_frame(folder: Path) -> None:
    study = Study(folder / "w")
    metadata = {"speaker": "s1", "gender": "F", "phone": "mobile", "age": 31}
    (part,) = study.plan("c", [Spoken("a", ("AH", "AH", "", "Q"), (100.0, None, None, None), metadata)])
    study.label(part)
    frames = frame_rows(study.state, [part.name], Grid(20_000, 12_500, 25_000), part.utterance_ids)
    con = shard_facts(study.state, "c", frames)
    found = con.sql(
        "SELECT frame, phone, segment, round(start_s, 6), round(end_s, 6), segment_s, phone_class, speaker, age, f0_hz "
        "FROM frame_facts ORDER BY frame_id"
    )
    assert found.fetchall() == [
        (0, "AH", 0, 0.0, 0.04, 0.04, "vowel", "s1", 31, 100.0),
        (1, "AH", 0, 0.0, 0.04, 0.04, "vowel", "s1", 31, None),
        (2, "", 1, 0.04, 0.06, 0.02, None, "s1", 31, None),
        (3, "Q", 2, 0.06, 0.08, 0.02, None, "s1", 31, None),
    ]
