"""A set of neurons with a name."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from queries.masks.mask import Mask
from warehouse.errors import MaskError

if TYPE_CHECKING:
    from queries.connection import Connection

MOST_CHARACTERS = 100
"""Longest name of a set."""

LONGEST_SQL = 1 << 16
"""Characters of SQL that a set remembers of how it came about; formulas of formulas double each time."""


@dataclass(frozen=True)
class NeuronSet:
    """A set of neurons of one model that somebody gave a name.

    Attributes:
        name: as the user wrote it.
        mask: its neurons, as a mask of kind ``erase``; what is to become of them is said when it is exported.
        origin: where it came from, in a line for people.
    """

    name: str
    mask: Mask
    origin: str = ""

    @property
    def model(self) -> str:
        """Name of the model in the warehouse; empty where the mask does not say."""
        return self.mask.provenance.get("model", "")

    def __len__(self) -> int:
        """How many neurons it has."""
        return len(self.mask)

    def has(self, model: str, layer: int, neuron: int) -> bool:
        """Whether a neuron of a model is in it."""
        if model != self.model:
            return False
        for network, chosen in zip(self.mask.layers, self.mask.chosen, strict=True):
            if network.layer == layer:
                return 0 <= neuron < network.n_neurons and bool(chosen[neuron])
        return False

    def sql(self) -> str:
        """A SELECT of its neurons, columns layer and neuron: the numbers themselves, whatever the warehouse has."""
        parts = [
            f"SELECT {layer} AS layer, unnest([{', '.join(map(str, neurons))}]) AS neuron"
            for layer, neurons in self.mask.neurons().items()
            if neurons
        ]
        return "\nUNION ALL\n".join(parts) or "SELECT 0 AS layer, 0 AS neuron WHERE false"


def checked_name(text: str) -> str:
    """A name without the spaces around it.

    Raises:
        MaskError: it is empty, too long, or holds characters that cannot be shown.
    """
    name = text.strip()
    if not name:
        raise MaskError("a set needs a name; give a word or a few, such as female layer 1")
    if len(name) > MOST_CHARACTERS:
        raise MaskError(f"a name of {len(name)} characters; give at most {MOST_CHARACTERS}")
    if not name.isprintable():
        raise MaskError(f"the name {name!r} holds characters that cannot be shown; leave them out")
    return name


def named(name: str, mask: Mask, origin: str) -> NeuronSet:
    """A set of the neurons of a mask, whatever its kind; its provenance tells name and origin too.

    Raises:
        MaskError: such a name cannot be given.
    """
    text = checked_name(name)
    told = {**mask.provenance, "set": text, "from": origin}
    if len(told.get("sql", "")) > LONGEST_SQL:
        del told["sql"]
    return NeuronSet(text, replace(mask, kind="erase", provenance=told), origin)


def listed(con: "Connection", sql: str, model: str | None) -> Mask:
    """The neurons that a query lists.

    Args:
        con: an open warehouse.
        sql: a SELECT with the columns layer and neuron, as :meth:`queries.masks.Mask.from_sql` takes it.
        model: name of the model; needed where there are several and the query does not tell.

    Raises:
        MaskError: it lists none, or other things than neurons of the model's feed-forward networks.
        QueryError: the query is refused.
        duckdb.Error: DuckDB's own message on a query that it cannot answer.
    """
    mask = Mask.from_sql(con, sql, model=model, allow_empty=True)
    if not len(mask):
        raise MaskError("the list has no neuron, and the sets stay as they are; list some first")
    return mask
