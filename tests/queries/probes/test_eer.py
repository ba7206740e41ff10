"""Equal error rates against a sweep of all thresholds and against scikit-learn's ROC curve."""

from fractions import Fraction
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from sklearn.metrics import roc_curve

from queries.probes.verification import equal_error_rate
from warehouse.errors import QueryError

Drawn = tuple[list[float], list[bool]]


@st.composite
def scored(draw: st.DrawFn, values: st.SearchStrategy[float]) -> Drawn:
    """Scores with at least one target and one other trial, in any order."""
    targets = draw(st.lists(values, min_size=1, max_size=12))
    others = draw(st.lists(values, min_size=1, max_size=12))
    both = [(score, True) for score in targets] + [(score, False) for score in others]
    both = draw(st.permutations(both))
    return [score for score, _ in both], [target for _, target in both]


FEW = st.integers(0, 4).map(float)  # many ties
MANY = st.floats(-1, 1)


def swept(scores: list[float], is_target: list[bool]) -> tuple[Fraction, float]:
    """The definition: both error rates at every threshold, and the first crossing, by fractions."""
    points = []
    for threshold in [float("inf"), *sorted(set(scores), reverse=True)]:
        accepted = [score >= threshold for score in scores]
        false_accepted = [yes for yes, target in zip(accepted, is_target, strict=True) if not target]
        false_rejected = [not yes for yes, target in zip(accepted, is_target, strict=True) if target]
        points.append(
            (
                Fraction(sum(false_accepted), len(false_accepted)),
                Fraction(sum(false_rejected), len(false_rejected)),
                threshold,
            )
        )
    for accepted_wrongly, rejected_wrongly, threshold in points:
        if accepted_wrongly == rejected_wrongly:
            return accepted_wrongly, threshold
    for (fa, fr, above), (next_fa, next_fr, below) in pairwise(points):
        if fa < fr and next_fa > next_fr:
            part = (fr - fa) / ((next_fa - fa) + (fr - next_fr))
            threshold = below if above == float("inf") else above + float(part) * (below - above)
            return fa + part * (next_fa - fa), threshold
    raise AssertionError("the two rates never cross")


@given(scored(FEW) | scored(MANY))
@settings(max_examples=300, deadline=None)
def test_it_is_where_a_sweep_of_thresholds_crosses(drawn: Drawn) -> None:
    scores, is_target = drawn
    rate, threshold = swept(scores, is_target)
    found = equal_error_rate(np.array(scores), np.array(is_target))
    assert found.eer == float(rate)  # to the last digit
    assert found.threshold == pytest.approx(threshold, abs=1e-12)
    assert (found.n_targets, found.n_others) == (sum(is_target), len(is_target) - sum(is_target))


@given(scored(FEW) | scored(MANY))
@settings(max_examples=200, deadline=None)
def test_it_is_where_the_interpolated_roc_curve_crosses(drawn: Drawn) -> None:
    scores, is_target = np.array(drawn[0]), np.array(drawn[1])
    accepted_wrongly, accepted_rightly, _ = roc_curve(is_target, scores, drop_intermediate=False)
    rate = brentq(lambda x: 1 - x - np.interp(x, accepted_wrongly, accepted_rightly), -1e-9, 1 + 1e-9)
    assert equal_error_rate(scores, is_target).eer == pytest.approx(rate, abs=1e-6)


@given(scored(FEW) | scored(MANY), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_only_the_order_of_scores_matters(drawn: Drawn, random: Random) -> None:
    scores, is_target = np.array(drawn[0]), np.array(drawn[1])
    rate = equal_error_rate(scores, is_target)
    assert 0 <= rate.eer <= 1
    order = list(range(len(scores)))
    random.shuffle(order)
    assert equal_error_rate(scores[order], is_target[order]) == rate
    ranks = np.unique(scores, return_inverse=True)[1] ** 3.0
    assert equal_error_rate(ranks, is_target).eer == rate.eer
    # The other way round, targets are accepted where others were rejected.
    assert equal_error_rate(-scores, ~is_target).eer == rate.eer


def test_scores_that_tell_all_nothing_or_the_contrary() -> None:
    is_target = np.array([True, True, False, False, False])
    assert equal_error_rate(np.array([0.9, 0.8, 0.7, 0.1, 0.2]), is_target) == (0.0, 0.8, 2, 3)
    assert equal_error_rate(np.array([0.1, 0.2, 0.7, 0.8, 0.9]), is_target) == (1.0, 0.7, 2, 3)
    assert equal_error_rate(np.full(5, 0.3), is_target) == (0.5, 0.3, 2, 3)
    assert equal_error_rate(np.full(5, 0.3, np.float32), is_target).eer == 0.5


def test_a_rate_by_hand() -> None:
    # From 0.6 on, a third of the targets is rejected and a third of the others accepted.
    scores = np.array([0.9, 0.6, 0.2, 0.7, 0.4, 0.1])
    assert equal_error_rate(scores, np.array([True, True, True, False, False, False])) == (1 / 3, 0.6, 3, 3)
    # Between 0.9 (FA 0, FR 1/2) and 0.5 (FA 1, FR 1/2): half of the way down.
    halfway = equal_error_rate(np.array([0.9, 0.1, 0.5]), np.array([True, True, False]))
    assert halfway == (0.5, pytest.approx(0.7), 2, 1)


def test_infinite_and_huge_scores_have_an_order_too() -> None:
    infinite = np.array([np.inf, np.inf, -np.inf, -np.inf])
    assert equal_error_rate(infinite, np.array([True, True, False, False])) == (0.0, np.inf, 2, 2)
    assert equal_error_rate(infinite, np.array([True, False, True, False])) == (0.5, np.inf, 2, 2)
    one_below = np.array([1.0, -np.inf, -np.inf])
    assert equal_error_rate(one_below, np.array([True, True, False])) == (pytest.approx(1 / 3), -np.inf, 2, 1)
    huge = np.array([1.7e308, -1.7e308, -1.7e308])
    found = equal_error_rate(huge, np.array([True, True, False]))
    assert found.eer == pytest.approx(1 / 3)
    assert -1.7e308 <= found.threshold <= 1.7e308


def test_what_has_no_rate_is_refused() -> None:
    both = np.array([True, False])
    with pytest.raises(QueryError, match=r"^equal error rate: no target trial among 2 trials; give trials of one"):
        equal_error_rate(np.zeros(2), ~both & both)
    with pytest.raises(QueryError, match=r"no other trial among 2 trials"):
        equal_error_rate(np.zeros(2), both | ~both)
    with pytest.raises(QueryError, match=r"no target trial among 0 trials"):
        equal_error_rate(np.zeros(0), np.zeros(0, bool))
    with pytest.raises(QueryError, match=r"1 of 2 scores are NaN, first that of trial 1; leave such trials out"):
        equal_error_rate(np.array([0.0, np.nan]), both)
    for scores, is_target in ((np.zeros(3), both), (np.zeros((2, 1)), both), (np.zeros(2), np.array([1, 0]))):
        with pytest.raises(QueryError, match="give one score and one boolean a trial"):
            equal_error_rate(scores, is_target)
