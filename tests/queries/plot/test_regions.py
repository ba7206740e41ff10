"""The regions of a Venn diagram, against sets of Python."""

from typing import Any

import pytest

from queries.regions import overlap_regions
from warehouse.errors import QueryError

NAMES = ("phone_class", "gender", "pitch")


def test_regions_are_those_of_the_sets(ordinary: Any) -> None:
    con = ordinary.con
    found = overlap_regions(con, NAMES, p_sigma=0.5)
    for layer in (1, 2):
        sql = "SELECT neuron FROM property_neurons(p_property := '{}', p_layer := {}, p_sigma := 0.5)"
        sets = {name: {j for (j,) in con.sql(sql.format(name, layer)).fetchall()} for name in NAMES}
        everything = set.union(*sets.values())
        for _, of_layer, region, size, n in found.iter_rows():
            if of_layer == layer:
                inside = region.split("+")
                assert size == len(inside)
                assert n == sum(all((j in sets[name]) == (name in inside) for name in NAMES) for j in everything)
    assert len(found) == 14
    assert found["n"].sum() > 0


def test_a_question_of_one_layer_and_two_properties(ordinary: Any) -> None:
    found = overlap_regions(ordinary.con, ("gender", "pitch"), p_layer=2)
    assert found["properties"].to_list() == ["gender", "pitch", "gender+pitch"]
    assert set(found["layer"]) == {2}


@pytest.mark.parametrize("names", [(), ("gender",), ("gender", "gender")])
def test_fewer_than_two_properties_are_refused(ordinary: Any, names: Any) -> None:
    with pytest.raises(QueryError, match="two or more different"):
        overlap_regions(ordinary.con, names)
