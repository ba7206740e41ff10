"""Probes trained by Adam in minibatches, as in [B]: all views and labellings of one matrix in each step."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from queries.probes.linear import Linear
from queries.probes.settings import Fitting
from queries.probes.stretches import Stretches
from queries.probes.workers import go_on


@torch.inference_mode()
def fit_adam(
    x: Tensor, views: tuple[slice, ...], targets: Tensor, n_classes: int, fitting: Fitting, seed: int
) -> Linear:
    """What :func:`queries.probes.linear.fit_linear` does, by Adam; the subgradient of |θ| at 0 is 0."""
    by_labelling = (targets.shape[1], n_classes)
    products = Stretches(views, targets.shape[1] * n_classes)
    held = Parameters(products.shapes, [(len(views), *by_labelling, 1)], fitting)
    *weights, intercepts = held.values
    *slopes, intercept_slopes = held.gradients
    wanted = one_hot(targets, n_classes)
    for chosen in batches(len(x), fitting, seed):
        held.begin()
        rows = products.cut(x, chosen)
        scores = products.scores(rows, weights).unflatten(1, by_labelling).add_(intercepts)
        excess = (scores.softmax(2) - wanted.index_select(2, chosen)).div_(len(chosen))  # (V, m, C, B)
        products.add_slopes(rows, excess.flatten(1, 2), slopes, fitting.lambda1)
        torch.sum(excess, 3, keepdim=True, out=intercept_slopes)
        held.step()
    of_views = [products.of_view(weights, view).T.reshape(-1, *by_labelling) for view in range(len(views))]
    return Linear(views, of_views, list(intercepts.squeeze(3)))


class Parameters:
    """Several matrices in one vector, which Adam updates at once; the elastic net is on the first of them.

    The slope of λ1·|θ| is λ1·sign(θ). Gradients under the elastic net begin as these signs, so that whoever multiplies
    rows adds λ1 of what is there (``beta`` of a product) to what comes out, which takes no pass of its own.

    Args:
        penalised: shapes of what the elastic net is on.
        free: shapes of the others.
        fitting: rate and penalties.

    Attributes:
        values: the matrices, zeros at first, in the order of the shapes.
        gradients: as many, to be filled between :meth:`begin` and :meth:`step`.
    """

    def __init__(self, penalised: Sequence[tuple[int, ...]], free: Sequence[tuple[int, ...]], fitting: Fitting) -> None:
        sizes = [sum(int(np.prod(shape)) for shape in shapes) for shapes in (penalised, free)]
        held = torch.zeros(sum(sizes))
        held.grad = slopes = torch.zeros_like(held)
        self._penalised, self._free = held.split(sizes)
        self._signs, self._free_slopes = slopes.split(sizes)
        self._decay = 2 * fitting.lambda2  # which Adam adds to the gradient
        self._adam = torch.optim.Adam([held], lr=fitting.learning_rate, weight_decay=self._decay, fused=True)
        self.values = _cut(held, [*penalised, *free])
        self.gradients = _cut(slopes, [*penalised, *free])

    def begin(self) -> None:
        """Fill the gradients of what is penalised with the signs of its values."""
        torch.sign(self._penalised, out=self._signs)

    def step(self) -> None:
        """Update all values."""
        # One vector is one update, in which everything decays: what is free gets that back.
        self._free_slopes.sub_(self._free, alpha=self._decay)
        self._adam.step()


def _cut(vector: Tensor, shapes: Sequence[tuple[int, ...]]) -> list[Tensor]:
    parts = vector.split([int(np.prod(shape)) for shape in shapes])
    return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]


def batches(n: int, fitting: Fitting, seed: int) -> Iterator[Tensor]:
    """Rows of the steps, out of n, in an order drawn anew for each pass."""
    draw = np.random.default_rng((seed, 2))
    for _ in range(fitting.epochs):
        for some in torch.from_numpy(draw.permutation(n)).split(fitting.batch):
            go_on()
            yield some


def one_hot(targets: Tensor, n_classes: int) -> Tensor:
    """Classes int64 (n, m) as float32 (m, C, n)."""
    return torch.nn.functional.one_hot(targets, n_classes).permute(1, 2, 0).float().contiguous()
