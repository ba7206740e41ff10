"""Marks that several figures are made of."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl

from queries.plot.style import COLUMN, INK, LABEL, TITLE, colour, dash, layer_axis, rows, shape, silent_dash, wrapped


def series(
    table: pl.DataFrame,
    x: alt.X,
    y: alt.Y,
    field: str,
    names: Sequence[str],
    width: float = COLUMN,
    points: bool = True,
) -> Any:
    """Lines with a point at each value, told apart by colour, dash and shape.

    Args:
        table: a row a point.
        x: horizontal channel.
        y: vertical channel.
        field: column of the series' names.
        names: all of them, in the order of the legend.
        width: what the legend must fit.
        points: whether to mark the values, and to show shapes in the legend instead of dashes.
    """
    base = alt.Chart(rows(table)).encode(x, y, colour(field, names, width), tooltip=tips(table))
    line = base.mark_line(strokeWidth=1.3)
    if not points:
        return line.encode(dash(field, names, width))
    marks = base.mark_point(filled=True, size=28, opacity=1)
    return alt.layer(line.encode(strokeDash=silent_dash(field, names)), marks.encode(shape(field, names, width)))


def zoomable(picture: Any, name: str) -> Any:
    """Zoom and move with the mouse, where the picture is interactive; ``name`` is unique in a figure."""
    return picture.add_params(alt.selection_interval(bind="scales", name=f"zoom_{name}"))


def tips(table: pl.DataFrame, *without: str) -> list[alt.Tooltip]:
    """What is shown of a mark under the pointer: every column of its row."""
    shown = [(name, kind) for name, kind in table.schema.items() if name not in without]
    return [
        alt.Tooltip(f"{name}:Q", format=".4~g" if kind.is_float() else "d")
        if kind.is_numeric()
        else alt.Tooltip(f"{name}:N")
        for name, kind in shown
    ]


def sentence(text: str, width: float, height: float) -> alt.Chart:
    """A picture that says why there is nothing to draw."""
    lines = wrapped(text, width - 8, TITLE)
    mark = alt.Chart(rows(pl.DataFrame({"note": [text]}))).mark_text(
        text=lines,
        fontSize=TITLE,
        color=INK,
        align="center",
        baseline="middle",
        lineHeight=TITLE + 3,
        dy=-6 * len(lines),
    )
    place = {"x": alt.value(width / 2), "y": alt.value(height / 2 + 6)}
    return mark.encode(**place).properties(width=width, height=height, view=alt.ViewBackground(stroke="#CCCCCC"))


def by_lot(table: pl.DataFrame, y: alt.Y) -> alt.Chart:
    """What chance gives in each layer: a dashed line, or a tick where there is one layer."""
    base = alt.Chart(rows(table)).encode(layer_axis(), y, tooltip=tips(table))
    if table["layer"].n_unique() == 1:
        return base.mark_tick(color=INK, thickness=1, width=14)
    return base.mark_line(color=INK, strokeDash=[5, 3], strokeWidth=0.9)


def level(values: Sequence[float], name: str, axis: str = "y") -> list[alt.Chart]:
    """Dashed lines at some values of an axis, and what they mean."""
    table = rows(pl.DataFrame({"at": list(values), "said": [f"{name} {value:.3g}" for value in values]}))
    base = alt.Chart(table)
    at = {axis: alt.Y("at:Q") if axis == "y" else alt.X("at:Q")}
    line = base.mark_rule(strokeDash=[5, 3], color=INK, strokeWidth=0.8).encode(**at)
    if axis == "y":
        text = base.mark_text(fontSize=LABEL, color=INK, align="right", baseline="bottom", dx=-2, dy=-3)
        return [line, text.encode(text="said:N", x=alt.value("width"), **at)]
    text = base.mark_text(fontSize=LABEL, color=INK, align="left", baseline="bottom", dx=-3, dy=-3)
    return [line, text.encode(text="said:N", y=alt.value(0), **at)]
