"""Options of which only the thing that is asked for knows the names: ``--set NAME=VALUE``."""

from collections.abc import Iterable
from typing import Any

from tui.reporting import MisuseError


def named_values(texts: Iterable[str] | None) -> dict[str, Any]:
    """Values by name: numbers as numbers, true and false, several with commas between as a list, else text.

    Raises:
        MisuseError: a text without a name or a value.
    """
    return dict(map(_named, texts or ()))


def _named(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise MisuseError(f"--set {text!r}: give a name and a value, such as --set seed=1")
    parts = [_value(part) for part in value.split(",")]
    return name, parts[0] if len(parts) == 1 else parts


def _value(text: str) -> bool | int | float | str:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
