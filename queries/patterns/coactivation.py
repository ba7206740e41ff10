"""In how many frames two neurons of a layer are active together."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from queries.calls import Value, call_part

if TYPE_CHECKING:
    from queries.connection import Connection

_BLOCK = 4_000_000
"""Activations that are held at a time."""

_FRAMES = """
SELECT f.frame_id
FROM {chosen} AS f
INNER JOIN recordings AS r ON f.utterance_id = r.utterance_id
WHERE r.model = $model AND f.grid = layer_grid($model, $layer)
ORDER BY f.frame_id
"""

_ACTIVE = """
SELECT frame_id, neuron
FROM activations
WHERE model = $model AND layer = $layer AND "rank" < $top_k AND frame_id BETWEEN $first AND $last
"""


def counted_frames(con: "Connection", model: str, layer: int, asked: Mapping[str, Value]) -> np.ndarray:
    """The frames of a layer that a question counts, (n,) int64 in ascending order; silence never counts.

    Where a layer has one frame an utterance, every utterance counts: such frames have no phone.
    """
    whole = "SELECT is_utterance_grid(layer_grid($model, $layer))"
    ((pooled,),) = con.sql(whole, {"model": model, "layer": layer}).fetchall()
    chosen = call_part("asked_frames" if pooled else "chosen_frames", {**asked, "p_property": "phone"})
    return con.sql(_FRAMES.format(chosen=chosen), {"model": model, "layer": layer}).pl()["frame_id"].to_numpy()


def coactivation(
    con: "Connection", model: str, layer: int, n_neurons: int, top_k: int, frames: np.ndarray
) -> np.ndarray:
    """In how many frames each pair of neurons is active, from the recorded activations, some frames at a time.

    Args:
        con: an open warehouse.
        model: name of a model.
        layer: layer, from 1.
        n_neurons: D of the layer.
        top_k: neurons that a frame activates.
        frames: (n,) the frames to count, in ascending order.

    Returns:
        (D, D) int32; the diagonal has the frames of each neuron.
    """
    from scipy.sparse import csr_array

    together = np.zeros((n_neurons, n_neurons), dtype=np.int32)
    n_blocks = max(1, -(-len(frames) * top_k // _BLOCK))
    for ids in np.array_split(frames, n_blocks):
        if not len(ids):
            continue
        first, last = int(ids[0]), int(ids[-1])
        place = np.full(last - first + 1, -1, dtype=np.int32)
        place[ids - first] = np.arange(len(ids), dtype=np.int32)
        values = {"model": model, "layer": layer, "top_k": top_k, "first": first, "last": last}
        found = con.sql(_ACTIVE, values).to_arrow_table()
        row = place[found["frame_id"].to_numpy() - first]
        counted = row >= 0
        row, neuron = row[counted], found["neuron"].to_numpy()[counted]
        active = csr_array((np.ones(len(row), np.int32), (row, neuron)), shape=(len(ids), n_neurons))
        together += (active.T @ active).toarray()
    return together


def jaccard(together: np.ndarray) -> np.ndarray:
    """Jaccard similarity of the sets of frames of each pair of neurons, (n, n) float32.

    Args:
        together: (n, n) frames in which both are active, with those of each on the diagonal, all above 0.
    """
    of_each = together.diagonal()
    either = of_each[:, None] + of_each[None, :] - together
    return (together / either).astype(np.float32)
