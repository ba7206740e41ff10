"""Files that users name: opened without trust, written whole, and every failure one line that names the file."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from warehouse.durable import whole_file
from warehouse.errors import MaskError, first_line


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file to read; what the system refuses within the block is told too.

    Raises:
        MaskError: it cannot be read, or is no plain file.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise MaskError(f"{path}: not a plain file; give the file itself")
            yield file
    except (OSError, ValueError) as error:
        raise MaskError(f"{path}: cannot be read ({_reason(error)}); check the path") from None


def write_whole(path: Path, *pieces: bytes | memoryview) -> None:
    """Write a file that appears whole or not at all, one piece after the other; one that is there is replaced.

    Raises:
        MaskError: it cannot be written; the old file is still there.
    """
    try:
        with whole_file(path) as file:
            for piece in pieces:
                file.write(piece)
    except (OSError, ValueError) as error:
        raise MaskError(
            f"{path}: cannot be written ({_reason(error)}); check the folder and the space on the disk"
        ) from None


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or first_line(error)


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a named pipe is refused, not waited for
