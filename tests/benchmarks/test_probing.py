"""Encoders that hear unequal voices: who is heard, what is learned, and what their errors come to."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.probing.unequal import HEARD, WOMEN, heard
from benchmarks.probing.unequal_errors import finding, unequal_errors
from benchmarks.replication.speech import Speech
from benchmarks.replication.tasks import SpeakerTask


def _eighty(speech: Speech) -> Speech:
    """An utterance of each of 80 speakers, half of them of the folder ``train``, half of either men."""
    return replace(
        speech,
        speaker=np.arange(80),
        male=np.arange(80) % 2 == 0,
        train_part=np.arange(80) < 40,
    )


@pytest.mark.parametrize("seed", range(3))
def test_as_many_women_are_heard_as_was_asked(speech: Speech, seed: int) -> None:
    everybody = _eighty(speech)
    drawn = [heard(everybody, share, seed) for share in WOMEN]
    for share, chosen in zip(WOMEN, drawn, strict=True):
        assert len(set(chosen)) == HEARD
        assert (~everybody.male[chosen]).mean() == share
        assert (chosen < 40).all()  # the others are heard by nobody
    few, many = ({one for one in chosen if not everybody.male[one]} for chosen in (drawn[0], drawn[-1]))
    assert few < many


def test_lots_differ(speech: Speech) -> None:
    everybody = _eighty(speech)
    assert heard(everybody, 0.5, 0).tolist() != heard(everybody, 0.5, 1).tolist()


def test_only_who_is_heard_is_learned(speech: Speech) -> None:
    task = SpeakerTask(speech, np.array([1, 3]))
    assert speech.speaker[task.training].tolist() == [1, 3]
    assert not speech.test[task.training].any()
    assert set(task.wanted) == {0, 1, 2, 3}


def test_errors_are_paired_by_lot() -> None:
    women = {None: [0.5], 0.1: [0.4, 0.5], 0.5: [0.3, 0.3], 0.9: [0.2, 0.45]}
    probes = {(share, f"{share}-{i}"): f"{share}-{i}" for share, of in women.items() for i in range(len(of))}
    rows = [
        {"probe": f"{share}-{i}", "group": group, "error": error, "layer": layer, "by_column": "gender"}
        for share, of in women.items()
        for i, of_women in enumerate(of)
        for layer in (None, 1)
        for group, error in (("F", of_women if layer is None else 1), ("M", 0.25 if layer is None else 1))
    ]
    errors = list(unequal_errors(rows, probes))
    assert [one.share for one in errors] == [None, 0.1, 0.5, 0.9]
    assert errors[1].women.tolist() == [0.4, 0.5]
    assert errors[1].men.tolist() == [0.25, 0.25]
    text = finding(errors)
    assert "unseen women go from 45.0 to 32.5%, of unseen men from 25.0 to 25.0%" in text
    assert (
        "changes by -12.5 points (± 10.6; less in 2 of 2 pairs of encoders of the same lot), which is no more" in text
    )
    assert "it is +5.0. Random weights" in text
    assert text.endswith("leave errors of 50.0 and 25.0%.")
