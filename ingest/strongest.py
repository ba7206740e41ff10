"""The k strongest neurons of each frame: exact, ties to the lower neuron, cheap enough to run beside the model.

``torch.topk`` leaves the order of equal values open, and costs 4% of HuBERT base on a CPU. Here every candidate is
one integer, its value's bits above its index, so that an ordinary sort breaks ties by index.
"""

from functools import cache

import numpy as np
import torch
from torch import Tensor

NOT_FINITE = 0x7F800000
"""Bits of float32 infinity; those of a NaN without its sign are above."""

LOW_HALF = 0xFFFFFFFF
LAST = np.iinfo(np.int64).max


def top_k(lambda_pct: float, n_neurons: int) -> int:
    """Neurons that count as activated in a frame: ``max(1, floor(λ·D/100 + 0.5))`` (λ in percent) [A §3.1]."""
    return max(1, int(lambda_pct * n_neurons / 100 + 0.5))


class Strongest:
    """Finds the k neurons of largest magnitude; keeps its scratch memory from call to call.

    Not for use by several threads at once.
    """

    def __init__(self) -> None:
        self._magnitudes = torch.empty(0)
        self._marks = np.empty(0, bool)
        self._keys = np.empty(0, np.int64)

    def find(self, x: Tensor, k: int) -> tuple[Tensor | np.ndarray, Tensor | np.ndarray]:
        """Indices of the k largest ``|x|`` of each row, strongest first; of equal ones the lower index first.

        Args:
            x: activations (frames, neurons), on any device; contiguous.
            k: how many, at most the number of neurons.

        Returns:
            Neurons (frames, k), and whether each frame is finite (frames,); what stands for a frame that is not is
            meaningless. Arrays on the CPU, else tensors that are still on their device.
        """
        if x.dtype == torch.float64:
            return _by_sorting(x, k)
        return self._by_threshold(x.float(), k) if x.device.type == "cpu" else _by_keys(x.float(), k)

    def _by_threshold(self, x: Tensor, k: int) -> tuple[np.ndarray, np.ndarray]:
        """On a CPU: sort only what can be among the k strongest, about 1.3·k candidates a frame.

        Neurons are dealt into groups. The groups' maxima are values of the row, so at least k values reach the k-th
        largest maximum, and what does not reach it is not among the k strongest. Activations are read in place where
        no negative one can be a candidate, as behind a GELU: writing magnitudes costs more than all else here.
        """
        n, d = x.shape
        groups = _n_groups(d, k)
        maxima = _maxima(x, groups)
        if not (x.amin(1).numpy() > -maxima[:, groups - k]).all():
            if self._magnitudes.numel() < n * d:
                self._magnitudes = torch.empty(n * d)
            x = torch.abs(x, out=self._magnitudes[: n * d].view(n, d))
            maxima = _maxima(x, groups)
        array = x.numpy()
        if self._marks.size < n * d:
            self._marks = np.empty(n * d, bool)
        marks = np.greater_equal(array, maxima[:, groups - k : groups - k + 1], out=self._marks[: n * d].reshape(n, d))
        found = np.flatnonzero(marks)
        rows, neurons = np.divmod(found, d)
        starts = np.searchsorted(rows, np.arange(n + 1))
        width = max(k, int(np.diff(starts).max(initial=0)))
        if self._keys.size < n * width:
            self._keys = np.empty(n * width, np.int64)
        keys = self._keys[: n * width]
        keys.fill(LAST)
        bits = array.reshape(-1)[found].view(np.int32).astype(np.int64)
        keys[(rows * width - starts[rows]) + np.arange(len(found))] = (NOT_FINITE - bits) << 32 | neurons
        keys = keys.reshape(n, width)
        keys.sort(axis=1)
        return keys[:, :k] & LOW_HALF, np.isfinite(maxima[:, -1])


def _maxima(x: Tensor, groups: int) -> np.ndarray:
    """Largest value of each group of neurons (frames, groups), ascending; NaN last."""
    n, d = x.shape
    maxima = x.view(n, d // groups, groups).amax(1).numpy()
    maxima.sort(axis=1)
    return maxima


@cache
def _n_groups(d: int, k: int) -> int:
    """A divisor of D that is at least 2·k: more groups leave fewer candidates, and cost more to sort; else D."""
    fewest = max(2 * k, 64)
    return next((groups for groups in range(fewest, min(8 * fewest, d)) if d % groups == 0), d)


def _by_keys(x: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Elsewhere: top-k of (magnitude's bits, reversed index) as one integer; nothing waits for the device."""
    d = x.shape[1]
    keys = x.abs().view(torch.int32).long() << 32
    keys += torch.arange(d - 1, -1, -1, device=x.device)
    best = keys.topk(k, dim=1).values
    return d - 1 - (best & LOW_HALF), best[:, 0] >> 32 < NOT_FINITE


def _by_sorting(x: Tensor, k: int) -> tuple[np.ndarray, np.ndarray]:
    magnitudes = x.abs().cpu().numpy()
    return np.argsort(-magnitudes, axis=1, kind="stable")[:, :k], np.isfinite(magnitudes).all(1)
