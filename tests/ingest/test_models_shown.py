"""What files say, in messages: one line that a terminal can be given, whatever it is."""

import argparse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.models.shown import few, printable, shown


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"),
        (True, "True"),
        (0.5, "0.5"),
        ("gelu", "'gelu'"),
        ("a\nb\x1b[31m", r"'a\nb\x1b[31m'"),
        ([3072, 100], "[3072, 100]"),
        (["a"], "a list"),
        (argparse.Namespace(), "a Namespace"),
    ],
)
def test_values(value: object, words: str) -> None:
    assert shown(value) == words


def test_numbers_that_python_does_not_write_out() -> None:
    assert shown(10**10_000) == shown([10**10_000]) == "a number of thousands of digits"


def test_three_names_and_how_many_more() -> None:
    assert few(["a", "b", "c"]) == "a, b, c"
    assert few(["a", "b\n", "c", "d", "e"]) == r"a, b\n, c and 2 more"


@given(st.text(max_size=400) | st.lists(st.integers(), max_size=9) | st.integers())
def test_all_is_short_and_printable(value: object) -> None:
    assert shown(value).isprintable()
    assert len(shown(value)) <= 200
    if isinstance(value, str):
        assert printable(value).isprintable()
        assert printable(value) == value or not value.isprintable() or len(value) > 200
