"""Models side by side: property neurons of each layer, and what changes from one model to another."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import altair as alt
import polars as pl

from queries.comparison import models_by_layer, pairs_by_layer, pairs_over_layers
from queries.plot import style
from queries.plot.figure import Figure
from queries.plot.marks import sentence, series, tips
from queries.plot.question import Asked

HEIGHT, PAIR = 120, 32
"""Heights of the lines, and of the bar of a pair with its name above."""

ROOM = 1.5
"""The axis is so much longer than the longest bar: text stands behind it."""

_SMALL: Any = {"fontSize": style.LABEL - 0.5, "color": style.INK, "align": "left"}
CHANGES = {"stayed": "#004488", "moved": "#BB5566", "left": "#DDAA33", "joined": "#FFFFFF"}
"""What became of a neuron, from dark to white: told apart in grey and by the colour-blind."""


def draw(asked: Asked, *, properties: Sequence[str] | None = None, other: str | None = None) -> Any:
    """A panel a property above: lines of property neurons, one a model. Below: a bar a pair of models.

    Args:
        asked: all models; with one that is named, the pairs in which it is the model before.
        properties: which; None = those of the paper.
        other: name of the model after; None = every other one.
    """
    names = asked.properties(properties)
    if len(asked.ask("SELECT model FROM models")) < 2:
        text = f"comparing takes two models, and the warehouse has {asked.models[0]} alone"
        return style.headed(sentence(text, style.COLUMN, HEIGHT), _title(names), asked.setting())
    options: dict[str, Any] = {**asked.parameters, "other": other}
    sizes = {name: models_by_layer(asked.con, name, **options) for name in names}
    pairs = {name: pairs_over_layers(pairs_by_layer(asked.con, name, **options)) for name in names}
    models = tuple(dict.fromkeys(sizes[names[0]]["model"].to_list()))
    asked = replace(asked, models=models)
    columns = min(3, len(names))
    width = style.COLUMN if columns == 1 else (style.WIDE - 90) / columns
    panels = [
        alt.vconcat(
            style.panel(_sizes(sizes[name], models, place % columns == 0), name, width, HEIGHT),
            _changes(name, pairs[name], width),
            spacing=12,
        )
        for place, name in enumerate(names)
    ]
    said = asked.setting("J: Jaccard index of the sets (by chance)")
    return style.headed(style.grid(panels, columns), _title(names), said, width * columns)


def _title(names: Sequence[str]) -> str:
    of = f"neurons of {names[0]}" if len(names) == 1 else "property neurons"
    return f"Models side by side: {of}, and what becomes of them"


def _sizes(rows: pl.DataFrame, models: Sequence[str], named: bool) -> Any:
    counts = style.count_axis("n", "property neurons" if named else None)
    return series(rows.select("model", "layer", "n"), style.layer_axis(), counts, "model", models, style.WIDE)


def _changes(name: str, pairs: pl.DataFrame, width: float) -> Any:
    """A bar a pair: neurons that stayed, moved, left and joined, and behind it the Jaccard index of the two sets."""
    compared = pairs.filter(pl.col("n_neurons").is_not_null())
    if not compared.select(pl.sum_horizontal("n_before", "n_after")).sum().item():
        why = f"no neuron responds to one group of {name} alone"
        why = why if len(compared) else "no two of these models have a layer of one number and width"
        return style.panel(sentence(why, width, 60), None, width, 60)
    known = "J {:.2f} ({:.2f})".format
    rows = [
        {
            "pair": f"{row['model']} → {row['other']}",
            "end": sum(row[change] for change in CHANGES),
            "said": "" if row["jaccard"] is None else known(row["jaccard"], row["jaccard_by_chance"]),
            **{change: row[change] for change in CHANGES},
        }
        for row in compared.iter_rows(named=True)
    ]
    parts = [
        {"pair": row["pair"], "change": change, "n": row[change], "order": place}
        for row in rows
        for place, change in enumerate(CHANGES)
    ]
    y = alt.Y("pair:N", sort=[row["pair"] for row in rows], axis=None)
    scale = alt.Scale(domain=[0, ROOM * max(row["end"] for row in rows)], nice=False)
    x = alt.X("n:Q", title="neurons", scale=scale, axis=alt.Axis(tickCount=4, tickMinStep=1, grid=False), stack="zero")
    bars = alt.Chart(style.rows(pl.DataFrame(parts))).mark_bar(height=11, yOffset=7, stroke=style.INK, strokeWidth=0.6)
    text = alt.Chart(style.rows(pl.DataFrame(rows)))
    layers = (
        bars.encode(y, x, _colour(), alt.Order("order:Q"), tooltip=tips(pl.DataFrame(parts), "order")),
        text.mark_text(**_SMALL, dy=-6, limit=width).encode(y, x=alt.value(0), text="pair:N"),
        text.mark_text(**_SMALL, dy=7, dx=4).encode(y, alt.X("end:Q", scale=scale), text="said:N"),
    )
    return style.panel(alt.layer(*layers), None, width, PAIR * len(rows))


def _colour() -> alt.Fill:
    scale = alt.Scale(domain=list(CHANGES), range=list(CHANGES.values()))
    legend = alt.Legend(title=None, orient="bottom", columns=4, symbolType="square", symbolStrokeColor=style.INK)
    return alt.Fill("change:N", scale=scale, legend=legend)


FIGURE = Figure(
    "comparison",
    None,
    "Models side by side",
    "Property neurons of each layer, a line a model; and for each pair of models the neurons that stayed, moved to "
    "another group, left or joined, with the Jaccard index of the two sets.",
    draw,
)
