"""Warehouses that hold means of utterances as a test draws them, without audio or a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from warehouse import Commit, create
from warehouse.schema import TABLES, table


@dataclass
class Means:
    """What a model gave of some utterances.

    Attributes:
        layers: layer -> means (n, width).
        kind: ffn or block.
        columns: of the table utterances; further ones are metadata.
        stds: layer -> deviations (n, width); None = all 1.
        model: name of the model.
    """

    layers: Mapping[int, np.ndarray]
    columns: Mapping[str, Sequence[Any]]
    kind: str = "block"
    stds: Mapping[int, np.ndarray] | None = None
    model: str = "m"
    rejected: set[int] = field(default_factory=set)

    @property
    def n(self) -> int:
        """Utterances."""
        return len(next(iter(self.layers.values())))


def warehouse_of(path: Path, first: Means, *others: Means) -> Path:
    """A warehouse with the utterances of the first model's means, and the means of all."""
    layout = create(path)
    n = first.n
    names = [f"u{i:04d}" for i in range(n)]
    own = {"utterance_id": list(range(n)), "corpus": ["c"] * n, "utterance": names, "duration": [1.0] * n}
    given = {**own, **first.columns}
    known = TABLES["utterances"].schema.names
    extra = [pa.field(name, pa.array(values).type) for name, values in given.items() if name not in known]
    with Commit(layout) as commit:
        commit.add("utterances", table("utterances", given, extra))
        commit.publish("plan-000001", "corpus", {"corpus": "c", "name": "c"})
    for means in (first, *others):
        _add_model(layout, means, n)
    return path


def _add_model(layout: Any, means: Means, n: int) -> None:
    grid = {"hop_us": 20_000, "offset_us": 12_500, "window_us": 25_000}
    rows = [
        {
            "model": means.model,
            "layer": layer,
            "block": layer,
            "site": "ffn",
            "n_neurons": values.shape[1],
            "top_k": max(1, values.shape[1] // 100),
            "in_module": f"layers.{layer}.first",
            "out_module": f"layers.{layer}.second",
            **grid,
        }
        for layer, values in means.layers.items()
    ]
    model = {
        "model": means.model,
        "family": "drawn",
        "source": "drawn",
        "checksum": f"sum of {means.model}",
        **grid,
        "sample_rate": 16_000,
        "normalize": False,
        "n_layers": len(rows),
        "lambda_pct": 1.0,
    }
    with Commit(layout) as commit:
        commit.add("models", table("models", {name: [value] for name, value in model.items()}))
        commit.add("layers", table("layers", {name: [row[name] for row in rows] for name in rows[0]}))
        commit.publish(f"model-{means.model}", "model", {**model, "layers": rows})
    kept = [i for i in range(n) if i not in means.rejected]
    with Commit(layout) as commit:
        recordings = {"model": [means.model] * len(kept), "utterance_id": kept, "n_frames": [50] * len(kept)}
        commit.add("recordings", table("recordings", {**recordings, "shard": ["s"] * len(kept)}))
        commit.add("utterance_means", (_layer_rows(means, layer, kept) for layer in means.layers))
        facts = {"model": means.model, "corpus": "c", "shards": ["s"], "utterance_ids": kept, "counted": []}
        commit.publish(f"shard-{means.model}", "shard", {**facts, "n_frames": 50 * len(kept)})


def _layer_rows(means: Means, layer: int, kept: list[int]) -> pa.Table:
    stds = means.stds[layer] if means.stds is not None else np.ones_like(means.layers[layer])
    return table(
        "utterance_means",
        {
            "model": [means.model] * len(kept),
            "kind": [means.kind] * len(kept),
            "layer": [layer] * len(kept),
            "utterance_id": kept,
            "n_frames": [50] * len(kept),
            "mean": pa.array(list(means.layers[layer][kept].astype(np.float32))),
            "std": pa.array(list(stds[kept].astype(np.float32))),
        },
    )
