"""The bytes of a mask file, read with a bound that no file can talk its way around."""

from pathlib import Path

from queries.plain_files import opened
from warehouse.errors import MaskError

MOST_BYTES = 256 << 20
"""Largest mask file that is read."""


def read_bytes(path: Path) -> bytes:
    """The content of a file.

    Raises:
        MaskError: it cannot be read, is no plain file, or is larger than MOST_BYTES; the file is named.
    """
    with opened(path) as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise MaskError(f"{path}: larger than {MOST_BYTES >> 20} MiB, which no mask is")
    return data
