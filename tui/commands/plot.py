"""``neurons plot``: draw a figure of a warehouse."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tui.arguments import Quiet, Threads, Warehouse
from tui.macro_options import NOTHING, Given, with_macro_options
from tui.registering import add
from tui.reporting import UNCHANGED, MisuseError, reported, say


def register(app: typer.Typer) -> None:
    """Add the command."""
    add(app, plot)


@reported(UNCHANGED)
@with_macro_options
def plot(
    warehouse: Warehouse,
    figure: Annotated[
        str | None,
        typer.Argument(metavar="FIGURE", help="Name of the figure, or its number in the paper.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where to: .png, .svg, .pdf, .html (interactive) or .json."
        ),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Print the figures and what each shows.")] = False,
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="This model. [default: all, where a figure compares]")
    ] = None,
    prop: Annotated[
        list[str] | None,
        typer.Option("--property", "-p", metavar="NAME", help="This property; repeatable where a figure has several."),
    ] = None,
    layer: Annotated[
        list[int] | None,
        typer.Option("--layer", "-l", metavar="N", help="This layer; repeatable where a figure has several."),
    ] = None,
    phone: Annotated[str | None, typer.Option(metavar="PHONE", help="Phone of the figure probabilities.")] = None,
    neuron: Annotated[int | None, typer.Option(metavar="N", help="Neuron of the figure neuron, from 0.")] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="Another option of the figure, as --list names them; repeatable."
        ),
    ] = None,
    parameters: Given = NOTHING,
    ppi: Annotated[
        int | None,
        typer.Option(metavar="N", help="Pixels per inch of a PNG. [default: 200; 300 and more for print]"),
    ] = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Draw a figure of a warehouse.

    The paper's figures are probabilities (2), patterns (3), silhouettes (4), best_silhouettes (5), neurons_per_layer
    (7) and overlap (8); beside them there are heatmap, neuron, lambda, sigma, null, stability, twin, rankings,
    confounds and comparison. Where something cannot be drawn, the picture says why. HTML has everything inside and
    opens without a network.

    Example:
      neurons plot study.warehouse patterns -o patterns.pdf --property gender
      neurons plot study.warehouse 7 -o neurons.png --ppi 300 --sigma 0.9
      neurons plot study.warehouse neuron -o neuron.html --layer 3 --neuron 17
      neurons plot study.warehouse --list
    """
    from queries import connect
    from queries.plot import PPI, chart, check_suffix, find, save
    from tui.interruptible import interruptible
    from tui.named_values import named_values

    if listed:
        return _list()
    if figure is None:
        raise MisuseError("there is no figure; give one that --list names, such as patterns")
    found = find(figure)
    if output is None:
        raise MisuseError(f"there is no file to write to; give one with -o, such as -o {found.name}.png")
    check_suffix(output)
    given: dict[str, Any] = {
        "model": model,
        "property": prop or None,
        "layer": layer or None,
        "phone": phone,
        "neuron": neuron,
        **named_values(option),
        **parameters,
    }
    with connect(warehouse, threads=threads, comments=False) as con:
        drawn = interruptible(con, lambda: chart(con, found.name, **given))
    save(drawn, output, ppi=PPI if ppi is None else ppi)
    if not quiet:
        say(f"{output}: {found.title}")


def _list() -> None:
    import textwrap

    from queries.plot import FIGURES

    for figure in FIGURES.values():
        typer.echo(f"{figure.name}{f' (figure {figure.number} of the paper)' if figure.number else ''}")
        for line in textwrap.wrap(figure.shows, 96):
            typer.echo(f"    {line}")
        typer.echo(f"    options: {', '.join(figure.options)}")
