"""Files in the safetensors format, read and written by its own library; nothing else here knows the format.

The library checks names, types, shapes and offsets. What it cannot know is looked at before: how long the header may
be, since parsing one takes memory. Arrays of NumPy are read and written without torch.
"""

import json
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from queries.plain_files import opened, write_whole
from warehouse.errors import MaskError, first_line

if TYPE_CHECKING:
    from torch import Tensor

LONGEST_HEADER = 100_000_000
"""Bytes of a header; the limit of the library."""


def header(data: bytes, longest: int = LONGEST_HEADER) -> bytes | None:
    """JSON text of a file's header; None when the bytes are no safetensors file, or the header is longer."""
    length = _header_length(data, len(data), longest)
    return None if length is None else data[8 : 8 + length]


def pack(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> bytes:
    """The file of some arrays and texts; equal ones make equal bytes."""
    from safetensors.numpy import save

    # The library takes the bytes of an array as they lie in memory, whatever its strides.
    return b"".join(_ordered(save({name: np.ascontiguousarray(a) for name, a in arrays.items()}, dict(metadata))))


def unpack(data: bytes) -> dict[str, np.ndarray]:
    """The arrays in a file's bytes.

    Raises:
        MaskError: damaged, truncated, or of types that NumPy lacks.
    """
    from safetensors.numpy import load

    try:
        return load(data)
    except KeyError as error:
        raise MaskError(f"holds a tensor of type {error}, which NumPy lacks") from None
    except Exception as error:  # beside its own, the library lets through what NumPy raises
        raise MaskError(f"damaged or no safetensors file ({first_line(error)})") from None


def write_tensors(path: Path, tensors: Mapping[str, "Tensor"], metadata: Mapping[str, str]) -> None:
    """Write tensors and texts durably; ``path`` has the old content or the new one, never a part.

    Raises:
        MaskError: a type or layout that the format lacks, or a folder that cannot be written.
    """
    from safetensors.torch import save

    try:
        data = save(_apart(tensors), dict(metadata))
    except KeyError as error:
        odd = next(name for name, value in tensors.items() if str(value.dtype) == str(error))
        raise MaskError(f"{path}: {odd} is {error}, which safetensors has no name for; convert it first") from None
    except (ValueError, RuntimeError) as error:
        raise MaskError(f"{path}: cannot be saved as safetensors ({first_line(error)})") from None
    write_whole(path, *_ordered(data))


def read_tensors(path: Path) -> tuple[dict[str, "Tensor"], dict[str, str]]:
    """Tensors and texts of a file, whose tensors lie in it until something is done with them.

    Raises:
        MaskError: no such file, or one that is damaged, truncated or of another format.
    """
    from safetensors import safe_open

    with opened(path) as file:
        if _header_length(file.read(9), os.fstat(file.fileno()).st_size, LONGEST_HEADER) is None:
            raise MaskError(f"{path} is no safetensors file, or a truncated one; save the model again")
    try:
        with safe_open(path, framework="pt") as found:
            names = found.keys()
            return {name: found.get_tensor(name) for name in names}, dict(found.metadata() or {})
    except Exception as error:  # beside its own, the library lets through what torch raises
        raise MaskError(
            f"{path} is damaged or no safetensors file ({first_line(error)}); save the model again"
        ) from None


def _header_length(start: bytes, size: int, longest: int) -> int | None:
    """Length of the header that a file of ``size`` bytes tells of; None when there cannot be one."""
    length = int.from_bytes(start[:8], "little")
    return length if 2 <= length <= min(size - 8, longest) and start[8:9] == b"{" else None


def _ordered(data: bytes) -> tuple[bytes, memoryview]:
    """Header and tensors of a file just made, with the metadata in order, which the library leaves to chance."""
    text = header(data)
    assert text is not None, "the library wrote it"
    content = json.loads(text)
    content["__metadata__"] = dict(sorted(content.get("__metadata__", {}).items()))
    ordered = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    ordered += b" " * (-len(ordered) % 8)
    return len(ordered).to_bytes(8, "little") + ordered, memoryview(data)[8 + len(text) :]


def _apart(tensors: Mapping[str, "Tensor"]) -> dict[str, "Tensor"]:
    """Tensors as the library wants them: dense, on the CPU, and none that lies where another does."""
    dense = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    users = Counter(value.untyped_storage().data_ptr() for value in dense.values())
    return {name: v.clone() if users[v.untyped_storage().data_ptr()] > 1 else v for name, v in dense.items()}
