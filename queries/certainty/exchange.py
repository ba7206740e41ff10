"""What a label belongs to, and the ways to exchange labels: the draws of a permutation test."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from queries.certainty.labels import KEYS, Labels
from queries.certainty.units import Pieces
from queries.sets import Cells, cells_of
from warehouse.errors import QueryError

MANY = 10**9
"""Ways to label that nobody tries one by one."""


def exchangeable(labels: Labels) -> list[str]:
    """Units whose labels can be exchanged, the largest first.

    The phone alone decides on phone_class: its labels are those of segments. A unit must have one group, and there
    must be fewer groups than units: to permute the names of speakers changes nothing about the property speaker.
    """
    larger = [] if labels.by_phone else ["speaker", "utterance"]
    return [unit for unit in larger if labels.constant(unit) and not labels.one_each(unit)] + ["segment"]


def chosen_unit(labels: Labels, unit: str | None, within: str | None) -> str:
    """The unit whose labels are exchanged: as asked, or the largest that makes sense.

    Raises:
        QueryError: a unit or a stratum that makes no sense for the property.
    """
    fit = exchangeable(labels)
    name = labels.question.name
    if unit is not None and unit not in KEYS:
        raise QueryError(f"unit: there is no {unit}; there are: {', '.join(KEYS)}")
    if unit is not None and unit not in fit and len(labels.rows):
        raise QueryError(
            f"unit: the groups of {name} cannot be exchanged between {_plural(unit)}; give {' or '.join(fit)}"
        )
    chosen = unit or fit[0]
    if within not in (None, "speaker"):
        raise QueryError(f"within: there is no {within}; give speaker, or None to exchange between all")
    if within is not None and len(labels.rows) and labels.constant("speaker") and not labels.by_phone:
        raise QueryError(f"within: {name} is the same throughout a speaker; nothing can be exchanged within one")
    return chosen


@dataclass(frozen=True)
class Exchange:
    """Labels to exchange.

    Attributes:
        pieces: what the frames were cut into.
        of_units: whether units have labels, or pieces.
        codes: (M,) label of each unit (its group) or piece (its cell).
        strata: (M,) labels are exchanged within a stratum.
        cells: cells of the pieces, where pieces have labels.
    """

    pieces: Pieces
    of_units: bool
    codes: np.ndarray
    strata: np.ndarray
    cells: Cells

    @cached_property
    def ways(self) -> int:
        """Number of different ways to give out the labels, ``MANY`` at most."""
        ways = 1
        for stratum in np.unique(self.strata):
            left = 0
            for n in Counter(self.codes[self.strata == stratum].tolist()).values():
                left += n
                # comb of large numbers takes long, and they are many ways already
                ways *= math.comb(left, n) if min(n, left - n) < 64 else MANY
                if ways >= MANY:
                    return MANY
        return ways

    def draws(self, permutations: int, seed: int) -> Iterator[np.ndarray]:
        """The labels as they are, then as permuted: at random, or each way once where there are not as many."""
        yield self.codes
        if self.ways <= permutations + 1:
            yield from (way for way in self._all() if not np.array_equal(way, self.codes))
            return
        random = np.random.default_rng(seed)
        places = np.argsort(self.strata, kind="stable")
        one_stratum = len(self.strata) == 0 or bool((self.strata == self.strata[0]).all())
        for _ in range(permutations):
            if one_stratum:
                yield random.permutation(self.codes)
                continue
            # Whole numbers order the strata, the fractions what lies in one.
            order = np.argsort(self.strata + random.random(len(self.strata)))
            drawn = np.empty_like(self.codes)
            drawn[places] = self.codes[order]
            yield drawn

    def n_draws(self, permutations: int) -> int:
        """Permutations that :meth:`draws` gives."""
        return min(permutations, self.ways - 1)

    def _all(self) -> Iterator[np.ndarray]:
        places = [np.flatnonzero(self.strata == stratum) for stratum in np.unique(self.strata)]
        for ways in product(*(list(_arrangements(self.codes[place].tolist())) for place in places)):
            drawn = np.empty_like(self.codes)
            for place, way in zip(places, ways, strict=True):
                drawn[place] = way
            yield drawn


def _arrangements(labels: Sequence[int]) -> Iterator[list[int]]:
    """Every different order of some labels, once."""
    if not labels:
        yield []
    for first in sorted(set(labels)):
        rest = list(labels)
        rest.remove(first)
        for way in _arrangements(rest):
            yield [first, *way]


def exchange(pieces: Pieces, within: str | None) -> Exchange:
    """The labels of pieces or of their units, and the strata they stay in."""
    labels = pieces.labels
    cells, cell = cells_of(pieces.group, pieces.phone, len(labels.groups))
    if pieces.kind != "segment":
        codes = pieces.group_of_unit
        strata = pieces.speaker_of_unit if within == "speaker" else np.zeros(len(codes), np.int64)
        return Exchange(pieces, True, codes, strata, cells)
    strata = np.zeros(len(cell), np.int64) if labels.by_phone else pieces.phone
    if within == "speaker":
        strata = np.unique(strata * (pieces.speaker.max(initial=0) + 1) + pieces.speaker, return_inverse=True)[1]
    return Exchange(pieces, False, cell, strata, cells)


def _plural(unit: str) -> str:
    return f"{unit}s"
