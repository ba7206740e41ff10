"""p by phone and group of one neuron, as a table that can be looked at: a row a phone, a column a group."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from queries.calls import Value
from queries.group_order import group_order
from queries.neuron_card.question import Neuron, Places, bins, question

if TYPE_CHECKING:
    from queries.connection import Connection


@dataclass(frozen=True)
class Cell:
    """A neuron in the frames of a phone in a group.

    Attributes:
        group: group of the property.
        phone: phone.
        n_active: frames that activate the neuron.
        n_frames: frames of the phone in the group.
        p: n_active / n_frames.
        p_low: Wilson lower bound at p_z, or at z = 1.96.
        p_high: Wilson upper bound.
        responds: whether the phone counts as one that the neuron responds to in the group.
    """

    group: str
    phone: str
    n_active: int
    n_frames: int
    p: float
    p_low: float
    p_high: float
    responds: bool


@dataclass(frozen=True)
class Responses:
    """What a neuron responds to under one property.

    Attributes:
        property: name of the property.
        groups: that any counted frame has; bins in their order, others alphabetically.
        phones: that any counted frame has, alphabetically.
        classes: phone -> its class, where it has one.
        cells: (group, phone) -> the cell; a pair without frames is absent.
        baseline: probability that must be exceeded; None where nothing counts.
    """

    property: str
    groups: tuple[str, ...]
    phones: tuple[str, ...]
    classes: dict[str, str]
    cells: dict[tuple[str, str], Cell]
    baseline: float | None

    @cached_property
    def n_active(self) -> int:
        """Frames that activate the neuron, of all that count."""
        return sum(cell.n_active for cell in self.cells.values())

    @cached_property
    def n_frames(self) -> int:
        """Frames that count."""
        return sum(cell.n_frames for cell in self.cells.values())

    @cached_property
    def group_follows(self) -> bool:
        """Whether every phone is in one group only, as those of phone classes are."""
        return bool(self.cells) and len(self.cells) == len(self.phones)

    def strongest(self, phone: str) -> float:
        """The largest p of a phone in any group."""
        return max((self.cells[group, phone].p for group in self.groups if (group, phone) in self.cells), default=0.0)


def responses_sql(neuron: Neuron, property: str, **parameters: Value) -> str:
    """The question of :func:`responses`, as ``neurons sql`` takes it."""
    return question("responses", Places(neuron, {**parameters, "p_property": property}))


def responses(con: "Connection", neuron: Neuron, property: str, **parameters: Value) -> Responses:
    """How often a neuron is active in every phone of every group ([A] eq. 3).

    Args:
        con: an open warehouse.
        neuron: which.
        property: name of a property.
        **parameters: of the macro ``activation_probabilities``; p_model, p_layer and p_property excepted.

    Raises:
        QueryError: a parameter that the macros do not have.
        duckdb.Error: an unknown name or a value out of range; the message lists what exists.
    """
    rows = con.sql(responses_sql(neuron, property, **parameters)).fetchall()
    labels = bins(con, property)
    found = [Cell(*row[:2], *row[3:9]) for row in rows]
    return Responses(
        property,
        tuple(sorted({cell.group for cell in found}, key=group_order(labels))),
        tuple(sorted({cell.phone for cell in found})),
        {row[1]: row[2] for row in rows if row[2] is not None},
        {(cell.group, cell.phone): cell for cell in found},
        rows[0][-1] if rows else None,
    )
