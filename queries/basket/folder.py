"""The folder that holds a basket: a self-describing mask file a set, for one warehouse of one user."""

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from queries.basket.neuron_set import NeuronSet, checked_name
from queries.masks.formats import FORMATS, load
from queries.plain_files import write_whole
from warehouse.durable import locked, sync_folder
from warehouse.errors import MaskError, first_line

SUFFIX = ".json"
APPLICATION = "neuron-warehouse"
_LOCK = ".lock"
_UNFIT = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Held:
    """A set in its file.

    Attributes:
        path: the file.
        held: the set.
    """

    path: Path
    held: NeuronSet


@dataclass(frozen=True)
class Contents:
    """What a folder holds.

    Attributes:
        sets: the sets by name.
        problems: a line for every file that cannot be read; such files are left as they are.
    """

    sets: dict[str, Held]
    problems: tuple[str, ...]


def basket_folder(warehouse: str | os.PathLike[str]) -> Path:
    """Folder of the basket of a warehouse, in the user's folder of state; nothing is made.

    The name tells the warehouse by where it lies: one that is moved begins with an empty basket.
    """
    from platformdirs import user_state_path  # where it is used: who brings a folder needs no such place

    root = Path(warehouse).resolve()
    mark = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    return user_state_path(APPLICATION, appauthor=False) / "baskets" / f"{_slug(root.name)}-{mark}"


class Folder:
    """The files of a basket, each read again only when it changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[Path, tuple[tuple[int, int, int], NeuronSet | str]] = {}

    def contents(self) -> Contents:
        """What is there now; a folder that is not there is empty."""
        sets: dict[str, Held] = {}
        problems = []
        known, self._known = self._known, {}
        for path, mark in self._files():
            found = known[path][1] if path in known and known[path][0] == mark else _read(path)
            self._known[path] = (mark, found)
            if isinstance(found, str):
                problems.append(found)
            elif found.name in sets:
                problems.append(
                    f"{path}: is named {found.name!r} as {sets[found.name].path.name} is; remove one of them"
                )
            else:
                sets[found.name] = Held(path, found)
        return Contents(sets, tuple(problems))

    def write(self, changed: NeuronSet) -> None:
        """Put a set into its file, whole or not at all.

        Raises:
            MaskError: it cannot be written; the old file is still there.
        """
        sets = self.contents().sets
        path = sets[changed.name].path if changed.name in sets else self._free(changed.name)
        write_whole(path, FORMATS["json"].write(changed.mask))

    def remove(self, name: str) -> None:
        """Take a set's file away.

        Raises:
            MaskError: it cannot be removed.
        """
        path = self.contents().sets[name].path
        try:
            path.unlink(missing_ok=True)
            sync_folder(self.path)
        except OSError as error:
            raise MaskError(f"{path}: cannot be removed ({error.strerror}); check the folder") from None

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the folder, made if need be, against other programs that change it.

        Raises:
            MaskError: the folder cannot be made or written.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = locked(self.path / _LOCK)
        except OSError as error:
            raise MaskError(
                f"{self.path}: sets cannot be kept there ({error.strerror or first_line(error)}); make the folder "
                "writable, or set XDG_STATE_HOME to one that is"
            ) from None
        with lock:
            yield

    def _files(self) -> Iterator[tuple[Path, tuple[int, int, int]]]:
        try:
            names = sorted(entry.name for entry in os.scandir(self.path) if entry.name.endswith(SUFFIX))
        except OSError:
            return
        for name in names:
            if name.startswith("."):
                continue  # on its way in
            path = self.path / name
            try:
                there = path.stat()
            except OSError:
                continue  # just removed
            yield path, (there.st_ino, there.st_size, there.st_mtime_ns)

    def _free(self, name: str) -> Path:
        """A path that no file has, damaged ones included."""
        stem = f"{_slug(name)}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        for number in range(1, 1000):
            path = self.path / f"{stem}{f'-{number}' if number > 1 else ''}{SUFFIX}"
            if not path.exists():
                return path
        raise MaskError(f"{self.path}: a thousand damaged files of {name!r}; remove them")


def _read(path: Path) -> NeuronSet | str:
    """The set in a file, or a line on why there is none."""
    try:
        mask = load(path, "json")
        return NeuronSet(checked_name(mask.provenance.get("set", "")), mask, mask.provenance.get("from", ""))
    except MaskError as error:
        said = str(error)
        return said if said.startswith(str(path)) else f"{path}: no set of the basket ({said})"


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _UNFIT.sub("-", plain).strip("-")[:40] or "set"
