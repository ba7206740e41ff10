"""Networks small enough to list, and sets of them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from queries.basket import Basket
from queries.masks import Mask, MaskLayer

Neurons = set[tuple[int, int]]
LAYERS = (MaskLayer(1, "a.0", "b.0", 5), MaskLayer(3, None, "b.2", 4))


@pytest.fixture(scope="session")
def mask_of() -> Callable[..., Mask]:
    """Makes a mask of (layer, neuron) pairs of a model."""

    def make(neurons: Neurons, model: str = "m", **provenance: str) -> Mask:
        listed = {layer.layer: [j for number, j in neurons if number == layer.layer] for layer in LAYERS}
        told = {"model": model, "checksum": f"sum of {model}", **provenance}
        return Mask.of_neurons(LAYERS, listed, "erase", told)

    return make


@pytest.fixture(scope="session")
def pairs() -> Callable[[Mask], Neurons]:
    """Gives the (layer, neuron) pairs of a mask."""
    return lambda mask: {(layer, neuron) for layer, neurons in mask.neurons().items() for neuron in neurons}


@pytest.fixture
def basket(tmp_path: Path) -> Basket:
    """An empty basket, whose folder is not there yet."""
    return Basket(tmp_path / "state" / "basket")
