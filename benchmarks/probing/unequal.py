"""Encoders that learned who speaks from more men, more women, or as many of both; unseen speakers tell what that does.

They start from the same random weights and hear 20 of the 40 speakers of the folder ``train``; the 40 speakers of
``eval``, as many women as men, are heard by none of them.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.replication.recording import WAREHOUSE, record
from benchmarks.replication.settings import SPARSITY, Options
from benchmarks.replication.speech import Speech, load_speech
from benchmarks.replication.tasks import SpeakerTask
from benchmarks.replication.tuned_models import TunedModel, tuned
from benchmarks.replication.units import Result, run_units
from queries.probes import Label

WOMEN = (0.1, 0.5, 0.9)
"""Shares of women among the speakers that an encoder hears, or in the training part of a probe."""

HEARD = 20
"""Speakers that an encoder hears."""

ENCODERS = 3
"""Of each share: each hears others, drawn by lot."""

STEPS, BATCH = 500, 32
"""Of learning: 20 speakers take fewer than the 80 of the replication."""

UNSEEN = Label("unseen speaker", sql="SELECT utterance_id, speaker AS label FROM utterances WHERE part = 'eval'")


def unequal_models() -> Iterator[tuple[float, TunedModel]]:
    """The share of women that each model hears, and the model."""
    for share in WOMEN:
        for seed in range(ENCODERS):
            yield share, TunedModel(f"women-{100 * share:.0f}", 0, seed, STEPS, SPARSITY)


def train_unequal(options: Options) -> None:
    """Train the models that are not there, and record them over the fold ``sets``."""
    units = {which.name: (unit, (which, share, options.speech, options.work)) for share, which in unequal_models()}
    run_units(units, options.work / "unequal", options.jobs)


def unit(which: TunedModel, share: float, folder: Path, work: Path) -> Result:
    """Train and record one model.

    Returns:
        ``heard``: names of the speakers that it heard.
    """
    speech = load_speech(work / WAREHOUSE, work)
    chosen = heard(speech, share, which.seed)
    record(tuned(which, SpeakerTask(speech, chosen, batch=BATCH), work).encoder, which.name, folder, work)
    return {"heard": [speech.speakers[speaker] for speaker in chosen]}


def heard(speech: Speech, share: float, seed: int) -> np.ndarray:
    """Speakers of the folder ``train``, drawn by lot; of one seed, the women of a smaller share are among those of a
    larger one.
    """
    draw = np.random.default_rng((seed, 5))
    there = np.unique(speech.speaker[speech.train_part])
    men, women = (draw.permutation(there[speech.male[there] == male]) for male in (True, False))
    n_women = round(share * HEARD)
    return np.sort(np.concatenate([women[:n_women], men[: HEARD - n_women]]))
