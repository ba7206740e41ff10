"""``.lape.pt``: neurons as *Language-Specific Neurons* (Tang et al., ACL 2024) saves them.

A list over groups (there: languages) of lists over layers (from 0) of int64 vectors of neurons. A mask is written as
one group; several groups are read as their union.
"""

from collections.abc import Sequence

import numpy as np

from queries.masks.formats.description import MOST_LAYERS
from queries.masks.formats.torch_files import dump, load, vector
from queries.masks.layers import MaskLayer
from queries.masks.mask import Kind, Mask
from warehouse.errors import MaskError

MOST_GROUPS = 10_000


def write(mask: Mask) -> bytes:
    """The file's bytes."""
    import torch

    return dump([[torch.from_numpy(np.flatnonzero(vector).astype(np.int64)) for vector in mask.chosen]])


def read(data: bytes, layers: Sequence[MaskLayer], kind: Kind) -> Mask:
    """The mask in a file's bytes: a neuron is in it when a group has it.

    Raises:
        MaskError: damaged, or a layer or neuron that the model lacks.
    """
    groups = load(data)
    if not isinstance(groups, list) or not 0 < len(groups) <= MOST_GROUPS:
        raise MaskError("no list over groups of lists over layers of neurons")
    vectors = [np.zeros(layer.n_neurons, dtype=np.bool_) for layer in layers]
    n_lists = 0
    for number, group in enumerate(groups):
        if not isinstance(group, list) or len(group) != len(layers):
            has = f"{len(group)} layers" if isinstance(group, list) else "no list of layers"
            raise MaskError(f"group {number} has {has}; the model has {len(layers)}")
        n_lists += len(group)
        if n_lists > MOST_LAYERS * 10:
            raise MaskError("more groups and layers than a mask can have")
        for layer, chosen, listed in zip(layers, vectors, group, strict=True):
            what = f"group {number}, layer {layer.layer} ({layer.out_module})"
            neurons = vector(listed, ("int64", "int32"), what)
            outside = neurons[(neurons < 0) | (neurons >= layer.n_neurons)]
            if outside.size:
                raise MaskError(f"{what}: no neuron {outside[0]}; it has neurons 0 to {layer.n_neurons - 1}")
            chosen[neurons] = True
    told = {"groups": f"{len(groups)}, taken together"} if len(groups) > 1 else {}
    return Mask(kind, tuple(layers), tuple(vectors), told)
