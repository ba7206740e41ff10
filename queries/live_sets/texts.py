"""Parameters as a person types them: text to a value, a value to text, and the next value up or down."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from queries.calls import Value
from queries.live_sets.question import RefusedError

MOST_WHOLE = 2**31 - 1
"""Largest whole number that is asked: as many frames are 500 days of speech."""


@dataclass(frozen=True)
class Field:
    """A parameter that is typed.

    Attributes:
        parameter: its name.
        label: as people write it.
        default: what stands in the empty field: what is asked when nothing is given.
        what: what it does, in a few words.
        step: how far a key moves it; 0 = it is no number.
        start: the number that a key moves on from where nothing is given.
        least: a key goes no lower.
        most: a key goes no higher; None = it can.
        whole: whether it is a whole number.
    """

    parameter: str
    label: str
    default: str
    what: str
    step: float = 0.0
    start: float = 0.0
    least: float = 0.0
    most: float | None = None
    whole: bool = False


FIELDS: Mapping[str, Field] = {
    field.parameter: field
    for field in (
        Field("p_sigma", "σ", "0.8", "share of a group's phones to respond to", 0.05, 0.8, 0.05, 1.0),
        Field("p_baseline", "baseline", "k/D", "probability to exceed", 0.005, 0.01, 0.0, 0.995),
        Field("p_z", "z", "none", "standard errors of the Wilson bound", 0.25, 0.0, 0.0, 99.0),
        Field("p_min_frames", "frames ≥", "1", "fewest frames of a phone in a group", 5, 1, 1, MOST_WHOLE, whole=True),
        Field("p_lambda", "λ %", "", "percent of the neurons that a frame activates", 0.1, 1.0, 0.1, 100.0),
        Field("p_where", "where", "", "condition over frame_facts; enter applies it"),
    )
}
"""The parameters that are typed, in the order of the screen."""


def value_of(parameter: str, text: str) -> Value | None:
    """The value that a text stands for; None = the default, as for an empty text.

    Raises:
        RefusedError: the text is no number where one is needed.
    """
    field, said = FIELDS[parameter], text.strip()
    if not said:
        return None
    if not field.step:
        return said
    try:
        number = int(said) if field.whole else float(said)
    except ValueError:
        kind = "whole number" if field.whole else "number"
        raise RefusedError(parameter, f"{_short(said)} is no {kind}; leave it empty for the default") from None
    if field.whole and abs(number) > MOST_WHOLE:
        raise RefusedError(parameter, f"at most {MOST_WHOLE:,} can be asked; leave it empty for the default")
    if not isfinite(number):
        raise RefusedError(parameter, f"{_short(said)} is no number; leave it empty for the default")
    return number


def text_of(parameters: Mapping[str, Value], parameter: str) -> str:
    """The text of a parameter; empty for the default."""
    value = parameters.get(parameter)
    if value is None or isinstance(value, str):
        return value or ""
    return _number(float(value))


def moved(parameter: str, text: str, by: int, start: float | None = None) -> str:
    """The text some steps up or down from a text, within the range of the parameter.

    Args:
        parameter: name of the parameter.
        text: what stands in its field; what is no number is moved on from as nothing.
        by: how many steps, downwards below 0.
        start: number to move on from where nothing is given; None = the field's own.
    """
    field = FIELDS[parameter]
    if not field.step:
        return text
    try:
        value = value_of(parameter, text)
    except RefusedError:
        value = None
    number = float(value) if value is not None else field.start if start is None else start
    moved_on = round(number + by * field.step, 6)
    if field.whole and by > 0 and number == field.start:
        moved_on = field.step  # 1, 5, 10, …
    lowest = max(field.least, moved_on)
    return _number(lowest if field.most is None else min(field.most, lowest))


def _short(said: str) -> str:
    return repr(said if len(said) <= 40 else f"{said[:39]}…")


def _number(number: float) -> str:
    return f"{number:.10g}"
