"""How the neurons of two or three properties overlap: figure 8 of the paper, as a Venn diagram a layer."""

import math
from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl

from queries.plot import style
from queries.plot.figure import Figure
from queries.plot.marks import tips
from queries.plot.question import Asked
from queries.regions import overlap_regions
from warehouse.errors import QueryError

RADIUS, APART = 1.0, 0.62
"""Of the circles, and how far their centres lie from the middle."""

SPAN = APART + RADIUS + 0.05
"""How far a picture goes to either side of the middle."""


def draw(asked: Asked, *, properties: Sequence[str] | None = None, layers: Sequence[int] | None = None) -> Any:
    """Circles of one size with the number of neurons in each region; areas mean nothing.

    Args:
        asked: one model.
        properties: two or three; None = those of the paper.
        layers: which; None = all.
    """
    names, chosen = asked.properties(properties), asked.layers(layers)
    if len(names) not in (2, 3):
        raise QueryError(f"properties: a Venn diagram shows two or three, not {len(names)}; name them")
    counted = overlap_regions(asked.con, names, **{**asked.parameters, "p_model": asked.model})
    columns = 1 if len(chosen) == 1 else min(4, len(chosen))
    size = 190.0 if columns == 1 else 128.0
    low, high = _upright(len(names))
    height = size * (high - low) / (2 * SPAN)
    panels = [
        style.panel(_venn(counted.filter(pl.col("layer") == layer), names, size), f"layer {layer}", size, height)
        for layer in chosen
    ]
    title = f"Neurons that {' and '.join((', '.join(names[:-1]), names[-1]))} share"
    empty = [name for name in names if not asked.groups(name)]
    notes = [asked.no_group(name) for name in empty]
    setting = " — ".join((asked.setting(), *notes))
    return style.headed(style.grid(panels, columns), title, setting, max(size * columns, style.COLUMN))


def _venn(counted: pl.DataFrame, names: Sequence[str], size: float) -> Any:
    centres = {name: _centre(place, len(names)) for place, name in enumerate(names)}
    pixels = size / (2 * SPAN)
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-SPAN, SPAN], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=_upright(len(names)), nice=False))
    sizes = {name: _total(counted, name) for name in names}
    circles = pl.DataFrame(
        [{"property": name, "n": sizes[name], "x": at[0], "y": at[1]} for name, at in centres.items()]
    )
    regions = counted.with_columns(_places(counted, centres, len(names)).struct.unnest())
    area = math.pi * (RADIUS * pixels) ** 2
    discs = alt.Chart(style.rows(circles)).mark_point(
        filled=True, fillOpacity=0.22, opacity=1, size=area, shape="circle"
    )
    rings = alt.Chart(style.rows(circles)).mark_point(
        filled=False, opacity=1, size=area, shape="circle", strokeWidth=1.6
    )
    colour = style.colour("property", names)
    number = style.LABEL if size < 150 else style.TITLE + 1
    text = alt.Chart(style.rows(regions)).mark_text(fontSize=number, color=style.INK)
    return alt.layer(
        discs.encode(x, y, colour, tooltip=tips(circles, "x", "y")),
        rings.encode(x, y, colour, strokeDash=style.silent_dash("property", names)),
        text.encode(x, y, text="n:Q", tooltip=tips(regions, "x", "y")),
    )


def _centre(place: int, n: int) -> tuple[float, float]:
    """Centres of the circles: side by side, or two above one."""
    if n == 2:
        return (-APART if place == 0 else APART, 0.0)
    angle = math.pi * (5 / 6 - place * 2 / 3)
    return (APART * math.cos(angle), APART * math.sin(angle))


def _upright(n: int) -> list[float]:
    """How far a picture of n circles goes down and up from the middle."""
    ends = [_centre(place, n)[1] for place in range(n)]
    return [min(ends) - RADIUS - 0.05, max(ends) + RADIUS + 0.05]


def _total(counted: pl.DataFrame, name: str) -> int:
    return int(counted.filter(pl.col("properties").str.split("+").list.contains(name))["n"].sum())


def _places(counted: pl.DataFrame, centres: dict[str, tuple[float, float]], n: int) -> pl.Series:
    """Where the number of each region stands: outwards for one circle, between the centres for more."""
    stretch = {1: 1.6, 2: 2.2 if n == 3 else 0.0, 3: 0.0}
    places = []
    for region in counted["properties"].to_list():
        inside = [centres[name] for name in region.split("+")]
        middle = [sum(at[axis] for at in inside) / len(inside) * stretch[len(inside)] for axis in (0, 1)]
        places.append({"x": middle[0], "y": middle[1]})
    return pl.Series("at", places, dtype=pl.Struct({"x": pl.Float64, "y": pl.Float64}))


FIGURE = Figure(
    "overlap",
    8,
    "Overlap of properties",
    "How many neurons two or three properties share in each layer, as Venn diagrams with their counts.",
    draw,
)
