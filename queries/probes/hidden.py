"""Probes with one hidden layer: what a linear probe misses, they may find ([B] §3)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from queries.probes.adam import Parameters, batches, one_hot
from queries.probes.settings import Fitting
from queries.probes.stretches import Stretches


@dataclass(frozen=True, eq=False)
class Hidden:
    """Fitted networks of the views of one matrix.

    Attributes:
        products: of rows with the weights of all views.
        first: weights into the hidden units, m · H of each view, as ``products`` keeps them.
        first_bias: (V, m · H, 1).
        second: weights out of them (V · m, C, H).
        second_bias: (V · m, C, 1).
    """

    products: Stretches
    first: list[Tensor]
    first_bias: Tensor
    second: Tensor
    second_bias: Tensor

    def predict(self, x: Tensor) -> np.ndarray:
        """Classes of rows (n, D), int64 (V, m, n)."""
        active = self.active(self.products.cut(x))
        found = torch.baddbmm(self.second_bias, self.second, active).argmax(1)
        classes: np.ndarray = found.view(len(self.first_bias), -1, len(x)).numpy()
        return classes

    def active(self, rows: Sequence[Tensor]) -> Tensor:
        """Activations of the hidden units for rows that were cut, (V · m, H, n)."""
        sums = self.products.scores(rows, self.first).add_(self.first_bias)
        return sums.relu_().view(len(self.second), -1, len(rows[0]))


@torch.inference_mode()
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
    products = Stretches(views, m * h)
    penalised = [*products.shapes, (n_views * m, n_classes, h)]
    held = Parameters(penalised, [(n_views, m * h, 1), (n_views * m, n_classes, 1)], fitting)
    *first, second, first_bias, second_bias = held.values
    *first_slopes, second_slopes, first_bias_slopes, second_bias_slopes = held.gradients
    network = Hidden(products, first, first_bias, second, second_bias)
    for place, view in enumerate(views):
        width = view.stop - view.start
        random = torch.Generator().manual_seed(seed * 1_000_003 + width * 101 + place)
        products.fill(first, place, torch.empty(m * h, width).uniform_(-(width**-0.5), width**-0.5, generator=random))
    second.uniform_(-(h**-0.5), h**-0.5, generator=torch.Generator().manual_seed(seed))
    wanted = one_hot(targets, n_classes)
    for chosen in batches(len(x), fitting, seed):
        held.begin()
        rows = products.cut(x, chosen)
        active = network.active(rows)
        scores = torch.baddbmm(second_bias, second, active)
        of_batch = wanted.index_select(2, chosen).repeat(n_views, 1, 1)
        excess = (scores.softmax(1) - of_batch).div_(len(chosen))  # (V · m, C, B)
        second_slopes.baddbmm_(excess, active.transpose(1, 2), beta=fitting.lambda1)
        torch.sum(excess, 2, keepdim=True, out=second_bias_slopes)
        back = torch.bmm(second.transpose(1, 2), excess).mul_(active > 0).view(n_views, m * h, len(chosen))
        products.add_slopes(rows, back, first_slopes, fitting.lambda1)
        torch.sum(back, 2, keepdim=True, out=first_bias_slopes)
        held.step()
    return network
