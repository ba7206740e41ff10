"""Which features a linear probe leans on: algorithm 1 of [B]."""

import numpy as np

STEPS = 1_000
"""Steps of the weight mass: 0.1% each."""


def ranking(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features in the order in which they are found as more and more of the weight mass is looked at ([B] algorithm 1).

    For each class the features that weigh most are taken until they hold p% of the sum of its |θ|; p grows from 0.1%
    in steps of 0.1%, and what any class newly takes is appended. Features that come in one step are ordered by the
    largest share of a class's mass that they hold, equal ones by their number; those without any weight come last.

    Args:
        theta: weights, (D, C).

    Returns:
        Features in order, int64 (D,), and the p in percent at which each of them came, float32 (D,), NaN where it has
        no weight.
    """
    sizes = np.abs(np.asarray(theta, np.float64))
    totals = sizes.sum(0)
    shares = np.divide(sizes, totals, out=np.zeros_like(sizes), where=totals > 0)
    order = np.argsort(-shares, axis=0, kind="stable")
    descending = np.take_along_axis(shares, order, axis=0)
    before = np.cumsum(descending, axis=0) - descending
    # A feature belongs to the first p% if those before it hold less; the noise of summing decides over nothing.
    step = np.minimum(np.floor(before * STEPS + 1e-6).astype(np.int64) + 1, STEPS)
    step[descending == 0] = STEPS + 1
    came = np.empty_like(step)
    np.put_along_axis(came, order, step, axis=0)
    first = came.min(1)
    found = np.lexsort((np.arange(len(shares)), -shares.max(1), first)).astype(np.int64)
    percent = np.where(first > STEPS, np.nan, first * 100 / STEPS).astype(np.float32)
    return found, percent[found]


def class_ranking(theta: np.ndarray, which: int) -> tuple[np.ndarray, np.ndarray]:
    """The same of one class: its features by |θ|, and the p at which each of them comes.

    Args:
        theta: weights, (D, C).
        which: the class.
    """
    return ranking(np.asarray(theta)[:, which : which + 1])
