"""Text files in the encodings that label tools write: UTF-8 and UTF-16, with or without a byte order mark."""

import codecs
from pathlib import Path

from warehouse.errors import CorpusError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decode(data: bytes, where: str) -> str:
    """The text of a file; a file without a mark is UTF-16 when every other byte at its start is zero.

    Raises:
        CorpusError: the bytes are neither UTF-8 nor UTF-16 (Latin-1 would be read as wrong phones).
    """
    encoding = "utf-8"
    for mark, name in _MARKS:
        if data.startswith(mark):
            data, encoding = data[len(mark) :], name
            break
    else:
        if data[1:2] == b"\0" and data[:1] != b"\0":
            encoding = "utf-16-le"
        elif data[:1] == b"\0" and data[1:2] not in (b"", b"\0"):
            encoding = "utf-16-be"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise CorpusError(f"{where}: byte {error.start} is not {encoding.upper()}; save the file as UTF-8") from None


def read_text(path: Path) -> str:
    """The text of a label or metadata file, decoded as `decode` says.

    Raises:
        CorpusError: the file cannot be read, is empty, or is in another encoding.
    """
    data = read_bytes(path)
    return decode(data, str(path))


def read_bytes(path: Path) -> bytes:
    """The bytes of a label or metadata file that must not be empty.

    Raises:
        CorpusError: the file cannot be read or is empty.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions") from None
    if not data.strip():
        raise CorpusError(f"{path}: the file is empty; make it again or remove it")
    return data
