"""The ``neurons`` command. Each command is a module of :mod:`tui.commands`; this one only gathers them."""

from typing import Annotated

import typer

from tui.commands import analyse, check, compact, demo, export, info, ingest, plot, properties, report, sql, tui
from tui.registering import help_of

app = typer.Typer(
    name="neurons",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"neurons {version('neuron-warehouse')}")
        raise typer.Exit


def neurons(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Which neurons of a speech model answer to which property of speech: record once, then ask in SQL.

    Example:
      neurons demo
      neurons properties neurons-demo/demo.warehouse
      neurons sql neurons-demo/demo.warehouse "FROM property_neurons LIMIT 5"
    """


app.callback(help=help_of(neurons))(neurons)
for module in (demo, ingest, sql, tui, properties, analyse, plot, report, export, info, check, compact):
    module.register(app)


def main() -> None:
    """Run the command; the entry point of the distribution."""
    app()
