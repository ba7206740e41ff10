"""The plots of the studies: bars and lines with their 95% intervals, side by side."""

from collections.abc import Sequence

import altair as alt
import polars as pl

from benchmarks.replication.statistics import Estimate

GENDERS = {"male": True, "female": False}

Row = tuple[str | float, str, Estimate]
"""Place on the x axis, series, and what was measured."""


def bars(rows: Sequence[Row], x: str, series: str, y: str) -> alt.LayerChart:
    """Bars beside each other, one a series."""
    base = alt.Chart(_table(rows, x, series, y)).encode(
        alt.X(
            x,
            type="nominal",
            sort=list(dict.fromkeys(str(row[0]) for row in rows)),
            title=x,
            axis=alt.Axis(labelAngle=-30),
        ),
        alt.XOffset(series, type="nominal", sort=_order(rows)),
    )
    return _with_intervals(base, base.mark_bar(size=16), rows, series, y)


def lines(
    rows: Sequence[Row], x: str, series: str, y: str, *, ordinal: bool = False, log: bool = False
) -> alt.LayerChart:
    """A line a series; with ``log``, x falls from left to right on a logarithmic axis."""
    scale = alt.Scale(type="log", reverse=True) if log else alt.Scale(zero=False)
    axis = (
        alt.X(x, type="ordinal", title=x, axis=alt.Axis(labelAngle=0))
        if ordinal
        else alt.X(x, type="quantitative", scale=scale, title=x)
    )
    base = alt.Chart(_table(rows, x, series, y)).encode(axis)
    return _with_intervals(base, base.mark_line(point=True), rows, series, y)


def beside(*charts: alt.LayerChart, columns: int = 2) -> alt.ConcatChart:
    """Charts in a grid, on white."""
    return (
        alt.concat(*charts, columns=columns)
        .resolve_scale(color="independent")
        .configure(background="white")
        .configure_view(stroke=None)
    )


def _with_intervals(base: alt.Chart, marks: alt.Chart, rows: Sequence[Row], series: str, y: str) -> alt.LayerChart:
    color = alt.Color(series, type="nominal", sort=_order(rows), scale=alt.Scale(scheme="tableau10"), title=series)
    return alt.layer(
        marks.encode(alt.Y(y, type="quantitative", title=y), color),
        base.mark_rule().encode(
            alt.Y("low", type="quantitative"),
            alt.Y2("high"),
            color if marks.mark.type == "line" else alt.value("black"),
        ),
    ).properties(width=300, height=220)


def _order(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row[1] for row in rows))


def _table(rows: Sequence[Row], x: str, series: str, y: str) -> pl.DataFrame:
    return pl.DataFrame(
        [{x: place, series: name, y: found.mean, "low": found.low, "high": found.high} for place, name, found in rows]
    )
