"""Pruning in steps: nested, exact, numbered as recorded, and by the weights of the moment."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from queries.editing import erase, pruning_schedule, weights_checksum
from queries.masks import Mask, MaskLayer
from queries.masks.scores import l1_scores
from warehouse.errors import MaskError


def widths(tiny: Any) -> list[int]:
    return [tiny.module.get_submodule(layer.out_module).weight.shape[1] for layer in tiny.layers]


@pytest.mark.parametrize("uniform", [False, True])
@pytest.mark.parametrize("fill", ["l1", "random"])
@pytest.mark.parametrize("with_protection", [False, True])
def test_nested_exact_and_as_zeros(one: Any, uniform: bool, fill: Any, with_protection: bool) -> None:
    steps_of(one, uniform, fill, with_protection)


@pytest.mark.parametrize("uniform", [False, True])
def test_in_every_framework(tiny: Any, uniform: bool) -> None:
    steps_of(tiny, uniform, "l1", True)


def steps_of(tiny: Any, uniform: bool, fill: Any, with_protection: bool) -> None:
    """Prunes in four steps and looks at each."""
    original = copy.deepcopy(tiny)
    protected = tiny.drawn(1, 0.2, "keep") if with_protection else None
    before: Mask | None = None
    densities = []
    for step in pruning_schedule(
        tiny.module, tiny.layers, to=0.1, steps=4, uniform=uniform, fill=fill, protected=protected
    ):
        densities.append(step.density)
        total = step.kept.n_neurons
        assert step.n_neurons == len(step.kept) == sum(widths(tiny))
        if uniform:
            assert set(widths(tiny)) == {int(np.floor(step.density * 48 + 0.5))}
        else:
            assert step.n_neurons == int(np.floor(step.density * total + 0.5))
        assert min(widths(tiny)) >= 1
        if before is not None:
            assert len(step.kept - before) == 0
        if protected is not None and not uniform and step.n_neurons > len(protected) + len(tiny.layers):
            assert len(protected - step.kept) == 0
        zeroed = copy.deepcopy(original)
        erase(zeroed.module, step.kept)
        torch.testing.assert_close(tiny(), zeroed(), rtol=0, atol=1e-6)
        before = step.kept
    np.testing.assert_allclose(densities, [0.1 ** (i / 4) for i in (1, 2, 3, 4)])
    assert (step.step, step.density) == (4, 0.1)


def test_the_strongest_stay(one: Any) -> None:
    scores = l1_scores(one.module, one.layers)
    (step,) = pruning_schedule(one.module, one.layers, densities=[0.25])
    ranked = sorted(((scores[layer][j], layer, j) for layer in scores for j in range(48)), reverse=True)[:24]
    assert {(layer, j) for _, layer, j in ranked} == {(la, j) for la, js in step.kept.neurons().items() for j in js}


def test_weights_of_the_moment_decide(one: Any) -> None:
    steps = pruning_schedule(one.module, one.layers, densities=[0.5, 0.05])
    first = next(steps)
    second = one.module.encoder.layers[0].fc2
    place = 7
    with torch.no_grad():
        second.weight[:, place] = 100.0  # as training might
    survivor = first.kept.neurons()[1][place]
    last = next(steps)
    assert survivor in last.kept.neurons()[1]
    assert torch.equal(one.module.encoder.layers[0].fc2.weight[:, last.kept.neurons()[1].index(survivor)],
                       torch.full((32,), 100.0))  # fmt: skip


def test_protection_goes_first_and_last(one: Any) -> None:
    protected = one.mask({1: list(range(40)), 2: [3]}, "keep")
    scores = l1_scores(one.module, one.layers)[1]
    seen = list(pruning_schedule(copy.deepcopy(one.module), protected, protected=protected, densities=[0.5, 0.1]))
    assert len(protected - seen[0].kept) == 0
    assert seen[1].n_neurons == 10
    assert seen[1].kept.neurons()[2] == [3]
    weakest_out = set(np.argsort(-scores[:40], kind="stable")[:9].tolist())
    assert set(seen[1].kept.neurons()[1]) == weakest_out
    strict = pruning_schedule(one.module, protected, protected=protected, densities=[0.5, 0.1], protect_first=False)
    next(strict)
    with pytest.raises(MaskError, match="protection alone exceeds the budget"):
        next(strict)


def test_a_function_that_scores_and_a_prefix(one: Any) -> None:
    model = nn.ModuleDict({"up": one.module})
    asked: list[tuple[int, ...]] = []

    def by_number(module: nn.Module, layers: Sequence[MaskLayer]) -> dict[int, np.ndarray]:
        assert module is one.module
        asked.append(tuple(layer.n_neurons for layer in layers))
        return {layer.layer: np.arange(layer.n_neurons) for layer in layers}

    for step in pruning_schedule(model, one.layers, densities=[0.5, 0.25], fill=by_number, uniform=True):
        assert step.kept.neurons()[2] == list(range(48))[-step.n_neurons // 2 :]
    assert asked == [(48, 48), (24, 24)]
    with pytest.raises(MaskError, match="12 scores are wanted"):
        next(pruning_schedule(model, one.layers, densities=[0.1], fill=lambda m, la: {}, already=step.kept))


def test_scores_that_stay_what_they_were(one: Any) -> None:
    fixed = {1: np.arange(48), 2: np.arange(48)[::-1] + 0.5}
    for step in pruning_schedule(one.module, one.layers, densities=[0.5, 0.25, 0.1], fill=fixed):
        n = step.n_neurons // 2
        assert step.kept.neurons() == {1: list(range(48 - n, 48)), 2: list(range(n + step.n_neurons % 2))}


def test_infinite_and_equal_scores(one: Any) -> None:
    def odd(_: nn.Module, layers: Sequence[MaskLayer]) -> dict[int, np.ndarray]:
        return {layer.layer: np.full(layer.n_neurons, -np.inf) for layer in layers}

    seen = list(pruning_schedule(one.module, one.layers, densities=[0.5, 0.25, 0.05], fill=odd))
    assert [step.n_neurons for step in seen] == [48, 24, 5]
    assert len(seen[2].kept - seen[1].kept) == len(seen[1].kept - seen[0].kept) == 0


def test_goes_on_from_where_another_stopped(one: Any) -> None:
    other = copy.deepcopy(one)
    whole = list(pruning_schedule(one.module, one.layers, densities=[0.5, 0.3, 0.1]))
    (first,) = pruning_schedule(other.module, one.layers, densities=[0.5])
    rest = list(pruning_schedule(other.module, one.layers, densities=[0.3, 0.1], already=first.kept))
    assert rest[-1].kept == whole[-1].kept
    assert torch.equal(one(), other())
    (last,) = pruning_schedule(other.module, first.kept, to=0.05, steps=1, already=rest[-1].kept)
    assert last.n_neurons == 5


def test_random_is_drawn_once(one: Any) -> None:
    runs = [
        [s.kept for s in pruning_schedule(copy.deepcopy(one.module), one.layers, steps=2, fill="random", seed=seed)]
        for seed in (0, 0, 1)
    ]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_what_is_refused_at_once(one: Any, make: Callable[..., Any]) -> None:
    for options, said in (
        ({"to": 0.0}, "to=0: give a share"),
        ({"to": 1.2}, "to=1.2: give a share"),
        ({"steps": 0}, "at least one step"),
        ({"densities": [0.2, 0.3]}, "density 0.3 after 0.2: densities must fall"),
        ({"densities": [0.01]}, "leaves 1 of 96 neurons to 2 layers; give at least 0.021"),
        ({"densities": [0.01], "uniform": True}, r"leaves no neuron of the 48 of layer 1 \(encoder.layers.0.fc2\)"),
        ({"protected": one.mask({1: [0]})}, "mask of kind erase; make it with kind='keep'"),
        ({"fill": "l2"}, "fill 'l2': give 'l1', 'random', scores, or a function"),
        ({"fill": {1: np.zeros(48)}}, r"layer 2 \(encoder.layers.1.fc2\) has no scores"),
        ({"protected": make("torchaudio").mask({}, "keep")}, "of other layers than what is to be pruned"),
    ):
        with pytest.raises(MaskError, match=said):
            pruning_schedule(one.module, one.layers, **options)
    with pytest.raises(MaskError, match="has 40 rows"):
        pruning_schedule(make("fairseq", width=40).module, one.layers)
    made_for = Mask("keep", one.layers, one.drawn(1).chosen, {"checksum": weights_checksum(make("torchaudio").module)})
    with pytest.raises(MaskError, match="other_weights=True"):
        pruning_schedule(one.module, made_for)
    assert next(pruning_schedule(one.module, made_for, other_weights=True)).kept.provenance["steps"] == "1"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), uniform=st.booleans())
def test_any_densities(make: Callable[..., Any], data: st.DataObject, uniform: bool) -> None:
    tiny = make("fairseq")
    zeroed = copy.deepcopy(tiny)
    densities = sorted(data.draw(st.lists(st.floats(0.03, 1), min_size=1, max_size=4)), reverse=True)
    protected = tiny.mask({1: data.draw(st.lists(st.integers(0, 47))), 2: []}, "keep")
    schedule = pruning_schedule(tiny.module, tiny.layers, densities=densities, protected=protected, uniform=uniform)
    *_, step = schedule
    assert min(widths(tiny)) >= 1
    erase(zeroed.module, step.kept)
    torch.testing.assert_close(tiny(), zeroed(), rtol=0, atol=1e-6)
