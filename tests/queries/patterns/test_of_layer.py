"""A layer's patterns for a picture: the same points, numbers and notes as in the tables of all layers."""

from typing import Any

import pytest

from queries.patterns import best_layers, best_of, layer_patterns, pattern_points, separation


def test_a_layer_is_a_part_of_the_tables(ordinary: Any) -> None:
    con, property = ordinary.con, "gender"
    points, numbers = pattern_points(con, property), separation(con, property)
    found = [layer_patterns(con, "m", layer, property) for layer in (1, 2)]
    for one in found:
        rows = [row for row in points.iter_rows(named=True) if row["layer"] == one.layer]
        assert [(p.group, p.phone, p.x, p.y) for p in one.points] == [
            (row["group"], row["phone"], row["x"], row["y"]) for row in rows
        ]
        call = f"S_k(p_layer := {one.layer}, p_property := '{property}')"
        sql = f'SELECT "group", phone, count(*) FROM {call} GROUP BY ALL'
        sizes = {(group, phone): n for group, phone, n in con.sql(sql).fetchall()}
        assert {(p.group, p.phone): p.n_neurons for p in one.points if p.n_neurons} == sizes
        (row,) = (row for row in numbers.iter_rows(named=True) if row["layer"] == one.layer)
        assert (one.n_patterns, one.n_neurons, len(one.groups)) == (row["n_points"], row["n_pattern"], row["n_groups"])
        for name in ("silhouette_2d", "silhouette_patterns", "davies_bouldin_2d", "davies_bouldin_patterns", "note"):
            assert getattr(one, name) == row[name]
    best = best_of(found)
    assert best is not None
    assert best.layer == best_layers(numbers)["layer"][0]


def test_bins_stand_in_their_order(ordinary: Any) -> None:
    assert layer_patterns(ordinary.con, "m", 1, "pitch").groups == ("low", "middle", "high")


def test_parameters_count(ordinary: Any) -> None:
    one = layer_patterns(ordinary.con, "m", 1, "gender", p_baseline=0.2)
    sql = "SELECT count(DISTINCT neuron) FROM S_k(p_layer := 1, p_property := 'gender', p_baseline := 0.2)"
    assert [(one.n_neurons,)] == ordinary.con.sql(sql).fetchall()
    assert one.n_neurons < layer_patterns(ordinary.con, "m", 1, "gender").n_neurons


@pytest.mark.parametrize(
    ("property", "parameters", "note", "n_points"),
    [
        ("gender", {}, "no frame that counts has a group of gender", 0),
        ("speaker", {}, "1 group: telling apart takes two", 4),
        ("speaker", {"p_baseline": 0.99}, "no neuron of the layer responds to any phone", 0),
    ],
)
def test_what_is_missing_is_said(odd: Any, property: str, parameters: dict[str, Any], note: str, n_points: int) -> None:
    one = layer_patterns(odd.con, "m", 1, property, **parameters)
    assert note in (one.note or "")
    assert len(one.points) == n_points
    assert one.silhouette_2d is None
    assert best_of([one]) is None
