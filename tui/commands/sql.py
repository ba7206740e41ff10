"""``neurons sql``: ask a warehouse a question in SQL."""

import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui.arguments import Memory, Threads, Warehouse
from tui.registering import add
from tui.reporting import UNCHANGED, MisuseError, reported, say

if TYPE_CHECKING:
    from queries import Connection

EXPLAINING = ("comment", "duckdb_", "information_schema", "pg_")
"""What a query about the tables' and macros' meanings has in it; nobody else waits until these are registered."""

BATCH = 10_000
"""Rows that are fetched together."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    add(app, sql)


@reported(UNCHANGED)
def sql(
    warehouse: Warehouse,
    query: Annotated[str | None, typer.Argument(metavar="QUERY", help="One SELECT; - or nothing reads stdin.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="FILE", help="Read the query from a file.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write all rows to a file; its suffix says the format."),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help="table (default), csv, json, jsonl, parquet or markdown."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="Most rows to print. [default: 1000 for tables on stdout, else all]",
            show_default=False,
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Print all rows, however many.")] = False,
    memory: Memory = None,
    threads: Threads = None,
) -> None:
    """Ask a question in SQL.

    Tables, views and macros are those of docs/sql.md; nothing that a query says can change the warehouse. Data goes
    to stdout, everything else to stderr.

    Example:
      neurons sql study.warehouse "FROM property_neurons(p_property := 'gender', p_sigma := 0.9)"
      neurons sql study.warehouse -f question.sql -o answer.parquet
      echo "SELECT count(*) FROM frames" | neurons sql study.warehouse --format csv
    """
    from tui.output import FOR_PEOPLE, SHOWN_ROWS, format_of

    if limit is not None and everything:
        raise MisuseError("--limit and --all contradict each other; give one of them")
    text = _query(query, file)
    try:
        kind = format_of(form, output)
    except ValueError as error:
        raise MisuseError(str(error)) from None
    if limit is None and not everything and output is None and kind in FOR_PEOPLE:
        limit = SHOWN_ROWS
    if kind == "parquet" and output is None and sys.stdout.isatty():
        raise MisuseError("Parquet is no text; give a file with -o FILE")
    _answer(warehouse, text, kind, output, limit, memory, threads)


def _query(query: str | None, file: Path | None) -> str:
    if file is not None:
        if query is not None:
            raise MisuseError("give the query as an argument or with -f FILE, not both")
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise MisuseError(f"{file}: cannot be read ({error}); check the path") from None
    if query is None or query == "-":
        if sys.stdin.isatty():
            say("reading a query from the terminal; end it with Ctrl-D")
        query = sys.stdin.read()
    if not query.strip():
        raise MisuseError('there is no query; give one, such as "FROM property_neurons"')
    return query


def _answer(
    warehouse: Path,
    query: str,
    kind: str,
    output: Path | None,
    limit: int | None,
    memory: str | None,
    threads: int | None,
) -> None:
    from queries import connect
    from tui.interruptible import interruptible

    comments = any(name in query.lower() for name in EXPLAINING)
    with connect(warehouse, memory=memory, threads=threads, comments=comments) as con:
        interruptible(con, lambda: _write(con, query, kind, output, limit))


def _write(con: "Connection", query: str, kind: str, output: Path | None, limit: int | None) -> None:
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
