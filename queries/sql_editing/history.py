"""The queries that somebody has asked: kept in a file that a crash cannot spoil, and looked through by words.

The file has a JSON object a line, and is only ever appended to in one write; a line that a crash left torn is passed
over. When it has grown long it is written anew, whole or not at all.
"""

import errno
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from warehouse.durable import locked, whole_file

MOST = 2_000
"""Queries that are kept."""

MOST_BYTES = 4_000_000
"""Size of the file from which on it is written anew, at most half as large."""

LONGEST = 100_000
"""Characters of the longest query that is kept."""


@dataclass(frozen=True)
class AskedQuery:
    """A query that was asked.

    Attributes:
        query: its text.
        at: when it was asked last, in ISO 8601 and UTC.
        warehouse: the folder it was asked of.
        seconds: what its first page took; None = it was not answered.
        error: the first line of what was wrong; None = nothing was.
    """

    query: str
    at: str
    warehouse: str = ""
    seconds: float | None = None
    error: str | None = None


class History:
    """The queries of a user, the newest first, each once.

    Attributes:
        path: the file; it and its folder appear with the first query, for the user alone.
        trouble: why the file cannot be written; None = it can. The history of this session is kept all the same.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trouble: str | None = None
        self._unsaved: list[AskedQuery] = []

    def add(self, asked: AskedQuery) -> None:
        """Keep a query; one that was asked before moves to the front. An empty one is not kept, nor a giant one."""
        if not asked.query.strip() or len(asked.query) > LONGEST:
            return
        try:
            self._append([*self._unsaved, asked])
            self._unsaved, self.trouble = [], None
        except OSError as error:
            self._unsaved.append(asked)
            self.trouble = f"{self.path}: the history cannot be written ({error.strerror}); it ends with this session"

    def queries(self, words: str = "") -> list[AskedQuery]:
        """The queries that have all of some words in them, in small or capital letters, the newest first."""
        wanted = words.lower().split()
        found = _once([*_read(self.path), *self._unsaved])
        return [asked for asked in found if all(word in asked.query.lower() for word in wanted)][:MOST]

    def _append(self, added: Iterable[AskedQuery]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked(self.path.with_name(f"{self.path.name}.lock")):
            lines = "".join(f"{json.dumps(asdict(asked), ensure_ascii=False)}\n" for asked in added).encode()
            # Opened by hand for its mode: nobody else may read it, not even for a moment.
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                length = os.lseek(descriptor, 0, os.SEEK_END)
                if length and os.pread(descriptor, 1, length - 1) != b"\n":
                    lines = b"\n" + lines  # a crash tore the last line: it must not take this one with it
                if os.write(descriptor, lines) < len(lines):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            finally:
                os.close(descriptor)
            if length > MOST_BYTES:
                self._shorten()

    def _shorten(self) -> None:
        kept, size = [], 0
        for asked in _once(_read(self.path))[:MOST]:
            line = f"{json.dumps(asdict(asked), ensure_ascii=False)}\n"
            size += len(line.encode())
            if size > MOST_BYTES // 2:
                break
            kept.append(line)
        with whole_file(self.path, "w") as out:
            os.fchmod(out.fileno(), 0o600)
            out.writelines(reversed(kept))


def user_history() -> History:
    """The history of whoever runs this, in the folder where the system keeps the state of programs."""
    from platformdirs import user_state_path  # where it is used: who brings a file needs no such place

    return History(user_state_path("neuron-warehouse") / "history.jsonl")


def now() -> str:
    """The time in ISO 8601 and UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _once(found: list[AskedQuery]) -> list[AskedQuery]:
    """Each query as it was asked last, the newest first."""
    newest: dict[str, AskedQuery] = {}
    for asked in reversed(found):
        newest.setdefault(asked.query.strip(), asked)
    return list(newest.values())


def _read(path: Path) -> list[AskedQuery]:
    """What the file has, the oldest first, without lines that are torn or of another program."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return []
    return [asked for line in lines if (asked := _parsed(line)) is not None]


def _parsed(line: bytes) -> AskedQuery | None:
    try:
        said = json.loads(line)
        known = {field.name: said[field.name] for field in fields(AskedQuery) if field.name in said}
        asked = AskedQuery(**known)
    except (ValueError, TypeError):
        return None
    return asked if isinstance(asked.query, str) and isinstance(asked.at, str) else None
