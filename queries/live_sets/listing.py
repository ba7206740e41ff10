"""The group neurons of a layer as a list: the mean of p in every group, and the phones that each responds to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from queries.facts import Layer
from queries.live_sets.counts import Counts
from queries.live_sets.made import LayerSets, limits, rule_of
from queries.live_sets.question import Question

if TYPE_CHECKING:
    from queries.connection import Connection


@dataclass(frozen=True)
class ListedNeuron:
    """A group neuron.

    Attributes:
        neuron: number, from 0.
        group: whose own it is.
        n_active: phones of that group that it responds to.
        n_phones: phones of that group.
        means: mean of p(neuron given phone, group) over the phones of each group, in the order of ``Listing.groups``.
        next_group: other group in which the mean is largest; None = there is no other.
        next_mean: that mean.
    """

    neuron: int
    group: str
    n_active: int
    n_phones: int
    means: tuple[float, ...]
    next_group: str | None
    next_mean: float | None


@dataclass(frozen=True)
class Listing:
    """The group neurons of a layer: group by group, those that tell their group most clearly first.

    Attributes:
        groups: groups that frames have, in the order of tables.
        neurons: the list.
        sets: what it was made of.
        active: neuron -> (C,) cells that it responds to, for those in the list.
    """

    groups: tuple[str, ...]
    neurons: tuple[ListedNeuron, ...]
    sets: LayerSets
    active: Mapping[int, np.ndarray]

    def phones(self, neuron: int, group: str) -> tuple[str, ...]:
        """The phones of a group that a neuron of the list responds to."""
        cells = self.sets.cells
        found = np.flatnonzero(self.active[neuron] & (cells.cells.group == cells.groups.index(group)))
        return tuple(cells.phones[cell] for cell in found.tolist())


def listing(con: "Connection", counts: Counts, question: Question, sets: LayerSets, layers: Sequence[Layer]) -> Listing:
    """The group neurons of a layer.

    The mean is over the phones that the share σ is taken of: those the group shows in enough frames or, in the
    reading 'reference', the declared ones, where p of a phone that is never seen is 0.

    Args:
        con: an open warehouse; it is not asked where the counts are in memory.
        counts: counts in memory.
        question: what is asked, known to be right.
        sets: the sets of the layer.
        layers: all layers of the model.

    Raises:
        duckdb.Error: a value that DuckDB cannot use, or an interruption.
    """
    cells = sets.cells
    present = tuple(group for group in cells.shown if group in cells.groups)
    listed = np.flatnonzero(sets.member >= 0)
    if not len(listed):
        return Listing(present, (), sets, {})
    pieces, first = [], 0
    for table in counts.of_layer(con, question, sets.layer, layers, alone=True):
        inside = listed[(listed >= first) & (listed < first + table.shape[1])]
        pieces.append(table[:, inside - first])
        first += table.shape[1]
    n = np.concatenate(pieces, axis=1)
    seen = cells.frames >= question.min_frames
    p = np.where(seen[:, None], n / cells.frames[:, None], 0.0)
    n_phones = cells.n_phones(question.min_frames)
    mean = np.add.reduceat(p, cells.starts, axis=0) / np.maximum(n_phones, 1)[:, None]
    active = n >= limits(rule_of(question, sets.layer, cells), cells)
    return Listing(
        present, _listed(sets, listed, mean, n_phones, present), sets, dict(zip(listed.tolist(), active.T, strict=True))
    )


def _listed(
    sets: LayerSets, listed: np.ndarray, mean: np.ndarray, n_phones: np.ndarray, groups: Sequence[str]
) -> tuple[ListedNeuron, ...]:
    """The neurons in the order of their groups and margins; mean is (G, neurons)."""
    cells, at = sets.cells, np.arange(len(listed))
    own = sets.member[listed]
    others = np.where((n_phones > 0)[:, None], mean, -1.0)
    others[own, at] = -1.0
    following = others.argmax(axis=0)
    next_mean = others[following, at]
    margin = np.round(mean[own, at] - np.maximum(next_mean, 0.0), 12)
    order = np.array([groups.index(group) for group in cells.groups])
    rows = np.lexsort((listed, -margin, order[own]))
    means = mean[[cells.groups.index(group) for group in groups]].T.tolist()
    n_active = sets.responded[own, listed].tolist()
    return tuple(
        ListedNeuron(
            int(listed[row]),
            cells.groups[own[row]],
            n_active[row],
            int(n_phones[own[row]]),
            tuple(means[row]),
            cells.groups[following[row]] if next_mean[row] >= 0 else None,
            float(next_mean[row]) if next_mean[row] >= 0 else None,
        )
        for row in rows.tolist()
    )
