"""``.safetensors``: a bool vector (D,) per layer, named by the path of the second linear; the rest in the metadata."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from queries.masks.formats.bools import checked_bools
from queries.masks.formats.description import MARK, Description, describe, read_description, to_json
from queries.masks.formats.strict_json import strict_json
from queries.masks.mask import Mask
from queries.tensor_files import header, pack
from queries.tensor_files import unpack as unpack_any
from warehouse.errors import MaskError

MOST_HEADER = 16 << 20
"""Largest header that is parsed, in bytes."""

_PARSED = ("layers", "provenance")


def write(mask: Mask) -> bytes:
    """The file's bytes."""
    vectors = {layer.out_module: vector for layer, vector in zip(mask.layers, mask.chosen, strict=True)}
    return pack(vectors, metadata(mask))


def read(data: bytes) -> Mask:
    """The mask in a file's bytes.

    Raises:
        MaskError: damaged, or no such mask.
    """
    found, tensors = unpack(data)
    if found.get("layout", "vectors") != "vectors":
        raise MaskError(f"its layout is {found['layout']!r:.50}, not that of plain vectors")
    described = described_by(found)
    expected = {layer.out_module: (layer.n_neurons,) for layer in described.layers}
    check_names(expected, tensors)
    return described.with_vectors([tensors[path] for path in expected])


def metadata(mask: Mask) -> dict[str, str]:
    """The description of a mask as names and texts."""
    content = describe(mask)
    return {name: to_json(value).decode() if name in _PARSED else str(value) for name, value in content.items()}


def described_by(found: Mapping[str, str]) -> Description:
    """The description in a file's metadata."""
    if MARK not in found:
        raise MaskError(f"its metadata describe no mask (no {MARK}); masks are written by `neurons export`")
    content: dict[str, Any] = {MARK: _number(found[MARK]), "kind": found.get("kind")}
    content["layer_base"] = _number(found.get("layer_base", ""))
    content |= {name: strict_json(found.get(name, "null").encode("utf-8", "replace")) for name in _PARSED}
    return read_description(content)


def check_names(expected: Mapping[str, tuple[int, ...]], tensors: Mapping[str, np.ndarray]) -> None:
    """Refuse tensors that are not exactly those that the description announces."""
    for name in [*expected, *tensors]:
        if name not in tensors or name not in expected:
            said = "lacks" if name not in tensors else "is not to have"
            raise MaskError(f"damaged, it {said} the tensor {name!r:.200}")
        if tensors[name].shape != expected[name]:
            raise MaskError(
                f"the tensor {name!r:.200} has shape {tensors[name].shape}; its layer wants {expected[name]}"
            )


def parsed_header(data: bytes) -> Any:
    """The JSON in the header of a safetensors file; None when the bytes are none.

    Raises:
        MaskError: damaged, or more than a mask can have.
    """
    text = header(data, MOST_HEADER)
    return None if text is None else strict_json(text)


def unpack(data: bytes) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """Metadata and bool tensors of a safetensors file.

    Raises:
        MaskError: damaged, or tensors of another type.
    """
    content = parsed_header(data)
    if content is None:
        raise MaskError("damaged or no safetensors file, its header does not fit in it")
    tensors = unpack_any(data)
    for name, tensor in tensors.items():
        if tensor.dtype != np.bool_:
            raise MaskError(f"{name!r:.200} is {tensor.dtype}; the tensors of a mask are bool")
    return content.get("__metadata__") or {}, {name: checked_bools(name, t) for name, t in tensors.items()}


def _number(text: str) -> Any:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text
