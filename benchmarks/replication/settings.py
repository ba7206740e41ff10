"""What all studies share: where things lie, and how long models learn."""

from dataclasses import dataclass
from pathlib import Path

PRETRAINING = 3000
"""Steps of masked prediction."""

SOME_PRETRAINING = 750
"""An amount between none and all."""

SPARSITY = 0.0003
"""Weight of the penalty on activations, in pretraining and in speaker identification."""

STEPS = {"speakers": 1200, "phones": 500, "pitch": 120}
"""Steps of fine-tuning on each task."""

SIGMA = 0.4
"""σ of the sets that Table 1 erases; chosen on the first of its seeds."""

SPEAKER_SIGMA = 0.4
"""σ of the sets of single speakers."""

DENSITY = 0.2
"""Share of the neurons that figure 6 keeps."""

BRIEF_STEPS = 100
"""Steps of tuning after pruning at once."""

BETWEEN_STEPS = 60
"""Steps of tuning after each step of pruning in steps."""

PEAK = 5e-4
"""Largest learning rate of tuning after pruning; half of what models learn with."""

PRETRAINED = "pretrained"
"""Name of the pretrained encoder in the warehouse."""


@dataclass(frozen=True)
class Options:
    """What the user says.

    Attributes:
        speech: folder of the corpus, with ``train`` and ``eval``.
        work: folder for models, warehouse and results; a study goes on from what is there.
        seeds: how many.
        jobs: processes at a time, of one thread each.
    """

    speech: Path
    work: Path
    seeds: int
    jobs: int
