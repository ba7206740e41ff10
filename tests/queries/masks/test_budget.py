"""Keep masks of a density, against a plain Python version of the rule."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.masks import Mask, MaskLayer, keep_mask, random_scores
from warehouse.errors import MaskError

LAYERS = (MaskLayer(1, "a.0", "b.0", 4), MaskLayer(2, "a.1", "b.1", 6), MaskLayer(3, "a.2", "b.2", 4))
NEURONS = [(layer.layer, j) for layer in LAYERS for j in range(layer.n_neurons)]

scores_of = st.fixed_dictionaries(
    {
        layer.layer: st.lists(
            st.sampled_from([-1.0, 0.0, 0.5, 2.0]), min_size=layer.n_neurons, max_size=layer.n_neurons
        )
        for layer in LAYERS
    }
).map(lambda found: {layer: np.array(values) for layer, values in found.items()})
shields = st.sets(st.sampled_from(NEURONS))
densities = st.one_of(st.sampled_from([0.05, 0.2, 0.25, 0.5, 1.0]), st.floats(1e-6, 1.0))


def kept(mask: Mask) -> set[tuple[int, int]]:
    return {(layer, neuron) for layer, neurons in mask.neurons().items() for neuron in neurons}


def shield(neurons: set[tuple[int, int]], **provenance: str) -> Mask:
    listed = {layer.layer: [j for number, j in neurons if number == layer.layer] for layer in LAYERS}
    return Mask.of_neurons(LAYERS, listed, "keep", provenance)


def naive(
    scores: Mapping[int, Any], density: float, protected: set[tuple[int, int]], uniform: bool
) -> set[tuple[int, int]] | None:
    """The rule, one neuron at a time; None where protection exceeds the budget."""
    found: set[tuple[int, int]] = set()
    for group in [[layer] for layer in LAYERS] if uniform else [list(LAYERS)]:
        neurons = [(layer.layer, j) for layer in group for j in range(layer.n_neurons)]
        room = math.floor(density * len(neurons) + 0.5)
        mine = [neuron for neuron in neurons if neuron in protected]
        if len(mine) > room:
            return None
        rest = sorted((n for n in neurons if n not in protected), key=lambda n: (-scores[n[0]][n[1]], n))
        found |= {*mine, *rest[: room - len(mine)]}
    return found


@given(scores_of, densities, shields, st.booleans())
def test_the_budget_is_the_naive_one(
    scores: Mapping[int, Any], density: float, protected: set[tuple[int, int]], uniform: bool
) -> None:
    expected = naive(scores, density, protected, uniform)
    if expected is None:
        with pytest.raises(MaskError, match="protection alone exceeds"):
            keep_mask(LAYERS, scores, density, protected=shield(protected), uniform=uniform)
    else:
        mask = keep_mask(LAYERS, scores, density, protected=shield(protected), uniform=uniform)
        assert (kept(mask), mask.kind) == (expected, "keep")


@given(scores_of, densities, shields)
def test_protected_neurons_go_last_in_a_schedule(
    scores: Mapping[int, Any], density: float, protected: set[tuple[int, int]]
) -> None:
    mask = keep_mask(LAYERS, scores, density, protected=shield(protected), protect_first=True)
    room = math.floor(density * len(NEURONS) + 0.5)
    assert len(mask) == room
    best = sorted(protected, key=lambda n: (-scores[n[0]][n[1]], n))[:room]
    assert set(best) <= kept(mask)
    assert kept(mask) <= protected or protected <= kept(mask)


def test_a_uniform_budget_is_the_same_in_layers_of_one_width() -> None:
    mask = keep_mask(LAYERS, random_scores(LAYERS, 0), 0.5, uniform=True)
    assert [int(vector.sum()) for vector in mask.chosen] == [2, 3, 2]


def test_ties_go_to_the_lower_layer_and_neuron() -> None:
    scores = {layer.layer: np.zeros(layer.n_neurons) for layer in LAYERS}
    assert kept(keep_mask(LAYERS, scores, 6 / 14)) == {(1, 0), (1, 1), (1, 2), (1, 3), (2, 0), (2, 1)}


def test_where_the_mask_comes_from_is_recorded() -> None:
    protected = shield({(1, 0)}, sql="A", sigma="0.8")
    mask = keep_mask(LAYERS, random_scores(LAYERS, 0), 0.5, protected=protected, provenance={"fill": "l1"})
    assert dict(mask.provenance) == {"sql": "A", "sigma": "0.8", "density": "0.5", "budget": "free", "fill": "l1"}
    assert keep_mask(LAYERS, random_scores(LAYERS, 0), 1, uniform=True).provenance["budget"] == "uniform"


def test_an_exceeded_density_says_by_how_much() -> None:
    protected = shield({(1, 0), (1, 1), (1, 2), (2, 0), (2, 1)})
    with pytest.raises(MaskError) as free:
        keep_mask(LAYERS, random_scores(LAYERS, 0), 0.2, protected=protected)
    assert str(free.value) == (
        "density 0.2: protection alone exceeds the budget (5 of 14 neurons are protected, 2 (15.7 points) more than "
        "the 3); protect fewer neurons or give a higher density"
    )
    with pytest.raises(MaskError) as uniform:
        keep_mask(LAYERS, random_scores(LAYERS, 0), 0.3, protected=protected, uniform=True)
    assert "layer 1: 3 of 4 neurons are protected, 2 (45.0 points) more than the 1" in str(uniform.value)
    assert "layer 2" not in str(uniform.value)


@pytest.mark.parametrize("density", [0, -0.1, 1.01, float("nan"), float("inf")])
def test_a_density_is_a_share(density: float) -> None:
    with pytest.raises(MaskError, match="give a share of neurons to keep, more than 0 and at most 1"):
        keep_mask(LAYERS, random_scores(LAYERS, 0), density)


def test_scores_are_one_number_a_neuron() -> None:
    good = random_scores(LAYERS, 0)
    bad: list[tuple[dict[int, Any], str]] = [
        ({1: good[1], 3: good[3]}, r"layer 2 \(b.1\) has no scores"),
        (good | {2: good[1]}, r"layer 2 \(b.1\): 6 scores are wanted, one a neuron, not float64 of shape \(4,\)"),
        (good | {2: np.array(["a"] * 6)}, "6 scores are wanted"),
        (good | {2: np.array([0, 1, np.nan, 0, 0, 0])}, "the score of neuron 2 is no number"),
    ]
    for scores, message in bad:
        with pytest.raises(MaskError, match=message):
            keep_mask(LAYERS, scores, 0.5)


def test_protected_neurons_are_a_keep_mask_of_the_same_layers() -> None:
    scores = random_scores(LAYERS, 0)
    with pytest.raises(MaskError, match="mask of kind erase; make it with kind='keep'"):
        keep_mask(LAYERS, scores, 0.5, protected=Mask.of_neurons(LAYERS, {}))
    with pytest.raises(MaskError, match="of other layers"):
        keep_mask(LAYERS[:2], scores, 0.5, protected=shield(set()))


def test_lots_are_drawn_by_seed() -> None:
    assert all((random_scores(LAYERS, 3)[n] == random_scores(LAYERS, 3)[n]).all() for n in (1, 2, 3))
    assert any((random_scores(LAYERS, 3)[n] != random_scores(LAYERS, 4)[n]).any() for n in (1, 2, 3))
