"""Masks for ``torch.nn.utils.prune``: a safetensors file of bool tensors ``PATH.weight_mask`` and ``PATH.bias_mask``.

True stays, whatever the kind of the mask. Rows of the first linear are (D, 1), its biases (D,), columns of the second
linear (1, D): the model's width d is not needed to write them, and ``expand_as`` brings them to the weight.
"""

import numpy as np

from queries.masks.formats.safetensors import check_names, described_by, metadata, unpack
from queries.masks.layers import MaskLayer
from queries.masks.mask import Mask
from queries.tensor_files import pack
from warehouse.errors import MaskError

LAYOUT = "prune"


def write(mask: Mask) -> bytes:
    """The file's bytes."""
    staying = [~mask.removed()[layer.out_module] for layer in mask.layers]
    tensors = {}
    for layer, stays in zip(mask.layers, staying, strict=True):
        tensors.update(_tensors(layer, stays))
    return pack(tensors, metadata(mask) | {"layout": LAYOUT})


def read(data: bytes) -> Mask:
    """The mask in a file's bytes.

    Raises:
        MaskError: damaged, or tensors that contradict each other.
    """
    found, tensors = unpack(data)
    if found.get("layout") != LAYOUT:
        raise MaskError("its metadata do not say that it is for torch.nn.utils.prune; load it as safetensors")
    described = described_by(found)
    expected = {
        name: tensor.shape
        for layer in described.layers
        for name, tensor in _tensors(layer, np.zeros(layer.n_neurons, dtype=np.bool_)).items()
    }
    check_names(expected, tensors)
    vectors = []
    for layer in described.layers:
        stays = tensors[f"{layer.out_module}.weight_mask"].reshape(-1)
        for name in _tensors(layer, stays):
            if not np.array_equal(tensors[name].reshape(-1), stays):
                raise MaskError(f"damaged, {name!r:.200} contradicts {layer.out_module}.weight_mask")
        vectors.append(stays if described.kind == "keep" else ~stays)
    return described.with_vectors(vectors)


def _tensors(layer: MaskLayer, stays: np.ndarray) -> dict[str, np.ndarray]:
    tensors = {f"{layer.out_module}.weight_mask": stays[None, :]}
    if layer.in_module is not None:
        tensors[f"{layer.in_module}.weight_mask"] = stays[:, None]
        tensors[f"{layer.in_module}.bias_mask"] = stays
    return tensors
