"""The recorded layers of a model, from the facts of its commit: this module loads neither Arrow nor DuckDB."""

from collections.abc import Mapping
from typing import Any

from warehouse.grid import Grid
from warehouse.snapshot import Snapshot


def grid_of(facts: Mapping[str, Any]) -> Grid:
    """The grid that the facts of a model, of labels or of edges state."""
    return Grid(facts["hop_us"], facts["offset_us"], facts["window_us"])


def grids_of_layers(model: Mapping[str, Any]) -> list[Grid]:
    """The grid of each layer, from the facts of a model; layers of the first version have that of their model."""
    return [grid_of({**model, **layer}) for layer in model["layers"]]


def layer_grids(state: Snapshot, model: str) -> list[Grid]:
    """The grid of each layer of a model."""
    return grids_of_layers(_facts(state, model))


def layer_widths(state: Snapshot, model: str) -> list[int]:
    """Neurons of each layer of a model."""
    return [layer["n_neurons"] for layer in _facts(state, model)["layers"]]


def _facts(state: Snapshot, model: str) -> Mapping[str, Any]:
    return next(m.facts for m in state.of_kind("model") if m.facts["model"] == model)
