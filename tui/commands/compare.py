"""``neurons compare``: models side by side, and which neurons joined or left between two."""

from typing import TYPE_CHECKING, Annotated

import typer

from tui.answers import Format, Output
from tui.arguments import Threads, Warehouse
from tui.macro_options import NOTHING, Given, with_macro_options
from tui.registering import add
from tui.reporting import UNCHANGED, MisuseError, reported

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from queries import Connection

TABLES = ("models", "pairs")


def register(app: typer.Typer) -> None:
    """Add the command."""
    add(app, compare)


@reported(UNCHANGED)
@with_macro_options
def compare(
    warehouse: Warehouse,
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="The model before, such as the pretrained one. [default: each]")
    ] = None,
    other: Annotated[
        str | None, typer.Option(metavar="MODEL", help="The model after. [default: every other one]")
    ] = None,
    prop: Annotated[
        list[str] | None,
        typer.Option("--property", "-p", metavar="NAME", help="This property; repeatable. [default: all]"),
    ] = None,
    layers: Annotated[bool, typer.Option("--layers", help="A row for each layer.")] = False,
    silhouettes: Annotated[
        bool,
        typer.Option("--silhouettes", help="And how far apart groups lie, which takes seconds a model and property."),
    ] = False,
    table: Annotated[
        str | None,
        typer.Option(metavar="models|pairs", help="One of the two tables. [default: both; pairs, as data]"),
    ] = None,
    parameters: Given = NOTHING,
    output: Output = None,
    form: Format = None,
    threads: Threads = None,
) -> None:
    """Print models side by side, and which neurons joined or left between two.

    For each property a row a model: its property neurons, the layer with most of them and, with --silhouettes, the
    layer whose patterns tell the groups apart best. Then a row for each pair: neurons that joined the property's
    groups, left them, moved from one to another or stayed, and the Jaccard index of the two sets beside what chance
    gives. Pairs compare neurons by their numbers: that means something for models that started from the same
    weights, such as a pretrained model and its fine-tuned selves.

    Example:
      neurons compare study.warehouse --model pretrained --property gender
      neurons compare study.warehouse --model pretrained --other phones --layers --sigma 0.9
      neurons compare study.warehouse -p gender -p pitch --silhouettes --table models
      neurons compare study.warehouse --layers -o changes.parquet
    """
    from queries import connect
    from tui.answers import shape_of, write_answer
    from tui.interruptible import interruptible
    from tui.output import FOR_PEOPLE, text_out

    if table is not None and table not in TABLES:
        raise MisuseError(f"--table {table!r}: give {' or '.join(TABLES)}")
    kind, _ = shape_of(form, output, None, everything=True)
    wanted = [table] if table else list(TABLES) if kind in FOR_PEOPLE else ["pairs"]
    asked = parameters if model is None else {**parameters, "p_model": model}
    with connect(warehouse, threads=threads, comments=False) as con:
        found = interruptible(con, lambda: _compared(con, wanted, prop, other, layers, silhouettes, asked))
        if kind in FOR_PEOPLE:
            with text_out(output) as out:
                out.writelines(f"{line}\n" for line in _text(found, kind, silhouettes))
            return
        (name,) = wanted
        con.register(f"compared_{name}", found[name])
        write_answer(con, f"FROM compared_{name}", kind, output, None)


def _compared(
    con: "Connection",
    wanted: list[str],
    properties: list[str] | None,
    other: str | None,
    layers: bool,
    silhouettes: bool,
    asked: Given,
) -> "dict[str, pl.DataFrame]":
    """The tables that are wanted, by name."""
    import polars as pl

    from queries.comparison import models_by_layer, models_over_layers, pairs_by_layer, pairs_over_layers

    each: list[str | None] = [*dict.fromkeys(properties)] if properties else [None]
    found = {}
    if "models" in wanted:
        rows = pl.concat([models_by_layer(con, p, other=other, silhouettes=silhouettes, **asked) for p in each])
        found["models"] = rows if layers else models_over_layers(rows)
    if "pairs" in wanted:
        rows = pl.concat([pairs_by_layer(con, p, other=other, **asked) for p in each])
        found["pairs"] = rows if layers else pairs_over_layers(rows)
    return found


def _text(found: "dict[str, pl.DataFrame]", kind: str, silhouettes: bool) -> "Iterator[str]":
    """Lines of the tables, one property below the other, an empty line after each table."""
    from tui.comparison_tables import models_table, pairs_table
    from tui.table import markdown_lines, table_lines

    draw, titled = (table_lines, "{}") if kind == "table" else (markdown_lines, "**{}**\n")
    names = dict.fromkeys(name for rows in found.values() for name in rows["property"].to_list())
    for name in names:
        for which, rows in found.items():
            of_it = rows.filter(rows["property"] == name)
            title = f"{name}: {'models' if which == 'models' else 'property neurons from one model to another'}"
            yield titled.format(title)
            yield from models_table(of_it, draw, silhouettes) if which == "models" else pairs_table(of_it, draw)
            yield ""
