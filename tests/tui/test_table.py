"""Tables are read by people: numbers line up, NULL is seen, what is cut says so."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tui.table import CELL, draw_table, markdown_lines, table_lines


def test_numbers_stand_to_the_right_with_their_points_in_line() -> None:
    lines = list(
        table_lines(["n", "p", "group"], ["BIGINT", "DOUBLE", "VARCHAR"], [(7, 0.5, "F"), (1234, 0.0625, "M")])
    )
    assert lines == [
        "   n       p  group",
        "----  ------  -----",
        "   7  0.5000  F",
        "1234  0.0625  M",
    ]


def test_null_is_shown_and_the_empty_string_is_not() -> None:
    lines = list(table_lines(["phone", "f0_hz"], ["VARCHAR", "FLOAT"], [("", None), (None, 120.0)]))
    assert lines == ["phone  f0_hz", "-----  -----", "        NULL", "NULL   120.0"]


def test_numbers_out_of_proportion_are_shown_by_their_digits() -> None:
    lines = list(table_lines(["p"], ["DOUBLE"], [(1.5e-9,), (2.0,), (float("nan"),)]))
    assert [line.strip() for line in lines[2:]] == ["1.5e-09", "2", "nan"]


def test_lists_structs_and_truth_are_readable() -> None:
    row = ([1.0, None], {"utterance": "u", "reason": "short"}, True, b"\x01\xff")
    lines = list(table_lines(["a", "b", "c", "d"], ["DOUBLE[]", "STRUCT(...)", "BOOLEAN", "BLOB"], [row]))
    assert lines[2] == "[1, NULL]  {utterance: u, reason: short}  true  01ff"


def test_lines_stay_lines() -> None:
    lines = list(table_lines(["text"], ["VARCHAR"], [("two\nlines\tand \x1b[31mred",)]))
    assert lines[2] == "two\\nlines\\tand \\x1b[31mred"


def test_letters_of_ipa_and_east_asia_keep_the_columns() -> None:
    lines = list(table_lines(["phone", "n"], ["VARCHAR", "BIGINT"], [("ɔ̃", 1), ("東", 2), ("ab", 3)]))
    assert len({_columns(line) for line in lines}) == 1


def test_long_cells_are_cut_and_counted() -> None:
    rows = [("x" * (CELL + 1), 1), ("y" * CELL, 2)]
    drawn = draw_table(["text", "n"], ["VARCHAR", "BIGINT"], rows, None)
    assert drawn.lines[2].startswith("x" * (CELL - 1) + "…")
    assert drawn.lines[3].startswith("y" * CELL)
    assert drawn.cut == 1


def test_cells_are_cut_further_to_fit_a_terminal_but_numbers_are_not() -> None:
    rows = [("x" * 50, 123456789, "y" * 50)]
    drawn = draw_table(["a", "n", "b"], ["VARCHAR", "BIGINT", "VARCHAR"], rows, 60)
    assert max(map(len, drawn.lines)) <= 60
    assert "123456789" in drawn.lines[2]
    assert drawn.cut == 2


def test_rows_become_blocks_where_no_table_fits() -> None:
    columns = [f"column_{i}" for i in range(12)]
    drawn = draw_table(columns, ["VARCHAR"] * 12, [["x" * 70] * 12, [None] * 12], 80)
    assert drawn.lines[:2] == ["-- row 1 --", "column_0   " + "x" * 70]
    assert drawn.lines[13:15] == ["-- row 2 --", "column_0   NULL"]
    assert drawn.cut == 0


def test_no_rows_are_a_header() -> None:
    assert table_lines(["a", "b"], ["BIGINT", "VARCHAR"], []) == ["a  b", "-  -"]


def test_markdown_is_aligned_escaped_and_whole() -> None:
    lines = list(markdown_lines(["a|b", "n"], ["VARCHAR", "BIGINT"], [("x" * 80, 1), (None, None)]))
    assert lines[0].startswith("| a\\|b ")
    assert lines[1].endswith(" ---: |")
    assert "x" * 80 in lines[2]
    assert lines[3].startswith("| NULL ")


@given(st.lists(st.tuples(st.text(max_size=8), st.one_of(st.none(), st.floats(allow_nan=False))), max_size=5))
def test_every_row_is_one_line_of_the_same_width(rows: list[tuple[str, float | None]]) -> None:
    lines = list(markdown_lines(["s", "x"], ["VARCHAR", "DOUBLE"], rows))
    assert len(lines) == 2 + len(rows)
    assert all(line.isprintable() or any(map(unicodedata.combining, line)) for line in lines)
    assert len({_columns(line) for line in lines}) == 1


def _columns(line: str) -> int:
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in line.rstrip("\n")
    )
