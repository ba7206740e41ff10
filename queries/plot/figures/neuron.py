"""What one neuron responds to: its activation probability for every phone, with intervals."""

from typing import Any

import altair as alt
import polars as pl

from queries.calls import literal
from queries.plot import style
from queries.plot.figure import Figure
from queries.plot.marks import level, sentence, tips
from queries.plot.question import Asked
from warehouse.errors import QueryError

NO_CLASS = "no class"


def draw(
    asked: Asked,
    *,
    property: str | None = None,
    layer: int | None = None,
    neuron: int | None = None,
    resamples: int = 0,
    seed: int = 0,
) -> Any:
    """A row a phone, sorted by p(j | phone), coloured by the phone's class or by the group.

    Args:
        asked: one model.
        property: groups within which the phones are counted; None = phone, every frame of a phone.
        layer: the neuron's; None = the one with the most neurons of phone classes (or of the property).
        neuron: from 0; None = the group neuron that responds most strongly.
        resamples: of the speakers, for a second interval, which knows that frames of a speaker are alike; 0 = none.
        seed: of the resamples.
    """
    name = asked.property(property, "phone")
    ranked_by = asked.property(None) if name == "phone" else name
    chosen = asked.layer(layer, ranked_by)
    number = _neuron(asked, chosen, neuron, ranked_by)
    table = intervals(asked, name, chosen, number)
    title = f"Neuron {number} of layer {chosen}: what it responds to"
    said = "Wilson intervals" if "p_z" in asked.parameters else "95 % Wilson intervals"
    if resamples and len(table):
        table = _resampled(asked, table, name, chosen, number, resamples, seed)
        said = f"thin: {said}; pale: 95 % of {resamples} resamples of the speakers"
    setting = asked.setting(*(() if name == "phone" else (name,)), said, sets=False)
    if not len(table):
        return style.headed(sentence(asked.no_group(name), style.COLUMN, 150), title, setting)
    field = "class" if _by_phone(table) else "group"
    names = sorted(table["class"].unique()) if field == "class" else asked.groups(name)
    order = (
        table.group_by("phone").agg(pl.col("p").mean()).sort("p", "phone", descending=[True, False])["phone"].to_list()
    )
    base = alt.Chart(style.rows(table)).encode(
        alt.Y("phone:N", sort=order, title=None, axis=alt.Axis(grid=True, ticks=False, offset=4)),
        tooltip=tips(table),
    )
    few = len(names) <= style.MOST_SERIES
    colour = style.colour(field, names) if few else alt.value(style.PLAIN)
    bars = base.mark_rule(strokeWidth=1.2).encode(_probability("p_low"), alt.X2("p_high:Q"), color=colour)
    points = base.mark_point(filled=True, size=32, opacity=1).encode(_probability("p"), color=colour)
    points = points.encode(style.shape(field, names)) if few else points
    name_of_line = "baseline" if "p_baseline" in asked.parameters else "chance"
    wide = base.mark_rule(strokeWidth=5, opacity=0.3).encode(
        _probability("boot_low"), alt.X2("boot_high:Q"), color=colour
    )
    layers = [*([wide] if resamples else []), bars, points]
    picture = alt.layer(*level(asked.baselines([chosen]), name_of_line, "x"), *layers)
    height = max(60, 10.5 * len(order))
    return style.headed(picture.properties(width=style.COLUMN, height=height), title, setting)


def intervals(asked: Asked, property: str, layer: int, neuron: int) -> pl.DataFrame:
    """Probabilities of a neuron in every cell that counts, also where it is never active.

    Returns:
        Columns ``group, phone, class, n_active, n_frames, p, p_low, p_high``.
    """
    model = asked.model
    cells = asked.macro("counted_cells", p_property=property, p_model=model, p_layer=layer)
    found = asked.macro("activation_probabilities", p_property=property, p_model=model, p_layer=layer)
    z = literal(asked.parameters.get("p_z", 1.96))
    sql = f"""
        SELECT c."group", c.phone, coalesce(i.phone_class, $no_class) AS class, coalesce(a.n_active, 0) AS n_active,
            c.n_frames, coalesce(a.n_active, 0) / c.n_frames AS p,
            wilson_bound(coalesce(a.n_active, 0), c.n_frames, -{z}) AS p_low,
            wilson_bound(coalesce(a.n_active, 0), c.n_frames, {z}) AS p_high
        FROM {cells} AS c
        LEFT JOIN (FROM {found} WHERE neuron = $neuron) AS a ON a."group" = c."group" AND a.phone = c.phone
        LEFT JOIN (SELECT phone, any_value(phone_class) AS phone_class FROM phones GROUP BY phone) AS i
            ON i.phone = c.phone
        ORDER BY p DESC, c.phone, c."group"
    """
    return asked.ask(sql, neuron=neuron, no_class=NO_CLASS)


def _resampled(
    asked: Asked, table: pl.DataFrame, property: str, layer: int, neuron: int, resamples: int, seed: int
) -> pl.DataFrame:
    """The table with ``boot_low`` and ``boot_high``, null where the neuron is never active."""
    from queries.certainty import bootstrap_probabilities

    options: dict[str, Any] = {**asked.parameters, "p_model": asked.model, "p_layer": layer, "seed": seed}
    found = bootstrap_probabilities(asked.con, property, neurons=[neuron], resamples=resamples, **options)
    return table.join(found.select("group", "phone", "boot_low", "boot_high"), on=["group", "phone"], how="left")


def _neuron(asked: Asked, layer: int, wanted: int | None, property: str) -> int:
    width = asked.width(layer)
    if wanted is not None:
        if not 0 <= wanted < width:
            raise QueryError(f"neuron: there is no {wanted} in layer {layer}; there are: 0 to {width - 1}")
        return wanted
    groups = asked.macro("group_neurons", p_property=property, p_model=asked.model, p_layer=layer)
    probable = asked.macro("activation_probabilities", p_property=property, p_model=asked.model, p_layer=layer)
    sql = f"""
        SELECT p.neuron FROM {probable} AS p LEFT JOIN {groups} AS g ON g.neuron = p.neuron AND g."group" = p."group"
        GROUP BY p.neuron ORDER BY bool_or(g.neuron IS NOT NULL) DESC, sum(p) DESC, p.neuron LIMIT 1
    """
    found = asked.ask(sql)
    return int(found["neuron"][0]) if len(found) else 0


def _by_phone(table: pl.DataFrame) -> bool:
    """Whether the group follows from the phone, so that the class says as much."""
    return bool(table.group_by("phone").agg(pl.col("group").n_unique())["group"].max() == 1)


def _probability(field: str) -> alt.X:
    return alt.X(f"{field}:Q", title="p(neuron active | phone)", scale=alt.Scale(domainMin=0))


FIGURE = Figure(
    "neuron",
    None,
    "One neuron",
    "p(neuron active | phone) of one neuron for every phone, with Wilson intervals, sorted, against chance.",
    draw,
)
