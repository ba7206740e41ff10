"""Manifests: one JSON file per commit, which lists the files that the commit brought and what they hold."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from warehouse.errors import FormatError


@dataclass(frozen=True)
class DataFile:
    """A Parquet file of a commit.

    Attributes:
        table: table that it is part of.
        path: path below the warehouse folder, with ``/``.
        rows: number of rows.
        bytes: size.
        sha256: digest of the whole file.
    """

    table: str
    path: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """A commit: all of its files are in the warehouse, or none.

    Attributes:
        name: unique name, also the stem of its file.
        kind: corpus, grid, labels, edges, model, property, shard, counts or run.
        created: when, ISO 8601 in UTC.
        files: what the commit brought.
        facts: what readers must know beside the files; its keys depend on the kind.
        replaces: names of commits that this one stands for (compaction, the end of a run).
        schema: version of the columns that its files have (:data:`warehouse.schema.SCHEMA`).
    """

    name: str
    kind: str
    created: str
    files: tuple[DataFile, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    replaces: tuple[str, ...] = ()
    schema: int = 1

    def to_json(self) -> str:
        """The manifest as JSON text."""
        return json.dumps(asdict(self), indent=1, sort_keys=True)

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """Read a manifest file.

        Raises:
            FormatError: the file is damaged.
            FileNotFoundError: there is no such file.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            content["files"] = tuple(DataFile(**entry) for entry in content["files"])
            content["replaces"] = tuple(content["replaces"])
            return cls(**content)
        except FileNotFoundError:
            raise
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FormatError(
                f"{path}: damaged manifest ({error}); restore it from a copy, or remove it and ingest again"
            ) from None
