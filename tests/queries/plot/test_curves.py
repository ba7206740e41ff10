"""Sizes against λ and σ equal the macros' answers at every λ and σ, whatever else is asked."""

from collections.abc import Mapping
from typing import Any

import pytest

from queries import Connection
from queries.calls import call
from queries.curves import sizes_by_lambda, sizes_by_sigma
from warehouse.errors import QueryError

QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    ("phone_class", {}),
    ("gender", {"p_frames": "middle"}),
    ("pitch", {"p_frames": "reference", "p_sigma": 0.1}),
    ("phone_class", {"p_frames": "reference", "p_sigma": 0.1}),
    ("gender", {"p_z": 1.0, "p_sigma": 0.4}),
    ("pitch", {"p_min_frames": 12, "p_layer": 2}),
    ("phone_class", {"p_where": "frame > 2 AND speaker <> 's0'", "p_corpus": "c"}),
    ("speaker", {"p_baseline": 0.2, "p_sigma": 0.6}),
]


def sizes(con: Connection, property: str, parameters: Mapping[str, Any]) -> dict[tuple[str, int, str], int]:
    asked = call("group_neurons", {**parameters, "p_property": property})
    rows = con.sql(f'SELECT model, layer, "group", count(*) FROM {asked} GROUP BY ALL').fetchall()
    return {(model, layer, group): n for model, layer, group, n in rows}


@pytest.mark.parametrize(("property", "asked"), QUESTIONS, ids=str)
def test_sizes_by_lambda_are_those_of_the_macros_at_every_lambda(ordinary: Any, property: str, asked: Any) -> None:
    con = ordinary.con
    (recorded,) = con.sql("SELECT lambda_pct FROM models").fetchall()[0]
    found = sizes_by_lambda(con, property, [recorded / 4, recorded / 2, recorded], **asked)
    assert found["lambda_pct"].n_unique() == 3
    for value in found["lambda_pct"].unique():
        ours = {(m, layer, g): n for m, layer, _, g, x, _, n in found.iter_rows() if x == value and n}
        assert ours == sizes(con, property, {**asked, "p_lambda": value})
    assert found["n"].sum() > 0


@pytest.mark.parametrize(("property", "asked"), QUESTIONS, ids=str)
def test_sizes_by_sigma_are_those_of_the_macros_at_every_sigma(ordinary: Any, property: str, asked: Any) -> None:
    varied = {name: value for name, value in asked.items() if name != "p_sigma"}
    found = sizes_by_sigma(ordinary.con, property, [0.1, 0.25, 2 / 3, 1.0], **varied)
    for value in found["sigma"].unique():
        ours = {(m, layer, g): n for m, layer, _, g, x, n in found.iter_rows() if x == value and n}
        assert ours == sizes(ordinary.con, property, {**varied, "p_sigma": value})
    assert found["n"].sum() > 0


def test_a_layer_that_takes_several_turns_gives_the_same(ordinary: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = sizes_by_lambda(ordinary.con, "speaker")
    monkeypatch.setattr("queries.curves.COUNTERS", 1)
    assert sizes_by_lambda(ordinary.con, "speaker").equals(at_once)
    assert at_once["top_k"].n_unique() > 2


def test_groups_without_frames_have_no_rows(odd: Any) -> None:
    assert not len(sizes_by_lambda(odd.con, "gender"))
    assert not len(sizes_by_sigma(odd.con, "pitch"))
    assert set(sizes_by_sigma(odd.con, "phone_class")["group"]) == {"vowel", "unvoiced"}


@pytest.mark.parametrize(
    ("varied", "said"),
    [
        ({"p_lambda": 1}, "p_lambda: it is what varies here"),
        ({"p_property": "gender"}, "p_property: it is an argument of its own"),
        ({"p_nonsense": 1}, "there is no parameter p_nonsense"),
        ({"lambdas": []}, "lambdas: there is none"),
    ],
)
def test_what_cannot_be_varied_is_said(ordinary: Any, varied: Any, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        sizes_by_lambda(ordinary.con, "gender", **varied)
