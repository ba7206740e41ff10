"""How many neurons each layer has for each group of a property: figure 7 of the paper."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl

from queries.neurons_per_layer import NeuronsPerLayer, neurons_per_layer
from queries.plot import style
from queries.plot.figure import Figure
from queries.plot.marks import sentence, series
from queries.plot.question import Asked

HEIGHT = 120


def draw(asked: Asked, *, properties: Sequence[str] | None = None) -> Any:
    """A panel a property: bars of group neurons for one model, lines of property neurons for several.

    Args:
        asked: one model or several.
        properties: which; None = those of the paper.
    """
    names = asked.properties(properties)
    found = {name: list(neurons_per_layer(asked.con, [name], **asked.parameters)) for name in names}
    one = len(asked.models) == 1
    columns = min(len(names), 3)
    width = style.COLUMN if columns == 1 else (style.WIDE - 90) / columns
    panels = []
    for name in names:
        if not any(counted.groups for counted in found[name]):
            panels.append(style.panel(sentence(asked.no_group(name), width, HEIGHT), name, width, HEIGHT))
        elif one:
            panels.append(style.panel(_groups(found[name][0]), name, width, HEIGHT))
        else:
            panels.append(style.panel(_models(found[name], asked.models), name, width, HEIGHT))
    picture = style.grid(panels, columns)
    if len(panels) > 1:
        picture = picture.resolve_scale(color="independent" if one else "shared")
    what = "Group neurons of each layer" if one else "Property neurons of each layer"
    return style.headed(picture, what, asked.setting(), width * columns)


def _groups(counted: NeuronsPerLayer) -> alt.Chart:
    """Stacked bars of one model; of many groups only their sum, with what it is made of in the tooltip."""
    few = len(counted.groups) <= style.MOST_SERIES
    sizes = [
        {"layer": layer, "group": group, "n": counted.group_neurons.get((layer, group), 0), "order": place}
        for layer in counted.layers
        for place, group in enumerate(counted.groups)
    ]
    if not few:
        sizes = [{"layer": layer, "n": counted.property_neurons.get(layer, 0)} for layer in counted.layers]
    base = alt.Chart(style.rows(pl.DataFrame(sizes))).mark_bar(stroke="white", strokeWidth=0.4)
    if not few:
        title = f"neurons of all {len(counted.groups)} groups"
        counts = style.count_axis("n", title)
        return base.encode(style.layer_axis(), counts, color=alt.value(style.PLAIN), tooltip=["layer:O", "n:Q"])
    counts = style.count_axis("n", "neurons")
    colour = style.colour("group", counted.groups)
    return base.encode(style.layer_axis(), counts, colour, alt.Order("order:Q"), tooltip=["layer:O", "group:N", "n:Q"])


def _models(counted: Sequence[NeuronsPerLayer], models: Sequence[str]) -> alt.LayerChart:
    sizes = [
        {"model": of_model.model, "layer": layer, "n": of_model.property_neurons.get(layer, 0)}
        for of_model in counted
        for layer in of_model.layers
    ]
    counts = style.count_axis("n", "property neurons")
    return series(pl.DataFrame(sizes), style.layer_axis(), counts, "model", models, style.WIDE)


FIGURE = Figure(
    "neurons_per_layer",
    7,
    "Neurons per layer",
    "Group neurons of each layer, a panel a property; of several models their property neurons as lines.",
    draw,
)
