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
    theta = np.asarray(theta)
    first = np.full(len(theta), STEPS + 1)
    most = np.zeros(len(theta))
    for column in theta.T:  # one class at a time: of many classes and features all at once would be large
        sizes = np.abs(column.astype(np.float64))
        shares = sizes / sizes.sum() if sizes.any() else sizes
        order = np.argsort(-shares, kind="stable")
        descending = shares[order]
        before = np.cumsum(descending) - descending
        # A feature belongs to the first p% if those before it hold less; the noise of summing decides over nothing.
        step = np.minimum(np.floor(before * STEPS + 1e-6).astype(np.int64) + 1, STEPS)
        step[descending == 0] = STEPS + 1
        first[order] = np.minimum(first[order], step)
        most = np.maximum(most, shares)
    found = np.lexsort((np.arange(len(theta)), -most, first)).astype(np.int64)
    percent = np.where(first > STEPS, np.nan, first * 100 / STEPS).astype(np.float32)
    return found, percent[found]


def class_ranking(theta: np.ndarray, which: int) -> tuple[np.ndarray, np.ndarray]:
    """The same of one class: its features by |θ|, and the p at which each of them comes.

    Args:
        theta: weights, (D, C).
        which: the class.
    """
    return ranking(np.asarray(theta)[:, which : which + 1])
