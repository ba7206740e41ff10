"""One neuron among the others of its layer: how its p within each group compares with theirs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from queries.calls import Value
from queries.group_order import group_order
from queries.neuron_card.question import Neuron, Places, bins, question

if TYPE_CHECKING:
    from queries.connection import Connection


@dataclass(frozen=True)
class Standing:
    """A neuron's p over all frames of a group, beside that of every neuron of the layer.

    Attributes:
        group: group of the property.
        p: share of the group's frames that activate the neuron.
        n_below: neurons of the layer with a smaller p.
        n_equal: other neurons of the layer with the same p.
        n_neurons: neurons of the layer, those that are never active included.
        quantiles: of p over the layer, at 5, 25, 50, 75 and 95 %.
        p_max: largest p of the layer.
    """

    group: str
    p: float
    n_below: int
    n_equal: int
    n_neurons: int
    quantiles: tuple[float, ...]
    p_max: float

    @property
    def place(self) -> int:
        """1 = no neuron of the layer is active more often in the group; equal ones share a place."""
        return self.n_neurons - self.n_below - self.n_equal

    @property
    def percentile(self) -> float:
        """Percent of the other neurons that are active less often; equal ones count half."""
        return 100 * (self.n_below + self.n_equal / 2) / max(1, self.n_neurons - 1)


def standing_sql(neuron: Neuron, property: str, **parameters: Value) -> str:
    """The question of :func:`standing`, as ``neurons sql`` takes it."""
    return question("standing", Places(neuron, {**parameters, "p_property": property}))


def standing(con: "Connection", neuron: Neuron, property: str, **parameters: Value) -> list[Standing]:
    """How often a neuron is active in each group, beside the neurons of its layer.

    Args:
        con: an open warehouse.
        neuron: which.
        property: name of a property.
        **parameters: of the macro ``activation_probabilities``; p_model, p_layer and p_property excepted.

    Returns:
        One a group that a counted frame has: bins in their order, others alphabetically.

    Raises:
        QueryError: a parameter that the macros do not have.
        duckdb.Error: an unknown name or a value out of range; the message lists what exists.
    """
    rows = con.sql(standing_sql(neuron, property, **parameters)).fetchall()
    labels = bins(con, property)
    found = [
        Standing(group, p, n_below, n_equal, n, tuple(quantiles), p_max)
        for group, p, n_below, n_equal, n, quantiles, p_max in rows
    ]
    return sorted(found, key=lambda one: group_order(labels)(one.group))
