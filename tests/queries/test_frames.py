"""Views of frames, on the study that is counted by hand."""

from collections.abc import Iterator

import duckdb
import pytest

Con = duckdb.DuckDBPyConnection


@pytest.fixture
def changed(by_hand: Con) -> Iterator[Con]:
    """The study, whose changes are undone."""
    by_hand.execute("BEGIN")
    yield by_hand
    by_hand.execute("ROLLBACK")


def rows(con: Con, query: str) -> list[tuple]:
    return con.sql(f"{query} ORDER BY ALL").fetchall()


def test_frame_facts(by_hand: Con) -> None:
    query = "SELECT frame, phone, phone_class, speaker FROM frame_facts WHERE utterance_id = 0"
    assert rows(by_hand, query) == [
        (0, "AA", "vowel", "f0"),
        (1, "AA", "vowel", "f0"),
        (2, "S", "unvoiced", "f0"),
        (3, "S", "unvoiced", "f0"),
    ]


def test_frame_groups(by_hand: Con) -> None:
    assert rows(by_hand, "FROM frame_groups WHERE frame_id IN (2, 4)") == [
        ("gender", 2, "F"),
        ("gender", 4, "M"),
        ("phone_class", 2, "unvoiced"),
        ("phone_class", 4, "vowel"),
    ]


def test_silence_noise_and_what_is_unknown_have_no_group(changed: Con) -> None:
    changed.execute(
        "UPDATE frames SET phone = '' WHERE frame_id = 0; UPDATE frames SET phone = 'spn' WHERE frame_id = 1"
    )
    changed.execute("UPDATE utterances SET gender = NULL WHERE utterance_id = 1")
    assert rows(changed, "SELECT frame_id FROM frame_groups WHERE property = 'gender'") == [(2,), (3,)]


def test_property_phones(by_hand: Con) -> None:
    assert rows(by_hand, "FROM property_phones") == [
        ("gender", "c", "AA", None, True),
        ("gender", "c", "IY", None, True),
        ("gender", "c", "S", None, True),
        ("phone_class", "c", "AA", "vowel", True),
        ("phone_class", "c", "IY", "vowel", True),
        ("phone_class", "c", "S", "unvoiced", True),
    ]
