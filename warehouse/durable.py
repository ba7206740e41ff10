"""Durable writes: files that appear whole or not at all, locks, and what is said when the disk refuses."""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from warehouse.errors import WarehouseError


def write_exclusively(path: Path, text: str, staging: Path) -> bool:
    """Put a whole file at ``path`` durably, unless one is there already.

    The file appears at once and complete, or not at all, also when the process is killed.

    Args:
        path: where the file appears.
        text: its content.
        staging: folder on the same file system, in which it is written first.

    Returns:
        Whether this call made the file; False when somebody else was first.
    """
    aside = staging / f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}"
    try:
        with open(aside, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(aside, path)
    except FileExistsError:
        return False
    finally:
        aside.unlink(missing_ok=True)
    sync_folder(path.parent)
    return True


@contextmanager
def whole_file(path: Path, mode: str = "wb") -> Iterator[Any]:
    """A file that takes its place durably when the block ends, and that is thrown away when the block fails.

    Others see the old content or the new one, never a part, also when the process is killed.

    Args:
        path: where the file appears; one that is there is replaced.
        mode: ``wb``, or ``w`` for UTF-8 text whose line ends stay as they are written.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    text = "b" not in mode
    try:
        with open(aside, mode, encoding="utf-8" if text else None, newline="" if text else None) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
        sync_folder(path.parent)
    finally:
        with suppress(OSError, ValueError):
            aside.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def locked(path: Path, how: int = fcntl.LOCK_EX) -> IO[str]:
    """Lock a file, which is made when it is not there, until it is closed or its process dies.

    Where the file system knows no locks, nothing is held.

    Args:
        path: the file.
        how: ``fcntl.LOCK_EX``, or ``fcntl.LOCK_SH`` to share it with others who share; with ``fcntl.LOCK_NB``
            it is not waited for.

    Raises:
        BlockingIOError: somebody else holds the lock, and it is not waited for.
    """
    file = open(path, "a", encoding="utf-8")  # noqa: SIM115
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        file.close()
        raise
    except OSError:
        pass
    return file


@contextmanager
def explained(root: Path) -> Iterator[None]:
    """Turn what the disk refuses within the block into one line that says what to do.

    Args:
        root: folder of the warehouse.

    Raises:
        WarehouseError: the disk is full, or the folder cannot be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            there = next(folder for folder in (root, *root.parents) if folder.exists())
            free = shutil.disk_usage(there).free // 2**20
            raise WarehouseError(
                f"{root}: the disk is full ({free} MiB free); free some space and run the same command again, "
                "which goes on where it stopped"
            ) from None
        raise WarehouseError(f"{root}: cannot write ({error}); mend it and run the same command again") from None
