"""What fills a budget without a look at the weights: how often neurons are active, or chance."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from queries.calls import Value, call, call_part
from queries.masks.layers import MaskLayer
from queries.masks.recorded import recorded_model

if TYPE_CHECKING:
    from queries.connection import Connection

TAKEN = ("p_corpus", "p_frames", "p_lambda", "p_where")
"""Parameters that say which frames are counted, and what counts as active."""

_PROBABILITY = """
WITH total AS (SELECT grid, sum(n_frames) AS n FROM {cells} GROUP BY grid)
SELECT p.layer, p.neuron, sum(p.n_active) / any_value(t.n) AS p
FROM {probabilities} AS p
INNER JOIN total AS t ON t.grid = layer_grid(p.model, p.layer)
GROUP BY p.layer, p.neuron
"""


def probability_scores(con: "Connection", model: str | None = None, **parameters: Value) -> dict[int, np.ndarray]:
    """Overall activation probability of every neuron: the share of frames with a phone that activate it.

    It comes from the counts of the property ``phone``; facts are read only with ``p_where`` or another λ.

    Args:
        con: an open warehouse.
        model: name of the model; needed where there are several.
        **parameters: of the macros; those that do not say which frames count (``p_sigma`` …) change nothing.

    Returns:
        Layer -> float64 vector (D,) of the model's feed-forward networks.

    Raises:
        QueryError: an unknown model.
        duckdb.Error: a value that the macros refuse.
    """
    recorded = recorded_model(con, model)
    chosen = {name: value for name, value in parameters.items() if name in TAKEN}
    asked = {"p_model": recorded.name, "p_property": "phone", **chosen}
    calls = {"cells": call_part("counted_cells", asked), "probabilities": call("activation_probabilities", asked)}
    found = con.sql(_PROBABILITY.format(**calls)).fetchnumpy()
    scores = {layer.layer: np.zeros(layer.n_neurons) for layer in recorded.layers}
    for number, vector in scores.items():
        of_layer = found["layer"] == number
        vector[found["neuron"][of_layer]] = found["p"][of_layer]
    return scores


def random_scores(layers: Sequence[MaskLayer], seed: int) -> dict[int, np.ndarray]:
    """Scores by lot: layer -> float64 vector (D,), the same for the same seed."""
    draw = np.random.default_rng(seed)
    return {layer.layer: draw.random(layer.n_neurons) for layer in layers}
