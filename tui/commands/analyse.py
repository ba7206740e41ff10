"""``neurons analyse``: what Python computes of a warehouse, as a table that SQL can ask further."""

from pathlib import Path
from typing import Annotated

import typer

from tui.answers import Everything, Format, Limit, Output
from tui.arguments import Threads
from tui.macro_options import NOTHING, Given, with_macro_options
from tui.registering import add
from tui.reporting import UNCHANGED, MisuseError, reported


def register(app: typer.Typer) -> None:
    """Add the command."""
    add(app, analyse)


@reported(UNCHANGED)
@with_macro_options
def analyse(
    warehouse: Annotated[
        Path | None, typer.Argument(metavar="WAREHOUSE", help="Folder of the warehouse.", show_default=False)
    ] = None,
    analysis: Annotated[
        str | None,
        typer.Argument(metavar="ANALYSIS", help="Name of the analysis; --list names all.", show_default=False),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Print the analyses, and the options of each.")] = False,
    sql: Annotated[
        str | None,
        typer.Option("--sql", metavar="QUERY", help="Ask this instead; the table has the name of the analysis."),
    ] = None,
    prop: Annotated[
        list[str] | None, typer.Option("--property", "-p", metavar="NAME", help="Of this property; repeatable.")
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="MODEL", help="This model. [default: all]")] = None,
    layer: Annotated[int | None, typer.Option("--layer", "-l", metavar="N", help="This layer. [default: all]")] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="An option of the analysis, as --list names them; repeatable."
        ),
    ] = None,
    parameters: Given = NOTHING,
    output: Output = None,
    form: Format = None,
    limit: Limit = None,
    everything: Everything = False,
    threads: Threads = None,
) -> None:
    """Compute a table: separation of patterns, chance, intervals, stability, confounds.

    Each analysis is the Python function of that name, and its rows join with the tables of the warehouse: give a
    query with --sql. Where a number cannot be computed, the column note says why.

    Example:
      neurons analyse study.warehouse permutation_null -p gender --set permutations=1000
      neurons analyse study.warehouse stability -p gender -p pitch -o stability.parquet
      neurons analyse study.warehouse separation -p phone_class --sql "
        SELECT block, silhouette_2d FROM separation JOIN layers USING (model, layer) ORDER BY 2 DESC"
      neurons analyse --list
    """
    if listed:
        return _list()
    if warehouse is None or analysis is None:
        raise MisuseError("give a warehouse and the name of an analysis; neurons analyse --list names all")
    from queries import connect
    from queries.analyses import analysis as find
    from tui.answers import shape_of, write_answer
    from tui.interruptible import interruptible
    from tui.named_values import named_values

    kind, limit = shape_of(form, output, limit, everything)
    asked = {**named_values(option), **({} if layer is None else {"p_layer": layer}), **parameters}
    found = find(analysis)
    with connect(warehouse, threads=threads, comments=False) as con:

        def answer() -> None:
            con.register(found.name, found.table(con, prop or (), model, asked))
            write_answer(con, sql or f"FROM {found.name}", kind, output, limit)

        interruptible(con, answer)


def _list() -> None:
    from queries.analyses import ANALYSES
    from tui.table import table_lines

    rows = [[found.name, found.shows, " ".join(found.options)] for found in ANALYSES.values()]
    for line in table_lines(["analysis", "a row per", "options"], ["VARCHAR"] * 3, rows):
        typer.echo(line)
