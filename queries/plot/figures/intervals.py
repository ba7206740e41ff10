"""Numbers with intervals over the layers, a panel a group: what the figures on certainty share."""

from collections.abc import Callable, Sequence
from typing import Any

import altair as alt
import polars as pl

from queries.plot import style
from queries.plot.marks import sentence
from queries.plot.question import Asked

UNION = "property neurons (all groups)"
HEIGHT = 105


def panels_by_group(
    asked: Asked,
    property: str,
    found: pl.DataFrame,
    value: str,
    draw: Callable[[pl.DataFrame], Any],
    head: str,
    setting: str,
) -> Any:
    """A panel for the union of the groups, and one for each group where they are few.

    Args:
        asked: the question.
        property: the property.
        found: a row a layer and group, null for their union, with a ``note``.
        value: column that is null where there is nothing to draw.
        draw: makes the picture of a group's rows.
        head: title of the figure.
        setting: its subtitle.
    """
    groups: list[str | None] = [*asked.groups(property)]
    groups = [None, *groups] if len(groups) <= style.MOST_SERIES else [None]
    columns = 2 if len(groups) == 4 else min(3, len(groups))
    width = style.COLUMN if columns == 1 else (style.WIDE - 90) / columns
    panels = []
    for group in groups:
        ours = found.filter(pl.col("group").is_null() if group is None else pl.col("group") == group)
        known = ours.filter(pl.col(value).is_not_null())
        notes = [note for note in ours["note"].to_list() if note is not None]
        nothing = notes[0] if notes else asked.no_group(property)
        picture = draw(known) if len(known) and asked.groups(property) else sentence(nothing, width, HEIGHT)
        panels.append(style.panel(picture, UNION if group is None else group, width, HEIGHT))
    return style.headed(style.grid(panels, columns), head, setting, width * columns)


def standing(field: str, yes: str, no: str) -> alt.Color:
    """Fill of points: dark where a set stands out, white where it does not; the outline is dark in either case."""
    scale = alt.Scale(domain=[True, False], range=[style.PLAIN, "#FFFFFF"])
    expression = f"datum.label == 'true' ? '{yes}' : '{no}'"
    legend = alt.Legend(title=None, orient="bottom", labelExpr=expression, symbolStrokeColor=style.PLAIN, offset=6)
    return alt.Fill(f"{field}:N", scale=scale, legend=legend)  # type: ignore[return-value]


def unit_of(found: pl.DataFrame) -> str:
    """What was permuted or drawn, in words."""
    units: Sequence[str] = [unit for unit in found["unit"].unique().to_list() if unit]
    return " and ".join(f"{unit}s" for unit in sorted(units))
