"""Colours of SQL: the words that DuckDB reads as such, wherever they stand, also in text that is no SQL."""

from hypothesis import given
from hypothesis import strategies as st

from tui.app.widgets.sql_colours import spans


def coloured(text: str) -> list[tuple[str, str]]:
    """What is coloured, as (colour, text), line by line."""
    lines = [line.encode() for line in text.split("\n")]
    return [
        (colour, lines[row][begin:end].decode())
        for row, found in sorted(spans(text).items())
        for begin, end, colour in found
    ]


def test_what_begins_with_from_is_coloured_too() -> None:
    text = "-- größer\nFROM group_neurons(p_property := 'größe', p_sigma := 0.9)\nWHERE \"group\" = 'F' LIMIT 5"
    assert coloured(text) == [
        ("comment", "-- größer"),
        ("keyword", "FROM"),
        ("function", "group_neurons"),
        ("string", "'größe'"),
        ("number", "0.9"),
        ("keyword", "WHERE"),
        ("string", "'F'"),
        ("keyword", "LIMIT"),
        ("number", "5"),
    ]


def test_what_goes_over_lines_is_coloured_in_each() -> None:
    assert coloured("SELECT /* a\nb */ 'c\nd' AS e") == [
        ("keyword", "SELECT"),
        ("comment", "/* a"),
        ("comment", "b */"),
        ("string", "'c"),
        ("string", "d'"),
        ("keyword", "AS"),
    ]


@given(st.text(st.sampled_from("SELECT fromé'\"$-/*();\n1.x"), max_size=60))
def test_any_text_is_coloured_within_its_lines(text: str) -> None:
    lines = [line.encode() for line in text.split("\n")]
    for row, found in spans(text).items():
        ends = [(begin, len(lines[row]) if end is None else end) for begin, end, _ in found]
        assert all(0 <= begin <= end <= len(lines[row]) for begin, end in ends)
        assert ends == sorted(ends)
        for begin, end in ends:
            lines[row][begin:end].decode()
