"""Pattern matrices against S_k counted frame by frame."""

from typing import Any

import duckdb
import pytest

from queries.patterns import pattern_matrices
from warehouse.errors import QueryError


@pytest.mark.parametrize("name", ["phone_class", "phone", "gender", "pitch", "speaker"])
def test_rows_are_cells_and_columns_are_their_union(ordinary: Any, active_in: Any, name: str) -> None:
    found = list(pattern_matrices(ordinary.con, name))
    assert [(p.model, p.layer, p.property) for p in found] == [("m", 1, name), ("m", 2, name)]
    for patterns in found:
        without = frozenset("ST") if name == "pitch" else frozenset()  # unvoiced consonants have no pitch
        expected = active_in(ordinary.study, name, patterns.layer, without)
        cells = list(zip(patterns.groups.tolist(), patterns.phones.tolist(), strict=True))
        assert set(cells) == set(expected)
        assert len(cells) == len(expected)
        assert patterns.neurons.tolist() == sorted(set().union(*expected.values()))
        for cell, row in zip(cells, patterns.matrix, strict=True):
            assert set(patterns.neurons[row].tolist()) == expected[cell]


def test_bins_keep_their_order_and_other_groups_the_alphabet(ordinary: Any) -> None:
    (pitch, *_), (gender, *_) = (list(pattern_matrices(ordinary.con, name)) for name in ("pitch", "gender"))
    assert list(dict.fromkeys(pitch.groups)) == ["low", "middle", "high"]
    assert list(dict.fromkeys(gender.groups)) == ["F", "M"]
    assert pitch.phones[:4].tolist() == ["AH", "B", "IY", "M"]


def test_a_phone_that_no_neuron_responds_to_keeps_its_row(ordinary: Any) -> None:
    (patterns,) = pattern_matrices(ordinary.con, "phone", p_layer=1, p_baseline=0.22)
    some = [bool(row.any()) for row in patterns.matrix]
    assert len(some) == 6
    assert True in some
    assert False in some


def test_a_layer_without_patterns_has_rows_and_no_columns(ordinary: Any) -> None:
    (patterns,) = pattern_matrices(ordinary.con, "gender", p_layer=2, p_baseline=0.99)
    assert patterns.matrix.shape == (12, 0)
    assert patterns.neurons.shape == (0,)
    assert patterns.note() == "no neuron of the layer responds to any phone of the property, so there is no pattern"
    assert patterns.table().shape == (12, 2)


def test_a_property_that_no_frame_has_a_group_of(odd: Any) -> None:
    for patterns in pattern_matrices(odd.con, "pitch"):
        assert patterns.matrix.shape == (0, 0)
        assert patterns.table().columns == ["group", "phone"]
        assert patterns.note() is not None
        assert "no frame that counts has a group of pitch: f0_hz is NULL in all of them" in patterns.note()


def test_the_table_is_the_matrix_with_labels(ordinary: Any) -> None:
    (patterns,) = pattern_matrices(ordinary.con, "gender", p_layer=1)
    table = patterns.table()
    assert table.columns == ["group", "phone", *map(str, patterns.neurons)]
    assert table["phone"].to_list() == patterns.phones.tolist()
    assert (table.drop("group", "phone").to_numpy() == patterns.matrix).all()
    ordinary.con.register("wide", table)
    ((n,),) = ordinary.con.sql("SELECT count(*) FROM wide WHERE \"group\" = 'F'").fetchall()
    assert n == (patterns.groups == "F").sum()


def test_conditions_narrow_cells_and_patterns_alike(ordinary: Any) -> None:
    (patterns,) = pattern_matrices(ordinary.con, "gender", p_layer=1, p_where="gender = 'F' AND phone <> 'S'")
    assert set(patterns.groups) == {"F"}
    assert "S" not in patterns.phones
    assert patterns.matrix.any()


def test_what_cannot_be_asked(ordinary: Any) -> None:
    with pytest.raises(QueryError, match="there is no parameter p_sgima; there are: p_model"):
        next(pattern_matrices(ordinary.con, "gender", p_sgima=1))
    with pytest.raises(QueryError, match="p_property: the property is an argument"):
        next(pattern_matrices(ordinary.con, "gender", p_property="pitch"))
    for options, message in (
        ({"property": "gendre"}, "p_property: there is no gendre; there are: .*gender"),
        ({"property": "gender", "p_model": "n"}, "p_model: there is no n; there are: m"),
        ({"property": "gender", "p_layer": 3}, "p_layer: there is no 3; there are: 1, 2"),
        ({"property": "gender", "p_sigma": 2}, "p_sigma: 2 is no share"),
    ):
        with pytest.raises(duckdb.InvalidInputException, match=message):
            next(pattern_matrices(ordinary.con, **options))
