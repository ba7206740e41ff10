"""How every figure looks: white, for one column of a paper, told apart by lightness, shape and dash, not by hue alone.

Sizes are in pixels of 1/72 inch, so that a font size is what it is in print. The colours for two and three groups are
Paul Tol's "high-contrast" ones; the eight for more ascend in lightness, too, and differ for every kind of colour
blindness.
"""

import textwrap
from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl

FONT = "Arial, Helvetica, Liberation Sans, DejaVu Sans, sans-serif"
LABEL, TITLE, HEAD = 8.5, 9.5, 11
"""Font sizes: numbers and names on axes, titles of axes and panels, title of the figure."""

FEW = ("#004488", "#DDAA33", "#BB5566")
MANY = ("#10102A", "#332288", "#882255", "#117733", "#D55E00", "#56A5D8", "#E6AB35", "#DCCB66")
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left")
DASHES: tuple[list[int], ...] = ([1, 0], [6, 2], [2, 2], [8, 2, 2, 2], [4, 4], [1, 3], [10, 3], [6, 2, 2, 2, 2, 2])
PLAIN, INK, FAINT = "#004488", "#222222", "#777777"
"""Colours of marks without groups, of text, and of lines that only help."""

COLUMN, WIDE = 250, 540
"""Widths of the plotting area for one column and for the whole page."""

MOST_SERIES = len(MANY)
"""Groups that a figure tells apart; of more, only their union is drawn."""


def colours(n: int) -> list[str]:
    """Colours of n series, dark to light where there are more than three; they repeat after eight."""
    if n <= len(FEW):
        return list(FEW[:n])
    if n >= len(MANY):
        return [MANY[place % len(MANY)] for place in range(n)]
    return [MANY[round(place * (len(MANY) - 1) / (n - 1))] for place in range(n)]


def colour(field: str, names: Sequence[str], width: float = COLUMN) -> alt.Color:
    """Colour of a text column, with a legend that fits a width."""
    scale = alt.Scale(domain=list(names), range=colours(len(names)))
    return alt.Color(f"{field}:N", scale=scale, legend=_legend(names, width))


def shape(field: str, names: Sequence[str], width: float = COLUMN) -> alt.Shape:
    """Shape of a text column; its legend is one with that of the colour."""
    kinds = [SHAPES[(place + place // len(MANY)) % len(SHAPES)] for place in range(len(names))]
    return alt.Shape(f"{field}:N", scale=alt.Scale(domain=list(names), range=kinds), legend=_legend(names, width))


def dash(field: str, names: Sequence[str], width: float) -> alt.StrokeDash:
    """Dash of a text column; its legend is one with that of the colour."""
    scale = alt.Scale(domain=list(names), range=_dashes(len(names)))
    return alt.StrokeDash(f"{field}:N", scale=scale, legend=_legend(names, width))


def silent_dash(field: str, names: Sequence[str]) -> Any:
    """The same dash without a scale: Vega-Lite would draw the shapes of the legend dashed, too."""
    chosen: Any = alt
    for name, kind in zip(names, _dashes(len(names)), strict=True):
        chosen = chosen.when(alt.datum[field] == name).then(alt.value(kind))
    return chosen.otherwise(alt.value([1, 0]))


def _dashes(n: int) -> list[list[int]]:
    return [DASHES[(place + place // len(MANY)) % len(DASHES)] for place in range(n)]


def steps(field: str, values: Sequence[int], title: str) -> alt.Color:
    """Colour of numbered series, such as layers: dark first, without the lightest end, which white would swallow."""
    scale = alt.Scale(domain=list(values), scheme=alt.SchemeParams("viridis", extent=[0.0, 0.88]))
    legend = alt.Legend(title=title, columns=1 + (len(values) - 1) // 12)
    return alt.Color(f"{field}:O", scale=scale, legend=legend)


def _legend(names: Sequence[str], width: float) -> alt.Legend:
    longest = max((len(name) for name in names), default=1)
    columns = max(1, min(len(names), int(width / (0.55 * LABEL * longest + 24))))
    return alt.Legend(
        title=None,
        orient="bottom",
        columns=columns,
        labelLimit=300,
        symbolSize=45,
        offset=6,
        symbolStrokeWidth=1.5,
        symbolOpacity=1,
    )


def count_axis(field: str, title: str | None) -> alt.Y:
    """Vertical channel of a number of neurons: whole steps, and the highest of them at the top."""
    return alt.Y(f"{field}:Q", title=title, scale=alt.Scale(nice=4), axis=alt.Axis(tickMinStep=1, tickCount=4))


def layer_axis() -> alt.X:
    """Horizontal channel of layers."""
    return alt.X("layer:O", title="layer", axis=alt.Axis(labelAngle=0))


def shade(field: str, title: str) -> alt.Color:
    """Lightness of a probability: white is 0; equal steps of its square root, as most are small."""
    scale = alt.Scale(range=["#FFFFFF", "#08306B"], interpolate="lab", type="sqrt", domainMin=0)
    return alt.Color(f"{field}:Q", title=title, scale=scale, legend=alt.Legend(gradientLength=100, tickCount=4))


def rows(frame: pl.DataFrame) -> alt.InlineData:
    """Rows of a data frame inside the chart, however many they are."""
    return alt.InlineData(values=frame.to_dicts())


def wrapped(text: str, width: float, size: float = LABEL) -> list[str]:
    """Lines of a text that fit a width in pixels."""
    return textwrap.wrap(text, max(16, int(width / (0.5 * size)))) or [""]


def headed(chart: Any, title: str, subtitle: str, width: float = COLUMN) -> Any:
    """A finished figure: its title, what was asked in small letters below, and the looks of every figure.

    The title of a single panel, such as its layer, would be lost, as a picture has one; it opens the small letters.
    """
    width += 50  # the axes stand beside the plotting area
    own = chart.title
    if isinstance(own, alt.TitleParams):
        text = own["text"]
        subtitle = f"{text if isinstance(text, str) else ', '.join(text)} · {subtitle}"
    head = alt.TitleParams(
        text=wrapped(title, width, HEAD), subtitle=wrapped(subtitle, width), anchor="start", frame="bounds"
    )
    return configured(chart.properties(title=head))


def configured(chart: Any) -> Any:
    """The looks of every figure."""
    axis = alt.AxisConfig(
        labelFontSize=LABEL,
        titleFontSize=TITLE,
        titleFontWeight="normal",
        labelColor=INK,
        titleColor=INK,
        domainColor=FAINT,
        tickColor=FAINT,
        tickSize=3,
        gridColor="#E6E6E6",
        titlePadding=5,
        labelLimit=200,
    )
    return chart.configure(
        background="white",
        font=FONT,
        padding=6,
        axis=axis,
        view=alt.ViewConfig(stroke=None),
        legend=alt.LegendConfig(labelFontSize=LABEL, titleFontSize=TITLE, titleFontWeight="normal"),
        title=alt.TitleConfig(
            fontSize=HEAD, subtitleFontSize=LABEL, subtitleColor=FAINT, subtitlePadding=3, offset=8, color=INK
        ),
        header=alt.HeaderConfig(labelFontSize=TITLE, titleFontSize=TITLE),
        concat=alt.CompositionConfig(spacing=14),
    )


def panel(chart: Any, title: str | Sequence[str] | None, width: float, height: float) -> Any:
    """One of several pictures in a figure, of a fixed size and with a small title of its own."""
    sized = chart.properties(width=width, height=height)
    if title is None:
        return sized
    text = title if isinstance(title, str) else list(title)
    return sized.properties(title=alt.TitleParams(text, fontSize=TITLE, fontWeight="normal", anchor="middle", offset=4))


def grid(panels: Sequence[Any], columns: int) -> Any:
    """Pictures in rows."""
    return panels[0] if len(panels) == 1 else alt.concat(*panels, columns=columns)
