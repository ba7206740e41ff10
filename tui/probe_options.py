"""The options that probes and verification have in common."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Annotated, Any

import typer

from tui.option_groups import with_options

__all__ = ["NOTHING", "Given", "with_probe_options"]

Given = Mapping[str, Any]
NOTHING: Given = {}

_OPTIONS: dict[str, Any] = {
    "model": Annotated[
        list[str] | None,
        typer.Option(metavar="MODEL", help="This model; repeatable, all see the same splits. [default: the only one]"),
    ],
    "twin": Annotated[
        str | None, typer.Option(metavar="MODEL", help="The same model with random weights, as a baseline.")
    ],
    "kind": Annotated[
        str | None,
        typer.Option(metavar="block|ffn", help="Outputs of blocks, or inputs of second linears. [default: block]"),
    ],
    "layers": Annotated[
        list[str] | None,
        typer.Option(
            "--layers", metavar="LAYERS", help="Numbers, each, all (concatenated); several. [default: each,all]"
        ),
    ],
    "statistics": Annotated[
        str | None, typer.Option(metavar="mean|mean+std", help="What a neuron gives. [default: mean]")
    ],
    "corpus": Annotated[str | None, typer.Option(metavar="CORPUS", help="Only this corpus. [default: all]")],
    "seeds": Annotated[int | None, typer.Option(metavar="N", help="Splits, from seeds 0 to N - 1. [default: 5]")],
    "solver": Annotated[
        str | None,
        typer.Option(metavar="adam|converged", help="Adam as in the paper, or the minimum. [default: adam]"),
    ],
    "epochs": Annotated[int | None, typer.Option(metavar="N", help="Passes of Adam. [default: 20]")],
    "batch": Annotated[int | None, typer.Option(metavar="N", help="Rows of a step of Adam. [default: 128]")],
    "learning_rate": Annotated[float | None, typer.Option(metavar="RATE", help="Of Adam. [default: 0.001]")],
    "lambda1": Annotated[
        float | None, typer.Option("--lambda1", metavar="WEIGHT", help="Of the L1 norm. [default: 1e-5]")
    ],
    "lambda2": Annotated[
        float | None, typer.Option("--lambda2", metavar="WEIGHT", help="Of the squared L2 norm. [default: 1e-5]")
    ],
    "share": Annotated[
        float | None,
        typer.Option(metavar="PERCENT", help="Features kept, top, random or bottom, the others zeroed. [default: 20]"),
    ],
}

_with_options = with_options("common", _OPTIONS)


def with_probe_options(command: Callable[..., None]) -> Callable[..., None]:
    """Decorator: in place of its argument ``common``, a command takes these options, and gets those that were given.

    Layers are split at commas, and named as :class:`queries.probes.settings.Settings` names them.
    """
    return _with_options(_with_layers(command))


def _with_layers(command: Callable[..., None]) -> Callable[..., None]:

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        common = dict(kwargs["common"])
        if "layers" in common:
            names = (name.strip() for text in common["layers"] for name in text.split(","))
            common["layers"] = tuple(dict.fromkeys(filter(None, names)))
        command(*args, **{**kwargs, "common": common})

    return run
