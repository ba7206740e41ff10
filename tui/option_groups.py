"""Groups of options that several commands take, described once and given to a command as one mapping."""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

Given = Mapping[str, Any]
"""What the user gave of a group, by name."""


def with_options(place: str, options: Mapping[str, Any], named: Callable[[str], str] = str) -> Callable:
    """Decorator: in place of one of its arguments, a command takes a group of options.

    Args:
        place: name of the argument; the command gets there what the user gave, by name.
        options: the options' types and descriptions (``Annotated``), by the names of their arguments.
        named: from the name of an option's argument to the name that the command sees.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command)

        @wraps(command)
        def run(*args: Any, **kwargs: Any) -> None:
            asked = {named(name): kwargs.pop(name, None) for name in options}
            given = {name: value for name, value in asked.items() if value is not None}
            command(*args, **{**kwargs, place: given})

        parameters: list[inspect.Parameter] = []
        for parameter in signature.parameters.values():
            if parameter.name == place:
                parameters += [
                    parameter.replace(name=name, annotation=option, default=None) for name, option in options.items()
                ]
            else:
                parameters.append(parameter)
        run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters} | {"return": None}
        return run

    return decorate
