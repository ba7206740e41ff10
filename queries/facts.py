"""What a warehouse has recorded, from its manifests; this module loads neither DuckDB nor NumPy."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from warehouse.grid import Grid
from warehouse.layers import grids_of_layers
from warehouse.properties import Property


@dataclass(frozen=True)
class Layer:
    """A recorded layer: its model, its number from 1, its width D, the neurons recorded per frame, and its frames."""

    model: str
    layer: int
    n_neurons: int
    top_k: int
    grid: Grid

    @classmethod
    def of(
        cls, model: str, layer: int, n_neurons: int, top_k: int, hop_us: int, offset_us: int, window_us: int
    ) -> "Layer":
        """A layer from these columns of the table layers."""
        return cls(model, layer, n_neurons, top_k, Grid(hop_us, offset_us, window_us))


def on_grids(layers: Iterable[Layer]) -> list[list[Layer]]:
    """Layers that have their frames in common, by model and grid, in the order of the first of each.

    What is said of frames (cells, groups, units) is said of the layers of one grid at a time.
    """
    found: dict[tuple[str, Grid], list[Layer]] = {}
    for layer in layers:
        found.setdefault((layer.model, layer.grid), []).append(layer)
    return list(found.values())


def layers_of(model: Mapping[str, Any]) -> tuple[Layer, ...]:
    """The recorded layers of a model, from the facts of its manifest."""
    return tuple(
        Layer(model["model"], layer["layer"], layer["n_neurons"], layer["top_k"], grid)
        for layer, grid in zip(model["layers"], grids_of_layers(model), strict=True)
    )


@dataclass(frozen=True)
class KnownProbe:
    """A probe that was made: its identifier, the label that it predicts, its model, kind of neurons, and task."""

    probe: str
    label: str
    model: str
    kind: str
    task: str


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
        grids: of all frames and layers; the place of a grid is its number in SQL.
        probes: probes that were made.
    """

    lambdas: Mapping[str, float]
    layers: tuple[Layer, ...]
    corpora: tuple[str, ...]
    properties: tuple[Property, ...]
    sums: frozenset[str]
    recorded: Mapping[str, tuple[str, ...]]
    n_frames: int = 2**40
    grids: tuple[Grid, ...] = ()
    probes: tuple[KnownProbe, ...] = ()

    def lack(self, table: str) -> bool:
        """Whether a table is known to have no rows."""
        return table == "probe_runs" and not self.probes
