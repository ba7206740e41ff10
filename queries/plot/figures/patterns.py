"""Activation patterns in the plane: figure 3 of the paper."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl

from queries.patterns import Projection, points_of
from queries.plot import style
from queries.plot.figure import Figure
from queries.plot.labels import placed
from queries.plot.marks import sentence, tips, zoomable
from queries.plot.projected import projected
from queries.plot.question import Asked


def draw(asked: Asked, *, property: str | None = None, layers: Sequence[int] | None = None, seed: int = 0) -> Any:
    """A panel a layer: a point a phone and group where MDS places its pattern, with its name beside it.

    Distances are those of the patterns, one unit the square root of a neuron; directions mean nothing.

    Args:
        asked: one model.
        property: whose groups; None = phone_class.
        layers: which; None = all.
        seed: of MDS.
    """
    model, name, chosen = asked.model, asked.property(property), asked.layers(layers)
    found = projected(asked, name, chosen, seed)
    groups = asked.groups(name)
    columns = {1: 1, 2: 2, 4: 2}.get(len(chosen), 3)
    size = style.COLUMN + 20 if columns == 1 else (style.WIDE - 60) / 3 if columns > 2 else (style.WIDE - 60) / 2
    panels = [
        style.panel(_plane(of_layer, groups, size, columns == 1), f"layer {of_layer.patterns.layer}", size, size)
        for of_layer in found
    ]
    title = f"Activation patterns of {name} in the plane"
    setting = asked.setting(f"MDS of {model}'s patterns, seed {seed}", sets=False).removeprefix(f"{model} · ")
    return style.headed(style.grid(panels, columns), title, setting, size * columns)


def _plane(found: Projection, groups: Sequence[str], size: float, large: bool) -> Any:
    points = points_of([found])
    if found.points is None:
        return sentence(found.note or "nothing could be placed", size, size)
    few = len(groups) <= style.MOST_SERIES
    low, high = found.points.min(axis=0), found.points.max(axis=0)
    spread = 0.57 * max(*(high - low), 1e-6)
    corner = (low + high) / 2 - spread
    titles = ["MDS 1 (√neurons)", "MDS 2 (√neurons)"]
    scales = [alt.Scale(domain=[at, at + 2 * spread], nice=False) for at in corner.tolist()]
    ticks = alt.Axis(tickCount=4, grid=False, labelOverlap=True)
    font = style.LABEL if large else style.LABEL - 2
    names = points["phone"].to_list() if points["phone"].n_unique() > 1 else points["group"].to_list()
    pixels = size / (2 * spread)
    at = placed((found.points - corner) * pixels, names, font, size) / pixels + corner
    table = points.select("group", "phone", "x", "y").with_columns(
        pl.Series("name", names), pl.Series("x_name", at[:, 0]), pl.Series("y_name", at[:, 1])
    )
    base = alt.Chart(style.rows(table)).encode(tooltip=tips(table, "name", "x_name", "y_name"))
    colour = style.colour("group", groups, 1.6 * size if large else style.WIDE) if few else alt.value(style.PLAIN)
    x = alt.X("x:Q", title=titles[0], scale=scales[0], axis=ticks)
    y = alt.Y("y:Q", title=titles[1], scale=scales[1], axis=ticks)
    marks = base.mark_point(filled=True, size=34 if large else 20, opacity=0.95).encode(x, y, color=colour)
    if few:
        marks = marks.encode(style.shape("group", groups, 1.6 * size if large else style.WIDE))
    text = base.mark_text(fontSize=font, color=style.INK).encode(
        alt.X("x_name:Q", title=titles[0]), alt.Y("y_name:Q", title=titles[1]), text="name:N"
    )
    return zoomable(alt.layer(marks, text), str(found.patterns.layer))


FIGURE = Figure(
    "patterns",
    3,
    "Activation patterns in the plane",
    "MDS of the activation patterns, a point a phone, coloured and shaped by group, layer by layer.",
    draw,
)
