"""Files of tensors in the safetensors format, written whole or not at all and read without trust.

A file is the length of a JSON header (8 bytes, little-endian), the header, and the bytes of the tensors one after the
other; nothing in it can run.
"""

import json
import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from warehouse.durable import sync_folder
from warehouse.errors import MaskError

LONGEST_HEADER = 100_000_000
"""Bytes; the limit of the format's own library."""

_DTYPES = {
    "F64": torch.float64,
    "I64": torch.int64,
    "F32": torch.float32,
    "I32": torch.int32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
"""Wider types first: in this order each tensor begins at a multiple of its element's size."""
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write tensors and text durably; ``path`` has the old content or the new one, never a part.

    Raises:
        MaskError: a type that the format lacks, or a folder that cannot be written.
    """
    order = list(_NAMES)
    for name, value in tensors.items():
        if value.dtype not in _NAMES:
            raise MaskError(f"{path}: {name} is {value.dtype}, which safetensors has no name for; convert it first")
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    names = sorted(tensors, key=lambda name: (order.index(tensors[name].dtype), name))
    end = 0
    for name in names:
        start, end = end, end + tensors[name].numel() * tensors[name].element_size()
        header[name] = {
            "dtype": _NAMES[tensors[name].dtype],
            "shape": list(tensors[name].shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    aside = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with open(aside, "xb") as file:
            file.write(len(text).to_bytes(8, "little") + text)
            for name in names:
                file.write(_bytes(tensors[name]))
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
        sync_folder(path.parent)
    except OSError as error:
        raise MaskError(
            f"{path}: cannot be written ({error.strerror or error}); give a path in a folder that can"
        ) from None
    finally:
        aside.unlink(missing_ok=True)


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and text of a safetensors file; nothing is believed that the file itself does not bear out.

    Raises:
        MaskError: no such file, or one that is damaged, truncated or of another format.
    """
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(LONGEST_HEADER, size - 8):
                raise MaskError(f"{path} is no safetensors file, or a truncated one; save the model again")
            header = _parsed(path, file.read(length))
            metadata = header.pop("__metadata__", {})
            if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
                raise _damaged(path, "its metadata is no text")
            places = _places(path, header, size - 8 - length)
            tensors = {}
            for name, (dtype, shape, start, end) in places.items():
                file.seek(8 + length + start)
                raw = bytearray(file.read(end - start))
                tensors[name] = (torch.frombuffer(raw, dtype=dtype) if raw else torch.empty(0, dtype=dtype)).reshape(
                    shape
                )
    except OSError as error:
        raise MaskError(f"{path}: cannot be read ({error.strerror or error})") from None
    return tensors, metadata


def _places(
    path: Path, header: Mapping[str, Any], size: int
) -> dict[str, tuple[torch.dtype, tuple[int, ...], int, int]]:
    """Where each tensor lies; they must tile the file's data exactly."""
    places = {}
    for name, told in header.items():
        if not isinstance(told, dict) or told.keys() != {"dtype", "shape", "data_offsets"}:
            raise _damaged(path, f"its header does not describe {name!r}")
        dtype = _DTYPES.get(told["dtype"]) if isinstance(told["dtype"], str) else None
        if dtype is None:
            raise _damaged(path, f"{name!r} has type {told['dtype']!r}")
        shape, offsets = _counts(told["shape"]), _counts(told["data_offsets"])
        if shape is None or offsets is None or len(offsets) != 2:
            raise _damaged(path, f"{name!r} has no shape or place")
        if offsets[1] - offsets[0] != math.prod(shape) * dtype.itemsize:
            raise _damaged(path, f"{name!r} has other bytes than its shape {shape} wants")
        places[name] = (dtype, shape, offsets[0], offsets[1])
    end = 0
    for name, (_, _, start, stop) in sorted(places.items(), key=lambda item: item[1][2:]):
        if start != end:
            raise _damaged(path, f"{name!r} does not begin where the tensor before it ends")
        end = stop
    if end != size:
        raise _damaged(path, f"it holds {size} bytes of tensors and describes {end}")
    return places


def _counts(value: object) -> tuple[int, ...] | None:
    # A count beyond what a file can hold is refused here, so that products of shapes stay small numbers.
    if not isinstance(value, list) or len(value) > 8 or not all(type(n) is int and 0 <= n < 2**48 for n in value):
        return None
    return tuple(value)


def _parsed(path: Path, text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise _damaged(path, "its header is no JSON object")
    return header


def _damaged(path: Path, what: str) -> MaskError:
    return MaskError(f"{path} is damaged or no safetensors file: {what}; save the model again")


def _bytes(value: Tensor) -> memoryview:
    raw: np.ndarray = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    assert sys.byteorder == "little", "safetensors is little-endian"
    return raw.data
