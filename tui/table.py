"""Plain-text and Markdown tables: numbers to the right with their points in line, NULL shown, long cells cut."""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

CELL = 60
"""Most characters of a cell in a table; CSV, JSON and Parquet give everything."""

_LEAST = 12
"""Cells are cut down to this to fit a terminal; where that is not enough, each row becomes a block of lines."""

_DECIMALS = 6
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
_BROKEN = ("FLOAT", "DOUBLE", "DECIMAL")


@dataclass(frozen=True)
class Drawn:
    """A table as lines, and how many values it shows cut."""

    lines: list[str]
    cut: int


def table_lines(columns: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Lines of a table with a ruled header, however wide."""
    return draw_table(columns, types, rows, None).lines


def draw_table(
    columns: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Any]], terminal: int | None
) -> Drawn:
    """A table with a ruled header that fits a terminal, or a block of lines for each row where none would.

    Args:
        columns: names.
        types: DuckDB's names of their types.
        rows: the rows.
        terminal: width of the terminal; None = as wide as need be.
    """
    whole = columns_of_text(types, rows)
    names = [one_line(name) for name in columns]
    right = [is_number(kind) for kind in types]
    most = _cell(names, whole, right, terminal)
    if most is None:
        return Drawn(_blocks(names, whole), 0)
    cells = [
        column if numbers else [_cut(text, most) for text in column]
        for column, numbers in zip(whole, right, strict=True)
    ]
    widths = [max(map(_width, [name, *column])) for name, column in zip(names, cells, strict=True)]
    lines = [_joined(names, widths, right), "  ".join("-" * width for width in widths)]
    lines += [_joined(row, widths, right) for row in zip(*cells, strict=True)]
    cut = sum(len(text) > most for column, numbers in zip(whole, right, strict=True) if not numbers for text in column)
    return Drawn(lines, cut)


def _cell(
    names: Sequence[str], whole: Sequence[Sequence[str]], right: Sequence[bool], terminal: int | None
) -> int | None:
    """Most characters of a cell with which a table fits a terminal; None where it cannot."""
    heads = [_width(name) for name in names]
    bodies = [max(map(_width, column), default=0) for column in whole]
    for most in range(CELL, _LEAST - 1, -1) if terminal is not None else [CELL]:
        kept = (body if numbers else min(body, most) for body, numbers in zip(bodies, right, strict=True))
        if terminal is None or sum(map(max, heads, kept)) + 2 * (len(names) - 1) <= terminal:
            return most
    return None


def _blocks(names: Sequence[str], whole: Sequence[Sequence[str]]) -> list[str]:
    width = max(map(_width, names))
    lines: list[str] = []
    for number, row in enumerate(zip(*whole, strict=True), start=1):
        lines += [f"-- row {number} --"]
        lines += [
            f"{name}{' ' * (width - _width(name))}  {text}".rstrip() for name, text in zip(names, row, strict=True)
        ]
    return lines


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def markdown_lines(columns: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """Lines of a Markdown table; nothing is cut."""
    cells = [[_escaped(text) for text in column] for column in columns_of_text(types, rows)]
    names = [_escaped(one_line(name)) for name in columns]
    right = [is_number(kind) for kind in types]
    widths = [max(3, *map(_width, [name, *column])) for name, column in zip(names, cells, strict=True)]
    yield f"| {_joined(names, widths, right, ' | ')} |"
    rules = (
        "-" * (width - 1) + ":" if to_right else "-" * width for width, to_right in zip(widths, right, strict=True)
    )
    yield f"| {' | '.join(rules)} |"
    for row in zip(*cells, strict=True):
        yield f"| {_joined(row, widths, right, ' | ')} |"


def columns_of_text(types: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[list[str]]:
    """The cells of each column as text: the numbers of a column with equal decimals, NULL shown, one line each."""
    columns = []
    for index, kind in enumerate(types):
        values = [row[index] for row in rows]
        show = _float_text(values) if kind.startswith(_BROKEN) and not kind.endswith("]") else _text
        columns.append([show(value) for value in values])
    return columns


def is_number(kind: str) -> bool:
    """Whether a type, by DuckDB's name of it, is one of numbers, which stand to the right."""
    return kind.removeprefix("U").startswith(_NUMBERS) and not kind.endswith("]")


def _float_text(values: Sequence[Any]) -> Callable[[Any], str]:
    """How to show the numbers of one column: all with as many decimals as any of them needs, at most six."""
    numbers = [float(value) for value in values if value is not None]
    if any(number != 0 and not 1e-4 <= abs(number) < 1e15 for number in numbers):
        return lambda value: "NULL" if value is None else f"{value:.6g}"
    decimals = max((_decimals(number) for number in numbers), default=1)
    return lambda value: "NULL" if value is None else f"{value:.{decimals}f}"


def _decimals(number: float) -> int:
    return max(1, len(f"{number:.{_DECIMALS}f}".rstrip("0").partition(".")[2]))


_SHOWN: tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...] = (
    (bool, lambda truth: str(truth).lower()),
    (float, lambda number: f"{number:.6g}"),
    ((list, tuple), lambda items: f"[{', '.join(map(_text, items))}]"),
    (dict, lambda items: "{" + ", ".join(f"{key}: {_text(item)}" for key, item in items.items()) + "}"),
    ((bytes, bytearray), lambda data: data.hex()),
)


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return "NULL" if value is None else one_line(value)
    for kind, show in _SHOWN:
        if isinstance(value, kind):
            return show(value)
    return one_line(str(value))


def one_line(text: str) -> str:
    """Text whose characters that cannot be printed are written out, as in Python."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or unicodedata.combining(c) else repr(c)[1:-1] for c in text)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|")


def _joined(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool], between: str = "  ") -> str:
    padded = []
    for text, width, to_right in zip(cells, widths, right, strict=True):
        blank = " " * (width - _width(text))
        padded.append(blank + text if to_right else text + blank)
    joined = between.join(padded)
    return joined.rstrip() if between == "  " else joined


def _width(text: str) -> int:
    """Columns of the terminal that a text takes: the letters of IPA combine, those of East Asia are wide."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
