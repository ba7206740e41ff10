"""``neurons sql``: ask a warehouse a question in SQL."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from tui.answers import Everything, Format, Limit, Output
from tui.arguments import Memory, Threads, Warehouse
from tui.registering import add
from tui.reporting import UNCHANGED, MisuseError, reported, say

EXPLAINING = ("comment", "duckdb_", "information_schema", "pg_")
"""What a query about the tables' and macros' meanings has in it; nobody else waits until these are registered."""


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
    output: Output = None,
    form: Format = None,
    limit: Limit = None,
    everything: Everything = False,
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
    from queries import connect
    from tui.answers import shape_of, write_answer
    from tui.interruptible import interruptible

    text = _query(query, file)
    kind, limit = shape_of(form, output, limit, everything)
    comments = any(name in text.lower() for name in EXPLAINING)
    with connect(warehouse, memory=memory, threads=threads, comments=comments) as con:
        interruptible(con, lambda: write_answer(con, text, kind, output, limit))


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
