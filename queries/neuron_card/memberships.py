"""The sets of neurons that one neuron belongs to: N_i and G_i of every group of every property."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from queries.calls import Value
from queries.group_order import group_order
from queries.neuron_card.question import Neuron, Places, question

if TYPE_CHECKING:
    from queries.connection import Connection


@dataclass(frozen=True)
class Membership:
    """How near a neuron is to the sets of a group.

    Attributes:
        property: name of the property.
        group: group of the property.
        n_phones_active: phones of the group that the neuron responds to.
        n_phones: phones of the group.
        n_active: frames of the group that activate the neuron.
        n_frames: frames of the group.
        p: n_active / n_frames.
        is_candidate: whether it is in N_i.
        is_group_neuron: whether it is in G_i.
    """

    property: str
    group: str
    n_phones_active: int
    n_phones: int
    n_active: int
    n_frames: int
    p: float
    is_candidate: bool
    is_group_neuron: bool


def memberships_sql(neuron: Neuron, **parameters: Value) -> str:
    """The question of :func:`memberships`, as ``neurons sql`` takes it."""
    return question("memberships", Places(neuron, {k: v for k, v in parameters.items() if k != "p_property"}))


def memberships(con: "Connection", neuron: Neuron, **parameters: Value) -> list[Membership]:
    """Whether a neuron is in the sets of each group ([A] §4.1, eq. 4), and how far from it.

    Args:
        con: an open warehouse.
        neuron: which.
        **parameters: of the macro ``group_candidates``; p_model, p_layer and p_property excepted.

    Returns:
        One for every group of every property that a counted frame has: properties by name, bins in their order.

    Raises:
        QueryError: a parameter that the macros do not have.
        duckdb.Error: an unknown name or a value out of range; the message lists what exists.
    """
    labels = dict(con.sql("SELECT property, labels FROM properties").fetchall())
    found = [Membership(*row) for row in con.sql(memberships_sql(neuron, **parameters)).fetchall()]
    return sorted(found, key=lambda one: (one.property, group_order(labels[one.property])(one.group)))
