"""Encoders that learned who speaks from more men, more women, or as many of both; unseen speakers tell what that does.

They start from the same random weights and hear 20 of the 40 speakers of the folder ``train``; the 40 speakers of
``eval``, as many women as men, are heard by none of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.replication.recording import WAREHOUSE, record
from benchmarks.replication.settings import SPARSITY, Options
from benchmarks.replication.speech import Speech, load_speech
from benchmarks.replication.tasks import SpeakerTask
from benchmarks.replication.tuned_models import TunedModel, tuned
from benchmarks.replication.units import Result, run_units
from queries.probes import Label

WOMEN = (0.1, 0.5, 0.9)
"""Shares of women among the speakers that an encoder hears."""

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


@dataclass(frozen=True, eq=False)
class UnequalErrors:
    """Errors of probes for unseen speakers, of the encoders that heard one share of women.

    Attributes:
        share: of women; None = random weights, which heard nobody.
        women: share of women's utterances that are told wrong, (encoders,).
        men: the same of men.
    """

    share: float | None
    women: np.ndarray
    men: np.ndarray


def unequal_errors(
    groups: Sequence[Mapping[str, Any]], probes: Mapping[tuple[float | None, str], str]
) -> Iterator[UnequalErrors]:
    """Errors by share.

    Args:
        groups: rows of ``probe_group_errors``.
        probes: (share, model) -> probe.
    """
    errors = {
        (row["probe"], row["group"]): row["error"]
        for row in groups
        if row["layer"] is None and row["by_column"] == "gender"
    }
    for share in dict.fromkeys(share for share, _ in probes):
        of_share = [probe for (of, _), probe in probes.items() if of == share]
        women, men = (np.array([errors[probe, group] for probe in of_share]) for group in ("F", "M"))
        yield UnequalErrors(share, women, men)


def mean_and_sd(values: np.ndarray) -> tuple[float, float | None]:
    """Mean, and sample standard deviation where there are several."""
    return float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else None


def finding(errors: Sequence[UnequalErrors]) -> str:
    """What hearing more women does to the difference between women and men, encoders of one seed beside each other."""
    nobody, few, many = errors[0], errors[1], errors[-1]
    equal = errors[(1 + len(errors)) // 2]
    before, after = few.women - few.men, many.women - many.men
    change, sd = mean_and_sd(100 * (after - before))
    over = ""
    if sd is not None:
        seen = "more" if abs(change) > 2 * sd / len(before) ** 0.5 else "no more"
        less = f"less in {(after < before).sum()} of {len(before)} pairs of encoders of the same lot"
        over = f" (± {sd:.1f}; {less}), which is {seen} than encoders differ by"

    def course(group: str) -> str:
        first, last = (100 * getattr(one, group).mean() for one in (few, many))
        return f"{first:.1f} to {last:.1f}%"

    return (
        f"**Encoders that heard unequal voices.** From {few.share:.0%} to {many.share:.0%} women among the {HEARD} "
        f"speakers that an encoder learned, errors of unseen women go from {course('women')}, of unseen men from "
        f"{course('men')}: what women have more changes by {change:+.1f} points{over}. Where as many of both were "
        f"heard, it is {100 * (equal.women - equal.men).mean():+.1f}. Random weights, which all of them started from, "
        f"leave errors of {100 * nobody.women.mean():.1f} and {100 * nobody.men.mean():.1f}%."
    )
