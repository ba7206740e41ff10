"""Which format a file is in, told by its content alone: a suffix can be wrong, or somebody's trick."""

from queries.masks.formats.archives import Archive
from queries.masks.formats.description import MARK
from queries.masks.formats.index_lists import is_paper
from queries.masks.formats.prune import LAYOUT
from queries.masks.formats.safetensors import parsed_header
from queries.masks.formats.strict_json import strict_json
from queries.masks.formats.torch_files import kind_of
from warehouse.errors import MaskError


def detect(data: bytes) -> str:
    """Name of the format of a file's bytes.

    Raises:
        MaskError: none of the formats, or too damaged to tell.
    """
    header = parsed_header(data)
    if header is not None:
        about = header.get("__metadata__")
        return "prune" if isinstance(about, dict) and about.get("layout") == LAYOUT else "safetensors"
    if data.startswith(b"PK"):
        return _of_archive(Archive(data))
    if data.lstrip(b" \t\r\n")[:1] in (b"{", b"["):
        content = strict_json(data)
        if isinstance(content, dict) and MARK in content:
            return "json"
        if is_paper(content):
            return "paper"
        raise MaskError("JSON, but no mask: neither one that describes itself nor the authors' layout")
    if data.startswith(b"\x80"):
        raise MaskError("a pickle, which could run code; it is refused")
    raise MaskError("no mask in any known format, or cut off; write it again with `neurons export`")


def _of_archive(archive: Archive) -> str:
    if any(name.rpartition("/")[2] == "data.pkl" for name in archive.sizes):
        return "lape" if kind_of(archive) is list else "pt"
    if archive.sizes and all(name.endswith(".npy") for name in archive.sizes):
        return "npz"
    raise MaskError("a zip archive, but neither of NumPy nor of torch")
