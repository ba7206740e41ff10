from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.corpora.intervals import Interval, in_order, with_words
from warehouse.errors import CorpusError


def intervals(*rows: tuple[int, int, str]) -> list[Interval]:
    return [Interval(start, end, label, place) for place, (start, end, label) in enumerate(rows, start=1)]


def times(ordered: list[Interval]) -> list[tuple[int, int, str]]:
    return [(each.start_us, each.end_us, each.label) for each in ordered]


def test_intervals_are_sorted_and_gaps_stay() -> None:
    found = in_order(intervals((50_000, 90_000, "B"), (0, 30_000, "A")), "f", "line")
    assert times(found) == [(0, 30_000, "A"), (50_000, 90_000, "B")]


def test_boundaries_within_a_millisecond_are_one() -> None:
    found = in_order(intervals((0, 100_400, "A"), (100_000, 199_600, "B"), (200_000, 300_000, "C")), "f", "interval")
    assert times(found) == [(0, 100_000, "A"), (100_000, 200_000, "B"), (200_000, 300_000, "C")]


def test_intervals_of_no_length_are_dropped() -> None:
    assert times(in_order(intervals((0, 10, "A"), (10, 10, "x"), (10, 2_000, "B")), "f", "line")) == [
        (0, 10, "A"),
        (10, 2_000, "B"),
    ]


def test_overlap_names_both_intervals_and_their_times() -> None:
    with pytest.raises(CorpusError) as caught:
        in_order(intervals((0, 120_000, "AH"), (100_000, 200_000, "B")), "a.TextGrid: tier 'phones'", "interval")
    assert str(caught.value) == (
        "a.TextGrid: tier 'phones': interval 1 ('AH', 0 s to 0.12 s) and interval 2 ('B', 0.1 s to 0.2 s) overlap; "
        "correct their times so that each starts where the one before ends"
    )


@pytest.mark.parametrize(
    ("row", "fault"), [((9, 3, "A"), "ends before it starts"), ((-5_000, 3, "A"), "starts before 0")]
)
def test_impossible_times_are_refused(row: tuple[int, int, str], fault: str) -> None:
    with pytest.raises(CorpusError, match=f"line 1 .*{fault}"):
        in_order(intervals(row), "f", "line")


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=12))
def test_the_result_never_overlaps_and_never_moves_a_boundary_far(rows: list[tuple[int, int]]) -> None:
    given_rows = intervals(*((500 * start, 500 * (start + length), "x") for start, length in rows))
    try:
        found = in_order(given_rows, "f", "line")
    except CorpusError:
        return
    for before, after in pairwise(found):
        assert before.end_us <= after.start_us
        assert before.end_us == after.start_us or after.start_us - before.end_us > 1_000
    for each in found:
        source = given_rows[each.place - 1]
        assert each.start_us == source.start_us
        assert abs(each.end_us - source.end_us) <= 1_000
        assert each.end_us > each.start_us


@settings(deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=20), st.lists(st.integers(1, 60), min_size=1, max_size=9))
def test_each_phone_gets_the_word_at_its_midpoint(phones: list[int], words: list[int]) -> None:
    def tiled(lengths: list[int], prefix: str) -> list[Interval]:
        ends = [sum(lengths[: at + 1]) for at in range(len(lengths))]
        return [
            Interval(end - n, end, f"{prefix}{at}", at) for at, (n, end) in enumerate(zip(lengths, ends, strict=True))
        ]

    spoken = [word._replace(label="" if word.place % 3 == 2 else word.label) for word in tiled(words, "w")]
    for phone in with_words(tiled(phones, "p"), spoken):
        middle = (phone.start_us + phone.end_us) / 2
        holding = [word.label for word in spoken if word.start_us <= middle < word.end_us]
        assert phone.word == (holding[0] or None if holding else None)
