"""``neurons export``: sets of neurons as mask files for training scripts."""

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.arguments import Quiet, Warehouse
from tui.filling import Filling
from tui.macro_options import NOTHING, Given, with_macro_options
from tui.registering import add
from tui.reporting import UNCHANGED, MisuseError, reported, say

if TYPE_CHECKING:
    from queries import Connection, Mask


def register(app: typer.Typer) -> None:
    """Add the command."""
    add(app, export)


@reported(UNCHANGED)
@with_macro_options
def export(
    warehouse: Warehouse,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The mask; its suffix says the format.", show_default=False
        ),
    ],
    erase: Annotated[
        list[str] | None,
        typer.Option(metavar="TERM,TERM…", help="Erase these: PROPERTY or PROPERTY=GROUP; repeatable."),
    ] = None,
    protect: Annotated[
        list[str] | None,
        typer.Option(metavar="TERM,TERM…", help="Keep these, and with --density others; repeatable."),
    ] = None,
    sql: Annotated[
        str | None, typer.Option("--sql", metavar="QUERY", help="A SELECT with the columns layer and neuron.")
    ] = None,
    mask: Annotated[Path | None, typer.Option("--mask", metavar="FILE", help="A mask file in any format.")] = None,
    ranking: Annotated[
        str | None,
        typer.Option(
            metavar="RANKING",
            help="The first of a ranking: probe:LABEL or probe:PROBE (with =CLASS too), or of each layer lape, "
            "mean_difference, mutual_information or property_neurons:PROPERTY (with =GROUP too).",
        ),
    ] = None,
    top: Annotated[
        str | None,
        typer.Option(
            metavar="N|N%",
            help="How many of --ranking, or which share of the neurons; of each layer, where the ranking is within "
            "layers.",
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            metavar="erase|keep",
            help="What is to become of the neurons of --sql, --mask or --ranking. [default: erase]",
        ),
    ] = None,
    density: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Share of all neurons that a keep mask keeps.")
    ] = None,
    uniform: Annotated[bool, typer.Option("--uniform", help="Keep the same number in every layer.")] = False,
    fill: Annotated[
        str | None,
        typer.Option(
            metavar="HOW",
            help="What fills the density up: l1 (weight norms; needs --spec), probability (of activation) or random "
            "(needs --seed). [default: probability]",
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", min=0, help="Seed of --fill random.")] = None,
    spec: Annotated[
        str | None, typer.Option(metavar="SPEC", help="The model of --fill l1, as in `neurons ingest --model`.")
    ] = None,
    weights: Annotated[Path | None, typer.Option(metavar="FILE", help="Weights of that model.")] = None,
    random_init: Annotated[
        int | None, typer.Option(metavar="SEED", help="Random weights of that model, from this seed.")
    ] = None,
    mean_std: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What normalises that model's input, if it is MelHuBERT.")
    ] = None,
    with_bias: Annotated[
        bool, typer.Option("--with-bias", help="Add the first bias to the norms of --fill l1.")
    ] = False,
    random_like: Annotated[
        int | None,
        typer.Option(metavar="SEED", min=0, help="Instead, as many neurons of each layer, drawn at random."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Model in the warehouse, where there are several.")
    ] = None,
    parameters: Given = NOTHING,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help="safetensors, json, paper, npz, pt, prune or lape."),
    ] = None,
    allow_empty: Annotated[bool, typer.Option("--allow-empty", help="Write a mask without neurons too.")] = False,
    quiet: Quiet = False,
) -> None:
    """Write a set of neurons as a mask that a training script applies without this program.

    The neurons are those of properties (phone_class), of single groups (gender=F, phone=AA), of any query, the
    first of a ranking, or of another mask file, whose format is thereby converted. docs/masks.md describes the formats.

    Example:
      neurons export study.warehouse --erase gender=F -o erase-female.safetensors
      neurons export study.warehouse --protect phone_class,gender,pitch --density 0.2 -o keep.safetensors
      neurons export study.warehouse --sql "SELECT layer, neuron FROM group_neurons(p_sigma := 1)" -o all.json
      neurons export study.warehouse --ranking probe:gender --top 10% -o erase-probed.safetensors
      neurons export study.warehouse --mask keep.safetensors -o keep.prune.safetensors
    """
    filling = Filling(density, uniform, fill, seed, spec, weights, random_init, mean_std, with_bias)
    sources = {"--erase": erase, "--protect": protect, "--sql": sql, "--mask": mask, "--ranking": ranking}
    source = _source(sources, density)
    _check_top(ranking, top)
    _check_kind(source, kind, density)
    filling.check()
    of_property = ranking is not None and not ranking.lstrip().startswith("probe:")
    asks_macros = source in ("--erase", "--protect") or of_property
    if not asks_macros:
        _check_parameters(parameters, density is not None and filling.way == "probability")
    form = _format(output, form)

    from queries import connect
    from tui.interruptible import interruptible

    with connect(warehouse, comments=False) as con:
        asked = parameters if asks_macros else NOTHING
        made = interruptible(con, lambda: _selected(con, source, sources, top, kind, model, asked, allow_empty))
        if density is not None:
            made = filling.kept(con, made, model, parameters)
    if random_like is not None:
        made = made.random_like(random_like)
    if not len(made) and not allow_empty:
        from warehouse import MaskError

        raise MaskError(f"{output}: the mask would have no neuron; select others, or say --allow-empty")
    made.save(output, form)
    if not quiet:
        _report(made, warehouse, output, form)


def _source(sources: Mapping[str, Any], density: float | None) -> str:
    """The option that says which neurons; none where a density alone does."""
    given = [name for name, value in sources.items() if value]
    if len(given) > 1:
        raise MisuseError(f"{' and '.join(given)} exclude each other: a mask is made of one of them")
    if not given and density is None:
        raise MisuseError(f"say which neurons with one of {', '.join(sources)}, or how many with --density")
    return given[0] if given else ""


def _check_kind(source: str, kind: str | None, density: float | None) -> None:
    if kind is not None and kind not in ("erase", "keep"):
        raise MisuseError(f"--kind {kind}: give erase or keep")
    if kind is not None and source not in ("--sql", "--mask", "--ranking"):
        raise MisuseError(
            "--kind is for --sql, --mask and --ranking; the other options say what is to become of the neurons"
        )
    if density is not None and (
        source == "--erase" or kind == "erase" or (source in ("--sql", "--ranking") and kind is None)
    ):
        remedy = "use --protect" if source == "--erase" else "say --kind keep"
        raise MisuseError(f"--density is for neurons to keep, not for those to erase: {remedy}")


def _check_top(ranking: str | None, top: str | None) -> None:
    if (ranking is None) != (top is None):
        raise MisuseError("--ranking and --top belong together: say which neurons come first, and how many to take")


def _check_parameters(given: Iterable[str], fills_by_probability: bool) -> None:
    """Refuse parameters of the macros where no macro is asked."""
    from queries.masks.fills import TAKEN

    for name in given:
        if not (fills_by_probability and name in TAKEN):
            option = "--" + name.removeprefix("p_").replace("_", "-")
            raise MisuseError(f"{option} is for --erase, --protect and rankings of properties, which it says more of")


def _format(output: Path, form: str | None) -> str:
    from queries.masks.formats import format_of
    from warehouse import MaskError

    try:
        return format_of(output, form).name
    except MaskError as error:
        raise MisuseError(str(error).replace("or name a format", "or --format")) from None


def _selected(
    con: "Connection",
    source: str,
    sources: Mapping[str, Any],
    top: str | None,
    kind: Any,
    model: str | None,
    parameters: Mapping[str, Any],
    allow_empty: bool,
) -> "Mask":
    from queries.masks import Mask, mask_from_file, mask_from_ranking, select, whole_model

    if source == "--mask":
        return mask_from_file(con, sources[source], kind=kind, model=model)
    if source == "--sql":
        return Mask.from_sql(con, sources[source], kind=kind or "erase", model=model, allow_empty=allow_empty)
    if source == "--ranking":
        more = {"kind": kind or "erase", "model": model, "allow_empty": allow_empty, **parameters}
        return mask_from_ranking(con, sources[source], top or "", **more)
    if not source:
        return ~whole_model(con, "keep", model)
    wanted: Any = "erase" if source == "--erase" else "keep"
    return select(con, sources[source], kind=wanted, model=model, allow_empty=allow_empty, **parameters)


def _report(made: "Mask", warehouse: Path, output: Path, form: str) -> None:
    """The summary on stdout; what was written and what to do with it on stderr."""
    from queries.masks.formats import FORMATS, usage
    from tui.table import table_lines

    rows = [[str(layer), neurons, of, f"{100 * share:.1f}"] for layer, _, neurons, of, share in made.summary().rows()]
    rows.append(["all", len(made), made.n_neurons, f"{100 * made.share:.1f}"])
    columns = ["layer", "erased" if made.kind == "erase" else "kept", "of", "percent"]
    for line in table_lines(columns, ["INTEGER"] * len(columns), rows):
        typer.echo(line)
    model = made.provenance.get("model", "the model")
    say(f"{output}: {len(made)} of {made.n_neurons} neurons of {model} to {made.kind}, format {form}")
    say("next, in the script that has the model:")
    for line in usage(made, form, str(output)).splitlines():
        say(f"  {line}")
    kind = f" --kind {made.kind}" if FORMATS[form].read is None else ""  # which the file does not say
    other = f"neurons export {shlex.quote(str(warehouse))} --mask {shlex.quote(str(output))}{kind} -o FILE"
    say(f"in another format: {other}")
