"""How many neurons each group has against σ, the share of a group's phones that a neuron must respond to."""

from collections.abc import Sequence
from typing import Any

from queries.curves import SIGMAS, sizes_by_sigma
from queries.plot.figure import Figure
from queries.plot.figures.sizes import draw_sizes
from queries.plot.question import Asked


def draw(
    asked: Asked,
    *,
    property: str | None = None,
    layers: Sequence[int] | None = None,
    sigmas: Sequence[float] = SIGMAS,
) -> Any:
    """A panel a layer, a line a group, with the σ that other figures use.

    Args:
        asked: one model.
        property: which; None = phone_class.
        layers: which; None = all.
        sigmas: shares of a group's phones.
    """
    name, chosen = asked.property(property), asked.layers(layers)
    varied = {key: value for key, value in asked.parameters.items() if key != "p_sigma"}
    only = {"p_layer": chosen[0]} if len(chosen) == 1 else {}
    sizes = sizes_by_sigma(asked.con, name, sigmas, **{**varied, **only, "p_model": asked.model})
    now = float(asked.parameters.get("p_sigma", 0.8))
    head = f"Group neurons of {name} against σ"
    return draw_sizes(asked, name, sizes, "sigma", "σ (share of phones)", chosen, now, head)


FIGURE = Figure(
    "sigma",
    None,
    "Group sizes against σ",
    "Group neurons against σ, the share of a group's phones that a neuron must respond to, layer by layer.",
    draw,
)
