"""Pictures of a report on probes: lines over layers or shares with bands of a standard deviation, and a heat map."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl

from queries.plot import style
from queries.plot.marks import tips
from queries.probe_report.grids import ALL

HEIGHT = 150
COLUMNS = 2
WIDTH = (style.WIDE - 70) / COLUMNS

POINTS = {"at": pl.String, "series": pl.String, "percent": pl.Float64, "low": pl.Float64, "high": pl.Float64}
"""Columns of the points of a panel over layers; those over shares have the share as ``at``."""


def point(at: Any, series: str, value: float, sd: float | None) -> dict[str, Any]:
    """A point of a panel, in percent."""
    spread = 100 * (sd or 0.0)
    return {
        "at": at,
        "series": series,
        "percent": 100 * value,
        "low": max(0.0, 100 * value - spread),
        "high": min(100.0, 100 * value + spread),
    }


def over_layers(points: Sequence[Mapping[str, Any]], names: Sequence[str], title: str, among: Sequence[float]) -> Any:
    """Lines over layers, and beside them points of all layers together.

    Args:
        points: of :func:`point`, with layers as text.
        names: series in the order of the legend.
        title: of the vertical axis.
        among: least and greatest value of the axis, percent.
    """
    table = pl.DataFrame(points, schema=POINTS)
    order = sorted(set(table["at"]), key=lambda at: (at == ALL, int(at) if at != ALL else 0))
    x = alt.X("at:O", title="layer", sort=order, axis=alt.Axis(labelAngle=0))
    layers, single = table.filter(pl.col("at") != ALL), table.filter(pl.col("at") == ALL)
    if layers["at"].n_unique() == 1:
        layers, single = layers.clear(), table
    return _lines(table, layers, single, x, names, title, among)


def over_shares(points: Sequence[Mapping[str, Any]], names: Sequence[str], title: str, among: Sequence[float]) -> Any:
    """Lines over shares of the features in percent, on a logarithmic axis."""
    table = pl.DataFrame(points, schema={**POINTS, "at": pl.Float64})
    least = min(float(one["at"]) for one in points)
    shown = [at for at in (0.1, 1, 2, 5, 10, 20, 50, 100) if at >= least]
    scale = alt.Scale(type="log", domain=[least, 100])
    x = alt.X("at:Q", title="features kept, %", scale=scale, axis=alt.Axis(values=shown, format="~g", grid=False))
    several = table.filter(pl.len().over("series") > 1)
    return _lines(table, several, table.clear(), x, names, title, among)


def _lines(
    table: pl.DataFrame,
    joined: pl.DataFrame,
    single: pl.DataFrame,
    x: alt.X,
    names: Sequence[str],
    title: str,
    among: Sequence[float],
) -> Any:
    y = alt.Y("percent:Q", title=title, scale=alt.Scale(domain=list(among), nice=False, zero=False))
    coloured = style.colour("series", names, style.WIDE)

    def base(frame: pl.DataFrame) -> alt.Chart:
        return alt.Chart(_rows(frame)).encode(x, coloured)

    spans = {"y": alt.Y("low:Q", title=title), "y2": "high:Q"}
    band = base(joined).mark_area(opacity=0.16).encode(**spans)
    bar = base(single).mark_rule(strokeWidth=1, opacity=0.6).encode(**spans)
    line = base(joined).mark_line(strokeWidth=1.3).encode(y, strokeDash=style.silent_dash("series", names))
    marks = base(table).mark_point(filled=True, size=28, opacity=1)
    marks = marks.encode(y, style.shape("series", names, style.WIDE), tooltip=tips(table, "low", "high"))
    return alt.layer(band, bar, line, marks)


def heat_map(table: pl.DataFrame, title: str, subtitle: str) -> dict[str, Any]:
    """Rows of ``name``, columns of ``layer``, and in each field its ``percent``, as Vega-Lite.

    Args:
        table: a row a field.
        title: of the picture.
        subtitle: below it.
    """
    names = list(dict.fromkeys(table["name"]))
    n_layers = table["layer"].n_unique()
    base = alt.Chart(_rows(table)).encode(
        style.layer_axis(),
        alt.Y("name:N", title=None, sort=names, axis=alt.Axis(labelLimit=260, ticks=False, domain=False)),
        tooltip=tips(table),
    )
    scale = alt.Scale(range=["#FFFFFF", "#08306B"], interpolate="lab", domain=[0, 100])
    legend = alt.Legend(gradientLength=80, values=[0, 50, 100])
    shade = alt.Color("percent:Q", title="% of the set", scale=scale, legend=legend)
    fields = base.mark_rect(stroke="#E6E6E6").encode(shade)
    light = alt.when(alt.datum.percent > 50).then(alt.value("white")).otherwise(alt.value(style.INK))
    numbers = base.mark_text(fontSize=style.LABEL).encode(alt.Text("percent:Q", format=".0f"), color=light)
    picture = style.panel(alt.layer(fields, numbers), None, max(120, min(320, 34 * n_layers)), 20 * len(names))
    spec: dict[str, Any] = style.headed(picture, title, subtitle, style.WIDE).to_dict(validate=False)
    return spec


def panels(charts: Sequence[tuple[str, Any]], title: str, subtitle: str) -> dict[str, Any]:
    """Pictures side by side under one heading, as Vega-Lite."""
    drawn = [style.panel(chart, style.wrapped(name, WIDTH, style.TITLE), WIDTH, HEIGHT) for name, chart in charts]
    whole = style.grid(drawn, COLUMNS)
    spec: dict[str, Any] = style.headed(whole, title, subtitle, style.WIDE).to_dict(validate=False)
    return spec


def _rows(frame: pl.DataFrame) -> alt.InlineData:
    """Rows inside the chart, as a tuple: Altair copies a list and all that is in it with every change of the chart."""
    return alt.InlineData(values=tuple(frame.to_dicts()))


def among(points: Sequence[Mapping[str, Any]]) -> list[float]:
    """An axis that has room for all points and bands: whole tens of percent."""
    low = 10 * (min(one["low"] for one in points) // 10)
    high = min(100.0, 10 * -(-max(one["high"] for one in points) // 10))
    return [max(0.0, min(low, high - 10)), high]
