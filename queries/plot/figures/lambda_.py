"""How many neurons each group has against λ, the share of a layer's neurons that a frame activates."""

from collections.abc import Sequence
from typing import Any

from queries.curves import sizes_by_lambda
from queries.plot.figure import Figure
from queries.plot.figures.sizes import draw_sizes
from queries.plot.question import Asked
from warehouse.errors import QueryError


def draw(
    asked: Asked,
    *,
    property: str | None = None,
    layers: Sequence[int] | None = None,
    lambdas: Sequence[float] | None = None,
) -> Any:
    """A panel a layer, a line a group; every layer is read once.

    Args:
        asked: one model.
        property: which; None = phone_class.
        layers: which; None = all.
        lambdas: percents; None = tenths of what was recorded.
    """
    if "p_lambda" in asked.parameters:
        raise QueryError("p_lambda: λ is what the figure lambda varies; give lambdas, or leave it out")
    name, chosen = asked.property(property), asked.layers(layers)
    only = {"p_layer": chosen[0]} if len(chosen) == 1 else {}
    sizes = sizes_by_lambda(asked.con, name, lambdas, **{**asked.parameters, **only, "p_model": asked.model})
    head = f"Group neurons of {name} against λ"
    return draw_sizes(asked, name, sizes, "lambda_pct", "λ (% of neurons)", chosen, None, head)


FIGURE = Figure(
    "lambda",
    None,
    "Group sizes against λ",
    "Group neurons of a property against λ, the percentage of neurons that a frame activates, layer by layer.",
    draw,
)
