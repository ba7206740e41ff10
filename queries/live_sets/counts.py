"""Counts in memory: how often each neuron of a layer is active in each cell (group, phone) of a question."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from queries.facts import Layer
from queries.group_order import group_order
from queries.live_sets.question import Question
from queries.sets import Cells

if TYPE_CHECKING:
    from queries.connection import Connection

MOST_BYTES = 160 << 20
"""Counts that are kept; the ones that were asked for longest ago go first."""

TOGETHER = 8_000_000
"""Counters that are read by one query: as many layers as that gives. Planning costs as much as reading 200,000."""

FACTS_TOGETHER = 3
"""Layers that are counted from the activations together; so that what is done so far shows, few."""


@dataclass(frozen=True)
class CountedCells:
    """The cells (group, phone) that the frames of a question fall in; C cells, G groups.

    Attributes:
        groups: (G,) groups that frames have, in the order of the cells.
        shown: groups as tables list them: bins from below, those without frames among them, otherwise alphabetically.
        phones: (C,) phone of each cell.
        cells: group of each cell, by place in ``groups``, and its phone.
        frames: (C,) frames of each cell.
        declared: (G,) phones that each group can have, where those and not the ones seen are divided by.
    """

    groups: tuple[str, ...]
    shown: tuple[str, ...]
    phones: tuple[str, ...]
    cells: Cells
    frames: np.ndarray
    declared: tuple[int, ...] | None

    def __len__(self) -> int:
        return len(self.phones)

    @property
    def kind(self) -> type:
        """Smallest type of a count, with room for one more than there are frames."""
        return np.uint16 if int(self.frames.max(initial=0)) < 2**16 - 1 else np.uint32

    @cached_property
    def starts(self) -> np.ndarray:
        """(G,) first cell of each group."""
        return np.unique(self.cells.group, return_index=True)[1]

    def n_phones(self, min_frames: int) -> np.ndarray:
        """(G,) phones of each group, of which a candidate must respond to the share σ."""
        seen = self.cells.by_group(self.frames >= min_frames).astype(np.int64)
        return seen if self.declared is None else np.array(self.declared, np.int64)


class Counts:
    """Counts of the questions asked last, of one snapshot at a time; may be asked from several threads.

    A thread can still ask on a cursor of an older snapshot when another has gone on to the next: all that is kept
    bears its snapshot, so that neither finds what the other has counted.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._snapshot: str | None = None
        self._cells: dict[object, CountedCells] = {}
        self._tables: OrderedDict[tuple[object, int], np.ndarray] = OrderedDict()
        self._lock = Lock()

    @property
    def n_bytes(self) -> int:
        """Size of what is kept."""
        with self._lock:
            return sum(table.nbytes for table in self._tables.values())

    def cells(self, con: "Connection", question: Question, layer: Layer) -> CountedCells:
        """The cells of a question in the frames of a layer, which are those of all layers on its grid.

        Raises:
            duckdb.Error: a value that DuckDB cannot use, or an interruption.
        """
        self._of_snapshot(con)
        key = _key(con, question), layer.grid
        with self._lock:
            known = self._cells.get(key)
        if known is None:
            known = _cells(con, question, layer)
            with self._lock:
                self._cells[key] = known
        return known

    def known(self, con: "Connection", question: Question, layer: int) -> bool:
        """Whether the counts of a layer are in memory."""
        with self._lock:
            return (_key(con, question), layer) in self._tables

    def of_layer(
        self, con: "Connection", question: Question, layer: Layer, layers: Sequence[Layer], alone: bool = False
    ) -> Iterator[np.ndarray]:
        """The counts of a layer, neuron by neuron from 0: (C, neurons), in several pieces where one would be too large.

        Args:
            con: an open warehouse.
            question: what is counted.
            layer: which layer.
            layers: all layers of the model, of which some more may be read ahead.
            alone: read none ahead.

        Raises:
            duckdb.Error: a value that DuckDB cannot use, or an interruption.
        """
        cells, key = self.cells(con, question, layer), _key(con, question)
        with self._lock:
            known = self._tables.get((key, layer.layer))
            if known is not None:
                self._tables.move_to_end((key, layer.layer))
        if known is not None:
            yield known
            return
        size = max(1, len(cells)) * layer.n_neurons
        at_once = self._most // (2 * np.dtype(cells.kind).itemsize)  # numbers of half of what is kept
        if size > at_once:
            width = max(1, at_once // len(cells))
            for first in range(0, layer.n_neurons, width):
                neurons = range(first, min(first + width, layer.n_neurons))
                yield _read(con, question, cells, [layer], neurons)[0]
            return
        chunk = [layer] if alone else self._ahead(con, question, layer, layers, size)
        neurons = range(max(each.n_neurons for each in chunk))
        read = _read(con, question, cells, chunk, neurons)
        for each, table in zip(chunk, read, strict=True):
            self._keep((key, each.layer), table[:, : each.n_neurons])
        yield read[0][:, : layer.n_neurons]

    def _ahead(
        self, con: "Connection", question: Question, layer: Layer, layers: Sequence[Layer], size: int
    ) -> list[Layer]:
        """The layer and those after it, or around the end, that are read with it."""
        most = FACTS_TOGETHER if question.reads_facts else len(layers)
        start = next(place for place, each in enumerate(layers) if each.layer == layer.layer)
        following = [*layers[start + 1 :], *layers[:start]][: max(0, min(most, TOGETHER // size) - 1)]
        # The layer itself comes first, also where another thread has kept it by now.
        alike = (each for each in following if each.grid == layer.grid)
        return [layer, *(each for each in alike if not self.known(con, question, each.layer))]

    def _keep(self, key: tuple[object, int], table: np.ndarray) -> None:
        with self._lock:
            self._tables[key] = table
            self._tables.move_to_end(key)
            total = sum(kept.nbytes for kept in self._tables.values())
            while total > self._most and len(self._tables) > 1:
                total -= self._tables.popitem(last=False)[1].nbytes

    def _of_snapshot(self, con: "Connection") -> None:
        with self._lock:
            if self._snapshot != con.snapshot.id:
                self._snapshot = con.snapshot.id
                self._cells.clear()
                self._tables.clear()


def _key(con: "Connection", question: Question) -> object:
    return con.snapshot.id, question.key


def _cells(con: "Connection", question: Question, layer: Layer) -> CountedCells:
    counted = question.call_part("counted_cells", p_layer=layer.layer)
    found = con.sql(f'SELECT "group", phone, n_frames FROM {counted} ORDER BY cell_id').fetchall()
    groups = tuple(dict.fromkeys(group for group, *_ in found))
    place = {group: number for number, group in enumerate(groups)}
    phones = sorted({phone for _, phone, _ in found})
    number = {phone: at for at, phone in enumerate(phones)}
    declared = None
    if question.parameters.get("p_frames") == "reference":
        rows = con.sql(
            f'SELECT "group", n_phones FROM {question.call_part("counted_groups", p_layer=layer.layer)}'
        ).fetchall()
        declared = tuple(dict(rows)[group] for group in groups)
    bins = con.sql("SELECT labels FROM properties WHERE property = $name", params={"name": question.name})
    labels = next((row[0] for row in bins.fetchall()), None)
    return CountedCells(
        groups,
        tuple(sorted({*groups, *(labels or () if groups else ())}, key=group_order(labels))),
        tuple(phone for _, phone, _ in found),
        Cells(
            np.array([place[group] for group, *_ in found], np.int64),
            np.array([number[phone] for _, phone, _ in found], np.int64),
            len(groups),
        ),
        np.array([n for *_, n in found], np.int64),
        declared,
    )


def _read(
    con: "Connection", question: Question, cells: CountedCells, layers: Sequence[Layer], neurons: range
) -> list[np.ndarray]:
    """One (C, neurons) table a layer; what is never active has no row, and stays 0."""
    chosen = [each.layer for each in layers]
    first, n_layers = min(chosen), max(chosen) - min(chosen) + 1
    tables: np.ndarray = np.zeros((n_layers, len(cells), len(neurons)), cells.kind)
    if not tables.size:
        return [tables[0]] * len(layers)
    one = {"p_layer": first} if len(layers) == 1 else {}
    conditions = [f"layer IN ({', '.join(map(str, chosen))})"]
    if neurons.start or neurons.stop < min(each.n_neurons for each in layers):
        conditions.append(f"neuron BETWEEN {neurons.start} AND {neurons.stop - 1}")
    place = f"((layer - {first}) * {len(cells)} + cell_id) * {len(neurons)} + neuron - {neurons.start}"
    kind = "USMALLINT" if cells.kind is np.uint16 else "UINTEGER"
    rows = con.execute(
        f"SELECT CAST({place} AS INTEGER) AS place, CAST(n_active AS {kind}) AS n "
        f"FROM {question.call_part('neuron_counts', **one)} WHERE {' AND '.join(conditions)}"
    ).fetchnumpy()
    tables.reshape(-1)[np.asarray(rows["place"])] = np.asarray(rows["n"])
    return [tables[layer - first] for layer in chosen]
