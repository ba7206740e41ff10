"""Drawn trials against all pairs of a small corpus, and what they cost on a large one."""

import tracemalloc
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.probes.verification import Trials, made_trials
from warehouse.errors import QueryError

SPEAKERS = st.lists(st.sampled_from(["a", "b", "c", "d", None]), max_size=14)


def all_pairs(speakers: list[str | None]) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """Pairs of one speaker, and pairs of two."""
    targets, others = set(), set()
    for i, j in combinations(range(len(speakers)), 2):
        if speakers[i] is not None and speakers[j] is not None:
            (targets if speakers[i] == speakers[j] else others).add((i, j))
    return targets, others


def listed(trials: Trials) -> list[tuple[int, int, bool]]:
    return list(zip(trials.first.tolist(), trials.second.tolist(), trials.is_target.tolist(), strict=True))


@given(SPEAKERS, st.integers(0, 2**40), st.integers(1, 60))
@settings(max_examples=200, deadline=None)
def test_drawn_are_pairs_of_their_kind(speakers: list[str | None], seed: int, most: int) -> None:
    targets, others = all_pairs(speakers)
    if not targets or not others:
        with pytest.raises(QueryError, match="no speaker has two utterances" if not targets else "not two speakers"):
            made_trials(speakers, seed, most)
        return
    found = listed(made_trials(speakers, seed, most))
    pairs = [(first, second) for first, second, _ in found]
    assert pairs == sorted(set(pairs))  # no pair twice
    drawn = [{pair for pair, row in zip(pairs, found, strict=True) if row[2] == target} for target in (True, False)]
    assert drawn[0] <= targets
    assert drawn[1] <= others
    assert [len(some) for some in drawn] == [min(most, len(targets)), min(most, len(others))]
    assert listed(made_trials(speakers, seed, most)) == found


@pytest.mark.parametrize("most", [2, 4, 5])  # of 6 and 9 pairs: both ways of drawing
def test_every_pair_is_as_likely_as_another(most: int) -> None:
    speakers = ["a", "b", "b", "a", "b", "a"]
    targets, others = all_pairs(speakers)
    seeds = 3000
    times = Counter(pair[:2] for seed in range(seeds) for pair in listed(made_trials(speakers, seed, most)))
    for pairs in (targets, others):
        expected = most / len(pairs)
        spread = (seeds * expected * (1 - expected)) ** 0.5
        assert all(abs(times[pair] - seeds * expected) < 5 * spread for pair in pairs)


def test_seeds_draw_other_pairs() -> None:
    speakers = [str(i % 20) for i in range(400)]
    assert len({tuple(listed(made_trials(speakers, seed, 50))) for seed in range(5)}) == 5


def test_a_large_corpus_costs_its_utterances() -> None:
    speakers = [str(i % 1000) for i in range(100_000)]  # 5 billion pairs
    tracemalloc.start()
    try:
        trials = made_trials(speakers, 1, 5000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 30e6
    assert len(trials) == 10_000
    assert trials.is_target.sum() == 5000
    assert (trials.first < trials.second).all()
    assert len(set(listed(trials))) == 10_000
    same = [speakers[i] == speakers[j] for i, j, _ in listed(trials)]
    assert same == trials.is_target.tolist()


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(QueryError, match=r"^most: 0 is less than 1; give 1 or more$"):
        made_trials(["a", "a", "b"], 0, 0)
    with pytest.raises(QueryError, match=r"^seed: -1 is less than 0"):
        made_trials(["a", "a", "b"], -1, 1)


def test_arrays_that_are_no_trials_are_refused() -> None:
    whole, truth = np.array([0, 1]), np.array([True, False])
    for arrays in ((whole, whole[:1], truth), (whole * 1.0, whole, truth), (whole, whole, whole)):
        with pytest.raises(QueryError, match="give two lists of whole numbers and one of booleans"):
            Trials(*arrays)
    with pytest.raises(QueryError, match=r"^trial 1: there is no utterance 1; there are 1, counted from 0$"):
        Trials(whole, whole, truth).check(1)
    with pytest.raises(QueryError, match=r"^trial 0: there is no utterance -1;"):
        Trials(whole, whole - 1, truth).check(2)
