"""``.safetensors``: a bool vector (D,) per layer, named by the path of the second linear; the rest in the metadata.

The container is 8 bytes of length, a JSON header and the data, read and written here: every offset of a file is
checked before a byte of it is used, and no library is needed to export.
"""

import json
import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from queries.masks.formats.description import MARK, Description, describe, read_description, to_json
from queries.masks.formats.files import strict_json
from queries.masks.mask import Mask
from warehouse.errors import MaskError

MOST_HEADER = 16 << 20
"""Largest header that is parsed."""

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


def pack(tensors: Mapping[str, np.ndarray], about: Mapping[str, str]) -> bytes:
    """A safetensors file of bool tensors."""
    header: dict[str, Any] = {"__metadata__": dict(about)}
    start = 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "BOOL", "shape": list(tensor.shape), "data_offsets": [start, start + tensor.size]}
        start += tensor.size
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join((struct.pack("<Q", len(text)), text, *(tensor.tobytes() for tensor in tensors.values())))


def unpack(data: bytes) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """Metadata and bool tensors of a safetensors file.

    Raises:
        MaskError: damaged, or tensors of another type.
    """
    length = header_length(data)
    if length is None:
        raise MaskError("damaged or no safetensors file, its header does not fit in it")
    header = strict_json(data[8 : 8 + length])
    if not isinstance(header, dict):
        raise MaskError("damaged, its header is no JSON object")
    about = header.pop("__metadata__", {})
    if not isinstance(about, dict) or not all(isinstance(text, str) for text in about.values()):
        raise MaskError("damaged, its metadata are not names and texts")
    body = memoryview(data)[8 + length :]
    tensors, end = {}, 0
    for name, entry in header.items():
        shape, (start, stop) = _extent(name, entry)
        if start != end or stop > len(body) or math.prod(shape) != stop - start:
            raise MaskError(f"damaged, the data of {name!r:.200} do not lie where its shape says")
        values = np.frombuffer(body[start:stop], dtype=np.uint8)
        if values.size and values.max() > 1:
            raise MaskError(f"damaged, {name!r:.200} holds other values than true and false")
        tensors[name] = values.astype(np.bool_).reshape(shape)
        end = stop
    if end != len(body):
        raise MaskError(f"damaged, {len(body) - end} bytes follow the last tensor")
    return about, tensors


def header_length(data: bytes) -> int | None:
    """Length of the header of a safetensors file; None when the bytes are none."""
    if len(data) < 10:
        return None
    length: int = struct.unpack_from("<Q", data)[0]
    return length if 2 <= length <= min(len(data) - 8, MOST_HEADER) and data[8:9] == b"{" else None


def _extent(name: str, entry: Any) -> tuple[list[int], list[int]]:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise MaskError(f"damaged, {name!r:.200} has not exactly dtype, shape and data_offsets")
    if entry["dtype"] != "BOOL":
        raise MaskError(f"{name!r:.200} is {entry['dtype']!r:.50}; the tensors of a mask are BOOL")
    shape, offsets = entry["shape"], entry["data_offsets"]
    for numbers in (shape, offsets):
        if not isinstance(numbers, list) or len(numbers) > 2 or not all(type(n) is int and n >= 0 for n in numbers):
            raise MaskError(f"damaged, shape or offsets of {name!r:.200} are not as they must be")
    if len(offsets) != 2:
        raise MaskError(f"damaged, offsets of {name!r:.200} are not two numbers")
    return shape, offsets


def _number(text: str) -> Any:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text
