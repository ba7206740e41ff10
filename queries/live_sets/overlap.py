"""How many property neurons of a layer are property neurons of another property too ([A] fig. 8)."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from queries.facts import Layer
from queries.live_sets.counts import Counts
from queries.live_sets.made import sets_of
from queries.live_sets.question import Question

if TYPE_CHECKING:
    from queries.connection import Connection


@dataclass(frozen=True)
class Overlap:
    """Two properties in one layer; shares of nothing are None.

    Attributes:
        other: name of the other property.
        n_own: property neurons of the property that is asked about.
        n_other: those of the other.
        n_both: neurons that are both.
    """

    other: str
    n_own: int
    n_other: int
    n_both: int

    @property
    def of_own(self) -> float | None:
        """Share of the property's own neurons."""
        return self.n_both / self.n_own if self.n_own else None

    @property
    def of_other(self) -> float | None:
        """Share of the other property's."""
        return self.n_both / self.n_other if self.n_other else None

    @property
    def jaccard(self) -> float | None:
        """Share of the neurons that are either."""
        either = self.n_own + self.n_other - self.n_both
        return self.n_both / either if either else None


def some_overlaps(
    con: "Connection", counts: Counts, question: Question, layer: Layer, others: Sequence[str], seconds: float = 0.1
) -> list[Overlap]:
    """The overlaps with the first of some other properties, and with as many more as a time allows."""
    until = time.monotonic() + seconds
    found: list[Overlap] = []
    for other in others:
        found.append(overlap(con, counts, question, layer, other))
        if time.monotonic() >= until:
            break
    return found


def overlap(con: "Connection", counts: Counts, question: Question, layer: Layer, other: str) -> Overlap:
    """What the property neurons of a question share with those of another property, in one layer.

    Args:
        con: an open warehouse; it is not asked where the counts are in memory.
        counts: counts in memory.
        question: what is asked, known to be right.
        layer: which layer.
        other: name of the other property, asked under the same parameters.

    Raises:
        duckdb.Error: a value that DuckDB cannot use, or an interruption.
    """
    own, of_other = (
        sets_of(con, counts, asked, layer, (layer,), alone=True).member >= 0
        for asked in (question, question.of_property(other))
    )
    return Overlap(other, int(own.sum()), int(of_other.sum()), int(np.logical_and(own, of_other).sum()))
