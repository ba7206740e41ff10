"""``neurons tui``: the terminal app."""

import atexit
import gc
import os
import sys
from typing import Annotated, NoReturn

import typer

from tui.arguments import Threads, Warehouse
from tui.registering import add
from tui.reporting import UNCHANGED, MisuseError, reported

PORT = 8000
"""Where ``--serve`` listens."""

MEMORY = "4GB"
"""What an app that stays open all day beside other work may take, unless the user says otherwise."""

ENDING = 3.0
"""Seconds that questions which still run have to end when the app is quit."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    add(app, tui)


@reported(UNCHANGED)
def tui(
    warehouse: Warehouse,
    theme: Annotated[
        str | None, typer.Option(metavar="NAME", help="neurons-dark (default), neurons-light, or one of Textual's.")
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Show the app in a browser of this machine instead of the terminal.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=65535, help=f"Port of --serve. [default: {PORT}]", show_default=False),
    ] = None,
    memory: Annotated[
        str,
        typer.Option(
            "--memory", metavar="SIZE", help="Most memory of the queries of a snapshot; what needs more uses the disk."
        ),
    ] = MEMORY,
    threads: Threads = None,
) -> None:
    """Look at neurons, sets and SQL in the terminal, and take masks away.

    The app only reads the warehouse, and follows it while an ingest writes. F1 helps on every screen, ctrl+q quits.

    Example:
      neurons tui study.warehouse
      neurons tui study.warehouse --theme neurons-light
      neurons tui study.warehouse --serve
    """
    if port is not None and not serve:
        raise MisuseError("--port is for --serve")
    if theme is not None:
        _check_theme(theme)
    if serve:
        from tui.app.serve import serve_app
        from tui.app.session import Session

        session = Session(warehouse, memory=memory, threads=threads)
        session.cursor().close()  # what is wrong with the warehouse or the limits is said before a browser opens
        serve_app(session.path, port or PORT, theme=theme, memory=memory, threads=threads)
        return
    in_browser = "TEXTUAL_DRIVER" in os.environ  # which serve_app set: keys and screen go through pipes
    if not in_browser and not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise MisuseError("the app needs a terminal; for a pipe or a file ask with `neurons sql`")
    if not in_browser and os.environ.get("TERM") == "dumb":
        raise MisuseError("TERM is dumb: this terminal cannot move its cursor; use another, or `neurons sql`")
    gc.disable()  # what is loaded to begin with is kept: to look through it again and again takes a fifth of the start
    from tui.app.session import Session

    session = Session(warehouse, memory=memory, threads=threads)  # what is no warehouse is said before a screen opens
    if (memory, threads) != (MEMORY, None):
        session.cursor().close()  # and so is what is wrong with limits; DuckDB, which knows, is slow to load
    from tui.app.app import NeuronsApp
    from tui.app.asking import all_ended

    app = NeuronsApp(session, theme)
    app.run()
    all_ended(ENDING)
    _leave(app.return_code or 0)


def _check_theme(theme: str) -> None:
    from tui.app.themes import names

    if theme not in names():
        raise MisuseError(f"there is no theme {theme}; there are: {', '.join(names())}")


def _leave(code: int) -> NoReturn:
    """End the process at once, its temporary folders removed.

    Python would go on to take its modules apart, with threads of DuckDB and what its bindings hold still there: a
    thread that does not let itself be stopped aborts the process, and the bindings list on the terminal what was not
    freed.
    """
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
