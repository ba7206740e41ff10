"""What a warehouse has recorded, from its manifests; this module loads neither DuckDB nor NumPy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from warehouse.properties import Property


@dataclass(frozen=True)
class Layer:
    """A recorded layer: its model, its number from 1, its width D, and the neurons recorded per frame."""

    model: str
    layer: int
    n_neurons: int
    top_k: int


def layers_of(model: Mapping[str, Any]) -> tuple[Layer, ...]:
    """The recorded layers of a model, from the facts of its manifest."""
    return tuple(Layer(model["model"], layer["layer"], layer["n_neurons"], layer["top_k"]) for layer in model["layers"])


@dataclass(frozen=True)
class SurfaceFacts:
    """What plans depend on and therefore is written into the macros as constants.

    Attributes:
        lambdas: recorded λ in percent of each model.
        layers: recorded layers.
        corpora: names of the corpora.
        properties: declared properties.
        sums: properties whose counts have one row per (model, corpus, layer, group, phone, neuron).
        recorded: corpora that each model has recorded.
        n_frames: rows of the table frames, or more; DuckDB's own guess of what a join leaves is far too high.
    """

    lambdas: Mapping[str, float]
    layers: tuple[Layer, ...]
    corpora: tuple[str, ...]
    properties: tuple[Property, ...]
    sums: frozenset[str]
    recorded: Mapping[str, tuple[str, ...]]
    n_frames: int = 2**40
