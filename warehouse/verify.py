"""Verification: whether every committed file is there, whole, and what its manifest says."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.manifest import DataFile
from warehouse.snapshot import Snapshot


@dataclass(frozen=True)
class Damage:
    """A committed file that is not what its manifest says, and what is wrong with it."""

    file: str
    problem: str


def verify(state: Snapshot, advance: Callable[[int], None] = lambda size: None) -> Iterator[Damage]:
    """Check size, digest and row count of every file of a snapshot.

    Args:
        state: the snapshot.
        advance: told the bytes of each file that was read.
    """
    for manifest in state.manifests:
        for file in manifest.files:
            problem = _problem(state, file)
            if problem:
                yield Damage(file.path, f"{problem}; restore it from a copy, or remove the commit {manifest.name}")
            advance(file.bytes)


def _problem(state: Snapshot, file: DataFile) -> str | None:
    path = state.layout.root / file.path
    if not path.is_file():
        return "missing"
    if path.stat().st_size != file.bytes:
        return f"{path.stat().st_size} bytes instead of {file.bytes}"
    with open(path, "rb") as content:
        if hashlib.file_digest(content, "sha256").hexdigest() != file.sha256:
            return "its content changed (wrong digest)"
    try:
        rows = pq.read_metadata(path).num_rows
    except pa.ArrowException as error:
        return f"no readable Parquet ({error})"
    return None if rows == file.rows else f"{rows} rows instead of {file.rows}"
