"""``neurons report``: everything that is known of the neurons of a warehouse, as one page."""

from pathlib import Path
from typing import Annotated

import typer

from tui.arguments import Memory, Quiet, Threads, Warehouse
from tui.macro_options import NOTHING, Given, with_macro_options
from tui.registering import add
from tui.reporting import UNCHANGED, MisuseError, reported, say


def register(app: typer.Typer) -> None:
    """Add the command."""
    add(app, report)


@reported(UNCHANGED)
@with_macro_options
def report(
    warehouse: Warehouse,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The page, an .html file.", show_default=False)
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="MODEL", help="This model; repeatable. [default: all but the twin]"),
    ] = None,
    prop: Annotated[
        list[str] | None,
        typer.Option("--property", "-p", metavar="NAME", help="This property; repeatable. [default: all]"),
    ] = None,
    twin: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Untrained model of the same shape to compare the others with.")
    ] = None,
    permutations: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="Permutations of the labels, for what chance gives. [default: 100]"),
    ] = None,
    resamples: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Draws of speakers, for intervals of sizes. [default: 100]")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out what is slow: permutations, resamples and sizes against λ.")
    ] = False,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of everything that is drawn.")] = 0,
    parameters: Given = NOTHING,
    memory: Memory = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Write one page on what was measured and how, with all pictures and tables, and the SQL behind each.

    The page needs no server, no network and no other file. docs/report.md says what it holds. A model of 12 x 3072
    neurons that heard five hours takes about three minutes, with --quick one.

    Example:
      neurons report study.warehouse -o report.html
      neurons report study.warehouse -o report.html --model hubert --twin untrained --permutations 1000
      neurons report study.warehouse -o gender.html -p gender -p pitch --frames middle --quick
    """
    if output.suffix.lower() not in {".html", ".htm"}:
        raise MisuseError(f"{output}: a report is HTML; give a file that ends in .html")
    if quick and (permutations or resamples):
        raise MisuseError("--quick leaves permutations and resamples out; give it or their numbers")
    output.parent.mkdir(parents=True, exist_ok=True)
    from queries import connect
    from queries.report import write_report
    from tui.interruptible import interruptible

    numbers = {"permutations": permutations, "resamples": resamples}
    options = {**{name: value for name, value in numbers.items() if value is not None}, **parameters}
    tell = (lambda text: None) if quiet else say
    with connect(warehouse, memory=memory, threads=threads, comments=False) as con:
        interruptible(
            con,
            lambda: write_report(
                con, output, models=model, properties=prop, twin=twin, quick=quick, seed=seed, tell=tell, **options
            ),
        )
    tell(f"{output}: {output.stat().st_size / 1e6:.1f} MB")
