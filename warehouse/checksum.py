"""Digest of a model's weights: what tells one recorded model from another, and a model from one trained on since.

Tensors are bytes here, so that whoever records a model and whoever edits one compute the same digest by the same rule.
"""

import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple


class Stored(NamedTuple):
    """One tensor of a state dict.

    Attributes:
        dtype: its type as torch writes it, such as ``torch.float32``.
        shape: its sizes.
        data: its elements in row-major order, as bytes.
    """

    dtype: str
    shape: tuple[int, ...]
    data: memoryview


def state_checksum(state: Mapping[str, Any], stored: Callable[[Any], Stored | None]) -> str:
    """SHA-256 over a state dict: one line per entry with its name, type, shape and the hash of its bytes.

    Args:
        state: the entries by name; their order does not matter.
        stored: gives an entry's type, shape and bytes, one entry at a time; None for what is no tensor, which counts
            as Python writes it.

    Returns:
        64 hexadecimal digits, as in ``models.checksum``.
    """

    def line(entry: tuple[str, Any]) -> str:
        name, value = entry
        found = stored(value)
        if found is None:
            return f"{name} {value!r}"
        return f"{name} {found.dtype} {found.shape} {hashlib.sha256(found.data).hexdigest()}"

    # Hashing lets go of Python's lock: the threads share the work.
    with ThreadPoolExecutor() as pool:
        lines = pool.map(line, sorted(state.items()))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()
