"""Sizes of the group neurons against a threshold, a panel a layer: what the figures lambda and sigma share."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl

from queries.plot import style
from queries.plot.marks import level, sentence, series, zoomable
from queries.plot.question import Asked

ALL = "all groups"


def draw_sizes(
    asked: Asked,
    property: str,
    sizes: pl.DataFrame,
    x: str,
    name: str,
    layers: Sequence[int],
    now: float | None,
    head: str,
) -> Any:
    """Lines of n against a column, one a group; one of all groups where they are too many to tell apart.

    Args:
        asked: one model.
        property: the property.
        sizes: a row a layer, group and value of ``x``, with ``n``.
        x: column of the threshold.
        name: title of its axis.
        layers: the panels.
        now: the threshold that other figures use; None = none is marked.
        head: title of the figure.
    """
    groups = asked.groups(property)
    columns = 1 if len(layers) == 1 else min(4, len(layers))
    width, height = (style.COLUMN, 170) if columns == 1 else ((style.WIDE - 40 * columns) / columns, 95)
    if len(groups) < 1:
        picture: Any = sentence(asked.no_group(property), style.COLUMN, 150)
        return style.headed(picture, head, asked.setting())
    if len(groups) > style.MOST_SERIES:
        sizes = sizes.group_by("model", "layer", "property", x, maintain_order=True).agg(pl.col("n").sum())
        sizes, groups = sizes.with_columns(pl.lit(ALL).alias("group")), [ALL]
    panels = []
    for place, layer in enumerate(layers):
        axes = (
            alt.X(
                f"{x}:Q",
                title=name if place + columns >= len(layers) else None,
                axis=alt.Axis(tickCount=3 if columns > 1 else 6, labelOverlap=True),
                scale=alt.Scale(nice=False, padding=5),  # the first and last points whole
            ),
            style.count_axis("n", "neurons" if place % columns == 0 else None),
        )
        ours = sizes.filter(pl.col("layer") == layer)
        if not ours["n"].sum():
            blank = sentence("no neuron responds to one group alone at any of the values", width, height)
            panels.append(style.panel(blank, f"layer {layer}", width, height))
            continue
        lines: Any = series(ours, *axes, "group", groups, style.WIDE if columns > 1 else style.COLUMN, columns == 1)
        lines = zoomable(lines, str(layer))
        if now is not None:
            lines = alt.layer(*level([now], "", "x")[:1], lines)
        panels.append(style.panel(lines, f"layer {layer}", width, height))
    picture = style.grid(panels, columns)
    said = (
        asked.setting()
        if now is not None
        else asked.setting().replace("λ", "recorded\N{NO-BREAK SPACE}at\N{NO-BREAK SPACE}λ")
    )
    return style.headed(picture, head, said, width * columns if columns > 1 else style.COLUMN)
