"""Tokens and statements of a text, against DuckDB's own parser."""

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.sql_editing.tokens import is_plain_name, statement_at, statements, tokens

PIECES = [
    *("1", "'a;b'", "'it''s'", '"x;y"', "$$;'$$", "$t$ ; $$ $t$", "E'\\';'", "'日本; é'", "-- c; '\n", "/* ; ' */"),
    *("/* a /* b */ ; */", "\n", "  ", ",", "t.a", "count(*)", ":="),
]
texts = st.lists(st.sampled_from([*PIECES, ";", ";\n"]), max_size=12).map(" ".join)
selects = st.lists(
    st.lists(st.sampled_from([*PIECES[:9], "\n", "1"]), min_size=1, max_size=4), min_size=1, max_size=4
).map(lambda lists: [f"SELECT {', '.join(piece for piece in items if piece.strip())}\n" for items in lists])


@given(texts)
def test_tokens_hold_everything_but_blanks(text: str) -> None:
    found = tokens(text)
    for token in found:
        assert text[token.start : token.end] == token.text
    gaps = zip([0, *(token.end for token in found)], [*(token.start for token in found), len(text)], strict=True)
    assert not "".join(text[end:start] for end, start in gaps).strip()


@given(selects)
def test_statements_are_those_of_duckdb(queries: list[str]) -> None:
    text = ";\n".join(queries)
    try:
        wanted = [statement.query for statement in duckdb.extract_statements(text)]
    except duckdb.Error:
        return  # a comma too many
    found = statements(text)
    assert len(found) == len(wanted)
    for ours, theirs in zip(found, wanted, strict=True):
        assert ours.text == text[ours.start : ours.end]
        assert [t.text for t in tokens(theirs) if t.kind != "comment" and t.text != ";"] == [
            t.text for t in tokens(ours.text) if t.kind != "comment"
        ]


TEXT = "SELECT 1;\n\n-- next\nSELECT 2\n; SELECT ';3'  "


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (0, "SELECT 1"),
        (8, "SELECT 1"),  # right after it
        (9, "SELECT 1"),  # after its semicolon
        (10, "SELECT 1"),  # an empty line
        (13, "SELECT 2"),  # the comment above it
        (18, "SELECT 2"),  # the end of that comment
        (27, "SELECT 2"),
        (29, "SELECT 2"),  # before its semicolon, on the next line
        (len(TEXT), "SELECT ';3'"),
    ],
)
def test_the_statement_at_a_place(place: int, text: str) -> None:
    found = statement_at(TEXT, place)
    assert found is not None
    assert found.text == text


def test_a_text_without_statements_has_none_anywhere() -> None:
    assert [statement_at(text, len(text)) for text in ("", "  \n", "-- only\n", ";;")] == [None] * 4


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ("'a", True),
        ("'a'", False),
        ("'a''", True),
        ("'a'''", False),
        ('"a', True),
        ('"a"', False),
        ("$$a", True),
        ("$$a$$", False),
        ("/* a", True),
        ("/* a */", False),
        ("-- a", False),
        ("1", False),
    ],
)
def test_what_does_not_end_is_open(text: str, is_open: bool) -> None:
    assert tokens(text)[-1].is_open == is_open


@given(st.sampled_from(["group", "layer", "select", "a b", "é", "A", "1a", "table", "rank", 'q"q']))
def test_names_are_quoted_where_duckdb_needs_it(name: str) -> None:
    if is_plain_name(name):
        with duckdb.connect() as con:
            con.execute(f"CREATE TABLE t ({name} INTEGER)")
            con.execute(f"SELECT {name} FROM t")
