"""Cosines of trials against SciPy's, trial by trial, and what has none."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cosine

from queries.probes.verification import Trials, cosine_scores, equal_error_rate, made_trials
from queries.probes.verification.cosine import BLOCK
from warehouse.errors import QueryError


def drawn(n: int, d: int, n_trials: int, seed: int) -> tuple[np.ndarray, Trials]:
    generator = np.random.default_rng(seed)
    features = (generator.normal(size=(n, d)) * generator.gamma(1, size=d) + 3).astype(np.float32)
    first, second = generator.integers(n, size=(2, n_trials))
    return features, Trials(first, second, first == second)


@pytest.mark.parametrize("seed", range(8))
def test_it_is_scipys(seed: int) -> None:
    # Bits of the seed say what is given; 2500 trials of 768 features are more than one block.
    features, trials = drawn(40, 768, 2500, seed)
    assert features.shape[1] * len(trials) > BLOCK
    generator = np.random.default_rng(seed + 100)
    chosen = generator.permutation(768)[:100] if seed & 1 else None
    mean = features.mean(axis=0) if seed & 2 else None
    scale = features.std(axis=0) if seed & 4 else None
    taken = features.astype(np.float64)
    taken = (taken - (0 if mean is None else mean)) / (1 if scale is None else scale)
    taken = taken if chosen is None else taken[:, chosen]
    expected = [1 - cosine(taken[i], taken[j]) for i, j in zip(trials.first, trials.second, strict=True)]
    before = features.copy()
    found = cosine_scores(features, trials, chosen, mean=mean, scale=scale)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    assert np.abs(found).max() <= 1
    assert (features == before).all()


def test_both_ways_round_and_longer_rows_are_the_same() -> None:
    features, trials = drawn(30, 50, 200, 1)
    back = Trials(trials.second, trials.first, trials.is_target)
    scores = cosine_scores(features, trials)
    assert cosine_scores(features, back).tolist() == scores.tolist()
    longer = features * np.arange(1, 31, dtype=np.float32)[:, None]
    np.testing.assert_allclose(cosine_scores(longer, trials), scores, rtol=0, atol=1e-6)
    opposite = Trials(np.array([0]), np.array([1]), np.array([False]))
    assert cosine_scores(np.array([[1, 2], [-2, -4]], np.float32), opposite).tolist() == [pytest.approx(-1)]


def test_memory_is_that_of_blocks_also_of_features_on_disk(tmp_path: Path) -> None:
    features, trials = drawn(400, 2000, 30_000, 2)  # 240 MB for each side of the trials in float32
    np.save(tmp_path / "features.npy", features)
    on_disk = np.load(tmp_path / "features.npy", mmap_mode="r")
    tracemalloc.start()
    try:
        scores = cosine_scores(on_disk, trials, mean=np.full(2000, 3.0))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 50e6
    some = Trials(trials.first[-5:], trials.second[-5:], trials.is_target[-5:])
    assert cosine_scores(features, some, mean=np.full(2000, 3.0)).tolist() == scores[-5:].tolist()


def test_features_of_a_speaker_verify_and_others_do_not() -> None:
    generator = np.random.default_rng(3)
    speakers = [str(i % 10) for i in range(200)]
    voices = generator.normal(size=(10, 20))
    features = generator.normal(size=(200, 40)) * 0.5 + 8
    features[:, :20] += voices[[int(name) for name in speakers]]
    trials = made_trials(speakers, 0, 1000)
    mean = features.mean(axis=0)

    def rate(chosen: np.ndarray, mean: np.ndarray | None) -> float:
        scores = cosine_scores(features.astype(np.float32), trials, chosen, mean=mean)
        return equal_error_rate(scores, trials.is_target).eer

    assert rate(np.arange(20), mean) < 0.05
    assert 0.4 < rate(np.arange(20, 40), mean) < 0.6
    assert rate(np.arange(20), mean) < rate(np.arange(20), None)  # what all rows share hides the rest


ONE = Trials(np.array([0, 1]), np.array([2, 3]), np.array([True, False]))


def test_rows_without_a_direction_are_named() -> None:
    features = np.ones((5, 3), np.float32)
    features[4] = 0  # in no trial
    assert cosine_scores(features, ONE).tolist() == pytest.approx([1, 1])
    features[[1, 3], 1:] = 0
    cosine_scores(features, ONE)
    with pytest.raises(QueryError, match=r"^cosine: 2 of 4 rows have no direction, being 0 in all .*: 1, 3; leave"):
        cosine_scores(features, ONE, np.array([1, 2]))
    with pytest.raises(QueryError, match=r": 0, 2; "):
        cosine_scores(features, ONE, mean=np.ones(3))
    features[2, 0] = np.nan
    with pytest.raises(QueryError, match=r"^cosine: 1 of 4 rows .* being not finite: 2; leave their trials"):
        cosine_scores(features, ONE)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"chosen": np.array([0, 3])}, r"^chosen: there is no feature 3; there are 3, counted from 0$"),
        ({"chosen": np.array([0, -1])}, r"^chosen: there is no feature -1"),
        ({"chosen": np.array([2, 1, 2])}, r"^chosen: feature 2 is there more than once"),
        ({"chosen": np.zeros(0, int)}, r"^chosen: give the numbers of one feature or more"),
        ({"chosen": np.ones(3, bool)}, r"^chosen: give the numbers"),
        ({"mean": np.zeros(2)}, r"^mean: has shape \(2,\); give one number for each of 3 features"),
        ({"scale": np.ones((3, 1))}, r"^scale: has shape \(3, 1\)"),
        ({"scale": np.array([1, 0, 1])}, r"^scale: one of a chosen feature is not above 0; give 1 where"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        cosine_scores(np.ones((4, 3), np.float32), ONE, **given)


def test_rows_that_are_not_there_and_no_trials() -> None:
    with pytest.raises(QueryError, match=r"^trial 1: there is no utterance 3; there are 3"):
        cosine_scores(np.ones((3, 3), np.float32), ONE)
    none = Trials(np.zeros(0, int), np.zeros(0, int), np.zeros(0, bool))
    assert cosine_scores(np.ones((3, 3), np.float32), none).tolist() == []
    # A scale of 0 where a feature was not chosen is no matter.
    assert len(cosine_scores(np.ones((4, 3), np.float32), ONE, np.array([0]), scale=np.array([1, 0, 0]))) == 2
