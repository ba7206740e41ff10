"""The options that say which frames count and what is a response, for every command that asks the macros."""

from types import MappingProxyType
from typing import Annotated, Any

import typer

from tui.option_groups import Given, with_options

__all__ = ["NOTHING", "Given", "with_macro_options"]

NOTHING: Given = MappingProxyType({})

_OPTIONS: dict[str, Any] = {
    "corpus": Annotated[str | None, typer.Option(metavar="CORPUS", help="This corpus. [default: all together]")],
    "frames": Annotated[
        str | None, typer.Option(metavar="READING", help="Frames that count: all, middle or reference. [default: all]")
    ],
    "lambda_pct": Annotated[
        float | None,
        typer.Option(
            "--lambda", metavar="PERCENT", help="Share of neurons that a frame activates. [default: as recorded]"
        ),
    ],
    "sigma": Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Share of a group's phones that a neuron must respond to. [default: 0.8]"),
    ],
    "baseline": Annotated[
        float | None, typer.Option(metavar="P", help="Probability that counts as response. [default: k/D, chance]")
    ],
    "z": Annotated[
        float | None,
        typer.Option(metavar="Z", help="Demand the Wilson lower bound at this z. [default: point estimate]"),
    ],
    "min_frames": Annotated[
        int | None, typer.Option(metavar="N", help="Fewest frames of a phone in a group. [default: 1]")
    ],
    "where": Annotated[str | None, typer.Option(metavar="SQL", help="Only frames that satisfy this condition.")],
}

with_macro_options = with_options("parameters", _OPTIONS, lambda name: f"p_{name.removesuffix('_pct')}")
"""Decorator: in place of its argument ``parameters``, a command takes the options of the macros.

It gets those that the user gave, by the names of the macros' parameters.
"""
