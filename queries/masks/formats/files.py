"""Bytes of mask files: read with bounds that no file can talk its way around, written whole or not at all."""

import json
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from queries.masks.layers import MOST_NEURONS
from warehouse.errors import MaskError

MOST_BYTES = 256 << 20
"""Largest mask file that is read."""

MOST_JSON_BYTES = 32 << 20
"""Largest JSON text that is parsed; more than the indexes of MOST_NEURONS neurons."""

MOST_NESTED = 50_000
"""Most lists and objects in a JSON text, which cost far more memory than the two bytes they are written with."""


def read_bytes(path: Path) -> bytes:
    """The content of a file.

    Raises:
        MaskError: it cannot be read, is no plain file, or is larger than MOST_BYTES; the file is named.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise MaskError(f"{path}: not a plain file; give the file of a mask")
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise MaskError(f"{path}: cannot be read ({reason}); check the path") from None
    if len(data) > MOST_BYTES:
        raise MaskError(f"{path}: larger than {MOST_BYTES >> 20} MiB, which no mask is")
    return data


def write_whole(path: Path, data: bytes) -> None:
    """Write a file beside its place and move it there, so that nobody ever sees a part of it.

    Raises:
        MaskError: the file cannot be written; it is named.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with open(aside, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise MaskError(f"{path}: cannot be written ({reason}); check the folder and the space on the disk") from None
    finally:
        with suppress(OSError, ValueError):
            aside.unlink(missing_ok=True)


def strict_json(data: bytes) -> Any:
    """Parse JSON text as the standard has it: no NaN, no name twice in an object, UTF-8.

    Raises:
        MaskError: it is none, or is larger or deeper than a mask can be.
    """
    nested = data.count(b"[") + data.count(b"{")
    if len(data) > MOST_JSON_BYTES or nested > MOST_NESTED or data.count(b",") > MOST_NEURONS + MOST_NESTED:
        raise MaskError("more JSON than a mask can have")
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except RecursionError:
        raise MaskError("damaged, its JSON is nested too deep") from None
    except ValueError as error:
        raise MaskError(f"damaged, not the JSON it should be ({error})") from None


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a named pipe is refused, not waited for


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1) if len(names) < 10_000 else "a name"
        raise MaskError(f"damaged, {twice[:100]!r} is there twice")
    return found


def _no_constant(text: str) -> Any:
    raise MaskError(f"damaged, {text} is no number of JSON")
