"""How often each neuron is active in the frames of a phone, sorted: figure 2 of the paper."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl

from queries.plot import style
from queries.plot.figure import Figure
from queries.plot.marks import level, sentence, tips, zoomable
from queries.plot.question import Asked, one_of


def draw(asked: Asked, *, phone: str | None = None, layers: Sequence[int] | None = None) -> Any:
    """A line a layer over the neurons sorted by p(j | phone), and chance.

    Args:
        asked: one model.
        phone: the phone; None = AH, or the most frequent vowel where nobody says AH.
        layers: which; None = all.
    """
    model, chosen = asked.model, asked.layers(layers)
    phone = _phone(asked, phone)
    if phone is None:
        lacking = sentence(asked.no_group("phone"), style.COLUMN, 150)
        return style.headed(lacking, "Activation probabilities", asked.setting(sets=False))
    called = asked.macro("activation_probabilities", p_property="phone")
    found = asked.ask(f"SELECT layer, neuron, p FROM {called} WHERE phone = $phone", phone=phone)
    widths = asked.ask("SELECT layer, n_neurons FROM layers WHERE model = $model", model=model)
    curves = [_curve(found, layer, width) for layer, width in widths.iter_rows() if layer in chosen]
    table = pl.concat(curves)
    base = alt.Chart(style.rows(table))
    ranks = alt.Scale(type="log", domain=[1, max(widths["n_neurons"])], nice=False)
    axis = alt.Axis(values=[10.0**power for power in range(6)], grid=True)
    lines = base.mark_line(strokeWidth=1.2).encode(
        alt.X("rank:Q", title="rank of the neuron, most active first (log scale)", scale=ranks, axis=axis),
        alt.Y("p:Q", title=f"p(neuron active | {phone})", scale=alt.Scale(domainMin=0)),
        color=style.steps("layer", chosen, "layer") if len(chosen) > 1 else alt.value(style.PLAIN),
        tooltip=tips(table),
    )
    picture = alt.layer(
        lines, *level(asked.baselines(chosen), "baseline" if "p_baseline" in asked.parameters else "chance")
    ).properties(width=style.COLUMN, height=170)
    layer = f"layer {chosen[0]}" if len(chosen) == 1 else f"{len(chosen)} layers"
    title = f"Activation probabilities of the neurons given {phone}"
    return style.headed(zoomable(picture, "ranks"), title, asked.setting(layer, sets=False))


def _phone(asked: Asked, wanted: str | None) -> str | None:
    cells = asked.macro("counted_cells", p_property="phone")
    sql = f"""
        SELECT c.phone, bool_or(i.phone_class = 'vowel') AS is_vowel
        FROM {cells} AS c LEFT JOIN phones AS i ON c.phone = i.phone
        WHERE c.model IN (SELECT unnest($models))
        GROUP BY c.phone ORDER BY c.phone <> 'AH', NOT coalesce(is_vowel, false), max(c.n_frames) DESC, c.phone
    """
    known = asked.ask(sql, models=list(asked.models))["phone"].to_list()
    if wanted is not None:
        return str(one_of("phone", wanted, known))
    return known[0] if known else None


def _curve(found: pl.DataFrame, layer: int, width: int) -> pl.DataFrame:
    """Probabilities of a layer in descending order; the neurons that are never active are the level end of it."""
    ours = found.filter(pl.col("layer") == layer).sort("p", "neuron", descending=[True, False])
    never = [rank for rank in dict.fromkeys((len(ours) + 1, width)) if rank <= width]
    level = {"layer": [layer] * len(never), "neuron": [None] * len(never), "p": [0.0] * len(never), "rank": never}
    kinds = {"layer": pl.Int32, "neuron": pl.Int32, "p": pl.Float64, "rank": pl.Int64}
    ranked = ours.with_columns(pl.int_range(1, pl.len() + 1).alias("rank"))
    return pl.concat(
        [ranked.select(pl.col(name).cast(kind) for name, kind in kinds.items()), pl.DataFrame(level, kinds)]
    )


FIGURE = Figure(
    "probabilities",
    2,
    "Activation probabilities",
    "p(neuron active | phone) of every neuron, sorted, layer by layer, against chance.",
    draw,
)
