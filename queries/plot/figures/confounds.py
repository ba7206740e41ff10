"""Whether the neurons of one property are those of another in disguise: what remains of each within the other."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl

from queries.plot import style
from queries.plot.figure import Figure
from queries.plot.marks import by_lot, sentence, tips
from queries.plot.question import Asked
from warehouse.errors import QueryError

PAIR = ("gender", "pitch")
"""Properties that may be taken for each other, unless others are asked for."""

COLUMNS = 5
HEIGHT = 85


def draw(asked: Asked, *, properties: Sequence[str] | None = None, layers: Sequence[int] | None = None) -> Any:
    """A row of panels a property, a panel a condition: the share of its neurons that remain, beside chance.

    Args:
        asked: one model.
        properties: two; None = gender and pitch.
        layers: which; None = all.
    """
    from queries.confounds import ALL, BALANCED, IN_PLACE, confounds

    names, chosen = asked.properties(PAIR if properties is None else properties), asked.layers(layers)
    if len(names) != 2:
        raise QueryError(f"properties: confounds are between two, not {len(names)}; name two")
    only = {"p_layer": chosen[0]} if len(chosen) == 1 else {}
    options: dict[str, Any] = {**asked.parameters, **only, "p_model": asked.model}
    found = confounds(asked.con, *names, **options)
    found = found.filter(
        pl.col("group").is_null() & (pl.col("within_group") != ALL) & pl.col("layer").is_in(chosen)
    ).drop("model", "group")
    width = (style.WIDE - 34 * COLUMNS) / COLUMNS
    blocks, left_out = [], []
    for name, other in (names, names[::-1]):
        ours = found.filter(pl.col("property") == name)
        within = [one for one in dict.fromkeys(ours["within_group"]) if one not in (BALANCED, IN_PLACE)]
        many = len(within) > style.MOST_SERIES
        left_out += [f"{other}: {len(within)} groups, too many to draw one by one"] if many else []
        conditions = {one: f"within {one}" for one in ([] if many else within)}
        conditions[BALANCED] = f"within all {len(within)}" if within else f"within {other}"
        in_place = ours.filter((pl.col("within_group") == IN_PLACE) & pl.col("n_within").is_not_null())
        if len(in_place):
            conditions[IN_PLACE] = f"as {in_place['within_property'][0]}"
        across = 2 * width if len(conditions) == 1 else width
        panels = [
            style.panel(
                _panel(ours.filter(pl.col("within_group") == one), None if place else "share that remains", across),
                said,
                across,
                HEIGHT,
            )
            for place, (one, said) in enumerate(conditions.items())
        ]
        head = alt.TitleParams(
            f"neurons of {name}, {other} held constant", anchor="start", fontSize=style.TITLE + 0.5, offset=6
        )
        blocks.append(alt.concat(*panels, columns=COLUMNS).properties(title=head))
    picture = alt.vconcat(*blocks, spacing=16)
    said = [f"layer {chosen[0]}"] if len(chosen) == 1 else []
    setting = asked.setting(*said, "black: as many neurons drawn by lot", *left_out)
    return style.headed(picture, f"What remains of {names[0]} and {names[1]} within each other", setting, style.WIDE)


def _panel(rows: pl.DataFrame, title: str | None, width: float) -> Any:
    """Shares over the layers of one condition, or why there are none."""
    known = rows.filter(pl.col("share").is_not_null())
    if not len(known):
        notes = rows["note"].drop_nulls()
        return sentence(str(notes[0]) if len(notes) else "no layer is asked for", width, HEIGHT)
    scale, axis = alt.Scale(domain=[0, 1]), alt.Axis(tickCount=4)
    base = alt.Chart(style.rows(known)).encode(style.layer_axis(), tooltip=tips(known))
    line = base.mark_line(color=style.PLAIN, strokeWidth=1.3, point=alt.OverlayMarkDef(size=26, color=style.PLAIN))
    return alt.layer(
        by_lot(known, alt.Y("expected_share:Q", title=title, scale=scale, axis=axis)),
        line.encode(alt.Y("share:Q", title=title, scale=scale, axis=axis)),
    )


FIGURE = Figure(
    "confounds",
    None,
    "Confounds",
    "What remains of the neurons of two properties within each group of the other, and within all of them, layer by "
    "layer, beside as many neurons drawn by lot.",
    draw,
)
