"""A question answered bit by bit: the layer that is looked at first, then the others, as they are counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import duckdb

from queries.facts import Layer
from queries.live_sets.checking import check, layers_of, refusal
from queries.live_sets.counts import Counts
from queries.live_sets.listing import Listing, listing
from queries.live_sets.made import LayerSets, sets_of, some_sets
from queries.live_sets.question import Question

if TYPE_CHECKING:
    from queries.connection import Connection

_NOT_OF_A_CONDITION = (duckdb.InterruptException, duckdb.IOException, duckdb.OutOfMemoryException)


@dataclass(frozen=True)
class Answer:
    """What is known of a question so far.

    Attributes:
        question: what was asked.
        layers: all layers of the model; their top_k is that of the asked λ.
        sets: those that were made, by layer; the layer that is looked at among them.
        layer: number of the layer that is looked at.
        listing: its group neurons.
        snapshot: id of the snapshot that was asked; what is added to the answer must be of the same.
    """

    question: Question
    layers: tuple[Layer, ...]
    sets: Mapping[int, LayerSets]
    layer: int
    listing: Listing
    snapshot: str

    @property
    def here(self) -> LayerSets:
        """The sets of the layer that is looked at."""
        return self.sets[self.layer]

    @property
    def waiting(self) -> tuple[Layer, ...]:
        """Layers whose sets were not made yet, from the one that is looked at onwards."""
        after = [layer for layer in self.layers if layer.layer >= self.layer]
        before = [layer for layer in self.layers if layer.layer < self.layer]
        return tuple(layer for layer in (*after, *before) if layer.layer not in self.sets)

    @property
    def sizes(self) -> dict[tuple[int, str], int]:
        """(layer, group) -> size of G_i, as far as they are known."""
        return {(layer, group): n for layer, sets in self.sets.items() for group, n in sets.group_neurons.items()}


def answer(con: "Connection", counts: Counts, question: Question, layer: int, seconds: float = 0.1) -> Answer:
    """The sets of a layer and, in the time given, of those after it.

    Args:
        con: an open warehouse.
        counts: counts in memory.
        question: what is asked.
        layer: number of the layer that is looked at; where the model has none such, its first.
        seconds: after which to come back with what there is.

    Raises:
        RefusedError: a parameter that cannot be asked.
        duckdb.Error: an interruption, or a warehouse that cannot be read.
    """
    check(con, question)
    layers = layers_of(con, question)
    place = next((at for at, each in enumerate(layers) if each.layer == layer), 0)
    try:
        made = some_sets(con, counts, question, layers, (*layers[place:], *layers[:place]), seconds)
        listed = listing(con, counts, question, made[0], layers)
    except duckdb.Error as error:  # a condition can fail on a value that it meets
        if "p_where" not in question.parameters or isinstance(error, _NOT_OF_A_CONDITION):
            raise
        raise refusal(error, "p_where") or error from None
    sets = {of_layer.layer.layer: of_layer for of_layer in made}
    return Answer(question, layers, sets, made[0].layer.layer, listed, con.snapshot.id)


def more(con: "Connection", counts: Counts, found: Answer, seconds: float = 0.1) -> dict[int, LayerSets]:
    """Sets of further layers of a question, in the time given; of the snapshot that the answer is of."""
    made = some_sets(con, counts, found.question, found.layers, found.waiting, seconds)
    return {sets.layer.layer: sets for sets in made}


def at_layer(con: "Connection", counts: Counts, found: Answer, layer: int) -> Answer:
    """The same answer, with another layer looked at; from the snapshot that the answer is of."""
    of_layer: Sequence[Layer] = [each for each in found.layers if each.layer == layer]
    sets = found.sets.get(layer)
    if sets is None:
        sets = sets_of(con, counts, found.question, of_layer[0], found.layers, alone=found.question.reads_facts)
    listed = listing(con, counts, found.question, sets, found.layers)
    return replace(found, sets={**found.sets, layer: sets}, layer=layer, listing=listed)
