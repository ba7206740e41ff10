"""How well activation patterns tell groups apart, layer by layer: figure 4 of the paper."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl

from queries.patterns import separation_of
from queries.plot import style
from queries.plot.figure import Figure
from queries.plot.marks import sentence, series
from queries.plot.projected import projected
from queries.plot.question import Asked, one_of

OF = {"points": "silhouette_2d", "patterns": "silhouette_patterns"}
"""What silhouettes are of: the points of MDS, as in the paper, or the patterns themselves."""

HEIGHT = 130


def draw(
    asked: Asked,
    *,
    properties: Sequence[str] | None = None,
    layers: Sequence[int] | None = None,
    of: str = "points",
    seed: int = 0,
) -> Any:
    """Lines over the layers: one a property for one model; for several a panel a property and a line a model.

    Args:
        asked: one model or several.
        properties: which; None = those of the paper.
        layers: which; None = all.
        of: points (of MDS, as in the paper) or patterns.
        seed: of MDS.
    """
    score = OF[one_of("of", of, list(OF))]
    names, chosen = asked.properties(properties), asked.layers(layers)
    found = pl.concat(separation_of(projected(asked, name, chosen, seed)) for name in names)
    y = alt.Y("silhouette:Q", title="silhouette", scale=alt.Scale(zero=True))
    x = style.layer_axis()
    found = found.with_columns(pl.col(score).alias("silhouette"))
    shown = found.select("model", "property", "layer", "silhouette", "n_points", "n_groups", "note")
    title = f"How well the {of} of each layer tell groups apart"
    where = "on the points of MDS" if of == "points" else "on the patterns"
    one = [f"layer {chosen[0]}"] if len(chosen) == 1 else []
    setting = asked.setting(*one, f"silhouette {where}", sets=False)
    if len(asked.models) == 1:
        lacking = [name for name in names if shown.filter(pl.col("property") == name)["silhouette"].is_null().all()]
        drawn = [name for name in names if name not in lacking]
        notes = [f"{name}: {_why(shown, name)}" for name in lacking]
        known = shown.filter(pl.col("property").is_in(drawn))
        parts = (
            [series(known, x, y, "property", drawn).properties(width=style.COLUMN, height=HEIGHT + 30)] if drawn else []
        )
        parts += [sentence(note, style.COLUMN, 44) for note in notes]
        picture = parts[0] if len(parts) == 1 else alt.vconcat(*parts)
        return style.headed(picture, title, setting)
    columns = min(3, len(names))
    width = style.COLUMN if columns == 1 else (style.WIDE - 90) / columns
    panels = []
    for name in names:
        ours = shown.filter(pl.col("property") == name)
        empty = ours["silhouette"].is_null().all()
        lines = (
            sentence(_why(shown, name), width, HEIGHT)
            if empty
            else series(ours, x, y, "model", asked.models, style.WIDE)
        )
        panels.append(style.panel(lines, name, width, HEIGHT))
    return style.headed(style.grid(panels, columns), title, setting, width * columns)


def _why(shown: pl.DataFrame, name: str) -> str:
    """Why a property has no silhouette anywhere: the reason of its first layer."""
    notes = shown.filter((pl.col("property") == name) & pl.col("note").is_not_null())["note"]
    return str(notes[0]) if len(notes) else "no layer of the model is among those that are asked for"


FIGURE = Figure(
    "silhouettes",
    4,
    "Silhouettes",
    "How well each layer's patterns tell the groups of a property apart, on the points of MDS or on the patterns.",
    draw,
)
