"""The neurons of every layer that are most like one neuron."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from queries.calls import Value, call
from queries.neuron_card.question import Neuron, Places, question

if TYPE_CHECKING:
    from queries.connection import Connection


@dataclass(frozen=True)
class Alike:
    """A neuron whose probabilities vary over the cells (group, phone) as those of another do.

    Attributes:
        layer: layer, from 1.
        neuron: neuron of the layer, from 0.
        correlation: Pearson's, of p over all cells that count; None = one of them has the same p everywhere.
        cosine: of the two vectors of p; None = one of them is never active.
        place: 1 = the most alike of the layer.
    """

    layer: int
    neuron: int
    correlation: float | None
    cosine: float | None
    place: int


def alike_sql(neuron: Neuron, property: str, layers: Iterable[int], limit: int = 1, **parameters: Value) -> str:
    """The question of :func:`alike`, as ``neurons sql`` takes it."""
    asked = {**parameters, "p_property": property}
    places = {**Places(neuron, asked), "limit": str(limit)}
    others = ({**asked, "p_model": neuron.model, "p_layer": layer} for layer in layers)
    return question("alike", places, ({**places, "of_layer": call("activation_probabilities", one)} for one in others))


def alike(
    con: "Connection", neuron: Neuron, property: str, layers: Iterable[int], limit: int = 1, **parameters: Value
) -> list[Alike]:
    """The neurons most like one neuron in each of some layers, its own included.

    Args:
        con: an open warehouse.
        neuron: which.
        property: name of a property, whose groups and the phones within them are the cells that are compared.
        layers: of the same model; one a call keeps what is read small.
        limit: neurons of each layer.
        **parameters: of the macro ``activation_probabilities``; p_model, p_layer and p_property excepted.

    Raises:
        QueryError: a parameter that the macros do not have.
        duckdb.Error: an unknown name or a value out of range; the message lists what exists.
    """
    return [Alike(*row[1:]) for row in con.sql(alike_sql(neuron, property, layers, limit, **parameters)).fetchall()]
