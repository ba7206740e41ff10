"""Index lists as JSON: ``.json``, which describes itself, and the layout of the paper's authors, ``.paper.json``."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from queries.masks.formats.description import Description, describe, read_description, to_json, whole_number
from queries.masks.formats.strict_json import strict_json
from queries.masks.layers import MaskLayer
from queries.masks.mask import Kind, Mask
from warehouse.errors import MaskError

_LAYER = re.compile(r"[1-9][0-9]{0,6}", re.ASCII)


def write(mask: Mask) -> bytes:
    """Self-describing JSON: each entry of ``layers`` has its ``neurons``, from 0."""
    content, neurons = describe(mask), mask.neurons()
    for entry in content["layers"]:
        entry["neurons"] = neurons[entry["layer"]]
    return to_json(content) + b"\n"


def read(data: bytes) -> Mask:
    """The mask in self-describing JSON.

    Raises:
        MaskError: damaged, or no such mask.
    """
    content = strict_json(data)
    described = read_description(content, extra=["neurons"])
    lists = {entry["layer"]: entry["neurons"] for entry in content["layers"]}
    return described.with_vectors([_vector(layer, lists[layer.layer]) for layer in described.layers])


def write_paper(mask: Mask) -> bytes:
    """``{"1": [neuron, …], …}``: layers from 1, neurons from 0, as PropertyNeurons writes them."""
    return to_json({str(layer): neurons for layer, neurons in mask.neurons().items()}) + b"\n"


def read_paper(data: bytes, layers: Sequence[MaskLayer], kind: Kind) -> Mask:
    """The mask in the authors' layout; a layer that is absent has no neuron.

    Raises:
        MaskError: damaged, or a layer or neuron that the model lacks.
    """
    content = strict_json(data)
    if not is_paper(content):
        raise MaskError('not the authors\' layout {"1": [neuron, …], …}')
    numbers = {layer.layer for layer in layers}
    for key in content:
        if int(key) not in numbers:
            raise MaskError(f"has layer {key}, and the model has layers {', '.join(map(str, sorted(numbers)))}")
    described = Description(kind, tuple(layers), {})
    return described.with_vectors([_vector(layer, content.get(str(layer.layer), [])) for layer in layers])


def is_paper(content: Any) -> bool:
    """Whether parsed JSON is an object of layer numbers and lists."""
    return isinstance(content, Mapping) and all(
        _LAYER.fullmatch(key) and isinstance(value, list) for key, value in content.items()
    )


def _vector(layer: MaskLayer, neurons: Any) -> np.ndarray:
    if not isinstance(neurons, list):
        raise MaskError(f"damaged, layer {layer.layer} has no list of neurons")
    for neuron in neurons:
        if not whole_number(neuron, 0, layer.n_neurons - 1):
            raise MaskError(
                f"layer {layer.layer} ({layer.out_module}): no neuron {neuron!r:.50}; it has neurons 0 to "
                f"{layer.n_neurons - 1}"
            )
    vector = np.zeros(layer.n_neurons, dtype=np.bool_)
    vector[np.asarray(neurons, dtype=np.int64)] = True
    return vector
