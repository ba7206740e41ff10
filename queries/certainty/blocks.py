"""Sums of pieces, neuron by neuron, and the sets that some draws make of them.

The cells of several draws are written behind the same sparse sums, and the counters of one neuron added up at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from queries.sets import Cells, group_neurons

NONZERO = 2**15  # sums of a block of neurons: with the places of AT_ONCE draws they stay in the cache
COUNTERS = 2**19  # counters of a block of neurons and a draw
AT_ONCE = 8  # draws that are read together


@dataclass(frozen=True)
class Drawn:
    """What each of some draws makes of the pieces: the cell that a piece counts in, and how often.

    Attributes:
        cell: (draws, P) int32, or (1, P) when it is the same in all.
        weight: (draws, P) how often a piece counts; None = once.
    """

    cell: np.ndarray
    weight: np.ndarray | None

    @property
    def n(self) -> int:
        """Number of draws."""
        return len(self.cell) if self.weight is None else len(self.weight)


def frames_of(some: Drawn, draw: int, frames: np.ndarray, n_cells: int) -> np.ndarray:
    """(C,) frames of each cell in a draw, from (P,) those of the pieces."""
    cell = some.cell[draw % len(some.cell)]
    counted = frames if some.weight is None else frames * some.weight[draw]
    return np.bincount(cell, weights=counted, minlength=n_cells).astype(np.int64)


@dataclass(frozen=True)
class Block:
    """Sums of some neurons, neuron by neuron: a cell's counters of one neuron stay in the cache.

    Attributes:
        neurons: which.
        piece: (nonzero,) piece of each sum.
        n: (nonzero,) the sum.
        starts: (neurons + 1,) where the sums of each neuron begin.
    """

    neurons: slice
    piece: np.ndarray
    n: np.ndarray
    starts: np.ndarray

    def sets(self, tables: "Sequence[Table]", cells: Cells, thresholds: np.ndarray, needed: np.ndarray) -> np.ndarray:
        """(draws, G, neurons) G_i."""
        n_neurons = len(self.starts) - 1
        found = np.empty((len(thresholds), cells.n_groups, n_neurons), bool)
        repeated = self.n
        for table in tables:
            n_draws = table.draws.stop - table.draws.start
            place = np.take(table.place, self.piece, axis=0, mode="clip").ravel()
            if len(repeated) != len(place):
                repeated = np.repeat(self.n, n_draws)
            n = repeated
            if table.weight is not None:
                n = repeated * np.take(table.weight, self.piece, axis=0, mode="clip").ravel()
            sums = sparse.csr_array((n, place, self.starts * n_draws), (n_neurons, n_draws * len(cells))).toarray()
            active = sums.reshape(n_neurons, n_draws, len(cells)) >= thresholds[table.draws]
            n_active = np.moveaxis(cells.by_group(active), 0, -1)
            found[table.draws] = group_neurons(n_active, needed[table.draws])
        return found


@dataclass(frozen=True)
class Table:
    """Some draws, piece by piece, so that what a piece becomes in all of them is read at once.

    Attributes:
        draws: which of the draws that are made at a time.
        place: (P, draws) cell of the piece, the cells of one draw behind those of another, int32.
        weight: (P, draws) how often the piece counts, int32; None = once.
    """

    draws: slice
    place: np.ndarray
    weight: np.ndarray | None


def tables_of(some: Drawn, n_cells: int) -> list[Table]:
    """Draws as tables, some in each."""
    found = []
    for first in range(0, some.n, AT_ONCE):
        draws = slice(first, min(first + AT_ONCE, some.n))
        n = draws.stop - first
        cell = some.cell[draws] if len(some.cell) == some.n else np.broadcast_to(some.cell[0], (n, some.cell.shape[1]))
        place = np.ascontiguousarray((cell + (np.arange(n, dtype=np.int32) * n_cells)[:, None]).T)
        weight = None if some.weight is None else np.ascontiguousarray(some.weight[draws].T)
        found.append(Table(draws, place, weight))
    return found


def blocks_of_neurons(by_neuron: sparse.csr_array, n_cells: int) -> Iterator[Block]:
    """Sums (neurons, P) cut into blocks of neurons."""
    starts, width = by_neuron.indptr, by_neuron.shape[0]
    first = 0
    while first < width:
        last = int(np.searchsorted(starts, starts[first] + NONZERO, side="right")) - 1
        last = min(max(last, first + 1), first + max(1, COUNTERS // n_cells), width)
        part = slice(starts[first], starts[last])
        block = (by_neuron.indices[part].astype(np.intp), by_neuron.data[part])
        yield Block(slice(first, last), *block, (starts[first : last + 1] - starts[first]).astype(np.int32))
        first = last
