"""Phone labels on a frame grid: which interval a frame belongs to, and which frames stand for their runs.

The rule of [A] §2, with its gaps filled: the interval that overlaps what frame i stands for ([hop·i, hop·(i+1)), see
:class:`warehouse.Grid`) the longest, the earlier one on a tie, in integer microseconds throughout.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.corpora import Segment
from warehouse import Grid


@dataclass(frozen=True)
class FrameLabels:
    """Labels of the T frames of an utterance.

    Attributes:
        segment: (T,) number of the interval that each frame belongs to.
        is_middle: (T,) whether the frame is the middle one, ``(first + last) // 2``, of its run of equal phones.
        is_last_run: (T,) whether the frame is in the utterance's last run.
    """

    segment: np.ndarray
    is_middle: np.ndarray
    is_last_run: np.ndarray


def tile(segments: Sequence[Segment], duration_us: int) -> list[Segment]:
    """Intervals that cover an utterance without gaps: silence where nothing is labelled."""
    tiled: list[Segment] = []
    end = 0
    for segment in segments:
        if segment.start_us > end:
            tiled.append(Segment(end, segment.start_us, "", None))
        tiled.append(segment)
        end = segment.end_us
    if end < duration_us:
        tiled.append(Segment(end, duration_us, "", None))
    return tiled


def label_frames(tiles: Sequence[Segment], grid: Grid, n_frames: int) -> FrameLabels:
    """Labels of the frames of an utterance.

    Args:
        tiles: intervals without gaps from 0, which reach the start of the last frame.
        grid: the grid.
        n_frames: T.
    """
    starts = np.array([t.start_us for t in tiles], dtype=np.int64)
    ends = np.array([t.end_us for t in tiles], dtype=np.int64)
    frame_start = grid.start_us + np.arange(n_frames, dtype=np.int64) * grid.hop_us
    frame_end = frame_start + grid.hop_us
    # Intervals that a frame meets, from the first that ends after its start to the last that starts before its end.
    first = best = np.minimum(np.searchsorted(ends, frame_start, side="right"), len(tiles) - 1)
    last = np.searchsorted(starts, frame_end, side="left") - 1
    longest = np.minimum(ends[best], frame_end) - np.maximum(starts[best], frame_start)
    for step in range(1, int((last - first).max(initial=0)) + 1):
        candidate = np.minimum(first + step, last)
        overlap = np.minimum(ends[candidate], frame_end) - np.maximum(starts[candidate], frame_start)
        later = overlap > longest  # strictly: the earlier interval keeps a tie
        best, longest = np.where(later, candidate, best), np.where(later, overlap, longest)
    phones = np.array([t.phone for t in tiles])[best]
    return FrameLabels(best.astype(np.int32), *_runs(phones))


def _runs(phones: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n = len(phones)
    is_middle, is_last_run = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    if n:
        first = np.flatnonzero(np.r_[True, phones[1:] != phones[:-1]])
        last = np.r_[first[1:], n] - 1
        is_middle[(first + last) // 2] = True
        is_last_run[first[-1] :] = True
    return is_middle, is_last_run
