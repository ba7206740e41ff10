"""Partial counts: how often each neuron fires in each (property, group, phone) of a shard.

Every shard commits its own counts, so that an answer over the corpus is a sum of small tables and never reads
the activations again ([A] §3.2: p(j | k) needs nothing but these counts and the frames per cell).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache

import duckdb
import numpy as np
import pyarrow as pa

from warehouse.grid import Grid
from warehouse.properties import Property, group_select
from warehouse.schema import TABLES, table

READINGS = ("n", "n_middle", "n_reference")
COUNTERS = 2**22  # counters in memory at a time


@dataclass(frozen=True)
class Cells:
    """The (group, phone) cell of every frame under one property.

    Attributes:
        property: name of the property.
        code: (T,) cell of each frame, -1 = no group.
        group: (C,) group of each cell; cells are sorted by group, then phone, and none is empty.
        phone: (C,) phone of each cell.
    """

    property: str
    code: np.ndarray
    group: tuple[str, ...]
    phone: tuple[str, ...]


@dataclass(frozen=True)
class FrameLabels:
    """What counting needs to know of the frames of a shard, in the order of its activations.

    Attributes:
        cells: one entry per property.
        readings: (3, T) bool, the frames that each of ``READINGS`` counts; the first counts all.
    """

    cells: tuple[Cells, ...]
    readings: np.ndarray


def label_frames(con: duckdb.DuckDBPyConnection, properties: Iterable[Property]) -> FrameLabels:
    """Groups and readings of the frames that a connection holds.

    Args:
        con: from :func:`warehouse.facts.shard_facts`; its frames in ascending ``frame_id`` are the rows of the
            activations.
        properties: properties to count.
    """
    frames = con.sql("SELECT frame_id, phone, is_middle, is_last_run FROM frames ORDER BY frame_id").to_arrow_table()
    ids, middle, last = (frames[name].to_numpy() for name in ("frame_id", "is_middle", "is_last_run"))
    readings = np.stack([np.ones(len(ids), dtype=bool), middle, middle & ~last])
    phones, phone_of_frame = _sorted_codes(frames["phone"])
    return FrameLabels(tuple(_cells(con, prop, ids, phones, phone_of_frame) for prop in properties), readings)


def _cells(
    con: duckdb.DuckDBPyConnection, prop: Property, ids: np.ndarray, phones: list[str], phone_of_frame: np.ndarray
) -> Cells:
    found = con.sql(f'SELECT frame_id, "group" FROM ({group_select(prop)})').to_arrow_table()
    groups, group_of_row = _sorted_codes(found["group"])
    rows = np.searchsorted(ids, found["frame_id"].to_numpy())
    pairs, cell_of_row = np.unique(group_of_row * len(phones) + phone_of_frame[rows], return_inverse=True)
    code = np.full(len(ids), -1, dtype=np.int64)
    code[rows] = cell_of_row
    group, phone = (pairs // max(len(phones), 1)).tolist(), (pairs % max(len(phones), 1)).tolist()
    return Cells(prop.name, code, tuple(groups[g] for g in group), tuple(phones[p] for p in phone))


def _sorted_codes(names: pa.ChunkedArray) -> tuple[list[str], np.ndarray]:
    """Distinct names in order, and the place of each row's name among them."""
    encoded = names.combine_chunks().dictionary_encode()
    distinct = encoded.dictionary.to_pylist()
    order = sorted(range(len(distinct)), key=distinct.__getitem__)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return [distinct[i] for i in order], place[encoded.indices.to_numpy()]


def frame_counts(labels: FrameLabels, grid: Grid, model: str, corpus: str) -> pa.Table:
    """Frames of a grid per (property, group, phone): the denominators of p(j | k, group)."""
    columns: dict[str, list[object]] = {name: [] for name in ("property", "group", "phone", *READINGS)}
    for cells in labels.cells:
        columns["property"] += [cells.property] * len(cells.group)
        columns["group"] += cells.group
        columns["phone"] += cells.phone
        for name, counted in zip(READINGS, labels.readings, strict=True):
            chosen = cells.code[counted & (cells.code >= 0)]
            columns[name] += np.bincount(chosen, minlength=len(cells.group)).tolist()
    n = len(columns["property"])
    same = {"model": model, "corpus": corpus, **asdict(grid)}
    return table("frame_counts", {**{name: [value] * n for name, value in same.items()}, **columns})


def activation_counts(
    labels: Sequence[FrameLabels], neurons: Iterable[np.ndarray], widths: Iterable[int], model: str, corpus: str
) -> Iterator[pa.Table]:
    """Activations per (layer, property, group, phone, neuron) with n > 0.

    Args:
        labels: the frames of each layer, of the same properties; layers on one grid share them.
        neurons: one (T, k) array per layer, the neurons that each frame activates; gone through once a property.
        widths: number of neurons D of each layer.
        model: name of the model.
        corpus: name of the corpus.

    Yields:
        Rows sorted by property (in the order of ``labels``), layer, group, phone, neuron; a table is of one
        property and layer.
    """
    for place, name in enumerate(cells.property for cells in (labels[0].cells if labels else ())):
        names = {"model": model, "corpus": corpus, "property": name}
        fixed = {key: pa.array([value]) for key, value in names.items()}
        in_cells = cache(lambda which, place=place: _InCells.of(labels[which], place))
        first_of_grid = [next(i for i, other in enumerate(labels) if other is own) for own in labels]
        for layer, (which, of_layer, width) in enumerate(zip(first_of_grid, neurons, widths, strict=True), start=1):
            found = in_cells(which)
            step = max(1, COUNTERS // width)
            for first in range(0, found.n_cells, step):
                block = slice(*np.searchsorted(found.code, [first, first + step]))
                active = of_layer.take(found.frames[block], axis=0)
                cell, neuron, counts = _count(found.code[block] - first, active, width, found.readings[:, block])
                yield _rows(layer, fixed, found.names, first + cell, neuron, counts)


@dataclass(frozen=True)
class _InCells:
    """Frames in the order of their cells under one property: the counters of one cell stay in the cache."""

    n_cells: int
    names: dict[str, tuple[np.ndarray, pa.Array]]
    frames: np.ndarray
    code: np.ndarray
    readings: np.ndarray

    @classmethod
    def of(cls, labels: FrameLabels, place: int) -> "_InCells":
        cells = labels.cells[place]
        frames = np.argsort(cells.code, kind="stable")[np.count_nonzero(cells.code < 0) :]
        names = {"group": _codes(cells.group), "phone": _codes(cells.phone)}
        return cls(len(cells.group), names, frames, cells.code[frames], labels.readings[:, frames])


def _count(
    code: np.ndarray, active: np.ndarray, width: int, readings: np.ndarray
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Pairs of cell and neuron that occur, in order, and how often in each reading.

    Args:
        code: (T,) cell of each frame, ascending, none left out.
        active: (T, k) neurons that each frame activates.
        width: number of neurons.
        readings: (3, T) frames that each reading counts; the first counts all.
    """
    n_cells = code[-1] + 1
    place = (code * width)[:, None] + active
    counters = [
        np.bincount(place[counted].ravel() if row else place.ravel(), minlength=n_cells * width)
        for row, counted in enumerate(readings)
    ]
    hit = np.flatnonzero(counters[0] != 0)
    per_cell = np.diff(np.searchsorted(hit, np.arange(n_cells + 1) * width))
    cell = np.repeat(np.arange(n_cells), per_cell)
    return cell, hit - cell * width, [counter.take(hit) for counter in counters]


def _rows(
    layer: int,
    fixed: dict[str, pa.Array],
    of_cell: dict[str, tuple[np.ndarray, pa.Array]],
    cell: np.ndarray,
    neuron: np.ndarray,
    counts: list[np.ndarray],
) -> pa.Table:
    """Rows of activation_counts from columns that are the same throughout, that follow from the cell, and the rest."""
    n = len(cell)
    columns: dict[str, object] = {"layer": np.full(n, layer, np.int16), "neuron": neuron.astype(np.int32)}
    for name, value in fixed.items():
        columns[name] = pa.DictionaryArray.from_arrays(np.zeros(n, np.int8), value)
    for name, (code, distinct) in of_cell.items():
        columns[name] = pa.DictionaryArray.from_arrays(code.take(cell), distinct)
    columns |= dict(zip(READINGS, counts, strict=True))
    return pa.table({name: columns[name] for name in TABLES["activation_counts"].schema.names})


def _codes(names: Iterable[str]) -> tuple[np.ndarray, pa.Array]:
    """Names as a dictionary: the place of each in the distinct ones, and those."""
    encoded = pa.array(list(names), pa.string()).dictionary_encode()
    return encoded.indices.to_numpy(), encoded.dictionary
