"""What the figures of the studies rest on: intervals, units that are done once, and folds that share no utterance."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from benchmarks.replication.augment import augmented
from benchmarks.replication.folds import metadata
from benchmarks.replication.speech import Speech
from benchmarks.replication.statistics import difference, over_speakers
from benchmarks.replication.tasks import PitchTask, SpeakerTask, per_speaker
from benchmarks.replication.units import run_units


def test_intervals_cover_the_mean_as_often_as_they_say() -> None:
    draw = np.random.default_rng(0)
    covered = [not over_speakers(draw.normal(3, 2, (1, 40)), seed).excludes(3) for seed in range(200)]
    assert 0.90 <= np.mean(covered) <= 0.98


def test_intervals_are_over_speakers_not_over_seeds() -> None:
    speakers = np.random.default_rng(0).normal(0, 1, 40)
    once, often = over_speakers(speakers[None]), over_speakers(np.tile(speakers, (50, 1)))
    assert (once.low, once.high) == pytest.approx((often.low, often.high))
    assert once.high - once.low == pytest.approx(2 * 1.96 * speakers.std() / np.sqrt(40), rel=0.1)


def test_a_difference_is_that_of_the_means_and_wider_than_either() -> None:
    draw = np.random.default_rng(1)
    these, those = draw.normal(5, 1, (3, 40)), draw.normal(1, 1, (3, 40))
    found = difference(these, those)
    assert found.mean == pytest.approx(these.mean() - those.mean())
    assert found.high - found.low > over_speakers(these).high - over_speakers(these).low


def _double(value: int, seen: str) -> dict[str, int]:
    with open(seen, "a") as log:
        log.write(f"{value}\n")
    return {"twice": 2 * value}


def test_a_unit_that_is_done_is_not_done_again(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    first = {str(n): (_double, (n, str(seen))) for n in (1, 2)}
    assert run_units(first, tmp_path / "study", 1) == {"1": {"twice": 2}, "2": {"twice": 4}}
    more = {**first, "3": (_double, (3, str(seen)))}
    assert run_units(more, tmp_path / "study", 2)["3"] == {"twice": 6}
    assert sorted(seen.read_text().split()) == ["1", "2", "3"]


def test_every_speaker_is_in_both_folds_and_no_utterance_is(tmp_path: Path) -> None:
    for part, speakers in (("train", "ab"), ("eval", "cd")):
        (tmp_path / part).mkdir()
        rows = [{"utterance": f"{s}{n}", "speaker": s, "gender": "M"} for s in speakers for n in range(10)]
        pl.DataFrame(rows).write_csv(tmp_path / part / "utterances.csv")
    found = metadata(tmp_path)
    assert found.group_by("speaker", "fold").len().sort("speaker", "fold")["len"].to_list() == [6, 4] * 4
    assert found["utterance"].n_unique() == 40
    assert found.filter(pl.col.speaker == "c")["file"][0] == str(tmp_path / "eval" / "audio" / "c" / "c0.flac")


def test_crops_stay_in_their_utterance(speech: Speech) -> None:
    for length in (10, 45, 200):
        chosen = np.arange(8).repeat(50)
        at = speech.crops(chosen, length, np.random.default_rng(0))
        assert at.shape == (400, length)
        assert (at >= speech.starts[chosen][:, None]).all()
        assert (at < speech.starts[chosen + 1][:, None]).all()


def test_tests_are_of_test_utterances_alone(speech: Speech) -> None:
    speaker, pitch = SpeakerTask(speech), PitchTask(speech)
    assert set(speaker.training) == {0, 2, 4, 6}
    assert sorted(set(speaker.wanted)) == [0, 1, 2, 3]
    assert set(pitch.tested) == {1, 3, 5, 7}
    assert len(speaker.tests) == 16


def test_a_random_channel_leaves_no_mean() -> None:
    mel = torch.randn(5, 60, 40)
    heard = augmented(mel, torch.Generator().manual_seed(0))
    torch.testing.assert_close(heard.mean(1), torch.zeros(5, 40), atol=1e-5, rtol=0)
    assert not torch.allclose(heard, augmented(mel, torch.Generator().manual_seed(1)))


def test_errors_are_means_over_each_speaker() -> None:
    assert per_speaker(np.array([1.0, 0.0, 1.0, 1.0]), np.array([0, 0, 1, 1]), 2).tolist() == [0.5, 1.0]
