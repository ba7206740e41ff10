"""How rows leave a command: the options that say so, and a query's answer written as they say."""

import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui.reporting import MisuseError, say

if TYPE_CHECKING:
    from queries import Connection

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write all rows to a file; its suffix says the format."),
]
Format = Annotated[
    str | None,
    typer.Option("--format", metavar="FORMAT", help="table (default), csv, json, jsonl, parquet or markdown."),
]
Limit = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=0,
        help="Most rows to print. [default: 1000 for tables on stdout, else all]",
        show_default=False,
    ),
]
Everything = Annotated[bool, typer.Option("--all", help="Print all rows, however many.")]

BATCH = 10_000
"""Rows that are fetched together."""


def shape_of(form: str | None, output: Path | None, limit: int | None, everything: bool) -> tuple[str, int | None]:
    """Format and most rows of an answer, from what the user asked for.

    Raises:
        MisuseError: options that contradict each other, or an unknown format.
    """
    from tui.output import FOR_PEOPLE, SHOWN_ROWS, format_of

    if limit is not None and everything:
        raise MisuseError("--limit and --all contradict each other; give one of them")
    try:
        kind = format_of(form, output)
    except ValueError as error:
        raise MisuseError(str(error)) from None
    if kind == "parquet" and output is None and sys.stdout.isatty():
        raise MisuseError("Parquet is no text; give a file with -o FILE")
    if limit is None and not everything and output is None and kind in FOR_PEOPLE:
        limit = SHOWN_ROWS
    return kind, limit


def write_answer(con: "Connection", query: str, kind: str, output: Path | None, limit: int | None) -> None:
    """Write the rows of a query in a format to a file or stdout, and say on stderr what is missing."""
    from tui.output import Rows, text_out, write_parquet, write_text

    if kind == "parquet":
        write_parquet(con.sql(query).to_arrow_reader(BATCH), output, limit)
        return
    result = con.execute(query)
    described = result.description or []
    rows = chain.from_iterable(iter(lambda: result.fetchmany(BATCH), []))
    shown, more = Rows([name for name, *_ in described], [str(kind) for _, kind, *_ in described], rows).first(limit)
    with text_out(output) as out:
        cut = write_text(shown, kind, out)
    if more():
        say(f"the first {limit} of more rows; --all or an output file (-o FILE) gives all")
    if cut:
        said = "1 value was" if cut == 1 else f"{cut} values were"
        say(f"{said} cut to fit; --format csv gives them whole")
