"""Which units a resample or a half takes: speakers, and utterances where the groups are the speakers themselves.

Units are drawn within strata, the groups where each unit has one, so that no group is ever without its speakers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from queries.certainty.labels import Labels
from queries.certainty.notes import alone, joined, why_not
from queries.certainty.units import Pieces, cut

if TYPE_CHECKING:
    from queries.connection import Connection


@dataclass(frozen=True)
class Units:
    """The units of a question and the strata they are drawn within.

    Attributes:
        pieces: the pieces, cut by these units.
        strata: (units,) stratum of each.
        note: what must be known of them; None = nothing.
    """

    pieces: Pieces
    strata: np.ndarray
    note: str | None

    @cached_property
    def of_stratum(self) -> np.ndarray:
        """(units,) size of each unit's stratum."""
        _, place, sizes = np.unique(self.strata, return_inverse=True, return_counts=True)
        found: np.ndarray = sizes[place]
        return found

    @cached_property
    def can_vary(self) -> bool:
        """Whether any stratum has two units."""
        return bool(len(self.strata) and self.of_stratum.max() > 1)

    def single(self, group: int) -> bool:
        """Whether all that a group has comes from one unit, so that nothing is known of other units."""
        return len(np.unique(self.pieces.unit[self.pieces.group == group])) < 2

    def note_of(self, group: int | None) -> str | None:
        """What to say of a group, or of all together."""
        if group is not None and self.pieces.n_units and self.single(group):
            name, kind = self.pieces.labels.groups[group], self.pieces.kind
            return joined(self.note, f"{name} has one {kind}; how others differ is not known")
        return self.note

    def resampled(self, resamples: int, seed: int) -> Iterator[np.ndarray]:
        """(units,) how often each unit counts: once each, then as drawn with replacement within the strata."""
        n = len(self.strata)
        yield np.ones(n, np.int64)
        if not self.can_vary:
            return
        places = np.argsort(self.strata, kind="stable")
        ordered = self.strata[places]
        first, size = np.searchsorted(ordered, ordered), self.of_stratum[places]
        random = np.random.default_rng(seed)
        for _ in range(resamples):
            drawn = first + np.floor(random.random(n) * size).astype(np.int64)
            yield np.bincount(places[drawn], minlength=n)

    def split(self, share: float, splits: int, seed: int) -> Iterator[np.ndarray]:
        """(units,) 1 for the units of a part: two parts without a common unit, again and again.

        Args:
            share: of each stratum's units that a part has, one at least; above 0.5 the second part has what is left,
                and at 0.5 all that is left. A fraction of a unit is one more unit as often as the fraction says.
            splits: how many pairs.
            seed: of the draws.
        """
        n = len(self.strata)
        _, stratum, sizes = np.unique(self.strata, return_inverse=True, return_counts=True)
        first = (np.cumsum(sizes) - sizes)[stratum]
        random = np.random.default_rng(seed)
        for _ in range(splits):
            rank = np.empty(n, np.int64)
            rank[np.argsort(stratum + random.random(n))] = np.arange(n)
            rank -= first
            size = np.maximum(np.floor(share * sizes + random.random(len(sizes))), 1)[stratum]
            yield (rank < size).astype(np.int64)
            yield ((rank >= size) & ((rank < 2 * size) | (share == 0.5))).astype(np.int64)


def units_of(con: "Connection", labels: Labels) -> Units:
    """Speakers, within groups where each has one; utterances within a speaker where speakers are the groups."""
    by_speaker = labels.constant("speaker") and not labels.by_phone
    if by_speaker and labels.one_each("speaker"):
        pieces = cut(con, labels, "utterance")
        note = None if why_not(labels) else "every group is one speaker; utterances are drawn, within each speaker"
        return Units(pieces, pieces.speaker_of_unit, joined(why_not(labels), note, alone(labels)))
    pieces = cut(con, labels, "speaker")
    strata = pieces.group_of_unit if by_speaker else np.zeros(pieces.n_units, np.int64)
    single = "there is one speaker; how others differ is not known" if pieces.n_units == 1 else None
    return Units(pieces, strata, joined(why_not(labels), single, alone(labels)))
