"""``neurons check``: whether a warehouse is whole and what it says holds together."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui.arguments import Quiet, Warehouse
from tui.registering import add
from tui.reporting import FAILED, UNCHANGED, reported, say

if TYPE_CHECKING:
    from warehouse import Snapshot

SHOWN = 5
"""Bad rows printed of each broken invariant."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    add(app, check)


@reported(UNCHANGED)
def check(
    warehouse: Warehouse,
    checksums: Annotated[
        bool, typer.Option("--checksums/--no-checksums", help="Read every file and compare its digest.")
    ] = True,
    quiet: Quiet = False,
) -> None:
    """Check every file's digest and every invariant.

    Exit code 1 when anything is wrong.
    An invariant is a SELECT that returns bad rows; docs/sql.md lists them.

    Example:
      neurons check study.warehouse
      neurons check study.warehouse --no-checksums
    """
    from warehouse import snapshot

    state = snapshot(warehouse)
    n_bad = _damaged(state) if checksums else 0
    if n_bad:
        said = "1 file is" if n_bad == 1 else f"{n_bad} files are"
        say(f"{said} damaged; the invariants were not asked")
        raise typer.Exit(FAILED)
    n_broken = _broken(warehouse, quiet)
    if n_broken:
        say(f"{n_broken} of the invariants do not hold")
        raise typer.Exit(FAILED)
    if not quiet:
        say(f"{state.layout.root}: everything holds (snapshot {state.id})")


def _damaged(state: "Snapshot") -> int:
    """Print the files that are not what their manifests say; how many."""
    from warehouse.verify import verify

    n_bad = 0
    for damage in verify(state):
        typer.echo(f"{damage.file}: {damage.problem}")
        n_bad += 1
    return n_bad


def _broken(warehouse: Path, quiet: bool) -> int:
    """Print the invariants that do not hold, with their first bad rows; how many."""
    from queries import connect
    from queries.checks import run_checks
    from queries.sql_files import sql_files
    from tui.interruptible import interruptible
    from tui.table import table_lines

    n_broken = 0
    with connect(warehouse, comments=False) as con:
        for name in sorted(file.name for file in sql_files("checks")):
            (found,) = interruptible(con, partial(run_checks, con, SHOWN, [name]))
            if found.rows:
                n_broken += 1
                typer.echo(f"{found.name} does not hold: {found.title}")
                for line in table_lines(found.columns, found.types, found.rows):
                    typer.echo(f"  {line}")
            elif not quiet:
                say(f"{found.name} holds")
    return n_broken
