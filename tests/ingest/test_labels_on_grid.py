"""Labels on a grid, against the rule of [A] §2 spelt out frame by frame."""

from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.corpora import Segment
from ingest.labels_on_grid import label_frames, tile
from warehouse import Grid

HOPS = st.sampled_from([10_000, 20_000, 40_000, 7])


def _overlap(segment: Segment, start: int, end: int) -> int:
    return max(0, min(segment.end_us, end) - max(segment.start_us, start))


@st.composite
def tilings(draw: st.DrawFn) -> tuple[list[Segment], int, int]:
    """Intervals without gaps, often on a 10 ms lattice where ties are common, a hop, and a number of frames."""
    hop = draw(HOPS)
    lengths = st.integers(0, 6).map(lambda n: n * 10_000) | st.integers(0, 30_000) | st.integers(0, 5)
    segments, end = [], 0
    for length, phone in draw(st.lists(st.tuples(lengths, st.sampled_from(["", "AH", "S"])), min_size=1, max_size=12)):
        segments.append(Segment(end, end + length, phone))
        end += length
    most = max(-(-end // hop), 0)  # frames that start before the end
    return segments, hop, draw(st.integers(0, min(most, 200)))


@given(tilings())
@example(([Segment(0, 30_000, "AH"), Segment(30_000, 60_000, "S")], 20_000, 3))  # a tie in frame 1
@example(([Segment(0, 5, "AH"), Segment(5, 5, "S"), Segment(5, 20, "B")], 20, 1))  # an empty interval in between
@example(([Segment(0, 0, "AH"), Segment(0, 20, "S")], 20, 1))
def test_a_frame_belongs_to_its_longest_interval_and_to_the_earlier_on_a_tie(
    drawn: tuple[list[Segment], int, int],
) -> None:
    segments, hop, n_frames = drawn
    found = label_frames(segments, Grid(hop, hop // 2, hop), n_frames)
    expected = []
    for i in range(n_frames):
        overlaps = [_overlap(s, i * hop, (i + 1) * hop) for s in segments]
        expected.append(overlaps.index(max(overlaps)))
    assert found.segment.tolist() == expected
    assert found.segment.dtype == np.int32


@given(tilings())
def test_middle_frames_and_last_runs_are_those_of_plain_runs(drawn: tuple[list[Segment], int, int]) -> None:
    segments, hop, n_frames = drawn
    found = label_frames(segments, Grid(hop, hop // 2, hop), n_frames)
    phones = [segments[s].phone for s in found.segment]
    middle, last = [False] * n_frames, [False] * n_frames
    runs = [list(run) for _, run in groupby(range(n_frames), key=phones.__getitem__)]
    for run in runs:
        middle[(run[0] + run[-1]) // 2] = True
    for i in runs[-1] if runs else []:
        last[i] = True
    assert found.is_middle.tolist() == middle
    assert found.is_last_run.tolist() == last


@pytest.mark.parametrize(
    ("phones", "middle", "last"),
    [
        ("A", "1", "1"),
        ("AA", "10", "11"),
        ("AAA", "010", "111"),
        ("AABBB", "10010", "00111"),
        ("AAAABA", "010011", "000001"),
    ],
)
def test_runs_by_hand(phones: str, middle: str, last: str) -> None:
    segments = [Segment(i * 20_000, (i + 1) * 20_000, phone) for i, phone in enumerate(phones)]
    found = label_frames(segments, Grid(20_000, 12_500, 25_000), len(phones))
    assert "".join("01"[int(m)] for m in found.is_middle) == middle
    assert "".join("01"[int(m)] for m in found.is_last_run) == last


def test_equal_adjacent_segments_are_one_run() -> None:
    segments = [Segment(0, 40_000, "AH", "a"), Segment(40_000, 80_000, "AH", "uh"), Segment(80_000, 100_000, "S")]
    found = label_frames(segments, Grid(20_000, 12_500, 25_000), 5)
    assert found.segment.tolist() == [0, 0, 1, 1, 2]
    assert found.is_middle.tolist() == [False, True, False, False, True]


@given(
    pieces=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.sampled_from(["AH", "S"])), max_size=8),
    tail=st.integers(0, 30),
)
def test_tiles_cover_the_utterance_with_silence_in_the_gaps(pieces: list[tuple[int, int, str]], tail: int) -> None:
    segments, end = [], 0
    for gap, length, phone in pieces:
        segments.append(Segment(end + gap, end + gap + length, phone, "w"))
        end += gap + length
    tiles = tile(segments, end + tail)
    assert [t for t in tiles if t.phone] == segments
    assert all(first.end_us == second.start_us for first, second in pairwise(tiles))
    if end + tail:
        assert (tiles[0].start_us, tiles[-1].end_us) == (0, end + tail)
    assert all(t.end_us > t.start_us and t.word is None for t in tiles if not t.phone)
