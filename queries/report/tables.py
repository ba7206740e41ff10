"""Tables as HTML: headings that sort, numbers as numbers, and a word on what was cut."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any

from queries.report.parts import Source, Table, Written

if TYPE_CHECKING:
    import polars

MOST_ROWS = 200
"""Rows of a table that a page holds; the SQL beneath it gives all."""

NUMBERED = frozenset({"layer", "block", "neuron", "place", "seed"})
"""Columns whose numbers are names."""


SHORT = 32
"""Characters of a text that is not broken into lines."""

_OPEN = {True: '<td class="short">', False: "<td>"}


def table_of(
    caption: str,
    frame: "polars.DataFrame",
    source: Source,
    *,
    meanings: Mapping[str, str] | None = None,
    empty: str = "There is nothing to list.",
    notes: Sequence[str] = (),
    most: int = MOST_ROWS,
    folded: bool = False,
) -> Table:
    """The first rows of a data frame as a table of the page.

    Args:
        caption: what the rows are.
        frame: all of them, in the order in which they are read.
        source: where they are from.
        meanings: what columns hold.
        empty: what to say where there is no row.
        notes: what else a reader must know.
        most: rows that are shown.
        folded: whether the table is folded up until somebody opens it.
    """
    said = tuple(notes) if frame.height else (*notes, empty)
    rows = tuple(frame.head(most).iter_rows())
    return Table(caption, tuple(frame.columns), rows, frame.height, meanings or {}, source, said, folded)


def table_html(table: Table, code: str) -> Iterator[str]:
    """Lines of HTML.

    Args:
        table: the table.
        code: HTML of where the rows are from, beneath them.
    """
    yield '<div class="table">'
    if table.folded:
        yield f"<details><summary>{inline(table.caption)} ({_rows(table.total)})</summary>"
    else:
        yield f'<p class="caption">{inline(table.caption)}</p>'
    if table.rows:
        yield from _grid(table)
    if len(table.rows) < table.total:
        rest = "the SQL gives all" if table.source.sql and not table.source.python else "the call below gives all"
        yield f'<p class="cut">The first {len(table.rows):,} of {_rows(table.total)}; {rest}.</p>'
    for note in table.notes:
        yield f'<p class="note">{inline(note)}</p>'
    if code:
        yield code
    if table.folded:
        yield "</details>"
    yield "</div>"


def inline(text: str) -> str:
    """Text as HTML; what stands between backticks is code."""
    pieces = escape(text).split("`")
    if len(pieces) % 2 == 0:  # a backtick that is alone is a backtick
        pieces[-2:] = [f"{pieces[-2]}`{pieces[-1]}"]
    return "".join(f"<code>{piece}</code>" if i % 2 else piece for i, piece in enumerate(pieces))


def _rows(n: int) -> str:
    return "1 row" if n == 1 else f"{n:,} rows"


def _grid(table: Table) -> Iterator[str]:
    columns = [[row[i] for row in table.rows] for i in range(len(table.columns))]
    numeric = [_is_numeric(values) for values in columns]
    written = [_writer(name, values) for name, values in zip(table.columns, columns, strict=True)]
    yield f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(table.caption)}">'
    yield '<table class="sortable"><thead><tr>'
    for name, is_number in zip(table.columns, numeric, strict=True):
        kind = ' class="n"' if is_number else ""
        meaning = f' title="{escape(table.meanings[name])}"' if name in table.meanings else ""
        yield f'<th scope="col" aria-sort="none"{kind}><button type="button"{meaning}>{escape(name)}</button></th>'
    yield "</tr></thead><tbody>"
    for row in table.rows:
        yield f"<tr>{''.join(map(_cell, row, numeric, written))}</tr>"
    yield "</tbody></table></div>"


def _is_numeric(values: Sequence[Any]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known)


def _cell(value: Any, is_number: bool, write: Callable[[Any], str]) -> str:
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return f'<td class="{"n " if is_number else ""}none">–</td>'
    shown = escape(write(value))
    return (
        f'<td class="n" data-v="{value!r}">{shown}</td>' if is_number else f"{_OPEN[len(shown) <= SHORT]}{shown}</td>"
    )


def _writer(name: str, values: Sequence[Any]) -> Callable[[Any], str]:
    """How the values of a column are written: all numbers with the same decimals, names of neurons without commas."""
    if not _is_numeric(values) or any(isinstance(value, Written) for value in values):
        return _text
    if name in NUMBERED:
        return str
    if all(isinstance(value, int) for value in values if value is not None):
        return "{:,}".format
    known = [float(value) for value in values if value is not None and isfinite(value)]
    decimals = next((n for n in range(3) if all(abs(round(v, n) - v) < 1e-9 for v in known)), 3)
    return lambda value: f"{value:,.{decimals}f}" if not value or abs(value) >= 5e-4 else f"{value:.0e}"


def _text(value: Any) -> str:
    if isinstance(value, Written):
        return value.text
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, list | tuple):
        return ", ".join(_text(one) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(one)}" for name, one in value.items())
    return f"{value:.6g}" if isinstance(value, float) else str(value)
