"""Linear probes at the minimum of their loss: accelerated proximal gradients with steps that adapt and restarts.

The method is FISTA (Beck and Teboulle 2009) with a step that grows until the bound of the quadratic model is broken
(Scheinberg, Goldfarb and Bai 2014) and restarts of the momentum where it points uphill (O'Donoghue and Candès 2015).
"""

import torch
from torch import Tensor

from queries.probes.linear import Linear
from queries.probes.settings import Fitting
from queries.probes.workers import go_on
from warehouse.errors import QueryError

TOLERANCE = 1e-6
"""Largest distance of a subgradient from 0 at what counts as the minimum; at first it is about 0.1 to 1."""

MOST_STEPS = 20_000


def fit_converged(x: Tensor, views: tuple[slice, ...], targets: Tensor, n_classes: int, fitting: Fitting) -> Linear:
    """What :func:`queries.probes.linear.fit_linear` does, to the minimum, in double precision.

    Raises:
        QueryError: the minimum was not reached, as without any penalty on classes that can be told apart there is none.
    """
    wanted = torch.nn.functional.one_hot(targets, n_classes).double()
    found = [_minimum(x[:, view].double(), wanted, fitting) for view in views]
    return Linear(views, [weights for weights, _ in found], [intercepts for _, intercepts in found])


def _minimum(x: Tensor, wanted: Tensor, fitting: Fitting) -> tuple[Tensor, Tensor]:
    """Weights (d, m, C) and intercepts (m, C) for rows (n, d) and what is wanted of them (n, m, C)."""
    n, m, c = wanted.shape
    # The intercept is the last row of the weights, and is not penalised.
    x = torch.cat([x, x.new_ones(n, 1)], 1)
    penalty = x.new_ones(x.shape[1], 1, 1)
    penalty[-1] = 0
    l1, l2 = fitting.lambda1 * penalty, fitting.lambda2 * penalty
    theta = ahead = x.new_zeros(x.shape[1], m, c)
    steepness, momentum = x.new_ones(m), x.new_ones(m)  # one of each labelling
    for step in range(MOST_STEPS):
        go_on()
        loss, slope = _loss_and_slope(x, wanted, ahead, l2)
        if step % 10 == 0 and bool((_distance(theta, _loss_and_slope(x, wanted, theta, l2)[1], l1) <= TOLERANCE).all()):
            return theta[:-1].contiguous(), theta[-1].clone()
        steepness *= 0.9
        while True:
            size = (1 / steepness)[:, None]
            moved = ahead - size * slope
            new = moved.sign() * (moved.abs() - size * l1).clamp_(min=0)
            change = new - ahead
            bound = loss + (slope * change).sum((0, 2)) + steepness / 2 * (change * change).sum((0, 2))
            short = _loss(x, wanted, new, l2) > bound + 1e-12 * (1 + bound.abs())
            if not bool(short.any()):
                break
            steepness = torch.where(short, 2 * steepness, steepness)
        uphill = ((ahead - new) * (new - theta)).sum((0, 2)) > 0
        momentum_next = torch.where(uphill, torch.ones_like(momentum), (1 + (1 + 4 * momentum**2).sqrt()) / 2)
        weight = torch.where(uphill, torch.zeros_like(momentum), (momentum - 1) / momentum_next)
        ahead = new + weight[:, None] * (new - theta)
        theta, momentum = new, momentum_next
    raise QueryError(
        f"the probe did not reach its minimum in {MOST_STEPS} steps (lambda1 {fitting.lambda1:g}, lambda2 "
        f"{fitting.lambda2:g}); give larger ones, or the solver adam"
    )


def _loss(x: Tensor, wanted: Tensor, theta: Tensor, l2: Tensor) -> Tensor:
    """Cross-entropy and squared norm of each labelling, (m,): all of the loss that has a slope."""
    return _cross_entropy(_log_shares(x, theta), wanted) + (l2 * theta * theta).sum((0, 2))


def _loss_and_slope(x: Tensor, wanted: Tensor, theta: Tensor, l2: Tensor) -> tuple[Tensor, Tensor]:
    logs = _log_shares(x, theta)
    excess = (logs.exp() - wanted) / len(x)
    slope = (x.T @ excess.flatten(1)).view(theta.shape) + 2 * l2 * theta
    return _cross_entropy(logs, wanted) + (l2 * theta * theta).sum((0, 2)), slope


def _log_shares(x: Tensor, theta: Tensor) -> Tensor:
    """Logarithms of the probabilities of the classes, (n, m, C)."""
    return (x @ theta.flatten(1)).view(len(x), *theta.shape[1:]).log_softmax(-1)


def _cross_entropy(logs: Tensor, wanted: Tensor) -> Tensor:
    return -(logs * wanted).sum((0, 2)) / len(logs)


def _distance(theta: Tensor, slope: Tensor, l1: Tensor) -> Tensor:
    """How far the nearest subgradient of the whole loss is from 0, (m,); 0 at the minimum."""
    at_zero = (slope.abs() - l1).clamp(min=0)
    return torch.where(theta != 0, (slope + l1 * theta.sign()).abs(), at_zero).amax((0, 2))
