"""``.pt``: a dict of bool tensors (D,) by the path of the second linear; the description as a uint8 tensor of JSON.

Tensors only, so that ``torch.load(weights_only=True)`` reads it.
"""

import numpy as np

from queries.masks.formats.bools import checked_bools
from queries.masks.formats.description import BESIDE, describe, read_description, to_json
from queries.masks.formats.strict_json import strict_json
from queries.masks.formats.torch_files import dump, load, vector
from queries.masks.mask import Mask
from warehouse.errors import MaskError


def write(mask: Mask) -> bytes:
    """The file's bytes."""
    import torch

    arrays = {layer.out_module: chosen for layer, chosen in zip(mask.layers, mask.chosen, strict=True)}
    arrays[BESIDE] = np.frombuffer(to_json(describe(mask)), dtype=np.uint8)
    return dump({name: torch.from_numpy(array.copy()) for name, array in arrays.items()})


def read(data: bytes) -> Mask:
    """The mask in a file's bytes.

    Raises:
        MaskError: damaged, or no such mask.
    """
    content = load(data)
    if not isinstance(content, dict) or BESIDE not in content:
        raise MaskError(f"describes no mask (no tensor {BESIDE}); masks are written by `neurons export`")
    said = vector(content[BESIDE], ("uint8",), f"the tensor {BESIDE}")
    described = read_description(strict_json(said.tobytes()))
    paths = {layer.out_module for layer in described.layers}
    if set(content) != {*paths, BESIDE}:
        raise MaskError("damaged, its tensors are not those of its layers")
    vectors = [vector(content[layer.out_module], ("bool",), layer.out_module) for layer in described.layers]
    named = zip(described.layers, vectors, strict=True)
    return described.with_vectors([checked_bools(layer.out_module, found) for layer, found in named])
