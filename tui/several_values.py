"""Several values after one option: ``--layers "cnn.*" "fc*"``, which the parser below knows only as repetition."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from typer.core import TyperGroup

SEVERAL = ("--layers",)
"""Options that take all that follows, up to the next argument that begins with ``-``."""


class Group(TyperGroup):
    """The command, with such options written out before anything is parsed."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse ``COMMAND ARGUMENT …``; raises what the command's own parser does."""
        return super().parse_args(ctx, repeated(args))


def repeated(args: Sequence[str]) -> list[str]:
    """Arguments with an option of several values repeated before each of them.

    Values follow only where the command's own argument (WAREHOUSE, MODEL) stands right after its name. Anywhere else it
    may be what follows the first value, as in ``ingest --layers "cnn.*" study.warehouse``: nothing is changed then.

    Nor is the name of a file that is there a further value, as in ``doctor MODEL --layers "cnn.*" speech.flac``: it and
    what follows are arguments of the command. After the option itself, and with ``*`` or ``?`` in it, it is a value.

    Args:
        args: from the command's name on.
    """
    if len(args) < 2 or any(arg.startswith("-") for arg in args[:2]):
        return list(args)
    written: list[str] = []
    option = None  # whose values follow
    for place, arg in enumerate(args):
        if arg == "--":
            return [*written, *args[place:]]
        if arg.startswith("-"):
            option = arg if arg in SEVERAL else None
        elif option is not None and written[-1] != option:
            if _is_file(arg):
                option = None
            else:
                written.append(option)
        written.append(arg)
    return written


def _is_file(arg: str) -> bool:
    try:
        return not set("*?") & set(arg) and Path(arg).is_file()
    except (OSError, ValueError):  # no name of a file at all
        return False
