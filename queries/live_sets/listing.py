"""The group neurons of a layer as a list: the mean of p in every group, and the phones that each responds to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from queries.live_sets.counts import Counts
from queries.live_sets.made import LayerSets, limits, rule_of
from queries.live_sets.question import Question
from queries.surface import Layer

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
        phones: neuron -> group -> phones that it responds to, for those in the list.
    """

    groups: tuple[str, ...]
    neurons: tuple[ListedNeuron, ...]
    responds: dict[int, dict[str, tuple[str, ...]]]


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
        return Listing(present, (), {})
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
    place = {group: number for number, group in enumerate(cells.groups)}
    found = []
    for at, neuron in enumerate(listed.tolist()):
        own = int(sets.member[neuron])
        others = [number for group, number in place.items() if number != own and n_phones[number] > 0]
        following = max(others, key=lambda number: (mean[number, at], -number), default=None)
        found.append(
            ListedNeuron(
                neuron,
                cells.groups[own],
                int(sets.responded[own, neuron]),
                int(n_phones[own]),
                tuple(float(mean[place[group], at]) for group in present),
                cells.groups[following] if following is not None else None,
                float(mean[following, at]) if following is not None else None,
            )
        )
    found.sort(key=lambda row: (present.index(row.group), -_margin(row, present), row.neuron))
    responds = {neuron: _phones(active[:, at], sets) for at, neuron in enumerate(listed.tolist())}
    return Listing(present, tuple(found), responds)


def _margin(row: ListedNeuron, groups: Sequence[str]) -> float:
    """By how much the mean of the neuron's own group exceeds the next."""
    return round(row.means[groups.index(row.group)] - (row.next_mean or 0.0), 12)


def _phones(active: np.ndarray, sets: LayerSets) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for cell in np.flatnonzero(active).tolist():
        found.setdefault(sets.cells.groups[sets.cells.cells.group[cell]], []).append(sets.cells.phones[cell])
    return {group: tuple(phones) for group, phones in found.items()}
