"""The equal error rate of verification: where as many targets are rejected as others are accepted."""

from typing import NamedTuple

import numpy as np

from warehouse.errors import QueryError


class EqualErrorRate(NamedTuple):
    """An equal error rate, and what it was told of.

    Attributes:
        eer: the rate, from 0 to 1; 0.5 where scores say nothing.
        threshold: the score from which on trials are accepted there.
        n_targets: trials of one speaker.
        n_others: trials of two speakers.
    """

    eer: float
    threshold: float
    n_targets: int
    n_others: int


def equal_error_rate(scores: np.ndarray, is_target: np.ndarray) -> EqualErrorRate:
    """Where false acceptance equals false rejection, when trials are accepted from a threshold on.

    At threshold t, a trial is accepted if its score is t or more. False acceptance FA(t) is the share of the other
    trials that are accepted, false rejection FR(t) the share of the targets that are not. Both are step functions,
    which change at the distinct scores only: trials of one score share a threshold, so they are accepted together.
    Going down from a threshold above all scores (FA = 0, FR = 1) through the distinct scores to the lowest (FA = 1,
    FR = 0), FA - FR grows with every step. Where it is 0 at a threshold, that is the answer; otherwise (FA, FR) moves
    on a straight line between the last threshold at which it is negative and the next, and the answer is where the
    line meets FA = FR. This is the usual interpolation of the ROC curve, not of its convex hull. The rate is computed
    in whole numbers and rounded once.

    Args:
        scores: (n,) scores; higher = rather one speaker. Infinite ones are allowed.
        is_target: (n,) booleans, whether the two utterances of a trial are of one speaker.

    Returns:
        The rate. Its threshold is interpolated with it, from the highest score on where the line begins above all
        scores; of scores that tell all trials apart, it is the lowest of a target.

    Raises:
        QueryError: no target or no other trial, a score that is NaN, or arrays of other shapes or types.
    """
    scores, is_target = np.asarray(scores, np.float64), np.asarray(is_target)
    _check(scores, is_target)
    distinct, place = np.unique(scores, return_inverse=True)
    # Accepted from each threshold on; thresholds descend and begin above all scores.
    targets = _accepted(place[is_target], len(distinct))
    others = _accepted(place[~is_target], len(distinct))
    n_targets, n_others = int(targets[-1]), int(others[-1])
    excess = others * n_targets + targets * n_others - n_targets * n_others  # (FA - FR) · n_targets · n_others
    before = int(np.searchsorted(excess, 0, side="right")) - 1  # it grows strictly, from below 0 to above
    lacking, step = -int(excess[before]), int(excess[before + 1] - excess[before])
    accepted, more = int(others[before]), int(others[before + 1] - others[before])
    eer = (accepted * step + more * lacking) / (n_others * step)
    return EqualErrorRate(eer, _between(distinct[::-1], before, lacking / step), n_targets, n_others)


def _accepted(place: np.ndarray, n_distinct: int) -> np.ndarray:
    """(n_distinct + 1,) how many trials are accepted, of the places of their scores among the distinct ones."""
    return np.concatenate([[0], np.cumsum(np.bincount(place, minlength=n_distinct)[::-1])])


def _between(thresholds: np.ndarray, before: int, part: float) -> float:
    """The threshold a part of the way down from the one that was ``before``, where 0 is above all thresholds."""
    if part == 0:
        return float(thresholds[before - 1])
    low = float(thresholds[before])
    if before == 0:
        return low
    high = float(thresholds[before - 1])
    if not np.isfinite([low, high]).all():
        return low
    return min(max(high * (1 - part) + low * part, low), high)  # not high - (high - low) · part, which may overflow


def _check(scores: np.ndarray, is_target: np.ndarray) -> None:
    if scores.ndim != 1 or scores.shape != is_target.shape or is_target.dtype != np.bool_:
        raise QueryError(
            f"equal error rate: scores have shape {scores.shape} and is_target {is_target.shape} of "
            f"{is_target.dtype}; give one score and one boolean a trial"
        )
    n_nan = int(np.isnan(scores).sum())
    if n_nan:
        first = int(np.isnan(scores).argmax())
        raise QueryError(
            f"equal error rate: {n_nan} of {len(scores)} scores are NaN, first that of trial {first}; "
            "leave such trials out"
        )
    for kind, missing in (("target trial", not is_target.any()), ("other trial", bool(is_target.all()))):
        if missing:
            raise QueryError(
                f"equal error rate: no {kind} among {len(scores)} trials; give trials of one speaker and of two"
            )
