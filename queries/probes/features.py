"""What a probe is given: means, and where asked deviations, of every neuron as one matrix."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from queries.probes.labels import Labelled
from queries.probes.settings import ALL, EACH, Settings
from warehouse.errors import QueryError

if TYPE_CHECKING:
    import pyarrow as pa

    from queries.connection import Connection

STATISTICS = ("mean", "std")


@dataclass(frozen=True, eq=False)
class Features:
    """The features of some rows, layer after layer; within a layer all means, then all deviations.

    Attributes:
        values: float32 (n, D).
        layer: layer of each feature, int16 (D,).
        neuron: its neuron, int32 (D,).
        statistic: 0 = mean, 1 = std, int8 (D,).
        layers: numbers of the layers, ascending.
        slices: layer -> its features.
    """

    values: np.ndarray
    layer: np.ndarray
    neuron: np.ndarray
    statistic: np.ndarray
    layers: tuple[int, ...]
    slices: dict[int, slice]

    @property
    def n(self) -> int:
        """Features of all layers together."""
        return self.values.shape[1]


def probed_layers(
    con: "Connection", model: str, settings: Settings, unit: str = "utterance"
) -> tuple[tuple[int, ...], tuple[int | None, ...]]:
    """The layers to read, and what is probed: layers by number, and None for all of them together.

    Raises:
        QueryError: a layer without means of the kind.
    """
    known = [
        layer
        for (layer,) in con.sql(
            f"SELECT DISTINCT layer FROM {_table(unit)} WHERE model = $model AND kind = $kind ORDER BY 1",
            {"model": model, "kind": settings.kind},
        ).fetchall()
    ]
    wanted = sorted({int(name) for name in settings.layers if name.isdecimal()})
    if unknown := [layer for layer in wanted if layer not in known]:
        listed = ", ".join(map(str, known)) or "none"
        raise QueryError(f"model {model} has no means of kind {settings.kind} of layer {unknown[0]}; it has: {listed}")
    each = known if EACH in settings.layers else wanted
    read = known if ALL in settings.layers else each
    views: tuple[int | None, ...] = tuple(each)
    return tuple(read), (*views, None) if ALL in settings.layers else views


def read_features(
    con: "Connection", rows: Labelled, model: str, settings: Settings, layers: tuple[int, ...]
) -> Features:
    """Means, and deviations where asked, of some layers of a model for some rows.

    Raises:
        QueryError: a row that the model has no means of, or a value that is no finite number.
    """
    if rows.unit == "segment" and settings.statistics != "mean":
        raise QueryError("segments have no deviations on record, only means; give statistics mean")
    n_statistics = 2 if settings.statistics == "mean+std" else 1
    widths = _widths(con, model, settings.kind, layers, rows.unit)
    starts = np.concatenate([[0], np.cumsum([n_statistics * widths[layer] for layer in layers])]).tolist()
    slices = {layer: slice(starts[i], starts[i + 1]) for i, layer in enumerate(layers)}
    values = np.empty((len(rows.rows), starts[-1]), np.float32)
    for layer in layers:
        _read_layer(con, rows, model, settings, layer, values[:, slices[layer]])
    return Features(
        values,
        np.concatenate([np.full(n_statistics * widths[layer], layer, np.int16) for layer in layers]),
        np.concatenate([np.tile(np.arange(widths[layer], dtype=np.int32), n_statistics) for layer in layers]),
        np.concatenate([np.repeat(np.arange(n_statistics, dtype=np.int8), widths[layer]) for layer in layers]),
        layers,
        slices,
    )


def _table(unit: str) -> str:
    return "segment_means" if unit == "segment" else "utterance_means"


def _widths(con: "Connection", model: str, kind: str, layers: tuple[int, ...], unit: str) -> dict[int, int]:
    sql = f"SELECT layer, any_value(len(mean)) FROM {_table(unit)} WHERE model = $model AND kind = $kind GROUP BY layer"
    found = dict(con.sql(sql, {"model": model, "kind": kind}).fetchall())
    if missing := [layer for layer in layers if layer not in found]:
        raise QueryError(f"model {model} has no means of {unit}s of layer {missing[0]}; leave that layer out")
    return found


def _read_layer(
    con: "Connection", rows: Labelled, model: str, settings: Settings, layer: int, into: np.ndarray
) -> None:
    """Fill (n, width) with a layer's features, batch by batch."""
    wanted = _keys(rows.rows["utterance_id"].to_numpy(), rows.rows["segment"].fill_null(0).to_numpy())
    order = np.argsort(wanted)
    seen = np.zeros(len(wanted), bool)
    columns = ["mean", "std"] if settings.statistics == "mean+std" else ["mean"]
    segment = "segment" if rows.unit == "segment" else "0 AS segment"
    reader = con.sql(
        f"SELECT utterance_id, {segment}, {', '.join(columns)} FROM {_table(rows.unit)} "
        "WHERE model = $model AND kind = $kind AND layer = $layer",
        {"model": model, "kind": settings.kind, "layer": layer},
    ).to_arrow_reader(2_048)
    for batch in reader:
        found = _keys(_ints(batch, "utterance_id"), _ints(batch, "segment"))
        place = np.minimum(np.searchsorted(wanted, found, sorter=order), len(wanted) - 1)
        here = wanted[order[place]] == found
        at = order[place[here]]
        for name, part in zip(columns, np.split(into, len(columns), axis=1), strict=True):
            flat = batch.column(name).filter(_arrow(here)).flatten().to_numpy(zero_copy_only=False)
            part[at] = flat.reshape(len(at), part.shape[1])
        seen[at] = True
    if not seen.all():
        row = int(np.argmin(seen))
        corpus = rows.rows["corpus"][row]
        raise QueryError(
            f"{rows.name_of(row)}: model {model} has no means of its layer {layer} in corpus {corpus}; ingest it with "
            f"--corpus {corpus}"
        )
    finite = np.isfinite(into).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        feature = int(np.argmin(np.isfinite(into[row])))
        which, neuron = divmod(feature, into.shape[1] // len(columns))
        raise QueryError(
            f"{rows.name_of(row)}: the {columns[which]} of neuron {neuron} of layer {layer} of model {model} is "
            f"{into[row, feature]}; record the utterance again, or leave it out of the labels"
        )


def _keys(utterance_ids: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """One number for utterance and segment."""
    return utterance_ids.astype(np.int64) * 2**24 + segments.astype(np.int64)


def _ints(batch: "pa.RecordBatch", name: str) -> np.ndarray:
    found: np.ndarray = batch.column(name).to_numpy(zero_copy_only=False)
    return found


def _arrow(here: np.ndarray) -> "pa.Array":
    import pyarrow as pa

    return pa.array(here)
