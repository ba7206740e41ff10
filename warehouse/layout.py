"""Where things lie in a warehouse folder, how one is made, and how one is told from any other folder.

::

    study.warehouse/
      warehouse.json      format and version
      manifests/*.json    one per commit; what they list is the warehouse, whatever else lies around
      manifests/replaced/ commits that were merged into others and swept; their names stay taken
      data/TABLE/*.parquet
      staging/            files on their way in; nobody reads them
      catalog.duckdb      views for other DuckDB clients
"""

import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from warehouse.durable import explained, sync_folder, write_exclusively
from warehouse.errors import FormatError

FORMAT = "neuron-warehouse"
VERSION = 1
MARKER = "warehouse.json"


@dataclass(frozen=True)
class Layout:
    """The paths of one warehouse folder."""

    root: Path

    @property
    def marker(self) -> Path:
        """The file that makes a folder a warehouse."""
        return self.root / MARKER

    @property
    def manifests(self) -> Path:
        """Folder of the commits."""
        return self.root / "manifests"

    @property
    def replaced(self) -> Path:
        """Folder of commits that were merged and swept; no commit takes their names again."""
        return self.manifests / "replaced"

    @property
    def data(self) -> Path:
        """Folder of the Parquet files, a folder a table."""
        return self.root / "data"

    @property
    def staging(self) -> Path:
        """Folder of files being written."""
        return self.root / "staging"

    @property
    def sweeping(self) -> Path:
        """File that whoever publishes shares a lock on, and whoever sweeps holds alone."""
        return self.staging / "sweep.lock"

    @property
    def compacting(self) -> Path:
        """File that the one process that compacts holds a lock on."""
        return self.staging / "compact.lock"

    @property
    def catalog(self) -> Path:
        """DuckDB file with views and macros only."""
        return self.root / "catalog.duckdb"


def create(path: str | os.PathLike[str]) -> Layout:
    """Make an empty warehouse at ``path``, or open the one that is there.

    Several processes may do so at once.

    Raises:
        FormatError: ``path`` holds something else, or a warehouse of another version.
        WarehouseError: the folder cannot be written.
    """
    root = Path(path).absolute()
    if root.exists() and not root.is_dir():
        raise FormatError(f"{root}: a file, not a folder; give the warehouse another name")
    with explained(root):
        foreign = _holds_something(root)
        if (root / MARKER).exists():  # looked up last: another process may just have made it
            return open_layout(root)
        if foreign:
            raise FormatError(f"{root}: not a warehouse and not empty; give a new folder's name")
        layout = Layout(root)
        for folder in (layout.manifests, layout.data, layout.staging):
            folder.mkdir(parents=True, exist_ok=True)
        content = {"format": FORMAT, "version": VERSION, "created": utc_now()}
        write_exclusively(layout.marker, json.dumps(content, indent=1), layout.staging)
        sync_folder(root.parent)
    return open_layout(root)


def _holds_something(root: Path) -> bool:
    """Whether a folder holds more than an interrupted :func:`create` leaves."""
    found = {entry.name for entry in root.iterdir()} if root.is_dir() else set()
    return bool(found - {"manifests", "data", "staging"}) or any(
        any((root / name).iterdir()) for name in found & {"manifests", "data"}
    )


def open_layout(path: str | os.PathLike[str]) -> Layout:
    """Open the warehouse at ``path``.

    Raises:
        FormatError: no such folder, no warehouse, or one of another version.
    """
    root = Path(path).absolute()
    if not root.exists():
        raise FormatError(f"{root}: no such warehouse; make one with `neurons ingest` or `neurons demo`")
    marker = root / MARKER
    if not marker.is_file():
        raise FormatError(f"{root}: not a warehouse (it has no {MARKER}); give the folder that ingest wrote")
    try:
        content = json.loads(marker.read_text(encoding="utf-8"))
        kind, version = content["format"], content["version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{marker}: unreadable ({error}); restore it from a copy") from None
    if kind != FORMAT:
        raise FormatError(f"{root}: not a warehouse ({MARKER} says {kind!r}); give the folder that ingest wrote")
    if version != VERSION:
        raise FormatError(
            f"{root}: warehouse of version {version}, this program reads version {VERSION}; "
            "use the program's version that wrote it, or ingest again"
        )
    if not (root / "manifests").is_dir():
        raise FormatError(f"{root}: damaged, it has no folder manifests; restore it from a copy")
    return Layout(root)


def utc_now() -> str:
    """The time in UTC as ISO 8601 with microseconds."""
    seconds = time.time_ns() // 1000
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds // 1_000_000))
    return f"{whole}.{seconds % 1_000_000:06d}Z"


def slug(text: str) -> str:
    """A name as part of a file name: everything but letters, digits, ``.``, ``_`` and ``-`` is escaped."""
    return re.sub(r"[^A-Za-z0-9._-]", lambda m: "".join(f"%{b:02X}" for b in m[0].encode()), text)
