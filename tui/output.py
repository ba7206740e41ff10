"""How rows leave the command: a table for people, or CSV, JSON and Parquet for programs.

Text is written as it comes, a batch of rows at a time. NULL is ``NULL`` in tables, nothing in CSV, where the
empty string (the phone of silence) is ``""``, and null in JSON.
"""

import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from tui.table import draw_table, markdown_lines
from warehouse.durable import whole_file

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("table", "csv", "json", "jsonl", "parquet", "markdown")
SUFFIXES = {
    ".txt": "table",
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".md": "markdown",
}
FOR_PEOPLE = frozenset(("table", "markdown"))
"""Formats that hold their rows in memory to align them."""

SHOWN_ROWS = 1000
"""Rows of a table on the terminal unless the user asks for others."""

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Rows:
    """An answer on its way out.

    Attributes:
        columns: names.
        types: DuckDB's names of their types.
        rows: the rows, read as they are asked for.
    """

    columns: Sequence[str]
    types: Sequence[str]
    rows: Iterable[Row]

    def first(self, limit: int | None) -> tuple["Rows", Callable[[], bool]]:
        """At most ``limit`` rows, and a function that says, once they are read, whether there were more."""
        if limit is None:
            return self, lambda: False
        rest = iter(self.rows)
        cut = Rows(self.columns, self.types, islice(rest, limit))
        return cut, lambda: next(rest, None) is not None


def format_of(wanted: str | None, path: Path | None) -> str:
    """The format that the user asked for, by name or by the suffix of the file.

    Raises:
        ValueError: the message names the formats.
    """
    if wanted is not None:
        if wanted not in FORMATS:
            raise ValueError(f"format {wanted!r} is none of {', '.join(FORMATS)}")
        return wanted
    if path is None:
        return "table"
    found = SUFFIXES.get(path.suffix.lower())
    if found is None:
        raise ValueError(f"{path}: the suffix says no format; give one of {', '.join(SUFFIXES)} or --format")
    return found


def write_text(rows: Rows, kind: str, out: TextIO) -> int:
    """Write rows as text in one of the formats but Parquet.

    Returns:
        How many values a table shows cut; 0 in the other formats.
    """
    cut = 0
    if kind == "table" and list(rows.columns) == ["explain_key", "explain_value"]:
        lines: Iterable[str] = (str(text) for _, text in rows.rows)
    elif kind in FOR_PEOPLE:
        held = list(rows.rows)
        if kind == "table":
            drawn = draw_table(rows.columns, rows.types, held, terminal_width() if out is sys.stdout else None)
            lines, cut = drawn.lines, drawn.cut
        else:
            lines = markdown_lines(rows.columns, rows.types, held)
    elif kind == "csv":
        lines = _csv_lines(rows)
    elif kind == "json":
        lines = _json_lines(rows)
    else:
        lines = (_json_object(rows.columns, row) for row in rows.rows)
    for line in lines:
        out.write(f"{line}\n")
    return cut


def write_parquet(batches: "pa.RecordBatchReader", path: Path | None, limit: int | None = None) -> int:
    """Write record batches to a file, or to stdout where ``path`` is None.

    Returns:
        How many rows were written; with a limit, at most that many.
    """
    import pyarrow.parquet as pq

    left = math.inf if limit is None else limit
    with (
        whole_file(path) if path else _binary_stdout() as out,
        pq.ParquetWriter(out, batches.schema, compression="zstd") as writer,
    ):
        written = 0
        for batch in batches:
            piece = batch if left >= batch.num_rows else batch.slice(0, int(left))
            writer.write_batch(piece)
            written += piece.num_rows
            left -= piece.num_rows
            if not left:
                break
    return written


@contextmanager
def text_out(path: Path | None) -> Iterator[TextIO]:
    """Stdout, or a file that appears when it is complete."""
    if path is None:
        yield sys.stdout
        sys.stdout.flush()
    else:
        with whole_file(path, "w") as out:
            yield out


@contextmanager
def _binary_stdout() -> Iterator[Any]:
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()


def terminal_width() -> int | None:
    """Columns of the terminal that stdout is; None when it is none, and lines may be as long as they like."""
    return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else None


def _csv_lines(rows: Rows) -> Iterator[str]:
    for row in chain([rows.columns], rows.rows):
        yield ",".join(_csv_field(value) for value in row)


def _csv_field(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, dict)):
        value = json.dumps(value, default=_plain, ensure_ascii=False)
    elif not isinstance(value, str):
        value = str(_plain(value) if isinstance(value, (bytes, bytearray)) else value)
    if not value or any(mark in value for mark in ',"\r\n'):
        return '"' + value.replace('"', '""') + '"'
    return value


def _json_lines(rows: Rows) -> Iterator[str]:
    rest = iter(rows.rows)
    row = next(rest, None)
    if row is None:
        yield "[]"
        return
    yield "["
    while row is not None:
        following = next(rest, None)
        yield _json_object(rows.columns, row) + ("," if following is not None else "")
        row = following
    yield "]"


def _json_object(columns: Sequence[str], row: Row) -> str:
    found = dict(zip(columns, map(_finite, row), strict=True))
    return json.dumps(found, default=_plain, ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    """A value as JSON has it: NaN and the infinities become null, also inside lists and structs."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    return value


def _plain(value: Any) -> Any:
    """Values that JSON has no type for: numbers as numbers, times as ISO 8601, bytes as hexadecimal digits."""
    from datetime import date, datetime, time
    from decimal import Decimal

    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    return str(value)
