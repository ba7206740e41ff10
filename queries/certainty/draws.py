"""Sets of neurons under many draws at once: labels given to other units, or units counted more or less often.

Two ways of adding the same integers: where units are few, a matrix product over dense blocks of neurons; where they
are many (segments, utterances), each draw's cells written behind the sparse sums. Sums of fewer than 2^24 frames are
exact in float32; larger ones are added in float64.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from queries.certainty.blocks import Block, Drawn, blocks_of_neurons, frames_of, tables_of
from queries.certainty.labels import rule_of
from queries.certainty.units import LayerCounts
from queries.sets import Cells, Rule, all_cells, cells_of, group_neurons

T = TypeVar("T")
Reduce = Callable[[np.ndarray, slice, slice], T]
"""What to keep of the sets (draws, G, neurons) of some draws and neurons."""

DENSE = 2**24  # numbers of a dense block: 64 MiB
PRODUCT = 2**18  # numbers of one product, so that they stay in the cache
TOGETHER = 32  # draws of pieces that are made at a time


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
    blocks = list(blocks_of_neurons(counts.counts.T.tocsr(), len(cells)))
    first, waiting = 0, iter(drawn)
    with ThreadPoolExecutor(_threads()) as pool:
        drawing = pool.submit(next, waiting, None)
        while (some := drawing.result()) is not None:
            drawing = pool.submit(next, waiting, None)  # while these are counted
            draws = slice(first, first + some.n)
            frames = np.stack([frames_of(some, i, counts.pieces.frames, len(cells)) for i in range(some.n)])
            limits = rule.thresholds(frames).astype(np.int32), rule.needed(frames, cells)
            tables = tables_of(some, len(cells))

            def work(
                block: "Block", tables: list = tables, draws: slice = draws, limits: tuple = limits
            ) -> tuple[slice, slice, T]:
                return draws, block.neurons, reduce(block.sets(tables, cells, *limits), draws, block.neurons)

            yield from pool.map(work, blocks)
            first = draws.stop


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
