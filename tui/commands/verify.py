"""``neurons verify``: speakers told apart by the cosine over chosen neurons."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tui.answers import Format, Output
from tui.arguments import Quiet, Threads, Warehouse
from tui.probe_options import NOTHING, Given, with_probe_options
from tui.probing import FINISHED
from tui.registering import add
from tui.reporting import reported, say


def register(app: typer.Typer) -> None:
    """Add the command."""
    add(app, verify)


@reported(FINISHED)
@with_probe_options
def verify(
    warehouse: Warehouse,
    common: Given = NOTHING,
    trials: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A trial list as of VoxCeleb or Kaldi. [default: trials are drawn]"),
    ] = None,
    most_trials: Annotated[
        int | None, typer.Option(metavar="N", help="Trials of one speaker, and of two, at most. [default: 10000]")
    ] = None,
    write: Annotated[
        Path | None, typer.Option("--write-trials", metavar="FILE", help="Write the trials of the first seed.")
    ] = None,
    output: Output = None,
    form: Format = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Verify speakers by the cosine between the means of two utterances: equal error rates, by few neurons and by all.

    A linear probe ranks the neurons by half of the speakers, or by all that are in no trial of a list; trials are of
    the others. The rates of all neurons stand beside those of the top, random and bottom ones.

    Example:
      neurons verify study.warehouse --twin untrained
      neurons verify study.warehouse --layers 1 12 --share 10 --write-trials trials.txt
      neurons verify study.warehouse --trials trials.txt --kind ffn
    """
    from tui.answers import shape_of

    kind, _ = shape_of(form, output, None, everything=True)
    given: dict[str, Any] = {"trials": trials, "most_trials": most_trials, "write": write}

    from queries.probes.verification.run import verify as run
    from tui.probing import write_probed

    own = {name: value for name, value in given.items() if value is not None}
    found = run(warehouse, threads=threads, tell=(lambda text: None) if quiet else say, **own, **common)
    write_probed(warehouse, [one.probe for one in found], "verification_errors", kind, output, quiet)
