"""What the command says on stderr, and how it ends when something goes wrong: one line and an exit code."""

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import typer

P = ParamSpec("P")

FAILED, MISUSED, INTERRUPTED = 1, 2, 130


class MisuseError(Exception):
    """Arguments that do not fit together; shown as one line, with exit code 2."""


def say(text: str) -> None:
    """Narrate on stderr; stdout is for data."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def reported(after_interrupt: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Decorator: errors that a user can mend, Ctrl-C and a closed pipe end a command without a traceback.

    Args:
        after_interrupt: what to say when the user interrupts the command.
    """

    def decorate(command: Callable[P, None]) -> Callable[P, None]:
        @wraps(command)
        def run(*args: P.args, **kwargs: P.kwargs) -> None:
            try:
                command(*args, **kwargs)
            except KeyboardInterrupt:
                _end(f"interrupted: {after_interrupt}", INTERRUPTED)
            except BrokenPipeError:
                # Whoever read stdout has enough; Python would complain once more when it flushes at exit.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                raise typer.Exit(FAILED) from None
            except MisuseError as error:
                _end(f"neurons: {error}", MISUSED)
            except Exception as error:
                if _is_interrupt(error):
                    _end(f"interrupted: {after_interrupt}", INTERRUPTED)
                if not is_expected(error):
                    raise
                _end(f"neurons: {message_of(error)}", FAILED)

        return run

    return decorate


KEPT = "what was committed stays; the same command goes on"
UNCHANGED = "nothing was changed"


def _end(line: str, code: int) -> None:
    say(line)
    raise typer.Exit(code) from None


def _is_interrupt(error: Exception) -> bool:
    """Whether DuckDB noticed Ctrl-C by itself, which it says in two ways."""
    return type(error).__name__ == "InterruptException" or str(error) == "Query interrupted"


def message_of(error: Exception) -> str:
    """What to tell a user of an error that is expected."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}; check the path, its permissions and the space on the disk"
    return str(error)


def is_expected(error: Exception) -> bool:
    """Whether an error is one that a user can mend, and not a mistake of this program."""
    from warehouse.errors import WarehouseError

    if isinstance(error, WarehouseError | OSError):
        return True
    duckdb = sys.modules.get("duckdb")  # an error of a module that was never loaded is none of this one
    return duckdb is not None and isinstance(error, duckdb.Error)
