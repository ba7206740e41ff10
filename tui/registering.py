"""How a function becomes a command: its docstring is the help."""

import inspect
from collections.abc import Callable
from typing import Any

import typer


def add(app: typer.Typer, command: Callable[..., None]) -> None:
    """Add a command under the name of its function."""
    app.command(help=help_of(command))(command)


def help_of(command: Callable[..., Any]) -> str:
    """A command's docstring, marked so that the lines after ``Example:`` are not filled into a paragraph."""
    return (inspect.getdoc(command) or "").replace("\nExample:\n", "\n\b\nExample:\n")
