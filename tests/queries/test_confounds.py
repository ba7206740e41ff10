"""What remains of the neurons of two properties within each other's groups: against the macros with p_where."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from drawn_study import Spoken, Study

from queries import Connection, connect
from queries.calls import call
from queries.confounds import ALL, BALANCED, IN_PLACE, SCHEMA, confounds
from queries.speaker_pitch import speaker_pitch
from warehouse import QueryError

Pairs = set[tuple[str, int]]

QUESTIONS: list[dict[str, Any]] = [
    {},
    {"p_frames": "reference", "p_sigma": 0.1},
    {"p_where": "frame % 2 = 0 OR speaker <> 's1'", "p_layer": 1, "p_sigma": 0.4},
    {"p_lambda": 8.0, "p_min_frames": 4, "p_corpus": "c", "p_sigma": 0.4},
    {"p_z": 0.5, "p_frames": "middle", "p_sigma": 0.3},
]


def neurons(con: Connection, layer: int, **parameters: Any) -> Pairs:
    asked = call("group_neurons", parameters)
    return set(con.sql(f'SELECT "group", neuron FROM {asked} WHERE layer = {layer}').fetchall())


def in_group(other: str, group: str, parameters: Mapping[str, Any]) -> str:
    frames = f"""SELECT frame_id FROM frame_groups WHERE property = '{other}' AND "group" = '{group}'"""
    return f"frame_id IN ({frames}) AND ({parameters.get('p_where', 'true')})"


@pytest.mark.parametrize(
    ("a", "b", "parameters"),
    [*(("gender", "pitch", asked) for asked in QUESTIONS), ("duration", "phone_class", {})],
    ids=str,
)
def test_sets_are_those_of_the_macros_with_a_condition(
    drawn_con: Connection, a: str, b: str, parameters: dict[str, Any]
) -> None:
    rows = confounds(drawn_con, a, b, instead={}, **parameters).to_dicts()
    by_key = {(r["layer"], r["property"], r["within_group"], r["group"]): r for r in rows}
    assert len(by_key) == len(rows)
    of = {"gender": ["F", "M"], "pitch": ["low", "middle", "high"], "duration": ["short", "middle", "long"]}
    of["phone_class"] = ["unvoiced", "voiced", "vowel"]
    compared = 0
    for layer in [parameters["p_layer"]] if "p_layer" in parameters else [1, 2]:
        for name, other in ((a, b), (b, a)):
            before = neurons(drawn_con, layer, **parameters, p_property=name)
            sets = {
                group: neurons(
                    drawn_con,
                    layer,
                    **{**parameters, "p_property": name, "p_where": in_group(other, group, parameters)},
                )
                for group in of[other]
            }
            sets |= {ALL: before, BALANCED: set.intersection(*sets.values())}
            assert [
                r["within_group"] for r in rows if (r["layer"], r["property"], r["group"]) == (layer, name, None)
            ] == [
                ALL,
                *of[other],
                BALANCED,
            ]
            for condition, after in sets.items():
                for group in (None, *of[name]):
                    row = by_key[layer, name, condition, group]
                    if row["n_within"] is None:
                        assert row["note"]
                        continue
                    chosen, now = ({x for x in found if group in (None, x[0])} for found in (before, after))
                    assert (row["n"], row["n_within"], row["n_remain"]) == (len(chosen), len(now), len(chosen & now))
                    assert row["share"] == (pytest.approx(len(chosen & now) / len(chosen)) if chosen else None)
                    assert row["expected_share"] == pytest.approx(len(now) / {1: 12, 2: 7}[layer])
                    assert (row["note"] is None) == bool(chosen)
                    compared += len(now)
    assert compared


def test_semitones_in_place_of_hertz(drawn: Study) -> None:
    with connect(drawn.layout.root, properties=[speaker_pitch(drawn.layout.root)]) as con:
        rows = confounds(con, p_sigma=0.4).filter(pl.col("within_group") == IN_PLACE).to_dicts()
        assert {(row["property"], row["within_property"]) for row in rows} == {("pitch", "speaker_pitch")}
        for layer in (1, 2):
            hertz, semitones = (
                neurons(con, layer, p_property=name, p_sigma=0.4) for name in ("pitch", "speaker_pitch")
            )
            (row,) = (row for row in rows if row["layer"] == layer and row["group"] is None)
            assert (row["n"], row["n_within"], row["n_remain"]) == (len(hertz), len(semitones), len(hertz & semitones))
        assert any(row["n_within"] for row in rows)


def test_semitones_need_not_be_declared(drawn_con: Connection, drawn: Study) -> None:
    with connect(drawn.layout.root, properties=[speaker_pitch(drawn.layout.root)]) as con:
        assert confounds(drawn_con, p_sigma=0.4).equals(confounds(con, p_sigma=0.4))
    assert not drawn_con.sql("SELECT * FROM properties WHERE property = 'speaker_pitch'").fetchall()


def test_what_is_asked_instead_and_is_not_there_says_so(drawn_con: Connection) -> None:
    found = confounds(drawn_con, instead={"pitch": "elsewhere"}).filter(pl.col("within_group") == IN_PLACE)
    assert found.height
    for row in found.to_dicts():
        assert row["n_within"] is None
        assert "no frame has a group of elsewhere; declare it" in row["note"]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """No F0 at all, one speaker of a gender, and everybody of one accent."""
    study = Study(tmp_path_factory.mktemp("odd") / "w")
    phones = ("AH", "S", "T", "M") * 5
    for gender, speaker in (("F", "f"), ("M", "m")):
        metadata = {"speaker": speaker, "gender": gender, "accent": "north"}
        study.ingest(gender, [Spoken("u", phones, (None,) * len(phones), metadata)])
    return Path(study.layout.root)


@pytest.mark.parametrize(
    ("a", "b", "condition", "note"),
    [
        ("pitch", "gender", "F", "no frame that counts has a group of pitch"),
        ("pitch", "gender", BALANCED, "no frame that counts has a group of pitch"),
        ("gender", "pitch", BALANCED, "no frame that counts has a group of pitch"),
        ("pitch", "gender", IN_PLACE, "no frame that counts has a group of pitch"),
        ("gender", "speaker", "f", "within f of speaker there is one group of gender, and nothing to tell it from"),
        ("gender", "speaker", BALANCED, "two groups of gender are not compared within every group of speaker"),
    ],
)
def test_what_cannot_be_told_apart_has_a_note(odd: Path, a: str, b: str, condition: str, note: str) -> None:
    with connect(odd) as con:
        found = confounds(con, a, b)
    rows = found.filter((pl.col("property") == a) & (pl.col("within_group") == condition)).to_dicts()
    assert {row["layer"] for row in rows} == {1, 2}
    for row in rows:
        assert row["share"] is None
        assert row["note"] == note


def test_no_neurons_no_share(odd: Path) -> None:
    with connect(odd) as con:
        rows = confounds(con, "gender", "phone_class", p_baseline=0.99).to_dicts()
    assert {(row["n"], row["share"]) for row in rows} == {(0, None)}
    assert {row["note"] for row in rows if row["property"] == "gender" and row["within_group"] == ALL} == {
        "no property neurons in this layer",
        "no F neurons in this layer",
        "no M neurons in this layer",
    }


def test_an_empty_warehouse_has_no_rows(tmp_path: Path) -> None:
    with connect(Study(tmp_path / "w").layout.root) as con:
        found = confounds(con)
    assert found.schema == pl.Schema(SCHEMA)


def test_what_makes_no_sense_is_refused(drawn_con: Connection) -> None:
    with pytest.raises(QueryError, match="between two properties"):
        confounds(drawn_con, "pitch", "pitch")
    with pytest.raises(QueryError, match="between two properties"):
        confounds(drawn_con, p_property="pitch")
    with pytest.raises(QueryError, match="there is no parameter p_tone"):
        confounds(drawn_con, p_tone=1)
    with pytest.raises(duckdb.Error, match="there is no tone"):
        confounds(drawn_con, "tone", "pitch")
