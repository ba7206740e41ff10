"""Settings of an ingest run, and what of the environment belongs to them."""

import os
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

from warehouse import WarehouseError

OnError = Literal["stop", "skip"]
KINDS = ("block", "ffn")
"""What has means: the output of a block, and the input of its second linear."""


def _from_environment(default: int, *names: str) -> int:
    for name in names:
        if name in os.environ:
            return int(os.environ[name])
    return default


@dataclass(frozen=True)
class Settings:
    """How to ingest.

    Attributes:
        lambda_pct: share of a layer's neurons that a frame activates, percent ([A] §3.1: 1).
        shard_minutes: most audio in a shard, minutes; at most 10.
        batch: most utterances of equal length that go through the model together.
        values: whether to keep the signed activation values of the recorded neurons.
        means: whether to keep mean and standard deviation per utterance of every neuron and block output.
        segment_means: of which kinds to keep the mean over the frames of every phone segment: ``block``, ``ffn`` or
            both. They are large: an hour of LibriSpeech has 38,000 segments, which for HuBERT base are 1.4 GB of
            block and 5.6 GB of ffn; those of a shard, of 10 minutes a sixth of that, are held in memory.
        dtype: ``float32``, or ``bfloat16`` for a faster pass that moves borderline ranks.
        f0: whether to compute F0.
        on_error: ``stop`` at the first unusable utterance, or ``skip`` it and record why.
        rank: number of this process among those that share the work; torchrun and SLURM set it.
        world: how many processes share the work.
        workers: processes that compute F0; None = one per core.
    """

    lambda_pct: float = 1.0
    shard_minutes: float = 10.0
    batch: int = 1
    values: bool = False
    means: bool = True
    segment_means: tuple[str, ...] = ()
    dtype: Literal["float32", "bfloat16"] = "float32"
    f0: bool = True
    on_error: OnError = "stop"
    rank: int = field(default_factory=lambda: _from_environment(0, "RANK", "SLURM_PROCID"))
    world: int = field(default_factory=lambda: _from_environment(1, "WORLD_SIZE", "SLURM_NTASKS"))
    workers: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "segment_means", _kinds(self.segment_means))
        checks = (
            (
                0 < self.lambda_pct <= 100,
                f"lambda_pct is {self.lambda_pct}; give a percentage above 0, at most 100",
            ),
            (
                0 < self.shard_minutes <= 10,
                f"shard_minutes is {self.shard_minutes}; give more than 0, at most 10",
            ),
            (self.batch >= 1, f"batch is {self.batch}; give 1 or more"),
            (self.on_error in {"stop", "skip"}, f"on_error is {self.on_error!r}; give 'stop' or 'skip'"),
            (
                0 <= self.rank < self.world,
                f"rank {self.rank} of {self.world}; ranks count from 0 below the world size",
            ),
        )
        for holds, message in checks:
            if not holds:
                raise WarehouseError(message)


def _kinds(given: object) -> tuple[str, ...]:
    """Kinds in an order of their own, from names or from text such as ``block,ffn``."""
    names = given.split(",") if isinstance(given, str) else given
    if not isinstance(names, Collection) or any(name not in KINDS for name in names):
        raise WarehouseError(f"segment_means is {given!r}; give 'block', 'ffn' or both")
    return tuple(kind for kind in KINDS if kind in names)
