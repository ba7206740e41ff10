"""``neurons probe-report``: what probes found, as one page and CSV files."""

from pathlib import Path
from typing import Annotated

import typer

from tui.arguments import Memory, Quiet, Threads, Warehouse
from tui.registering import add
from tui.reporting import UNCHANGED, reported, say


def register(app: typer.Typer) -> None:
    """Add the command."""
    add(app, probe_report)


@reported(UNCHANGED)
def probe_report(
    warehouse: Warehouse,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="DIR", help="Folder of the page and the files.", show_default=False),
    ],
    probe: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="This probe; repeatable. [default: all]")
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Probes of this label; repeatable. [default: all]")
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(metavar="MODEL", help="Probes of this model; repeatable. [default: all]")
    ] = None,
    memory: Memory = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Write what probes found in the tables and figures of the paper: DIR/probes.html, and a CSV file of each table.

    Accuracies beside their controls, efficacy of the rankings, minimal sets, redundancy, localisation and overlaps,
    speaker verification, errors by group, and the first neurons. The page needs no server, no network and no other
    file, and has the SQL behind each table; docs/probes.md says how to read it.

    Example:
      neurons probe-report study.warehouse -o probes
      neurons probe-report study.warehouse -o gender --label gender --model hubert
    """
    from queries import connect
    from queries.probe_report import write_probe_report
    from tui.interruptible import interruptible

    tell = (lambda text: None) if quiet else say
    with connect(warehouse, memory=memory, threads=threads, comments=False) as con:
        page = interruptible(
            con, lambda: write_probe_report(con, output, probes=probe, labels=label, models=model, tell=tell)
        )
    tell(f"{page}: {page.stat().st_size / 1e6:.1f} MB")
