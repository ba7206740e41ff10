"""An answer grows layer by layer into the whole, whichever layer is looked at."""

import pytest

from queries import Connection
from queries.live_sets.answer import answer, at_layer, more
from queries.live_sets.counts import Counts
from queries.live_sets.question import Question, RefusedError


@pytest.mark.parametrize("layer", [1, 2])
@pytest.mark.parametrize("asked", [{"p_sigma": 0.4}, {"p_sigma": 0.4, "p_lambda": 9.0}], ids=str)
def test_it_grows_into_the_whole(drawn_con: Connection, layer: int, asked: dict[str, float]) -> None:
    counts, question = Counts(), Question("m", "gender", asked)
    first = answer(drawn_con, counts, question, layer, seconds=0)
    assert (first.layer, list(first.sets)) == (layer, [layer])
    rest = more(drawn_con, counts, first)
    assert list(rest) == [3 - layer]
    other = at_layer(drawn_con, counts, first, 3 - layer)
    assert other.waiting == ()
    whole = answer(drawn_con, counts, question, 3 - layer, seconds=100)
    assert other.sizes == whole.sizes
    assert other.listing.neurons == whole.listing.neurons != first.listing.neurons
    assert sum(whole.sizes.values())


def test_a_layer_that_is_not_there_is_the_first(drawn_con: Connection) -> None:
    assert answer(drawn_con, Counts(), Question("m", "gender", {}), 9).layer == 1


def test_a_condition_that_fails_on_a_value_is_refused(drawn_con: Connection) -> None:
    with pytest.raises(RefusedError, match="Could not convert") as refused:
        answer(drawn_con, Counts(), Question("m", "gender", {"p_where": "CAST(speaker AS INTEGER) > 1"}), 1)
    assert refused.value.parameter == "p_where"


def test_a_property_without_groups_has_no_neurons(drawn_con: Connection) -> None:
    found = answer(drawn_con, Counts(), Question("m", "pitch", {"p_where": "f0_hz < 0"}), 1, seconds=100)
    assert found.sizes == {}
    assert found.here.cells.shown == found.listing.groups == found.listing.neurons == ()
