"""The k strongest neurons of a frame against a stable sort of its magnitudes."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import nn

from ingest.strongest import Strongest, _by_keys, top_k


def stable(x: np.ndarray, k: int) -> np.ndarray:
    return np.argsort(-np.abs(x), axis=1, kind="stable")[:, :k]


def on_cpu(x: torch.Tensor, k: int) -> tuple[np.ndarray, np.ndarray]:
    neurons, finite = Strongest().find(x, k)
    return np.asarray(neurons), np.asarray(finite)


def on_device(x: torch.Tensor, k: int) -> tuple[np.ndarray, np.ndarray]:
    neurons, finite = _by_keys(x, k)
    return neurons.numpy(), finite.numpy()


BOTH = pytest.mark.parametrize("find", [on_cpu, on_device])
Find = Callable[[torch.Tensor, int], tuple[np.ndarray, np.ndarray]]


@st.composite
def tied(draw: st.DrawFn) -> tuple[np.ndarray, int]:
    """Rows of few distinct values, so that ties lie everywhere, the k-th place included."""
    n, d = draw(st.integers(1, 6)), draw(st.integers(1, 300))
    low = draw(st.sampled_from([-3, 0, 1]))
    x = draw(hnp.arrays(np.float32, (n, d), elements=st.integers(low, 3).map(float)))
    return x, draw(st.integers(1, d))


@BOTH
@given(case=tied())
@settings(max_examples=150, deadline=None)
def test_ties_go_to_the_lower_neuron(find: Find, case: tuple[np.ndarray, int]) -> None:
    x, k = case
    neurons, finite = find(torch.from_numpy(x), k)
    assert np.array_equal(neurons, stable(x, k))
    assert finite.all()


@BOTH
@pytest.mark.parametrize(("d", "k"), [(3072, 31), (3072, 1), (3072, 1536), (1021, 10), (64, 64), (200, 2), (5120, 51)])
@pytest.mark.parametrize("function", [nn.Identity(), nn.GELU(), nn.ReLU(), nn.Sigmoid(), nn.LogSigmoid()])
def test_every_width_share_and_sign(find: Find, d: int, k: int, function: nn.Module) -> None:
    x = function(torch.from_numpy(np.random.default_rng(d + k).standard_normal((40, d)).astype(np.float32)))
    before = x.clone()
    assert np.array_equal(find(x, k)[0], stable(x.numpy(), k))
    assert torch.equal(x, before)


@BOTH
def test_one_negative_among_positives(find: Find) -> None:
    x = np.abs(np.random.default_rng(0).standard_normal((6, 3072))).astype(np.float32)
    x[1, 77] = -9
    x[2, 3071] = -x[2, :3071].max()
    x[3, 0] = -np.sort(x[3])[-31]
    assert np.array_equal(find(torch.from_numpy(x), 31)[0], stable(x, 31))


@BOTH
def test_one_group_holds_all_the_strongest(find: Find) -> None:
    """Neurons that are dealt into one group, or lie side by side, are found as well as scattered ones."""
    x = np.random.default_rng(0).standard_normal((4, 3072)).astype(np.float32)
    x[0, ::64] += 10
    x[1, 100:140] -= 10
    x[2] = 0
    x[3] = -0.0
    x[3, 5] = 1e-42
    assert np.array_equal(find(torch.from_numpy(x), 31)[0], stable(x, 31))


def test_bfloat16_ties() -> None:
    x = torch.from_numpy(np.random.default_rng(1).standard_normal((50, 768))).bfloat16()
    assert np.array_equal(on_cpu(x, 8)[0], stable(x.float().numpy(), 8))


def test_float64_is_not_rounded() -> None:
    x = torch.ones(3, 500, dtype=torch.float64)
    x[:, 400] += 1e-12
    assert np.array_equal(on_cpu(x, 5)[0], stable(x.numpy(), 5))


@BOTH
@pytest.mark.parametrize("bad", [np.nan, -np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 1500, 3071])
def test_rows_that_are_not_finite_are_told(find: Find, bad: float, place: int) -> None:
    x = np.random.default_rng(2).standard_normal((5, 3072)).astype(np.float32)
    x[3, place] = bad
    neurons, finite = find(torch.from_numpy(x), 31)
    assert finite.tolist() == [True, True, True, False, True]
    assert np.array_equal(neurons[finite], stable(x, 31)[finite])


def test_answers_survive_the_next_call() -> None:
    """Scratch memory is reused, results are not made of it."""
    rng = np.random.default_rng(3)
    strongest = Strongest()
    frames = [rng.standard_normal((n, d)).astype(np.float32) for n, d in [(30, 3072), (5, 100), (60, 3072), (2, 64)]]
    found = [np.asarray(strongest.find(torch.from_numpy(x), 3)[0]) for x in frames]
    for x, neurons in zip(frames, found, strict=True):
        assert np.array_equal(neurons, stable(x, 3))


@pytest.mark.parametrize(
    ("share", "d", "k"),
    [(1, 3072, 31), (1, 50, 1), (1, 150, 2), (1, 250, 3), (0.01, 100, 1), (100, 7, 7), (0.5, 768, 4)],
)
def test_top_k_rounds_halves_up(share: float, d: int, k: int) -> None:
    assert top_k(share, d) == k
