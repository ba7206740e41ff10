"""How far other rankings of neurons agree with the property neurons, layer by layer."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl

from queries.plot import style
from queries.plot.figure import Figure
from queries.plot.marks import by_lot, sentence, series
from queries.plot.question import Asked
from warehouse.errors import QueryError

HEIGHT = 135


def draw(
    asked: Asked, *, property: str | None = None, layers: Sequence[int] | None = None, persistence: float = 0.98
) -> Any:
    """Two panels with a line a ranking: rank-biased overlap, and how many property neurons stand among the first.

    Args:
        asked: one model.
        property: which; None = phone_class.
        layers: which; None = all.
        persistence: of the rank-biased overlap; the first 1 / (1 - persistence) neurons have most of its weight.
    """
    from queries.rankings import SETS, ranking_overlap

    if not isinstance(persistence, (int, float)):
        raise QueryError(f"persistence: {persistence!r} is no number; give more than 0 and less than 1, such as 0.98")
    name, chosen = asked.property(property), asked.layers(layers)
    only = {"p_layer": chosen[0]} if len(chosen) == 1 else {}
    options: dict[str, Any] = {**asked.parameters, **only, "p_model": asked.model}
    found = ranking_overlap(asked.con, name, persistence=persistence, **options)
    pairs = found.filter((pl.col("ranking_b") == SETS) & pl.col("layer").is_in(chosen))
    pairs = pairs.select(
        "layer",
        pl.col("ranking_a").str.replace("_", " ").alias("ranking"),
        "rbo",
        (pl.col("n_both") / pl.col("n")).alias("share"),
        "n_both",
        "n",
        (pl.col("n_both_by_chance") / pl.col("n")).alias("share_by_chance"),
        "note",
    )
    width = (style.WIDE - 90) / 2
    panels = [
        style.panel(_lines(pairs, "rbo", "overlap", width), "rank-biased overlap with the set", width, HEIGHT),
        style.panel(
            _lines(pairs, "share", "share", width), "share of the set among as many first neurons", width, HEIGHT
        ),
    ]
    said = [f"layer {chosen[0]}"] if len(chosen) == 1 else []
    setting = asked.setting(*said, f"persistence {persistence:g}", "black: as many neurons drawn by lot")
    title = f"Rankings beside the property neurons of {name}"
    return style.headed(style.grid(panels, 2), title, setting, 2 * width)


def _lines(pairs: pl.DataFrame, value: str, title: str, width: float) -> Any:
    """Values over the layers, and by chance where that is known; the reason where there are none."""
    known = pairs.filter(pl.col(value).is_not_null() & pl.col(value).is_not_nan())
    if not len(known):
        notes = pairs["note"].drop_nulls()
        return sentence(str(notes[0]) if len(notes) else "nothing is ranked", width, HEIGHT)
    y = alt.Y(f"{value}:Q", title=title, scale=alt.Scale(domain=[0, 1]))
    names = sorted(pairs["ranking"].unique())
    lines = series(known, style.layer_axis(), y, "ranking", names, style.WIDE)
    if value != "share":
        return lines
    chance = known.select("layer", "share_by_chance").unique(maintain_order=True)
    return alt.layer(by_lot(chance, alt.Y("share_by_chance:Q", title=title)), lines)


FIGURE = Figure(
    "rankings",
    None,
    "Agreement of rankings",
    "How far other rankings of neurons agree with the property neurons: rank-biased overlap, and the share of the set "
    "among as many first neurons, layer by layer.",
    draw,
)
