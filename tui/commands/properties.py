"""``neurons properties``: neurons per layer and group; ``neurons properties add``: declare a property."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tui.arguments import Quiet, Warehouse
from tui.macro_options import NOTHING, Given, with_macro_options
from tui.registering import add as add_command
from tui.registering import help_of
from tui.reporting import KEPT, UNCHANGED, MisuseError, reported, say


class ShownByDefault(TyperGroup):
    """A group whose arguments go to its command ``show`` unless they name a command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put ``show`` before arguments that begin with anything but a command or a wish for help."""
        if args and args[0] not in {*self.commands, "-h", "--help"}:
            args = ["show", *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    """Add the group and its commands."""
    group = typer.Typer(cls=ShownByDefault, rich_markup_mode=None, no_args_is_help=True)
    group.callback(help=help_of(properties))(properties)
    add_command(group, show)
    add_command(group, add)
    app.add_typer(group, name="properties")


def properties() -> None:
    """Print neurons per layer and group; add properties.

    What does not name a command goes to `show`: a warehouse of the name add is ./add.

    Example:
      neurons properties study.warehouse
      neurons properties study.warehouse --property gender --sigma 0.9
      neurons properties add study.warehouse accent --column accent
    """


@reported(UNCHANGED)
@with_macro_options
def show(
    warehouse: Warehouse,
    model: Annotated[str | None, typer.Option(metavar="MODEL", help="This model. [default: all]")] = None,
    prop: Annotated[
        list[str] | None,
        typer.Option("--property", "-p", metavar="NAME", help="This property; repeatable. [default: all]"),
    ] = None,
    parameters: Given = NOTHING,
) -> None:
    """Print how many neurons respond to each group of each property, layer by layer.

    The group columns count group neurons (they respond to one group alone), the last column property neurons
    (their union). A property with many groups is printed with a row a group and a column a layer.

    Example:
      neurons properties study.warehouse
      neurons properties study.warehouse -p pitch -p gender --frames reference
      neurons properties study.warehouse --where "duration > 2 AND speaker <> '84'"
    """
    from queries import connect
    from queries.neurons_per_layer import neurons_per_layer
    from tui.interruptible import interruptible
    from tui.neuron_tables import neuron_table

    asked = parameters if model is None else {**parameters, "p_model": model}
    with connect(warehouse, comments=False) as con:
        tables = iter(neurons_per_layer(con, prop or None, **asked))
        while (found := interruptible(con, lambda: next(tables, None))) is not None:
            for line in neuron_table(found):
                typer.echo(line)


@reported(KEPT)
def add(
    warehouse: Warehouse,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the property.", show_default=False)],
    column: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="The group is the value of this column, such as a metadata column."),
    ] = None,
    sql: Annotated[
        str | None,
        typer.Option(
            metavar="SQL", help="The group is the value of this expression over frames, segments and utterances."
        ),
    ] = None,
    bins: Annotated[
        str | None,
        typer.Option(metavar="N|Q,Q…", help="Cut a number into N quantile bins, or at these quantiles (0.33,0.66)."),
    ] = None,
    edges: Annotated[
        str | None, typer.Option(metavar="X,X…", help="Cut a number at these values; a value on an edge belongs below.")
    ] = None,
    over: Annotated[
        str, typer.Option(metavar="frames|segments", help="Take quantiles over frames or over segments.")
    ] = "frames",
    labels: Annotated[
        str | None,
        typer.Option(metavar="A,B…", help="Names of the bins from below. [default: low,middle,high for three]"),
    ] = None,
    phones: Annotated[
        str, typer.Option(metavar="all|voiced|P,P…", help="Phones that count outside the reference reading.")
    ] = "all",
    semitones: Annotated[
        bool,
        typer.Option(
            "--speaker-pitch",
            help="Low, middle and high F0 in semitones around the median of the speaker, as it is now.",
        ),
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Declare a property and count it.

    A property is any labelling of frames: a column (--column) or an SQL expression (--sql) over the columns of
    frame_facts, which `neurons sql WAREHOUSE "DESCRIBE frame_facts"` lists. Frames where it is NULL
    have no group. What is recorded already is counted once, now; what is recorded later is counted as it comes.

    Example:
      neurons properties add study.warehouse accent --column accent
      neurons properties add study.warehouse first_sound --sql "substr(word, 1, 1)"
      neurons properties add study.warehouse f0 --column f0_hz --edges 129.03,179.78 --phones voiced
      neurons properties add study.warehouse semitones --speaker-pitch
    """
    from queries import write_catalog
    from queries.declare import declare_as, declare_property
    from queries.speaker_pitch import speaker_pitch

    def advance(gap: Any) -> None:
        if not quiet:
            say(f"counted {gap.manifest.name}")

    if semitones:
        if (column, sql, bins, edges, over, labels, phones) != (None, None, None, None, "frames", None, "all"):
            raise MisuseError("--speaker-pitch says all there is to say; leave out the other options")
        done = declare_as(warehouse, speaker_pitch(warehouse, name), advance)
    else:
        done = declare_property(
            warehouse,
            name,
            column=column,
            sql=sql,
            bins=_bins(bins),
            edges=_numbers("--edges", edges),
            over=over,
            labels=labels.split(",") if labels else (),
            phones=phones,
            advance=advance,
        )
    write_catalog(warehouse)
    if not quiet:
        groups = ", ".join(f"{group} ({frames} frames)" for group, frames in done.groups[:10])
        more = f" and {len(done.groups) - 10} more" if len(done.groups) > 10 else ""
        definition = done.property.definition
        say(f"{name} = {definition if len(definition) <= 200 else done.property.made}: {groups}{more}")
        say(f"next: neurons properties {warehouse} --property {name}")


def _bins(text: str | None) -> int | list[float] | None:
    if text is not None and text.isdigit():
        return int(text)
    return _numbers("--bins", text)


def _numbers(option: str, text: str | None) -> list[float] | None:
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise MisuseError(f"{option} {text!r}: give numbers with commas between, such as 0.33,0.66") from None
