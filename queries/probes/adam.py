"""Probes trained by Adam in minibatches, as in [B]: all views and labellings of one matrix in each step."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from queries.probes.linear import Linear
from queries.probes.settings import Fitting
from queries.probes.workers import go_on

IN_CACHE = 2**18
"""Weights whose signs are taken at a time, so that they need not be written to memory."""


def fit_adam(
    x: Tensor, views: tuple[slice, ...], targets: Tensor, n_classes: int, fitting: Fitting, seed: int
) -> Linear:
    """What :func:`queries.probes.linear.fit_linear` does, by Adam; the subgradient of |θ| at 0 is 0."""
    n_labellings = targets.shape[1]
    widths = [view.stop - view.start for view in views]
    outputs = n_labellings * n_classes
    # One vector of all weights: one update for all of them.
    held = Parameters([(width, outputs) for width in widths] + [(len(views), outputs)], fitting)
    *weights, intercepts = held.values
    *slopes, intercept_slopes = held.gradients
    n_penalised = sum(widths) * outputs
    for columns, wanted in batches(x, one_hot(targets, n_classes), fitting, seed):
        scores = torch.stack([columns[:, view] @ weight for view, weight in zip(views, weights, strict=True)])
        scores += intercepts[:, None]
        excess = (scores.view(len(views), len(columns), n_labellings, n_classes).softmax(-1) - wanted) / len(columns)
        excess = excess.view(scores.shape)
        for view, of_view, slope in zip(views, excess, slopes, strict=True):
            torch.mm(columns[:, view].T, of_view, out=slope)
        torch.sum(excess, 1, out=intercept_slopes)
        held.step(n_penalised)
    return Linear(
        views,
        [w.view(-1, n_labellings, n_classes) for w in weights],
        list(intercepts.view(-1, n_labellings, n_classes)),
    )


class Parameters:
    """Several matrices in one vector that Adam updates; those that are penalised come first.

    Attributes:
        values: the matrices.
        gradients: as many, to be filled before :meth:`step`.
    """

    def __init__(self, shapes: Sequence[tuple[int, ...]], fitting: Fitting) -> None:
        sizes = [int(np.prod(shape)) for shape in shapes]
        self._all = torch.zeros(sum(sizes), requires_grad=True)
        self._all.grad = torch.zeros(sum(sizes))
        self._fitting = fitting
        self._adam = torch.optim.Adam([self._all], lr=fitting.learning_rate, fused=True)
        self.values = [part.view(shape) for part, shape in zip(self._all.detach().split(sizes), shapes, strict=True)]
        self.gradients = [part.view(shape) for part, shape in zip(self._all.grad.split(sizes), shapes, strict=True)]

    def step(self, n_penalised: int) -> None:
        """Add the slope of the elastic net to the first gradients, and update all values."""
        weights, slopes = self._all.detach()[:n_penalised], self._all.grad[:n_penalised]  # type: ignore[index]
        if self._fitting.lambda1:
            for some, of_some in zip(weights.split(IN_CACHE), slopes.split(IN_CACHE), strict=True):
                of_some.add_(some.sign(), alpha=self._fitting.lambda1)
        if self._fitting.lambda2:
            slopes.add_(weights, alpha=2 * self._fitting.lambda2)
        self._adam.step()


def batches(x: Tensor, wanted: Tensor, fitting: Fitting, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Rows and what is wanted of them, in an order that is drawn anew for each pass; the last batch may be smaller."""
    draw = np.random.default_rng((seed, 2))
    for _ in range(fitting.epochs):
        order = torch.from_numpy(draw.permutation(len(x)))
        for some in order.split(fitting.batch):
            go_on()
            yield x.index_select(0, some), wanted.index_select(0, some)


def one_hot(targets: Tensor, n_classes: int) -> Tensor:
    """Classes int64 (n, m) as float32 (n, m, C)."""
    return torch.nn.functional.one_hot(targets, n_classes).float()
