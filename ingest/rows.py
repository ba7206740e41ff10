"""Rows of the warehouse's tables from what was recorded, in the order in which they are to lie."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from ingest.means import Segments
from ingest.planning import Shard
from ingest.recording import Recording
from ingest.settings import KINDS
from warehouse import Grid
from warehouse.schema import TABLES, table


def recording_rows(model: str, shard: Shard, numbers: Sequence[int], recordings: Sequence[Recording]) -> pa.Table:
    """Rows of ``recordings``.

    Args:
        model: name of the model.
        shard: what was recorded.
        numbers: utterances, by number.
        recordings: of each of them.
    """
    n_frames, n = [recording.n_frames for recording in recordings], len(numbers)
    columns = {"model": [model] * n, "utterance_id": numbers, "n_frames": n_frames, "shard": [shard.name] * n}
    return table("recordings", columns)


def activation_rows(
    model: str,
    frame_ids: Sequence[np.ndarray],
    neurons: Sequence[np.ndarray],
    values: Sequence[Sequence[np.ndarray]],
) -> Iterator[pa.Table]:
    """Rows of ``activations``, a piece a layer.

    Args:
        model: name of the model.
        frame_ids: of each layer the frames (T,) of all utterances.
        neurons: of each layer their strongest neurons (T, k).
        values: of each utterance and layer the signed values (t, k); none where they were not asked for.
    """
    for layer, (ids, of_layer) in enumerate(zip(frame_ids, neurons, strict=True)):
        n, k = of_layer.shape
        columns: dict[str, object] = {
            "model": pa.DictionaryArray.from_arrays(np.zeros(n * k, np.int32), [model]),
            "layer": np.full(n * k, layer + 1, np.int16),
            "frame_id": np.repeat(ids, k),
            "rank": np.tile(np.arange(k, dtype=np.int16), n),
            "neuron": of_layer.ravel().astype(np.int32),
        }
        if values:
            columns["value"] = np.concatenate([kept[layer] for kept in values]).ravel().astype(np.float32)
        yield pa.table(columns)


def utterance_mean_rows(model: str, numbers: Sequence[int], recordings: Sequence[Recording]) -> Iterator[pa.Table]:
    """Rows of ``utterance_means``, a piece a kind and layer.

    Args:
        model: name of the model.
        numbers: utterances, by number.
        recordings: of each of them.
    """
    n = len(numbers)
    for kind in KINDS:
        for layer in range(len(recordings[0].neurons)):
            means = [getattr(r, f"{kind}_mean")[layer] for r in recordings]
            stds = [getattr(r, f"{kind}_std")[layer] for r in recordings]
            if means[0] is not None:
                columns = {
                    "model": [model] * n,
                    "kind": [kind] * n,
                    "layer": [layer + 1] * n,
                    "utterance_id": numbers,
                    "n_frames": [len(r.neurons[layer]) for r in recordings],
                    "mean": _lists(np.stack(means)),
                    "std": _lists(np.stack(stds)),
                }
                yield table("utterance_means", columns)


def segment_mean_rows(
    model: str,
    grids: Sequence[Grid],
    segments: Mapping[Grid, Mapping[int, Segments]],
    numbers: Sequence[int],
    recordings: Sequence[Recording],
) -> Iterator[pa.Table]:
    """Rows of ``segment_means``, a piece a kind and layer.

    Args:
        model: name of the model.
        grids: of each layer.
        segments: on each grid those of every utterance, by its number.
        numbers: utterances, by number.
        recordings: of each of them.
    """
    for kind in recordings[0].segment_means:
        for layer, grid in enumerate(grids):
            means = [mean for r in recordings if (mean := r.segment_means[kind][layer]) is not None]
            if means:
                found = [segments[grid][number] for number in numbers]
                n = sum(len(of.numbers) for of in found)
                columns = {
                    "model": [model] * n,
                    "kind": [kind] * n,
                    "layer": [layer + 1] * n,
                    "utterance_id": np.repeat(numbers, [len(of.numbers) for of in found]),
                    "segment": np.concatenate([of.numbers for of in found]),
                    "n_frames": np.concatenate([of.n_frames for of in found]),
                    "mean": _lists(np.concatenate(means)),
                }
                yield table("segment_means", columns)


def _lists(rows: np.ndarray) -> pa.Array:
    """(n, D) as n lists."""
    kind = TABLES["utterance_means"].schema.field("mean").type
    offsets = np.arange(0, rows.size + 1, rows.shape[1], dtype=np.int32)
    return pa.ListArray.from_arrays(offsets, rows.ravel().astype(np.float32, copy=False), type=kind)
