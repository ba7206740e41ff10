"""Intervals as a label file gives them: put in order, checked for overlaps, joined with their words."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import NamedTuple

from ingest.corpora.times import seconds
from warehouse.errors import CorpusError

SNAP_US = 1_000
"""Boundaries this close are one boundary: what a tool's floats lose, and far below an aligner's 10 ms."""


class Interval(NamedTuple):
    """A labelled stretch of an utterance, before its label is made canonical.

    Attributes:
        start_us: start, microseconds from the start of the utterance.
        end_us: end, microseconds.
        label: the phone as the file writes it.
        place: its line, interval or frame number in the file (from 1), for messages.
        word: the word it belongs to, where the file says.
    """

    start_us: int
    end_us: int
    label: str
    place: int
    word: str | None = None


def in_order(intervals: Iterable[Interval], where: str, unit: str) -> list[Interval]:
    """Sorts intervals by time and settles their boundaries, so that they tile without overlaps.

    Two neighbours whose boundaries differ by at most 1 ms share one (the later start): tools that add
    float durations leave such slivers. Longer gaps stay. Intervals of no length are dropped.

    Args:
        intervals: as read, in any order.
        where: the file, for messages.
        unit: what `place` counts: ``"line"`` or ``"interval"``.

    Raises:
        CorpusError: an interval ends before it starts, starts before 0, or overlaps another by more.
    """
    ordered: list[Interval] = []
    for interval in sorted(intervals, key=attrgetter("start_us")):
        start, end = interval.start_us, interval.end_us
        if -SNAP_US <= start < 0:
            start = 0
            interval = interval._replace(start_us=0)  # noqa: PLW2901
        if start < 0 or end < start:
            fault = "starts before 0" if start < 0 else "ends before it starts"
            raise CorpusError(f"{where}: {_named(interval, unit)} {fault}; correct its times")
        if end == start:
            continue
        if ordered:
            before = ordered[-1]
            if before.end_us != start and abs(before.end_us - start) <= SNAP_US:
                if before.start_us < start:
                    ordered[-1] = before._replace(end_us=start)
                else:
                    ordered.pop()
            elif before.end_us > start:
                raise CorpusError(
                    f"{where}: {_named(before, unit)} and {_named(interval, unit)} overlap; "
                    f"correct their times so that each starts where the one before ends"
                )
        ordered.append(interval)
    return ordered


def with_words(phones: Sequence[Interval], words: Iterable[Interval]) -> list[Interval]:
    """Gives each phone the word that holds its midpoint; none in silence (a word of ``''`` or ``<eps>``)."""
    spoken = sorted((word for word in words if word.label not in ("", "<eps>")), key=attrgetter("start_us"))
    joined = []
    at = 0
    for phone in phones:
        middle = phone.start_us + phone.end_us  # twice the midpoint, to stay in integers
        while at < len(spoken) and 2 * spoken[at].end_us <= middle:
            at += 1
        inside = at < len(spoken) and 2 * spoken[at].start_us <= middle
        joined.append(phone._replace(word=spoken[at].label) if inside else phone)
    return joined


def _named(interval: Interval, unit: str) -> str:
    times = f"{seconds(interval.start_us)} to {seconds(interval.end_us)}"
    return f"{unit} {interval.place} ({interval.label!r}, {times})"
