"""``neurons probe``: what layers and neurons know of a label, as rows of the warehouse."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.answers import Format, Output
from tui.arguments import Quiet, Threads, Warehouse
from tui.probe_options import NOTHING, Given, with_probe_options
from tui.probing import FINISHED
from tui.registering import add
from tui.reporting import MisuseError, reported, say

if TYPE_CHECKING:
    from queries.probes import Label


def register(app: typer.Typer) -> None:
    """Add the command."""
    add(app, probe)


@reported(FINISHED)
@with_probe_options
def probe(
    warehouse: Warehouse,
    label: Annotated[
        list[str],
        typer.Option(
            "--label",
            metavar="NAME",
            help="A column of utterances; phone, word or phone_class of segments; or any name, with --sql. Repeatable.",
            show_default=False,
        ),
    ],
    sql: Annotated[
        str | None,
        typer.Option("--sql", metavar="QUERY", help="SELECT utterance_id, label and, for segments, segment."),
    ] = None,
    edges: Annotated[
        str | None,
        typer.Option(metavar="E,E…", help="Cut a number into classes here; a value on an edge belongs below."),
    ] = None,
    bins: Annotated[
        int | None, typer.Option(metavar="N", help="Cut a number into this many classes of about as many rows.")
    ] = None,
    common: Given = NOTHING,
    folds: Annotated[
        int | None, typer.Option(metavar="N", help="Parts of the rows, one of which is tested on. [default: 5]")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option("--split", metavar="QUERY", help="SELECT utterance_id, part (train or test), in place of folds."),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Tell errors apart by this column of utterances; repeatable."),
    ] = None,
    balance: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN[:VALUE=SHARE,…]",
            help="Thin the training part to these shares of the column's values. [default: equal shares]",
        ),
    ] = None,
    hidden: Annotated[
        int | None,
        typer.Option(metavar="N", help="Units of the probe with a hidden layer; 0 leaves it out. [default: 64]"),
    ] = None,
    shares: Annotated[
        str | None,
        typer.Option(
            metavar="P,P…",
            help="Percents of the features to train on again; none leaves it out. [default: 1,5,10,15,20,25,50,75]",
        ),
    ] = None,
    rows: Annotated[int | None, typer.Option(metavar="N", help="Draw at most this many rows. [default: all]")] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="CLASS", help="Leave this class out; repeatable.")
    ] = None,
    leave_out_missing: Annotated[
        bool, typer.Option("--leave-out-missing", help="Leave rows without a label out, rather than refuse them.")
    ] = False,
    output: Output = None,
    form: Format = None,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Probe a model for labels: which layers tell them, and how few neurons are enough.

    The means of blocks (or, with --kind ffn, of feed-forward neurons) of each utterance are split into a training and
    a test part without a common speaker, five times. Every layer, and all of them together, get a linear probe and one
    with a hidden layer; beside each accuracy stand the largest class, the same with a model of random weights (--twin)
    and with permuted labels. The linear probes rank the neurons, and it is measured how few of them are enough.

    A row without a layer is of all layers together. The rows stay in the warehouse: probe_runs, probe_scores,
    probe_rankings and the views over them. docs/probes.md tells it; `neurons probe-report` writes it all on a page,
    `neurons export --ranking` makes masks.

    Example:
      neurons probe study.warehouse --label gender --twin untrained
      neurons probe study.warehouse --label age --edges 20,25 --kind ffn --by gender
      neurons probe study.warehouse --label native --sql "
        SELECT utterance_id, country = 'UK' AS label FROM utterances"
      neurons probe study.warehouse --label phone --layers 6 12 --seeds 3
    """
    from tui.answers import shape_of

    kind, _ = shape_of(form, output, None, everything=True)
    own: dict[str, Any] = {
        "folds": folds,
        "split": split,
        "by": by,
        "balance": balance,
        "hidden": hidden,
        "shares": None if shares is None else _numbers("--shares", "" if shares == "none" else shares),
        "rows": rows,
        "without": without,
        "leave_out_missing": leave_out_missing or None,
    }
    settings = {**common, **{name: value for name, value in own.items() if value is not None}}
    labels = _labels(label, sql, edges, bins)

    from queries.probes import probe as run
    from tui.probing import write_probed

    found = run(warehouse, labels, threads=threads, tell=(lambda text: None) if quiet else say, **settings)
    write_probed(warehouse, [one.probe for one in found], "probe_accuracies", kind, output, quiet)
    if not quiet:
        say("how few neurons are enough: FROM minimal_sets; all of it on a page: neurons probe-report")


def _labels(names: list[str], sql: str | None, edges: str | None, bins: int | None) -> "list[Label]":
    from queries.probes import Label

    if len(names) > 1 and (sql is not None or edges is not None or bins is not None):
        raise MisuseError("--sql, --edges and --bins are about one label; give one --label with them")
    cut = () if edges is None else _numbers("--edges", edges)
    return [Label(name, sql, cut, bins) for name in dict.fromkeys(names)]


def _numbers(option: str, text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise MisuseError(f"{option} {text!r}: give numbers with commas between") from None
