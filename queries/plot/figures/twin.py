"""What training adds: sizes of a model's sets less those of its twin, with an interval from resampled speakers."""

from typing import Any

import altair as alt
import polars as pl

from queries.plot import style
from queries.plot.figure import Figure
from queries.plot.figures.intervals import panels_by_group, standing, unit_of
from queries.plot.marks import tips
from queries.plot.question import Asked
from warehouse.errors import QueryError

RESAMPLES = 500


def draw(
    asked: Asked,
    *,
    property: str | None = None,
    twin: str | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Any:
    """A panel a group: the difference of the sizes over the layers, and where it lies for other speakers.

    Args:
        asked: one model.
        property: which; None = phone_class.
        twin: a model of the same widths over the same frames, such as an untrained one.
        resamples: of the speakers, the same for both models.
        seed: of the resamples.
    """
    from queries.certainty import against_twin

    if twin is None:
        raise QueryError("twin: there is none; name a model of the same widths over the same frames, as twin=…")
    name = asked.property(property)
    options: dict[str, Any] = {key: value for key, value in asked.parameters.items() if key != "p_model"}
    found = against_twin(asked.con, name, asked.model, twin, resamples=resamples, seed=seed, **options)
    kept = found.select(
        "group", "layer", "n", "n_twin", "difference", "difference_low", "difference_high", "stands_out", "note"
    )
    labels = f"against {twin}, {resamples} resamples of the {unit_of(found)}"
    head = f"Neurons of {name} that the twin does not have"
    return panels_by_group(asked, name, kept, "difference", _panel, head, asked.setting(labels))


def _panel(rows: pl.DataFrame) -> Any:
    base = alt.Chart(style.rows(rows)).encode(style.layer_axis(), tooltip=tips(rows))
    zero = alt.Chart(style.rows(pl.DataFrame({"at": [0]}))).mark_rule(strokeDash=[5, 3], strokeWidth=0.8)
    title = "more neurons than the twin"
    spans = base.mark_rule(color=style.PLAIN, strokeWidth=1.2)
    points = base.mark_point(size=30, opacity=1, stroke=style.PLAIN, shape="circle", strokeWidth=1.3)
    fill = standing("stands_out", "more than the twin (95 %)", "not for sure")
    return alt.layer(
        zero.encode(alt.Y("at:Q", title=title, scale=alt.Scale(nice=4), axis=alt.Axis(tickCount=4))),
        spans.encode(alt.Y("difference_low:Q", title=title), alt.Y2("difference_high:Q")),
        points.encode(alt.Y("difference:Q", title=title), fill),
    )


FIGURE = Figure(
    "twin",
    None,
    "Against a twin",
    "How many more neurons a model's sets have than those of its twin, such as an untrained one, with intervals.",
    draw,
)
