"""Snapshots: the state of a warehouse at one instant, as the list of files of its committed manifests.

A reader takes one snapshot and works on it: it never locks, never waits, and never sees half a commit.
"""

import hashlib
import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from warehouse.layout import Layout, open_layout
from warehouse.manifest import DataFile, Manifest
from warehouse.schema import TABLES


@dataclass(frozen=True)
class Snapshot:
    """The live commits of a warehouse, oldest first.

    Attributes:
        layout: where the warehouse lies.
        manifests: commits that no other commit stands for, ordered by time and name.
    """

    layout: Layout
    manifests: tuple[Manifest, ...]

    @cached_property
    def id(self) -> str:
        """Digest of the commits: equal for equal content, as provenance of an answer."""
        return hashlib.sha256("\n".join(sorted(m.name for m in self.manifests)).encode()).hexdigest()[:16]

    def of_kind(self, *kinds: str) -> Iterator[Manifest]:
        """Commits of some kinds."""
        return (m for m in self.manifests if m.kind in kinds)

    def for_shard(self, kind: str, shard: str) -> tuple[Manifest, ...]:
        """Commits of a kind that hold (a part of) a shard."""
        return self._by_shard.get((kind, shard), ())

    def data_files(self, table: str, manifests: Iterable[Manifest] | None = None) -> tuple[DataFile, ...]:
        """Files of a table, in the order of the commits."""
        if manifests is None:
            return self._by_table.get(table, ())
        return tuple(f for m in manifests for f in m.files if f.table == table)

    def files(self, table: str, manifests: Iterable[Manifest] | None = None) -> tuple[str, ...]:
        """Absolute paths of the files of a table; of some commits only where they are given."""
        if table not in TABLES:
            raise KeyError(table)
        return tuple(str(self.layout.root / f.path) for f in self.data_files(table, manifests))

    def rows(self, table: str) -> int:
        """Number of rows of a table, from the manifests."""
        return sum(f.rows for f in self.data_files(table))

    def bytes(self, table: str) -> int:
        """Size of a table's files."""
        return sum(f.bytes for f in self.data_files(table))

    def facts(self, kind: str) -> list[dict[str, Any]]:
        """What the commits of a kind say of themselves."""
        return [dict(m.facts) for m in self.of_kind(kind)]

    @cached_property
    def _by_table(self) -> dict[str, tuple[DataFile, ...]]:
        files: dict[str, list[DataFile]] = defaultdict(list)
        for manifest in self.manifests:
            for file in manifest.files:
                files[file.table].append(file)
        return {table: tuple(found) for table, found in files.items()}

    @cached_property
    def _by_shard(self) -> dict[tuple[str, str], tuple[Manifest, ...]]:
        found: dict[tuple[str, str], list[Manifest]] = defaultdict(list)
        for manifest in self.manifests:
            for shard in manifest.facts.get("shards", ()) if manifest.kind in {"labels", "shard"} else ():
                found[manifest.kind, shard].append(manifest)
        return {key: tuple(manifests) for key, manifests in found.items()}


def snapshot(path: str | os.PathLike[str] | Layout) -> Snapshot:
    """Take a snapshot of a warehouse.

    Raises:
        FormatError: ``path`` is no warehouse of this version, or a manifest is damaged.
    """
    layout = path if isinstance(path, Layout) else open_layout(path)
    read: dict[str, Manifest] = {}
    listed: set[str] = set()
    # A folder's listing is no snapshot of the folder: list until two listings agree, so that a commit is never
    # seen without an earlier one that it builds on.
    while (names := _listed(layout.manifests)) != listed:
        for name in names - read.keys():
            try:
                read[name] = Manifest.read(layout.manifests / name)
            except FileNotFoundError:  # a replaced commit, swept away meanwhile; the next listing lacks it
                continue
        listed = names
    found = live([read[name] for name in listed if name in read])
    return Snapshot(layout, tuple(sorted(found, key=lambda m: (m.created, m.name))))


def live(manifests: Collection[Manifest]) -> list[Manifest]:
    """Commits that no other stands for; counts that were added to such a commit fall with it."""
    replaced = {name for manifest in manifests for name in manifest.replaces}
    standing = [m for m in manifests if m.name not in replaced]
    names = {m.name for m in standing}
    return [m for m in standing if m.kind != "counts" or m.facts["of"] in names]


def _listed(folder: Path) -> set[str]:
    return {entry.name for entry in os.scandir(folder) if entry.name.endswith(".json")}
