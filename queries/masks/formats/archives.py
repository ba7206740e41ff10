"""Zip archives from strangers: members are listed and read within bounds, and nothing is unpacked to the disk."""

import io
import re
import zipfile
import zlib
from collections.abc import Mapping

from queries.masks.layers import MOST_NEURONS
from warehouse.errors import MaskError

MOST_MEMBERS = 25_000
_ENTRY = b"PK\x01\x02"
_NAME = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*", re.ASCII)
_EARLIEST = (1980, 1, 1, 0, 0, 0)


class Archive:
    """A zip archive in memory whose list of members has been checked.

    Attributes:
        sizes: member -> bytes that it says it unpacks to.

    Raises:
        MaskError: no zip archive, more members than a mask has, or names that are none or come twice.
    """

    def __init__(self, data: bytes) -> None:
        if data.count(_ENTRY) > MOST_MEMBERS:
            raise MaskError(f"more than {MOST_MEMBERS} members, which no mask has")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
            raise MaskError(f"damaged, its zip archive cannot be read ({error})") from None
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in self._zip.infolist():
            name = member.filename
            if not _NAME.fullmatch(name) or ".." in name or len(name) > 1000:
                raise MaskError(f"damaged, {name!r:.200} is no name of a member")
            if name in self._members:
                raise MaskError(f"damaged, it has the member {name!r:.200} twice")
            self._members[name] = member
        self.sizes: Mapping[str, int] = {name: member.file_size for name, member in self._members.items()}

    @property
    def stored(self) -> bool:
        """Whether no member is compressed, so that together they are no larger than the file."""
        members = self._members.values()
        return all(m.compress_type == zipfile.ZIP_STORED and m.compress_size == m.file_size for m in members)

    def read(self, name: str, most: int) -> bytes:
        """A member's content.

        Args:
            name: a key of ``sizes``.
            most: bytes that it may have; a member that is larger, or says so, is refused.

        Raises:
            MaskError: too large, damaged, encrypted, or compressed in an unusual way.
        """
        member = self._members[name]
        if member.file_size > most:
            raise MaskError(f"{name!r:.200} says that it has {member.file_size} bytes; at most {most} are expected")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or member.flag_bits & 1:
            raise MaskError(f"{name!r:.200} is encrypted, or compressed in an unusual way")
        try:
            with self._zip.open(member) as file:
                data = file.read(most + 1)
                rest = file.read(1)  # reads on to the end, where the checksum is compared
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
            ValueError,
            OSError,
        ) as bad:
            raise MaskError(f"damaged, {name!r:.200} cannot be read ({bad})") from None
        if rest or len(data) != member.file_size:
            raise MaskError(f"damaged, {name!r:.200} has not the size that it says")
        return data


def pack(members: Mapping[str, bytes]) -> bytes:
    """A zip archive of uncompressed members, the same bytes whenever it is made."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, _EARLIEST), data)
    return out.getvalue()


def most_bytes(n_neurons: int) -> int:
    """Most bytes of a member that holds a value of up to 8 bytes a neuron, with room for a header."""
    return 8 * min(n_neurons, MOST_NEURONS) + 4096
