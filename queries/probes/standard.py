"""Standardisation: every feature around 0 with deviation 1, as the training part has it."""

from typing import TYPE_CHECKING

import numpy as np

from queries.probes.splits import Split

if TYPE_CHECKING:
    from torch import Tensor

BLOCK = 512  # features at a time, so that what is summed in double precision stays in the cache


def standardised(values: np.ndarray, split: Split) -> "tuple[Tensor, Tensor]":
    """Rows of the training and of the test part, by the mean and deviation of the training part alone.

    A feature that never changes there is 0 throughout: nothing can be learned from it.

    Args:
        values: float32 (n, D).
        split: which rows are which.

    Returns:
        float32 (n_train, D) and (n_test, D), contiguous.
    """
    import torch

    train = np.empty((len(split.train), values.shape[1]), np.float32)
    test = np.empty((len(split.test), values.shape[1]), np.float32)
    for start in range(0, values.shape[1], BLOCK):
        part = slice(start, start + BLOCK)
        around = values[split.train, part].astype(np.float64)
        mean = around.mean(0)
        around -= mean
        deviation = np.sqrt(np.einsum("ij,ij->j", around, around) / len(around))
        # What rounding leaves of a constant is no deviation.
        deviation[deviation <= 1e-7 * np.abs(mean)] = np.inf
        around /= deviation
        train[:, part] = around
        test[:, part] = (values[split.test, part] - mean) / deviation
    return torch.from_numpy(train), torch.from_numpy(test)
