"""The plots of the studies: bars and lines with their 95% intervals, side by side."""

from collections.abc import Sequence

import altair as alt
import polars as pl

from benchmarks.replication.statistics import Estimate

GENDERS = {"male": True, "female": False}

Row = tuple[str | float, str, Estimate]
"""Place on the x axis, series, and what was measured."""


def bars(rows: Sequence[Row], x: str, series: str, y: str) -> alt.LayerChart:
    """Bars beside each other, one a series; ``x``, ``series`` and ``y`` are titles."""
    places = list(dict.fromkeys(str(place) for place, *_ in rows))
    base = alt.Chart(_table(rows)).encode(
        alt.X("place:N", sort=places, title=x, axis=alt.Axis(labelAngle=-30 if len(places) > 3 else 0)),
        alt.XOffset("series:N", sort=_names(rows)),
    )
    intervals = base.mark_rule().encode(alt.Y("low:Q"), alt.Y2("high:Q"))
    return _layered(base.mark_bar().encode(_mean(y), _color(rows, series)), intervals)


def lines(
    rows: Sequence[Row], x: str, series: str, y: str, *, ordinal: bool = False, log: bool = False
) -> alt.LayerChart:
    """A line a series; with ``log``, x falls from left to right on a logarithmic axis."""
    if ordinal:
        axis = alt.X("place:O", title=x, axis=alt.Axis(labelAngle=0))
    elif log:
        at = sorted({float(place) for place, *_ in rows})
        axis = alt.X(
            "place:Q", title=x, scale=alt.Scale(type="log", reverse=True, nice=False), axis=alt.Axis(values=at)
        )
    else:
        axis = alt.X("place:Q", title=x, scale=alt.Scale(zero=False))
    base = alt.Chart(_table(rows)).encode(axis)
    color = _color(rows, series)
    return _layered(
        base.mark_line(point=True).encode(_mean(y, zero=not log), color),
        base.mark_rule().encode(alt.Y("low:Q"), alt.Y2("high:Q"), color),
    )


def beside(*charts: alt.LayerChart, columns: int = 2) -> alt.ConcatChart:
    """Charts in a grid, on white."""
    grid = alt.concat(*charts, columns=columns).resolve_scale(color="independent")
    return grid.configure(background="white").configure_view(stroke=None)


def _layered(marks: alt.Chart, intervals: alt.Chart) -> alt.LayerChart:
    return alt.layer(marks, intervals).properties(width=300, height=220)


def _mean(title: str, zero: bool = True) -> alt.Y:
    return alt.Y("mean:Q", title=title, scale=alt.Scale(zero=zero))


def _color(rows: Sequence[Row], title: str) -> alt.Color:
    return alt.Color("series:N", sort=_names(rows), scale=alt.Scale(scheme="tableau10"), title=title)


def _names(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(series for _, series, _ in rows))


def _table(rows: Sequence[Row]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"place": place, "series": series, "mean": found.mean, "low": found.low, "high": found.high}
            for place, series, found in rows
        ]
    )
