"""Published checkpoints: whole dictionaries that training tools wrote, read so that none of them can run code.

Beside tensors and plain values they hold a few objects of the tools. Two are admitted, while such a file is read and
no longer: ``argparse.Namespace``, which does nothing but hold values, and fairseq's vocabulary, by a class of our own
that forgets it. Every other object is refused by name.
"""

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ingest.models.weights import is_state, read_saved
from warehouse.errors import ModelError

SUFFIXES = (".pt", ".pth", ".ckpt")
"""Of files whose layout is looked at when a SPEC is nothing but a path."""

_read: ContextVar[dict[tuple[Path, int, int], dict[str, Any]] | None] = ContextVar("_read", default=None)
"""Checkpoints read so far, by path, time and size, while a model is loaded."""

REMEDY = "save {'model': state_dict, 'cfg': a plain dict} with torch.save"


class Vocabulary:
    """Stands for ``fairseq.data.dictionary.Dictionary``: recording needs no labels, nor fairseq."""

    def __setstate__(self, state: object) -> None:
        """Forget what the file says."""


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Everything in a checkpoint, by its keys, on the CPU.

    Raises:
        ModelError: no such file, a truncated or foreign one, or one that would run code when loaded.
    """
    if not path.is_file():
        raise ModelError(f"no checkpoint at {path}: give a file that torch.save wrote")
    stat, known = path.stat(), _read.get()
    file = (path.resolve(), stat.st_mtime_ns, stat.st_size)
    if known is None:
        return _checkpoint(path)
    if file not in known:
        known[file] = _checkpoint(path)
    return known[file]


@contextmanager
def each_read_once() -> Iterator[None]:
    """Within it each checkpoint is read once, however many families look into it; nothing is kept afterwards."""
    token = _read.set({})
    try:
        yield
    finally:
        _read.reset(token)


def _checkpoint(path: Path) -> dict[str, Any]:
    # torch's stubs know classes only, its documentation pairs of a class and the name that it is known by, too.
    admitted: list[Any] = [argparse.Namespace, (Vocabulary, "fairseq.data.dictionary.Dictionary")]
    with torch.serialization.safe_globals(admitted):
        saved = read_saved(path, REMEDY)
    if not isinstance(saved, dict) or not all(isinstance(key, str) for key in saved):
        raise ModelError(f"{path} holds a {type(saved).__name__}, no checkpoint: {REMEDY}")
    return saved


def peek(spec: str) -> dict[str, Any] | None:
    """Everything in the checkpoint that a SPEC is the path of; None when it is no such path.

    Raises:
        ModelError: the file cannot be read; it names no other family's model, so this is what is wrong with the SPEC.
    """
    path = Path(spec)
    return read_checkpoint(path) if path.suffix in SUFFIXES and path.is_file() else None


def state_of(saved: Mapping[str, Any], key: str, path: Path) -> dict[str, Tensor]:
    """The state dict that a checkpoint keeps under a key.

    Raises:
        ModelError: there is none.
    """
    state = saved.get(key)
    if not isinstance(state, dict) or not is_state(state):
        raise ModelError(f"{path} holds no state dict under {key!r}: {REMEDY}")
    return state
