"""How many neurons each set has against how many chance gives: sizes over the layers beside their null."""

from typing import Any

import altair as alt
import polars as pl

from queries.plot import style
from queries.plot.figure import Figure
from queries.plot.figures.intervals import panels_by_group, standing, unit_of
from queries.plot.marks import tips
from queries.plot.question import Asked

PERMUTATIONS = 200
"""Of a figure; 1,000 and more for a table."""


def draw(
    asked: Asked,
    *,
    property: str | None = None,
    unit: str | None = None,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> Any:
    """A panel a group: sizes of the set, and where 95 % of the sizes under permuted labels lie.

    Args:
        asked: one model.
        property: which; None = phone_class.
        unit: speaker, utterance or segment, what exchanges labels; None = the largest that has one label.
        permutations: how many.
        seed: of the permutations.
    """
    from queries.certainty import permutation_null

    name = asked.property(property)
    options = {**asked.parameters, "p_model": asked.model, "unit": unit, "permutations": permutations, "seed": seed}
    found = permutation_null(asked.con, name, **options)  # type: ignore[arg-type]
    kept = found.select(
        "group", "layer", "n", "null_mean", "null_low", "null_high", "p_value", "q_value", "fdr", "stands_out", "note"
    )
    labels = f"{permutations} permutations of labels over {unit_of(found)}"
    head = f"Neurons of {name} against what chance gives"
    return panels_by_group(asked, name, kept, "null_mean", _panel, head, asked.setting(labels))


def _panel(rows: pl.DataFrame) -> Any:
    base = alt.Chart(style.rows(rows)).encode(style.layer_axis(), tooltip=tips(rows))
    band = base.mark_area(color="#BBBBBB", opacity=0.7).encode(
        style.count_axis("null_low", "neurons"), alt.Y2("null_high:Q")
    )
    if rows["layer"].n_unique() == 1:
        band = base.mark_rule(color="#BBBBBB", strokeWidth=8).encode(
            style.count_axis("null_low", "neurons"), alt.Y2("null_high:Q")
        )
    mean = base.mark_line(color=style.INK, strokeDash=[5, 3], strokeWidth=0.9).encode(
        style.count_axis("null_mean", "neurons")
    )
    line = base.mark_line(color=style.PLAIN, strokeWidth=1.3).encode(style.count_axis("n", "neurons"))
    points = base.mark_point(size=30, opacity=1, stroke=style.PLAIN, shape="circle", strokeWidth=1.3)
    fill = standing("stands_out", "stands out (q at most 0.05)", "does not; band: 95 % of chance")
    return alt.layer(band, mean, line, points.encode(style.count_axis("n", "neurons"), fill))


FIGURE = Figure(
    "null",
    None,
    "Against chance",
    "Sizes of the group neurons over the layers against the band that permuted labels give.",
    draw,
)
