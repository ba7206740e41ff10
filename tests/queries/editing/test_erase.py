"""Erasing against hooks that put zeros or means where the neurons were, and restored to the last bit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from queries.editing import erase, erased
from queries.masks import Mask
from warehouse.errors import MaskError


def bits(module: nn.Module) -> dict[str, tuple[Any, ...]]:
    """Everything that must come back: names, identity, type, device, requires_grad and every byte."""
    return {
        name: (id(p), p.dtype, p.device, p.requires_grad, p.detach().reshape(-1).view(torch.uint8).numpy().tobytes())
        for name, p in module.named_parameters()
    }


def means_of(mask: Mask, seed: int = 3) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    return {layer.out_module: draw.standard_normal(layer.n_neurons) for layer in mask.layers}


def test_as_zeros_put_by_hooks(tiny: Any) -> None:
    before = tiny()
    for mask in (tiny.drawn(1), tiny.drawn(2, 0.2, "keep"), tiny.mask({1: [0]}), tiny.mask({}), tiny.mask({}, "keep")):
        expected, was = tiny.replaced(mask), bits(tiny.module)
        with erased(tiny.module, mask):
            torch.testing.assert_close(tiny(), expected, rtol=0, atol=1e-6)
            assert torch.equal(tiny(), before) == (len(mask.as_kind("erase")) == 0)
        assert bits(tiny.module) == was
        assert torch.equal(tiny(), before)
    erase(tiny.module, mask)  # all of them
    torch.testing.assert_close(tiny(), expected, rtol=0, atol=1e-6)


def test_columns_become_zero_and_nothing_else_changes(tiny: Any) -> None:
    mask, was = tiny.drawn(4), {name: value.clone() for name, value in tiny.module.state_dict().items()}
    erase(tiny.module, mask)
    changed = {f"{path}.weight": gone for path, gone in mask.removed().items()}
    for name, value in tiny.module.state_dict().items():
        expected = was[name].clone()
        if name in changed:
            expected[:, np.flatnonzero(changed[name])] = 0
        assert torch.equal(value, expected)


def test_as_means_put_by_hooks(tiny: Any) -> None:
    mask = tiny.drawn(5)
    means = means_of(mask)
    expected, was = tiny.replaced(mask, means), bits(tiny.module)
    assert not torch.allclose(expected, tiny.replaced(mask), atol=1e-3)
    with erased(tiny.module, mask, means=means):
        torch.testing.assert_close(tiny(), expected, rtol=0, atol=1e-5)
    assert bits(tiny.module) == was
    erase(tiny.module, mask, means=means)
    torch.testing.assert_close(tiny(), expected, rtol=0, atol=1e-5)


def test_a_bias_is_made_for_means_and_taken_back(make: Callable[..., Any]) -> None:
    tiny = make("fairseq", bias=False)
    mask = tiny.drawn(6)
    means = means_of(mask)
    expected, was = tiny.replaced(mask, means), list(tiny.module.state_dict())
    with erased(tiny.module, mask, means=means):
        assert "encoder.layers.0.fc2.bias" in tiny.module.state_dict()
        torch.testing.assert_close(tiny(), expected, rtol=0, atol=1e-5)
    assert list(tiny.module.state_dict()) == was
    assert tiny.module.encoder.layers[0].fc2.bias is None


@contextmanager
def failing() -> Iterator[None]:
    with pytest.raises(RuntimeError, match="in the block"):
        yield


def test_restored_after_an_exception(one: Any) -> None:
    was, mask = bits(one.module), one.drawn(7)
    with failing(), erased(one.module, mask, means=means_of(mask)):
        raise RuntimeError("in the block")
    assert bits(one.module) == was


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_odd_values_and_frozen_weights(one: Any, dtype: torch.dtype) -> None:
    one.module.to(dtype).requires_grad_(False)
    second = one.module.encoder.layers[0].fc2.weight
    second[0, 0], second[1, 0], second[2, 0] = float("nan"), float("inf"), -0.0
    was, mask = bits(one.module), one.mask({1: [0, 3]})
    with erased(one.module, mask, means=means_of(mask, 8) | {"encoder.layers.0.fc2": np.zeros(48)}):
        assert (second[:, [0, 3]] == 0).all()
    assert bits(one.module) == was


def test_optimizers_hold_on_and_other_weights_may_learn_meanwhile(one: Any) -> None:
    optimizer = torch.optim.SGD(one.module.parameters(), lr=0.1)
    mask = one.mask({1: [0, 1], 2: [2]})
    x = torch.ones(3, 1, 32)
    first = one.module.encoder.layers[0].fc1.weight
    before, kept = first.detach().clone(), one.module.encoder.layers[0].fc2.weight[:, :2].detach().clone()
    with erased(one.module, mask):
        one.module(x).square().sum().backward()
        optimizer.step()
    assert not torch.equal(first, before)
    assert torch.equal(one.module.encoder.layers[0].fc2.weight[:, :2], kept)
    optimizer.zero_grad()
    one.module(x).square().sum().backward()
    before = one.module.encoder.layers[0].fc2.weight.detach().clone()
    optimizer.step()
    assert not torch.equal(one.module.encoder.layers[0].fc2.weight, before)


def test_works_within_inference_mode(one: Any) -> None:
    mask = one.drawn(9)
    expected, was = one.replaced(mask), bits(one.module)
    with torch.inference_mode(), erased(one.module, mask, means={k: v * 0 for k, v in means_of(mask).items()}):
        torch.testing.assert_close(one.module(torch.ones(1, 1, 32)).shape, torch.Size([1, 1, 32]))
        torch.testing.assert_close(one.run(one.module), expected)
    assert bits(one.module) == was
    one.module(torch.ones(1, 1, 32)).sum().backward()


def test_taking_the_weights_away_is_told(one: Any) -> None:
    with (
        pytest.raises(MaskError, match=r"encoder\.layers\.0\.fc2: the block put another weight"),
        erased(one.module, one.mask({1: [0]})),
    ):
        one.module.encoder.layers[0].fc2.weight = nn.Parameter(torch.zeros(32, 48))


@pytest.mark.parametrize(
    ("means", "said"),
    [
        ({}, r"layer 1 \(encoder\.layers\.0\.fc2\) has no means; take them with neuron_means"),
        ({"encoder.layers.0.fc2": np.zeros(47)}, r"48 finite means are wanted.*shape \(47,\)"),
        ({"encoder.layers.0.fc2": np.full(48, np.nan)}, r"48 finite means are wanted"),
    ],
)
def test_means_that_do_not_fit(one: Any, means: dict[str, np.ndarray], said: str) -> None:
    was = bits(one.module)
    with pytest.raises(MaskError, match=said):
        erase(one.module, one.mask({1: [0], 2: [1]}), means=means)
    assert bits(one.module) == was


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), kind=st.sampled_from(["erase", "keep"]), with_means=st.booleans())
def test_any_mask(make: Callable[..., Any], data: st.DataObject, kind: str, with_means: bool) -> None:
    tiny = make("fairseq")
    neurons = {layer.layer: data.draw(st.lists(st.integers(0, 47))) for layer in tiny.layers}
    mask = tiny.mask(neurons, kind)
    means = means_of(mask) if with_means else None
    expected, was = tiny.replaced(mask, means), bits(tiny.module)
    with erased(tiny.module, mask, means=means):
        torch.testing.assert_close(tiny(), expected, rtol=0, atol=1e-5)
    assert bits(tiny.module) == was
