"""Probes with one hidden layer: what a linear probe misses, they may find ([B] §3)."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from queries.probes.adam import Parameters, batches, one_hot
from queries.probes.settings import Fitting


@dataclass(frozen=True, eq=False)
class Hidden:
    """Fitted networks of the views of one matrix.

    Attributes:
        views: the columns of each view.
        first: of each view weights (d, m · H) into the hidden units of every labelling.
        first_bias: (V, m · H).
        second: weights (V · m, H, C) out of them.
        second_bias: (V · m, 1, C).
    """

    views: tuple[slice, ...]
    first: list[Tensor]
    first_bias: Tensor
    second: Tensor
    second_bias: Tensor

    def predict(self, x: Tensor) -> np.ndarray:
        """Classes of rows (n, D), int64 (V, m, n)."""
        active = _active(x, self.views, self.first, self.first_bias, self.second.shape[1])
        found = torch.baddbmm(self.second_bias, active, self.second).argmax(-1)
        classes: np.ndarray = found.view(len(self.views), -1, len(x)).numpy()
        return classes


def fit_hidden(
    x: Tensor, views: tuple[slice, ...], targets: Tensor, n_classes: int, fitting: Fitting, seed: int
) -> Hidden:
    """Fit a network of ``fitting.hidden`` rectified units in every view, for every labelling, by Adam.

    Args:
        x: standardised training rows, float32 (n, D), contiguous.
        views: columns of each.
        targets: classes, int64 (n, m).
        n_classes: C.
        fitting: units, passes, batches, rate, and the elastic net on all weights.
        seed: of the first weights (uniform within ±1/√inputs) and of the order of the batches.
    """
    m, h, n_views = targets.shape[1], fitting.hidden, len(views)
    widths = [view.stop - view.start for view in views]
    shapes = [
        *((width, m * h) for width in widths),
        (n_views * m, h, n_classes),
        (n_views, m * h),
        (n_views * m, 1, n_classes),
    ]
    held = Parameters(shapes, fitting)
    *first, second, first_bias, second_bias = held.values
    *first_slopes, second_slopes, first_bias_slopes, second_bias_slopes = held.gradients
    for place, weights in enumerate(first):
        random = torch.Generator().manual_seed(seed * 1_000_003 + widths[place] * 101 + place)
        weights.uniform_(-(widths[place] ** -0.5), widths[place] ** -0.5, generator=random)
    second.uniform_(-(h**-0.5), h**-0.5, generator=torch.Generator().manual_seed(seed))
    n_penalised = sum(width * m * h for width in widths) + second.numel()
    for columns, wanted in batches(x, one_hot(targets, n_classes), fitting, seed):
        active = _active(columns, views, first, first_bias, h)
        scores = torch.baddbmm(second_bias, active, second)  # (V · m, B, C)
        by_labelling = wanted.transpose(0, 1).repeat(n_views, 1, 1)
        excess = (scores.softmax(-1) - by_labelling) / len(columns)
        torch.bmm(active.transpose(1, 2), excess, out=second_slopes)
        torch.sum(excess, 1, keepdim=True, out=second_bias_slopes)
        back = torch.bmm(excess, second.transpose(1, 2)).mul_(active > 0)
        back = back.view(n_views, m, len(columns), h).transpose(1, 2).reshape(n_views, len(columns), m * h)
        for view, of_view, slope in zip(views, back, first_slopes, strict=True):
            torch.mm(columns[:, view].T, of_view, out=slope)
        torch.sum(back, 1, out=first_bias_slopes)
        held.step(n_penalised)
    return Hidden(views, first, first_bias, second, second_bias)


def _active(x: Tensor, views: tuple[slice, ...], first: list[Tensor], bias: Tensor, h: int) -> Tensor:
    """Activations of the hidden units, (V · m, n, H)."""
    sums = torch.stack([x[:, view] @ weights for view, weights in zip(views, first, strict=True)]) + bias[:, None]
    return sums.relu_().view(len(views), len(x), -1, h).transpose(1, 2).reshape(-1, len(x), h)
