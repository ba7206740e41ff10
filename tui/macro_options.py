"""The options that say which frames count and what is a response, for every command that asks the macros."""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from types import MappingProxyType
from typing import Annotated, Any

import typer

Given = Mapping[str, Any]
"""Parameters of the macros by their names, those that the user gave."""

NOTHING: Given = MappingProxyType({})

_OPTIONS: dict[str, Any] = {
    "corpus": Annotated[str | None, typer.Option(metavar="CORPUS", help="This corpus. [default: all together]")],
    "frames": Annotated[
        str | None, typer.Option(metavar="READING", help="Frames that count: all, middle or reference. [default: all]")
    ],
    "lambda": Annotated[
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
_PLACE = "parameters"


def with_macro_options(command: Callable[..., None]) -> Callable[..., None]:
    """Decorator: in place of its argument ``parameters``, a command takes the options of the macros.

    It gets those that the user gave, by the names of the macros' parameters.
    """
    signature = inspect.signature(command)
    keywords = {_argument(name): f"p_{name}" for name in _OPTIONS}

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        asked = {known: kwargs.pop(name, None) for name, known in keywords.items()}
        given = {name: value for name, value in asked.items() if value is not None}
        command(*args, **{**kwargs, _PLACE: given})

    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        if parameter.name != _PLACE:
            parameters.append(parameter)
            continue
        parameters += [
            parameter.replace(name=_argument(name), annotation=option, default=None)
            for name, option in _OPTIONS.items()
        ]
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters} | {"return": None}
    return run


def _argument(name: str) -> str:
    return "lambda_pct" if name == "lambda" else name
