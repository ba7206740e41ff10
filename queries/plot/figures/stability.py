"""How far sets agree when other speakers are heard: Jaccard over the layers, or against the amount of data."""

from typing import Any

import altair as alt
import polars as pl

from queries.plot import style
from queries.plot.figure import Figure
from queries.plot.figures.intervals import UNION, unit_of
from queries.plot.marks import sentence, series, tips
from queries.plot.question import Asked, one_of

AGAINST = ("layers", "amount")


def draw(asked: Asked, *, property: str | None = None, against: str = "layers", splits: int = 20, seed: int = 0) -> Any:
    """Jaccard index of the sets of two halves of the speakers, or of parts of growing size with the set of all data.

    Args:
        asked: one model.
        property: which; None = phone_class.
        against: layers, a line a group; or amount, a line a layer for the property neurons.
        splits: pairs of halves, or parts of each size.
        seed: of the splits.
    """
    from queries.certainty import stability, stability_by_amount

    name = asked.property(property)
    options: dict[str, Any] = {**asked.parameters, "p_model": asked.model, "seed": seed}
    if one_of("against", against, AGAINST) == "layers":
        found = stability(asked.con, name, splits=splits, **options)
        picture = _layers(found, asked.groups(name))
        head = f"Agreement of the neurons of {name} between halves of the data"
    else:
        found = stability_by_amount(asked.con, name, draws=splits, **options)
        picture = _amount(found)
        head = f"Agreement of the neurons of {name} with those of all data"
    if picture is None:
        notes = [note for note in found["note"].to_list() if note is not None]
        picture = sentence(notes[0] if notes else asked.no_group(name), style.COLUMN, 150)
    setting = asked.setting(f"{splits} splits of the {unit_of(found)}") if unit_of(found) else asked.setting()
    return style.headed(picture.properties(width=style.COLUMN, height=160), head, setting)


def _layers(found: pl.DataFrame, groups: list[str]) -> Any:
    kept = found.with_columns(pl.col("group").fill_null(UNION)).filter(pl.col("jaccard_mean").is_not_null())
    if len(groups) > style.MOST_SERIES - 1:
        kept = kept.filter(pl.col("group") == UNION)
    if not len(kept):
        return None
    names = [name for name in (UNION, *groups) if name in set(kept["group"])]
    shown = kept.select(
        "layer", "group", "jaccard_mean", "jaccard_low", "jaccard_high", "jaccard_chance", "n", "n_half"
    )
    y = alt.Y("jaccard_mean:Q", title="Jaccard index of halves", scale=alt.Scale(domain=[0, 1]))
    base = alt.Chart(style.rows(shown)).encode(style.layer_axis(), style.colour("group", names), tooltip=tips(shown))
    spans = base.mark_rule().encode(alt.Y("jaccard_low:Q", title="Jaccard index of halves"), alt.Y2("jaccard_high:Q"))
    return alt.layer(spans, series(shown, style.layer_axis(), y, "group", names))


def _amount(found: pl.DataFrame) -> Any:
    kept = found.filter(pl.col("group").is_null() & pl.col("jaccard_all_mean").is_not_null())
    if not len(kept):
        return None
    shown = kept.select("layer", "hours", "share", "n_units", "jaccard_all_mean", "jaccard_apart_mean", "n", "n_part")
    base = alt.Chart(style.rows(shown)).encode(
        alt.X("hours:Q", title="speech in the part (hours)"),
        alt.Y("jaccard_all_mean:Q", title="Jaccard index with all data", scale=alt.Scale(domain=[0, 1])),
        style.steps("layer", sorted(shown["layer"].unique()), "layer"),
        tooltip=tips(shown),
    )
    return base.mark_line(strokeWidth=1.3, point=alt.OverlayMarkDef(size=22))


FIGURE = Figure(
    "stability",
    None,
    "Stability",
    "Jaccard of the sets between halves of the speakers over the layers, or with all data against the amount of data.",
    draw,
)
