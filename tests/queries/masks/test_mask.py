"""Masks as sets: what they are made of, how they combine, and what they say of themselves."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.masks import Mask, MaskLayer
from warehouse.errors import MaskError

Make = Callable[..., Mask]
LAYERS = (MaskLayer(1, "a.0", "b.0", 5), MaskLayer(3, None, "b.2", 4))

sets = st.sets(st.sampled_from([(layer.layer, j) for layer in LAYERS for j in range(layer.n_neurons)]))


def mask_of(neurons: set[tuple[int, int]], kind: Any = "erase", **provenance: str) -> Mask:
    listed = {layer.layer: [j for number, j in neurons if number == layer.layer] for layer in LAYERS}
    return Mask.of_neurons(LAYERS, listed, kind, provenance)


def set_of(mask: Mask) -> set[tuple[int, int]]:
    return {(layer, neuron) for layer, neurons in mask.neurons().items() for neuron in neurons}


@given(sets, sets)
def test_masks_combine_as_sets(a: set[tuple[int, int]], b: set[tuple[int, int]]) -> None:
    everything = {(layer.layer, j) for layer in LAYERS for j in range(layer.n_neurons)}
    one, other = mask_of(a), mask_of(b)
    assert set_of(one | other) == a | b
    assert set_of(one & other) == a & b
    assert set_of(one - other) == a - b
    assert set_of(~one) == everything - a
    assert (len(one), one.n_neurons, one.share) == (len(a), 9, len(a) / 9)
    assert (one == other) == (a == b)
    assert a != b or hash(one) == hash(other)
    kept = one.as_kind("keep")
    assert kept.as_kind("erase") == one
    assert {path: list(v) for path, v in kept.removed().items()} == {path: list(v) for path, v in one.removed().items()}


@given(sets, st.integers(0, 5))
def test_random_masks_have_as_many_neurons_in_every_layer(a: set[tuple[int, int]], seed: int) -> None:
    mask = mask_of(a)
    drawn = mask.random_like(seed)
    assert [v.sum() for v in drawn.chosen] == [v.sum() for v in mask.chosen]
    assert drawn == mask.random_like(seed)
    assert drawn.provenance["random_like"] == f"seed {seed}"


def test_other_seeds_draw_other_neurons(make: Make) -> None:
    mask = make({1: [0, 1, 2, 3], 2: [0, 1, 2]})
    assert len({mask.random_like(seed) for seed in range(20)}) > 1


def test_the_summary_counts_per_layer(make: Make) -> None:
    assert make({1: [0, 1], 3: [7]}).summary().drop("out_module").rows() == [
        (1, 2, 8, 0.25),
        (2, 0, 6, 0.0),
        (3, 1, 8, 0.125),
    ]


def test_formulas_and_what_agrees_are_told() -> None:
    a = mask_of({(1, 0)}, sql="A", model="m", sigma="0.8")
    b = mask_of({(1, 1)}, sql="B", model="m", sigma="0.9")
    assert dict((a | b).provenance) == {"model": "m", "sql": "(A) | (B)"}
    assert dict((~(a - b)).provenance) == {"model": "m", "sql": "~((A) - (B))"}


def test_what_does_not_fit_does_not_combine(make: Make) -> None:
    with pytest.raises(MaskError, match=r"one mask says what to erase, the other what to keep.*as_kind\('erase'\)"):
        make({}) | make({}, "keep")
    with pytest.raises(MaskError, match="masks of other layers do not combine"):
        make({}) | mask_of(set())
    with pytest.raises(MaskError, match="masks of two models do not combine: a and b"):
        make({}, model="a", checksum="1") & make({}, model="b", checksum="2")


@pytest.mark.parametrize(
    ("kind", "layers", "vectors", "message"),
    [
        ("drop", LAYERS, None, "kind 'drop'"),
        ("erase", LAYERS, [np.zeros(5, bool)], "of 2 layers has vectors for 1"),
        ("erase", LAYERS, [np.zeros(5, bool), np.zeros(5, bool)], r"layer 3 \(b.2\): a bool vector of 4"),
        ("erase", LAYERS, [np.zeros(5), np.zeros(4, bool)], "not float64"),
        ("erase", LAYERS[::-1], None, "ascending order"),
        ("erase", (LAYERS[0], LAYERS[0]), None, "ascending order"),
        ("erase", (LAYERS[0], MaskLayer(2, None, "b.0", 5)), None, "a module of its own"),
    ],
)
def test_masks_are_checked(kind: Any, layers: tuple[MaskLayer, ...], vectors: Any, message: str) -> None:
    chosen = vectors or [np.zeros(layer.n_neurons, bool) for layer in layers]
    with pytest.raises(MaskError, match=message):
        Mask(kind, layers, tuple(chosen))


def test_a_mask_is_not_changed_from_outside() -> None:
    vectors = [np.zeros(5, bool), np.zeros(4, bool)]
    mask = Mask("erase", LAYERS, tuple(vectors))
    vectors[0][0] = True
    assert len(mask) == 0
    with pytest.raises(ValueError, match="read-only"):
        mask.chosen[0][0] = True


@pytest.mark.parametrize(
    ("neurons", "message"),
    [
        ({2: [0]}, "no layer 2 in this model; it has layers 1, 3"),
        ({1: [5]}, r"layer 1 \(b.0\): no neuron 5; it has neurons 0 to 4"),
        ({1: [-1]}, "no neuron -1"),
        ({1: np.array([1 << 63], dtype=np.uint64)}, "no neuron 9223372036854775808"),
        ({1: [True, False]}, "neurons are numbers from 0, not bool"),
        ({1: [1.5]}, "not float64"),
        ({1: [1 << 80]}, "not object"),
    ],
)
def test_listed_neurons_are_checked(neurons: Any, message: str) -> None:
    with pytest.raises(MaskError, match=message):
        Mask.of_neurons(LAYERS, neurons)
