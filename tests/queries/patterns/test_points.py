"""Points as rows: one a pattern, with its group and phone."""

from typing import Any

from queries.patterns import pattern_points, points_of, projections

COLUMNS = ["model", "layer", "property", "group", "phone", "x", "y", "note"]


def test_every_pattern_has_a_row(ordinary: Any) -> None:
    found = pattern_points(ordinary.con, "pitch", seed=2)
    assert found.columns == COLUMNS
    projected = list(projections(ordinary.con, "pitch", seed=2))
    expected = [
        ("m", p.patterns.layer, "pitch", group, phone, *point.tolist(), None)
        for p in projected
        if p.points is not None
        for group, phone, point in zip(p.patterns.groups, p.patterns.phones, p.points, strict=True)
    ]
    assert found.rows() == expected
    assert len(expected) == 2 * 3 * 4
    assert points_of(projected).equals(found)


def test_a_layer_without_a_pattern_has_phones_without_a_place(ordinary: Any) -> None:
    found = pattern_points(ordinary.con, "gender", p_layer=1, p_baseline=0.99)
    assert found.select("x", "y").rows() == [(None, None)] * 12
    assert set(found["note"]) == {
        "no neuron of the layer responds to any phone of the property, so there is no pattern"
    }


def test_a_property_without_groups_has_a_row_a_layer(odd: Any) -> None:
    found = pattern_points(odd.con, "pitch")
    assert found.select(COLUMNS[:7]).rows() == [("m", n, "pitch", None, None, None, None) for n in (1, 2)]
    assert all("no frame that counts has a group of pitch" in note for note in found["note"])


def test_points_join_with_the_tables(ordinary: Any) -> None:
    ordinary.con.register("points", pattern_points(ordinary.con, "phone_class"))
    rows = ordinary.con.sql(
        'SELECT p.phone FROM points AS p INNER JOIN property_phones AS i USING (property, phone) WHERE i."group" = '
        'p."group"'
    ).fetchall()
    assert len(rows) == 2 * 6
