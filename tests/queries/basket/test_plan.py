"""What an erase or a prune takes, held against counting neuron by neuron."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries import Connection, connect
from queries.basket import NeuronSet, Plan, planned, scores_of, taken
from queries.basket.neuron_set import listed, named
from queries.masks import Mask, whole_model
from warehouse.errors import MaskError, QueryError

Neurons = set[tuple[int, int]]
EVERY = [(1, j) for j in range(5)] + [(3, j) for j in range(4)]


@settings(max_examples=25, deadline=None)
@given(st.sets(st.sampled_from(EVERY)))
def test_a_set_lists_itself_in_sql(mask_of: Callable[..., Mask], neurons: Neurons) -> None:
    with duckdb.connect() as con:
        assert sorted(con.sql(named("s", mask_of(neurons), "").sql()).fetchall()) == sorted(neurons)


@given(st.sets(st.sampled_from(EVERY)))
def test_erasing_takes_the_set_and_keeping_takes_the_others(mask_of: Callable[..., Mask], neurons: Neurons) -> None:
    chosen = named("s", mask_of(neurons), "")
    sizes = {layer: sum(number == layer for number, _ in neurons) for layer in (1, 3)}
    erased = taken(planned(chosen, Plan("erase")), chosen)
    assert [(row.layer, row.n_neurons, row.in_set, row.taken) for row in erased] == [
        (1, 5, sizes[1], sizes[1]),
        (3, 4, sizes[3], sizes[3]),
    ]
    kept = taken(planned(chosen, Plan("keep")), chosen)
    assert [row.taken for row in kept] == [5 - sizes[1], 4 - sizes[3]]


@pytest.fixture(scope="module")
def con(recorded_by_hand: Path) -> Any:
    with connect(recorded_by_hand) as opened:
        yield opened


@pytest.fixture(scope="module")
def recorded_by_hand(tmp_path_factory: pytest.TempPathFactory, make_speech: Any, tiny_model: Any) -> Path:
    """A small warehouse with one model of 2 layers x 64."""
    import warnings

    from ingest import Corpus, ingest

    folder = tmp_path_factory.mktemp("basket")
    speech = make_speech(folder / "speech", n_utterances=3)
    corpus = Corpus.from_files(speech / "audio", speech / "labels", speech / "metadata.csv", name="hummed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ingest(tiny_model(), corpus, folder / "study.warehouse", model_name="tiny", quiet=True)
    return folder / "study.warehouse"


@pytest.fixture(scope="module")
def chosen(con: Connection) -> NeuronSet:
    """Neurons 3 and 7 of layer 1."""
    return named("s", listed(con, "SELECT 1 AS layer, unnest([3, 7]) AS neuron", None), "")


@pytest.mark.parametrize("uniform", [False, True])
@pytest.mark.parametrize("fill", ["probability", "random"])
def test_a_prune_keeps_the_set_and_fills_the_density_up(
    con: Connection, chosen: NeuronSet, fill: Any, uniform: bool
) -> None:
    plan = Plan("keep", 0.25, fill, seed=3, uniform=uniform)
    mask = planned(chosen, plan, scores_of(con, chosen, plan))
    rows = taken(mask, chosen)
    assert len(mask) == 32  # of 128
    assert sum(row.taken for row in rows) == 96
    assert {3, 7} <= set(mask.neurons()[1])
    assert [row.in_set for row in rows] == [2, 0]
    assert not uniform or [row.taken for row in rows] == [48, 48]
    assert mask.provenance["fill"] == fill
    assert mask.provenance.get("seed") == ("3" if fill == "random" else None)


def test_probability_fills_with_the_most_often_active(con: Connection, chosen: NeuronSet) -> None:
    plan = Plan("keep", 0.5)
    mask = planned(chosen, plan, scores_of(con, chosen, plan))
    counted = con.sql("""
        SELECT layer, neuron, count(f.frame_id) AS n
        FROM (SELECT layer, unnest(range(n_neurons)) AS neuron FROM layers) AS every
        LEFT JOIN activations AS a USING (layer, neuron)
        LEFT JOIN (FROM frames WHERE phone NOT IN ('', 'spn')) AS f ON f.frame_id = a.frame_id
        GROUP BY ALL ORDER BY n DESC, layer, neuron
    """).fetchall()
    others = [(layer, neuron) for layer, neuron, _ in counted if (layer, neuron) not in {(1, 3), (1, 7)}]
    kept = {(layer, neuron) for layer, neurons in mask.neurons().items() for neuron in neurons}
    assert kept == {(1, 3), (1, 7), *others[:62]}


def test_what_needs_no_decision_asks_nothing(chosen: NeuronSet) -> None:
    for plan in (Plan("erase", 0.5), Plan("keep")):
        assert scores_of(None, chosen, plan) is None  # type: ignore[arg-type]


def test_a_density_that_the_set_exceeds_is_refused(con: Connection) -> None:
    everything = named("all", whole_model(con, "erase"), "")
    plan = Plan("keep", 0.25, "random")
    with pytest.raises(MaskError, match="protection alone exceeds the budget"):
        planned(everything, plan, scores_of(con, everything, plan))
    plan = Plan("keep", 1.5, "random")
    with pytest.raises(MaskError, match=r"density 1\.5: give a share"):
        planned(everything, plan, scores_of(con, everything, plan))


def test_a_set_of_other_networks_is_not_filled_from_counts(con: Connection, mask_of: Callable[..., Mask]) -> None:
    with pytest.raises(QueryError, match="there is no model m"):
        scores_of(con, named("s", mask_of({(1, 0)}), ""), Plan("keep", 0.5))
    with pytest.raises(MaskError, match="other networks here than the set"):
        scores_of(con, named("s", mask_of({(1, 0)}, model="tiny"), ""), Plan("keep", 0.5))


def test_an_empty_list_is_refused(con: Connection) -> None:
    with pytest.raises(MaskError, match="the list has no neuron"):
        listed(con, "SELECT 1 AS layer, 1 AS neuron WHERE false", None)
    with pytest.raises(MaskError, match="no column neuron"):
        listed(con, "SELECT 1 AS layer", None)
