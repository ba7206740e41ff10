"""How well the best layer of each model tells groups apart: figure 5 of the paper."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl

from queries.patterns import best_layers, separation_of
from queries.plot import style
from queries.plot.figure import Figure
from queries.plot.figures.silhouettes import OF
from queries.plot.marks import sentence, tips
from queries.plot.projected import projected
from queries.plot.question import Asked, one_of


def draw(asked: Asked, *, properties: Sequence[str] | None = None, of: str = "points", seed: int = 0) -> Any:
    """A panel a property: a bar a model with its highest silhouette, and the number of that layer.

    Args:
        asked: one model or several.
        properties: which; None = those of the paper.
        of: points (of MDS, as in the paper) or patterns.
        seed: of MDS.
    """
    score = OF[one_of("of", of, list(OF))]
    names, layers = asked.properties(properties), asked.layers()
    found = [best_layers(separation_of(projected(asked, name, layers, seed)), score) for name in names]
    columns = min(3, len(names))
    width = style.COLUMN - 20 if columns == 1 else (style.WIDE - 130) / columns
    height = max(40.0, 17.0 * len(asked.models))
    panels = []
    for place, (name, scores) in enumerate(zip(names, found, strict=True)):
        best = scores.with_columns(pl.col(score).alias("silhouette")).select(
            "model", "property", "layer", "silhouette", "note"
        )
        if best["silhouette"].is_null().all():
            lacking = sentence(str(best["note"][0]) if len(best) else asked.no_group(name), width, max(height, 70))
            panels.append(style.panel(lacking, name, width, max(height, 70)))
        else:
            panels.append(style.panel(_bars(best, place % columns == 0), name, width, height))
    where = "on the points of MDS" if of == "points" else "on the patterns"
    title = "Best silhouette of each model, and the layer that has it"
    setting = asked.setting(f"silhouette {where}", sets=False)
    return style.headed(style.grid(panels, columns), title, setting, width * columns)


def _bars(best: pl.DataFrame, named: bool) -> Any:
    shown = best.with_columns(
        pl.when(pl.col("silhouette").is_null())
        .then(pl.lit("none"))
        .otherwise(pl.format("layer {}", "layer"))
        .alias("said"),
        pl.max_horizontal(pl.col("silhouette").fill_null(0), pl.lit(0.0)).alias("end"),
    )
    most = max(0.1, float(shown["end"].max() or 0))  # type: ignore[arg-type]
    models = best["model"].to_list()
    y = alt.Y("model:N", sort=models, title=None, axis=alt.Axis(ticks=False, labels=named, labelLimit=220))
    base = alt.Chart(style.rows(shown)).encode(y, tooltip=tips(best))
    low = min(0.0, float(best["silhouette"].min() or 0))  # type: ignore[arg-type]
    scale = alt.Scale(domain=[low, 1.3 * most], nice=False)
    axis = alt.Axis(tickCount=4, labelOverlap=True)
    bars = base.mark_bar(height={"band": 0.6}, color=style.PLAIN).encode(
        alt.X("silhouette:Q", title="silhouette", scale=scale, axis=axis)
    )
    text = base.mark_text(align="left", dx=3, fontSize=style.LABEL - 0.5, color=style.INK)
    return alt.layer(bars, text.encode(alt.X("end:Q"), text="said:N"))


FIGURE = Figure(
    "best_silhouettes",
    5,
    "Best silhouettes",
    "The highest silhouette of each model and property, and the layer that has it.",
    draw,
)
