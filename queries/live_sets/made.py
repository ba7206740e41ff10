"""The sets of a layer, made of its counts: candidates N_i and group neurons G_i ([A] §4.1, eq. 4)."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from queries.facts import Layer
from queries.live_sets.counts import CountedCells, Counts
from queries.live_sets.question import Question
from queries.sets import Rule, group_neurons

if TYPE_CHECKING:
    from queries.connection import Connection


@dataclass(frozen=True)
class LayerSets:
    """What each neuron of a layer responds to; G groups, D neurons.

    Attributes:
        layer: the layer; its top_k is that of the asked λ.
        cells: what was counted.
        baseline: probability that was exceeded.
        candidates: size of N_i by group.
        group_neurons: size of G_i by group.
        responded: (G, D) phones of each group that the neuron responds to.
        member: (D,) group whose own the neuron is, by place in ``cells.groups``; -1 = of none.
    """

    layer: Layer
    cells: CountedCells
    baseline: float
    candidates: Mapping[str, int]
    group_neurons: Mapping[str, int]
    responded: np.ndarray
    member: np.ndarray

    @property
    def n_property_neurons(self) -> int:
        """Size of P, eq. 5: the sets G_i have no neuron in common."""
        return sum(self.group_neurons.values())


def rule_of(question: Question, layer: Layer, cells: CountedCells) -> Rule:
    """The rule that a question asks for, in one layer."""
    baseline, z = question.parameters.get("p_baseline"), question.parameters.get("p_z")
    return Rule(
        float(baseline) if baseline is not None else layer.top_k / layer.n_neurons,
        float(z) if z is not None else None,
        float(question.parameters.get("p_sigma", 0.8)),
        question.min_frames,
        cells.declared,
    )


def limits(rule: Rule, cells: CountedCells) -> np.ndarray:
    """(C, 1) fewest active frames with which a neuron responds to a cell, in the type of the counts."""
    never = int(cells.frames.max(initial=0)) + 1
    return np.minimum(rule.thresholds(cells.frames), never).astype(cells.kind)[:, None]


def sets_of(
    con: "Connection",
    counts: Counts,
    question: Question,
    layer: Layer,
    layers: Sequence[Layer],
    alone: bool = False,
) -> LayerSets:
    """The sets of a layer.

    Args:
        con: an open warehouse; it is not asked where the counts are in memory.
        counts: counts in memory.
        question: what is asked, known to be right.
        layer: which layer.
        layers: all layers of the model, of which some more may be read ahead.
        alone: read none ahead.

    Raises:
        duckdb.Error: a value that DuckDB cannot use, or an interruption.
    """
    cells = counts.cells(con, question, layer)
    rule = rule_of(question, layer, cells)
    if not len(cells):
        none = dict.fromkeys(cells.shown, 0)
        nothing = np.zeros((0, layer.n_neurons), np.uint8)
        return LayerSets(layer, cells, rule.baseline, none, none, nothing, np.full(layer.n_neurons, -1, np.int32))
    least = limits(rule, cells)
    kind = np.uint8 if int(cells.cells.by_group(cells.frames >= 0).max()) < 256 else np.uint32
    pieces = [
        np.add.reduceat((table >= least).view(np.uint8), cells.starts, axis=0, dtype=kind)
        for table in counts.of_layer(con, question, layer, layers, alone)
    ]
    responded = np.concatenate(pieces, axis=1) if len(pieces) > 1 else pieces[0]
    needed = rule.needed(cells.frames, cells.cells)
    own = group_neurons(responded, needed)
    n_candidates, n_own = (responded >= needed[:, None]).sum(axis=1), own.sum(axis=1)
    member = np.where(own.any(axis=0), own.argmax(axis=0), -1).astype(np.int32)
    sizes = [dict(zip(cells.groups, of.tolist(), strict=True)) for of in (n_candidates, n_own)]
    candidates, of_groups = ({group: size.get(group, 0) for group in cells.shown} for size in sizes)
    return LayerSets(layer, cells, rule.baseline, candidates, of_groups, responded, member)


def some_sets(
    con: "Connection",
    counts: Counts,
    question: Question,
    layers: Sequence[Layer],
    waiting: Sequence[Layer],
    seconds: float = 0.1,
) -> list[LayerSets]:
    """The sets of the first of some layers, and of as many more as a time allows.

    Args:
        con: an open warehouse.
        counts: counts in memory.
        question: what is asked, known to be right.
        layers: all layers of the model.
        waiting: those to look at, in this order.
        seconds: after which to come back with what there is.

    Raises:
        duckdb.Error: a value that DuckDB cannot use, or an interruption.
    """
    until = time.monotonic() + seconds
    begun = any(counts.known(con, question, layer.layer) for layer in layers)
    found: list[LayerSets] = []
    for layer in waiting:
        alone = question.reads_facts and not (begun or found)  # so that the first of them comes soon
        found.append(sets_of(con, counts, question, layer, layers, alone))
        if time.monotonic() >= until:
            break
    return found
