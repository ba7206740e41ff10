"""Means over frames: of an utterance, and of each of its phone segments."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from ingest.models.base import SpeechModel
from warehouse.errors import ModelError

IN_CACHE = 1 << 17
"""Floats that a core's own cache holds beside everything else (512 KiB)."""


@dataclass(frozen=True, eq=False)
class Segments:
    """The segments of an utterance that have a frame, on one grid.

    Attributes:
        numbers: (S,) their numbers in the utterance, ascending.
        n_frames: (S,) frames of each.
        of_frame: (T,) of every frame the place of its segment among them, from 0.
    """

    numbers: np.ndarray
    n_frames: Tensor
    of_frame: Tensor

    @classmethod
    def of(cls, segment: np.ndarray) -> Self:
        """From the segment's number of each frame (T,)."""
        numbers, of_frame, n_frames = np.unique(segment, return_inverse=True, return_counts=True)
        return cls(numbers, torch.from_numpy(n_frames), torch.from_numpy(of_frame))

    def to(self, device: torch.device) -> "Segments":
        """The same where a model's activations are."""
        return Segments(self.numbers, self.n_frames.to(device), self.of_frame.to(device))


def segments_of(frames: pa.Table) -> dict[int, Segments]:
    """The segments of each utterance, by its number.

    Args:
        frames: rows of the table frames on one grid, by ascending frame_id.
    """
    utterances, segments = frames["utterance_id"].to_numpy(), frames["segment"].to_numpy()
    firsts = np.flatnonzero(np.diff(utterances, prepend=-1))  # an utterance's frames are consecutive
    return {int(utterances[a]): Segments.of(segments[a:b]) for a, b in pairwise([*firsts, len(utterances)])}


def check_kinds(model: SpeechModel, kinds: Collection[str]) -> None:
    """Refuse means over segments of which there are none in a model.

    Raises:
        ModelError: no recorded layer with frames has the output of a block.
    """
    with_frames = [site for site in model.sites if not model.grid_of(site).is_whole]
    if kinds and not with_frames:
        raise ModelError("segment means of a model whose layers have one row an utterance: leave them out")
    if "block" in kinds and all(site.block_module is None for site in with_frames):
        raise ModelError("segment means of block, but no recorded layer is known to end a block: ask for ffn alone")


def segment_means(x: Tensor, segments: Sequence[Segments | None]) -> list[Tensor | None]:
    """Mean over the frames of every segment, one (S, channels) float32 an utterance; None where none are wanted.

    Args:
        x: activations (batch, frames, channels).
        segments: of each utterance; None = none are wanted.
    """
    return [None if of is None else _means(frames, of) for frames, of in zip(x, segments, strict=True)]


def _means(x: Tensor, segments: Segments) -> Tensor:
    # In double precision, so that a long silence loses nothing, and as many frames at a time as the cache holds.
    segments = segments.to(x.device)
    sums = x.new_zeros((len(segments.numbers), x.shape[1]), dtype=torch.float64)
    n = _at_once(x.shape[1], x)
    for some, of_frame in zip(x.split(n), segments.of_frame.split(n), strict=True):
        sums.index_add_(0, of_frame, some.double())
    return sums.div_(segments.n_frames[:, None]).float()


def moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and population standard deviation over frames, (batch, channels) each, of (batch, frames, channels).

    Around the mean, so that a large mean does not drown a small deviation, and a few frames at a time, so that what
    is written stays in the cache.
    """
    x = x.float()
    mean = x.mean(1)
    squares = torch.zeros_like(mean)
    for some in x.split(_at_once(x.shape[0] * x.shape[2], x), dim=1):
        squares += (some - mean[:, None]).square_().sum(1)
    return mean, squares.div_(x.shape[1]).sqrt_()


def _at_once(width: int, x: Tensor) -> int:
    """Frames of so many floats to work on at a time."""
    return max(1, IN_CACHE // width) if x.device.type == "cpu" else max(1, x.shape[-2])
