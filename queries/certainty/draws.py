"""Sets of neurons under many draws at once: labels given to other units, or units counted more or less often.

Two ways of adding the same integers: where units are few, a matrix product over dense blocks of neurons; where they
are many (segments, utterances), each draw's cells written behind the sparse sums. Sums of fewer than 2^24 frames are
exact in float32; larger ones are added in float64.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from queries.certainty.sets import Cells, Rule, all_cells, cells_of, group_neurons, rule_of
from queries.certainty.units import LayerCounts

T = TypeVar("T")
Reduce = Callable[[np.ndarray, slice, slice], T]
"""What to keep of the sets (draws, G, neurons) of some draws and neurons."""

DENSE = 2**24  # numbers of a dense block: 64 MiB
PRODUCT = 2**18  # numbers of one product, so that they stay in the cache
NONZERO = 2**15  # sums of a block of neurons: with the places of AT_ONCE draws they stay in the cache
COUNTERS = 2**19  # counters of a block of neurons and a draw
AT_ONCE = 8  # draws that are read together
TOGETHER = 32  # draws of pieces that are made at a time


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


def over_labels(
    counts: LayerCounts, labels: Iterable[np.ndarray], reduce: Reduce[T]
) -> Iterator[tuple[slice, slice, T]]:
    """Sets when units have other groups.

    Args:
        counts: sums of a layer; its property is constant in a unit.
        labels: (units,) group of each unit, draw by draw.
        reduce: what to keep of the sets.

    Yields:
        Which draws, which neurons, and what was kept; nothing where there are no frames.
    """
    pieces = counts.pieces
    if not pieces.n_units:
        return
    n_groups, n_phones = len(pieces.labels.groups), len(pieces.labels.phones)
    cells = all_cells(n_groups, n_phones)
    if _is_dense(counts, n_groups * n_phones):
        of_units = np.stack(list(labels))
        args = cells.phone, pieces.phone, lambda chosen, group: chosen == group
        yield from _dense(counts, of_units, cells, *args, reduce)
        return
    drawn = (
        Drawn((np.stack(some)[:, pieces.unit] * n_phones + pieces.phone).astype(np.int32), None)
        for some in batches(labels)
    )
    yield from over_pieces(counts, cells, drawn, reduce)


def over_weights(
    counts: LayerCounts, weights: Iterable[np.ndarray], reduce: Reduce[T]
) -> Iterator[tuple[slice, slice, T]]:
    """Sets when units count as often as their weights say.

    Args:
        counts: sums of a layer.
        weights: (units,) whole numbers, draw by draw.
        reduce: what to keep of the sets.

    Yields:
        Which draws, which neurons, and what was kept; nothing where there are no frames.
    """
    pieces = counts.pieces
    if not pieces.n_units:
        return
    cells, cell = cells_of(pieces.group, pieces.phone, len(pieces.labels.groups))
    if _is_dense(counts, len(cells)):
        args = np.arange(len(cells)), cell, lambda chosen, group: chosen
        yield from _dense(counts, np.stack(list(weights)), cells, *args, reduce)
        return
    drawn = (Drawn(cell[None], np.stack(some)[:, pieces.unit].astype(np.int32)) for some in batches(weights))
    yield from over_pieces(counts, cells, drawn, reduce)


def _is_dense(counts: LayerCounts, n_cells: int) -> bool:
    """Whether matrix products cost less than going through the sums: a product multiplies by all the zeros, fast."""
    return n_cells * counts.pieces.n_units * counts.layer.n_neurons <= 32 * counts.counts.nnz


def batches(draws: Iterable[np.ndarray]) -> Iterator[list[np.ndarray]]:
    """Some draws at a time."""
    iterator = iter(draws)
    while some := list(islice(iterator, TOGETHER)):
        yield some


def over_pieces(
    counts: LayerCounts, cells: Cells, drawn: Iterable[Drawn], reduce: Reduce[T]
) -> Iterator[tuple[slice, slice, T]]:
    """Sets when pieces count in other cells.

    Args:
        counts: sums of a layer.
        cells: the cells.
        drawn: the draws, some at a time.
        reduce: what to keep of the sets.

    Yields:
        Which draws, which neurons, and what was kept; nothing where there are no frames.
    """
    rule = rule_of(counts.pieces.labels, counts.layer)
    blocks = list(_blocks_of_neurons(counts.counts.T.tocsr(), len(cells)))
    first, waiting = 0, iter(drawn)
    with ThreadPoolExecutor(_threads()) as pool:
        drawing = pool.submit(next, waiting, None)
        while (some := drawing.result()) is not None:
            drawing = pool.submit(next, waiting, None)  # while these are counted
            draws = slice(first, first + some.n)
            frames = np.stack([_frames(some, i, counts.pieces.frames, len(cells)) for i in range(some.n)])
            limits = rule.thresholds(frames).astype(np.int32), rule.needed(frames, cells)
            tables = _tables(some, len(cells))

            def work(
                block: "_Block", tables: list = tables, draws: slice = draws, limits: tuple = limits
            ) -> tuple[slice, slice, T]:
                return draws, block.neurons, reduce(block.sets(tables, cells, *limits), draws, block.neurons)

            yield from pool.map(work, blocks)
            first = draws.stop


def _frames(some: Drawn, draw: int, frames: np.ndarray, n_cells: int) -> np.ndarray:
    cell = some.cell[draw % len(some.cell)]
    counted = frames if some.weight is None else frames * some.weight[draw]
    return np.bincount(cell, weights=counted, minlength=n_cells).astype(np.int64)


@dataclass(frozen=True)
class _Block:
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

    def sets(self, tables: "Sequence[_Table]", cells: Cells, thresholds: np.ndarray, needed: np.ndarray) -> np.ndarray:
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
class _Table:
    """Some draws, piece by piece, so that what a piece becomes in all of them is read at once.

    Attributes:
        draws: which of the draws that are made at a time.
        place: (P, draws) cell of the piece, the cells of one draw behind those of another, int32.
        weight: (P, draws) how often the piece counts, int32; None = once.
    """

    draws: slice
    place: np.ndarray
    weight: np.ndarray | None


def _tables(some: Drawn, n_cells: int) -> list[_Table]:
    found = []
    for first in range(0, some.n, AT_ONCE):
        draws = slice(first, min(first + AT_ONCE, some.n))
        n = draws.stop - first
        cell = some.cell[draws] if len(some.cell) == some.n else np.broadcast_to(some.cell[0], (n, some.cell.shape[1]))
        place = np.ascontiguousarray((cell + (np.arange(n, dtype=np.int32) * n_cells)[:, None]).T)
        weight = None if some.weight is None else np.ascontiguousarray(some.weight[draws].T)
        found.append(_Table(draws, place, weight))
    return found


def _blocks_of_neurons(by_neuron: sparse.csr_array, n_cells: int) -> Iterator[_Block]:
    starts, width = by_neuron.indptr, by_neuron.shape[0]
    first = 0
    while first < width:
        last = int(np.searchsorted(starts, starts[first] + NONZERO, side="right")) - 1
        last = min(max(last, first + 1), first + max(1, COUNTERS // n_cells), width)
        part = slice(starts[first], starts[last])
        block = (by_neuron.indices[part].astype(np.intp), by_neuron.data[part])
        yield _Block(slice(first, last), *block, (starts[first : last + 1] - starts[first]).astype(np.int32))
        first = last


def _dense(
    counts: LayerCounts,
    chosen: np.ndarray,
    cells: Cells,
    slots: np.ndarray,
    slot: np.ndarray,
    weigh: Callable[[np.ndarray, int], np.ndarray],
    reduce: Reduce[T],
) -> Iterator[tuple[slice, slice, T]]:
    """Sums by matrix products of weights (draws, units) and sums (units, neurons).

    Args:
        counts: sums of a layer.
        chosen: (draws, units) what is drawn for each unit.
        cells: the cells.
        slots: (C,) which sums of the units a cell adds up: those of its phone, or its own.
        slot: (P,) the same of each piece.
        weigh: weights of the units in a group, from ``chosen``.
        reduce: what to keep of the sets.
    """
    pieces, width = counts.pieces, counts.layer.n_neurons
    rule = rule_of(pieces.labels, counts.layer)
    frames = np.zeros((int(slots.max(initial=-1)) + 1, pieces.n_units))
    frames[slot, pieces.unit] = pieces.frames
    most = max(float((weigh(chosen, group) @ frames.T).max(initial=0)) for group in range(cells.n_groups))
    per_block = max(1, DENSE // max(1, frames.size))
    by_neuron = counts.counts.tocsc()
    for first in range(0, width, per_block):
        neurons = slice(first, min(first + per_block, width))
        sums = np.zeros((*frames.shape, neurons.stop - first), np.float32 if most < 2**24 else np.float64)
        sums[slot, pieces.unit] = by_neuron[:, neurons].toarray()
        together = max(16, PRODUCT // (neurons.stop - first) // 2 * 2)  # even: two halves stay together

        def work(
            at: int, neurons: slice = neurons, sums: np.ndarray = sums, together: int = together
        ) -> tuple[slice, slice, T]:
            draws = slice(at, min(at + together, len(chosen)))
            found = _products(chosen[draws], frames, sums, slots, cells, rule, weigh)
            return draws, neurons, reduce(found, draws, neurons)

        # Products are small; threads of BLAS that wait for each other cost more than they bring.
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(_threads()) as pool:
            yield from pool.map(work, range(0, len(chosen), together))


def _products(
    chosen: np.ndarray,
    frames: np.ndarray,
    sums: np.ndarray,
    slots: np.ndarray,
    cells: Cells,
    rule: Rule,
    weigh: Callable[[np.ndarray, int], np.ndarray],
) -> np.ndarray:
    """(draws, G, neurons) G_i of some draws."""
    n_draws, n_neurons = len(chosen), sums.shape[2]
    counted = np.empty((n_draws, len(cells)))
    kind = np.uint8 if cells.phone.max() < 255 else np.uint32
    n_active = np.zeros((n_draws, cells.n_groups, n_neurons), kind)
    product, active = np.empty((n_draws, n_neurons), sums.dtype), np.empty((n_draws, n_neurons), bool)
    for group in range(cells.n_groups):
        of_group = np.flatnonzero(cells.group == group)
        weights = weigh(chosen, group).astype(np.float64)
        counted[:, of_group] = weights @ frames[slots[of_group]].T
        thresholds = rule.thresholds(counted[:, of_group]).astype(sums.dtype)
        weights = weights.astype(sums.dtype)
        for place, cell in enumerate(of_group):
            np.matmul(weights, sums[slots[cell]], out=product)
            np.greater_equal(product, thresholds[:, place, None], out=active)
            n_active[:, group] += active.view(np.uint8)
    return group_neurons(n_active, rule.needed(counted.astype(np.int64), cells))


def _threads() -> int:
    return min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
