"""Commits: files are written aside, made durable, moved in place, and only then named by a manifest.

A process that dies at any instant leaves either the whole commit or nothing that a reader would see.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.durable import explained, locked, sync_folder, write_exclusively
from warehouse.layout import Layout, utc_now
from warehouse.manifest import DataFile, Manifest
from warehouse.parquet import DEFAULT, FORMATS, row_groups
from warehouse.schema import SCHEMA, file_schema


class Commit(AbstractContextManager["Commit"]):
    """Gathers the files of one commit; nothing is visible until :meth:`publish`.

    ::

        with Commit(layout) as commit:
            commit.add("recordings", rows)
            commit.publish("shard-1", "shard", facts)

    Attributes:
        layout: the warehouse.
        token: random part of the names of the files, which keeps two processes that make the same commit off
            each other's files.
        folder: where files are written aside. Its file ``lock`` is locked while the commit is under way, so
            that nobody takes the folder for what a dead process left.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.token = os.urandom(6).hex()
        self.folder = layout.staging / f"{os.getpid()}-{self.token}"
        self._lock: IO[str] | None = None
        self._staged: list[tuple[str, Path, int]] = []
        self._placed: list[Path] = []
        self._kept: list[DataFile] = []
        self._target: Path | None = None

    def __enter__(self) -> "Commit":
        with explained(self.layout.root):
            self.folder.mkdir(parents=True)
            self._lock = locked(self.folder / "lock")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._published():
            for path in self._placed:
                path.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock:
            self._lock.close()

    def add(self, table: str, content: pa.Table | Iterable[pa.Table]) -> None:
        """Write rows of a table aside, in the row groups that suit the table; without rows, nothing.

        Args:
            table: name of the table.
            content: rows, or pieces of rows, in the order in which they are to lie.

        Raises:
            WarehouseError: the disk is full or not writable.
        """
        form = FORMATS.get(table, DEFAULT)
        path = self.folder / f"{table}-{len(self._staged)}.parquet"
        writer, rows = None, 0
        try:
            for group in row_groups([content] if isinstance(content, pa.Table) else content, form):
                schema = file_schema(table, group.schema)
                with explained(self.layout.root):
                    # Plain strings for every reader: no trace of Arrow's dictionary type.
                    writer = writer or pq.ParquetWriter(path, schema, store_schema=False, **form.options)
                    writer.write_table(pa.table(group.columns, schema=schema), row_group_size=len(group))
                rows += len(group)
        except BaseException:
            if writer:
                with suppress(OSError):
                    writer.close()
            raise
        if writer:
            with explained(self.layout.root):
                writer.close()
            self._staged.append((table, path, rows))

    def keep(self, files: Iterable[DataFile]) -> None:
        """List files of earlier commits as they are; for a commit that stands for those."""
        self._kept.extend(files)

    def publish(self, name: str, kind: str, facts: Mapping[str, Any], replaces: Iterable[str] = ()) -> Manifest | None:
        """Make the files durable, move them in place, and write the manifest.

        Returns:
            The manifest, or None when a commit of that name exists or existed: then that stands, and what was
            gathered here is thrown away.

        Raises:
            WarehouseError: the disk is full or not writable. What was committed before is untouched.
        """
        target = self.layout.manifests / f"{name}.json"
        with explained(self.layout.root):
            if target.exists():
                return None
            self._target = target
            files = [self._place(name, *staged) for staged in self._staged]
            for folder in {self.layout.data, *(path.parent for path in self._placed)}:
                sync_folder(folder)
            manifest = Manifest(name, kind, utc_now(), (*self._kept, *files), dict(facts), tuple(replaces), SCHEMA)
            with locked(self.layout.sweeping, fcntl.LOCK_SH):
                if (self.layout.replaced / target.name).exists():
                    return None
                return manifest if write_exclusively(target, manifest.to_json(), self.folder) else None

    def _place(self, name: str, table: str, path: Path, rows: int) -> DataFile:
        relative = f"data/{table}/{name}.{self.token}.{path.stem.rpartition('-')[2]}.parquet"
        place = self.layout.root / relative
        place.parent.mkdir(exist_ok=True)
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
            size = os.fstat(file.fileno()).st_size
        self._placed.append(place)
        os.rename(path, place)
        return DataFile(table, relative, rows, size, digest)

    def _published(self) -> bool:
        """Whether the manifest in place is this commit's, however :meth:`publish` ended."""
        try:
            return self._target is not None and self.token in self._target.read_text(encoding="utf-8")
        except FileNotFoundError:
            return False
