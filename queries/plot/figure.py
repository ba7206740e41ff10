"""What a figure is: a name, its number in the paper, and the function that draws it."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import altair as alt

Chart = alt.LayerChart | alt.ConcatChart | alt.Chart | alt.HConcatChart | alt.VConcatChart
"""What a figure is in Altair; ``alt.Chart`` where one mark is enough."""


@dataclass(frozen=True)
class Figure:
    """A picture of a warehouse.

    Attributes:
        name: what it is asked for by.
        number: of the figure of [A] that it is; None where the paper has none.
        title: a few words.
        shows: a sentence.
        draw: from an :class:`~queries.plot.question.Asked` and options of its own to a chart.
    """

    name: str
    number: int | None
    title: str
    shows: str
    draw: Callable[..., Any]

    @property
    def options(self) -> tuple[str, ...]:
        """Options beside model, corpus and the parameters of the macros."""
        found = inspect.signature(self.draw).parameters.values()
        return tuple(parameter.name for parameter in found if parameter.kind is parameter.KEYWORD_ONLY)
