"""The ``neurons`` command. Each command is a module of :mod:`tui.commands`; this one only gathers them."""

import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Annotated

import typer

from tui.registering import help_of
from tui.several_values import Group

COMMANDS = (
    "demo",
    "ingest",
    "doctor",
    "sql",
    "tui",
    "properties",
    "analyse",
    "compare",
    "probe",
    "verify",
    "probe-report",
    "plot",
    "report",
    "export",
    "info",
    "check",
    "compact",
)
"""The commands in the order in which the help lists them, each a module of :mod:`tui.commands`."""


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


def gathered(commands: Iterable[str] = COMMANDS) -> typer.Typer:
    """The command with some of its commands, or all."""
    app = typer.Typer(
        name="neurons",
        cls=Group,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
        no_args_is_help=True,
        context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
    )
    app.callback(help=help_of(neurons))(neurons)
    for name in commands:
        import_module(f"tui.commands.{name.replace('-', '_')}").register(app)
    return app


def main() -> None:
    """Run the command; the entry point of the distribution."""
    wanted = sys.argv[1:2]
    # A command that is named first needs no other one: their options take longer to describe than many questions.
    gathered(wanted if wanted and wanted[0] in COMMANDS else COMMANDS)()
