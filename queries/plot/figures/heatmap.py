"""Which neuron responds to which phone: a map of activation probabilities in which groups show as blocks."""

from typing import Any

import altair as alt
import polars as pl

from queries.plot import style
from queries.plot.figure import Figure
from queries.plot.marks import sentence, tips
from queries.plot.question import Asked
from warehouse.errors import QueryError

MOST = 150
"""Neurons that are drawn unless others are asked for."""

MOST_ROWS = 160
"""Rows up to which each group has a map of its own; of more, a phone has one row of all its frames."""

MOST_NAMES = 40
"""Groups up to which their names stand below the strip of their colours."""

ROW, LOW_ROW = 9.5, 7.2
"""Heights of a row of one map, and of several: with names as small as print allows."""


def draw(asked: Asked, *, property: str | None = None, layer: int | None = None, most: int = MOST) -> Any:
    """A column a group neuron, a row a phone; both in the order of the groups, so that structure shows as blocks.

    Args:
        asked: one model.
        property: whose group neurons; None = phone_class.
        layer: which; None = the one with the most of them.
        most: neurons; of more, each group's strongest, as many of each as it has in proportion.
    """
    if most < 1:
        raise QueryError(f"most: {most} neurons make no map; give 1 or more, such as {MOST}")
    name = asked.property(property)
    chosen = asked.layer(layer, name)
    neurons, table = cells(asked, name, chosen, most)
    title = f"Group neurons of {name} in layer {chosen}, phone by phone"
    drawn = int(neurons["drawn"].sum()) if len(neurons) else 0
    some = (
        f"{drawn} of {len(neurons)} group neurons, the strongest" if drawn < len(neurons) else f"{drawn} group neurons"
    )
    groups = asked.groups(name)
    heard = f"a row a phone, of the frames of all {len(groups)} groups"
    mixed = bool(drawn) and table["frames_of"].is_null().all() and bool(_shared(asked, name, chosen))
    setting = asked.setting(some, *([heard] if mixed else []))
    if not drawn:
        why = f"no neuron of layer {chosen} responds to one group of {name} alone" if groups else asked.no_group(name)
        return style.headed(sentence(why, style.WIDE - 80, 150), title, setting, style.WIDE)
    kept = neurons.filter("drawn")
    columns = kept["neuron"].cast(pl.String).to_list()
    x = alt.X("neuron:N", sort=columns, title=f"group neurons of layer {chosen}, by group, the strongest first")
    x = x.axis(labels=len(columns) <= 40, ticks=False, labelAngle=-90, grid=False)
    width = style.WIDE - 80
    parts = _parts(table)
    maps = [_map(rows, x if of == parts[-1][0] else x.axis(None), of, width) for of, rows in parts]
    picture = alt.vconcat(_blocks(kept, width), alt.vconcat(*maps, spacing=5), spacing=2)
    picture = picture.resolve_scale(color="independent")
    return style.headed(picture, title, setting, style.WIDE)


def _parts(table: pl.DataFrame) -> list[tuple[str | None, pl.DataFrame]]:
    """One map, of None, where a phone has one row, otherwise one for the frames of each group."""
    if table["frames_of"].is_null().all():
        return [(None, table)]
    return [(str(of), table.filter(pl.col("frames_of") == of)) for of in dict.fromkeys(table["frames_of"].to_list())]


def _map(table: pl.DataFrame, x: alt.X, of: str | None, width: float) -> alt.Chart:
    order = list(dict.fromkeys(table["phone"].to_list()))
    title = None if of is None else f"frames of {of}"
    row, font = (ROW, style.LABEL) if of is None else (LOW_ROW, LOW_ROW - 0.7)
    names = alt.Axis(ticks=False, domain=False, titlePadding=8, labelFontSize=font, labelOverlap=False)
    y = alt.Y("phone:N", sort=order, title=title, axis=names)
    heat = alt.Chart(style.rows(table)).mark_rect().encode(x, y, style.shade("p", "p(active)"), tooltip=tips(table))
    return heat.properties(width=width, height=row * len(order))


def cells(asked: Asked, property: str, layer: int, most: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Group neurons in order, and their probabilities.

    Returns:
        ``group, neuron, strength`` (mean p over its phones) and ``drawn``, a row a group neuron; and
        ``neuron, group, phone, class, p, frames_of``, a row a cell of the map; p is among the frames of that group
        where a phone can be in several.
    """
    model, groups = asked.model, asked.groups(property)
    members = asked.macro("group_neurons", p_property=property, p_model=model, p_layer=layer)
    probable = asked.macro("activation_probabilities", p_property=property, p_model=model, p_layer=layer)
    ranked = asked.ask(
        f"""
        SELECT g."group", g.neuron, avg(p.p) AS strength
        FROM {members} AS g INNER JOIN {probable} AS p ON p.neuron = g.neuron AND p."group" = g."group"
        GROUP BY ALL
        """
    )
    place = {group: rank for rank, group in enumerate(groups)}
    ranked = ranked.with_columns(pl.col("group").replace_strict(place, return_dtype=pl.Int64).alias("place"))
    ranked = ranked.sort("place", "strength", "neuron", descending=[False, True, False]).drop("place")
    share = min(1.0, most / max(1, len(ranked)))
    rank, size = pl.int_range(pl.len()).over("group"), pl.len().over("group")
    ranked = ranked.with_columns((rank < (size * share).ceil()).alias("drawn"))
    shown = ranked.filter("drawn")
    counted = asked.macro("counted_cells", p_property=property, p_model=model, p_layer=layer)
    n_rows = int(asked.ask(f"SELECT count(*) AS n FROM {counted}")["n"][0])
    within = property if n_rows <= MOST_ROWS and _shared(asked, property, layer) else "phone"
    probable = asked.macro("activation_probabilities", p_property=within, p_model=model, p_layer=layer)
    counted = asked.macro("counted_cells", p_property=within, p_model=model, p_layer=layer)
    sql = f"""
        SELECT n.neuron, c.phone, coalesce(i.phone_class, '') AS class, coalesce(p.p, 0) AS p,
            CASE WHEN $within <> 'phone' THEN c."group" END AS frames_of
        FROM (SELECT unnest($neurons) AS neuron) AS n CROSS JOIN {counted} AS c
        LEFT JOIN {probable} AS p ON p.neuron = n.neuron AND p.phone = c.phone AND p."group" = c."group"
        LEFT JOIN (SELECT phone, any_value(phone_class) AS phone_class FROM phones GROUP BY phone) AS i
            ON i.phone = c.phone
        ORDER BY class, c.phone, n.neuron
    """
    table = asked.ask(sql, neurons=shown["neuron"].to_list() or [-1], within=within)
    part = pl.col("frames_of").replace_strict(place, default=-1, return_dtype=pl.Int64)
    return ranked, table.join(shown.select("neuron", "group"), on="neuron", maintain_order="left").sort(
        part, maintain_order=True
    )


def _shared(asked: Asked, property: str, layer: int) -> list[str]:
    """Phones that several groups of a property have, so that a phone is one thing in each of them."""
    cells = asked.macro("counted_cells", p_property=property, p_model=asked.model, p_layer=layer)
    return asked.ask(f"SELECT phone FROM {cells} GROUP BY phone HAVING count(*) > 1")["phone"].to_list()


def _blocks(neurons: pl.DataFrame, width: float) -> alt.Chart:
    """A strip above the map that says which neurons are whose."""
    names = list(dict.fromkeys(neurons["group"].to_list()))
    strip = alt.Chart(style.rows(neurons.with_columns(pl.col("neuron").cast(pl.String)))).mark_rect(stroke=None)
    x = alt.X("neuron:N", sort=neurons["neuron"].cast(pl.String).to_list(), axis=None)
    colour = style.colour("group", names, width)
    colour = colour if len(names) <= MOST_NAMES else colour.legend(None)
    return strip.encode(x, colour, tooltip=["group:N", "neuron:N"]).properties(width=width, height=7)


FIGURE = Figure(
    "heatmap",
    None,
    "Phones and neurons",
    "p(neuron active | phone) of a layer's group neurons, in the order of the groups: blocks are structure.",
    draw,
)
