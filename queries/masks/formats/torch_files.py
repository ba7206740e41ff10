"""Files of ``torch.save``, read without trust: nothing but plain tensors, dicts and lists gets as far as torch.

What torch would unpickle is looked through first, opcode by opcode, without executing any: only the few that lists,
dicts and tensors need may occur, and only the names of tensors' own classes. What passes is packed anew, uncompressed,
and given to ``torch.load(weights_only=True)``.
"""

import io
import pickletools
from typing import Any

import numpy as np

from queries.masks.formats.archives import MOST_MEMBERS, Archive, pack
from queries.masks.formats.files import MOST_BYTES
from warehouse.errors import MaskError, first_line

MOST_STRUCTURE = 4 << 20
"""Largest member that describes lists and dicts; the tensors' data lie in members of their own."""

MOST_NUMBER = 1 << 24
"""Largest size, offset or stride of a tensor."""

_NAMES = frozenset(
    ["torch._utils _rebuild_tensor_v2", "collections OrderedDict"]
    + [f"torch {kind}Storage" for kind in ("Bool", "Byte", "Int", "Long")]
)
_PLAIN = """
PROTO STOP MARK GLOBAL REDUCE BINPERSID EMPTY_DICT EMPTY_LIST EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 SETITEM SETITEMS
APPEND APPENDS BININT BININT1 BININT2 BINUNICODE NEWFALSE NEWTRUE NONE BINPUT LONG_BINPUT BINGET LONG_BINGET
"""
_OPCODES = frozenset(_PLAIN.split())
_FIRST = {"EMPTY_DICT": dict, "EMPTY_LIST": list}


def dump(content: Any) -> bytes:
    """What ``torch.save`` writes."""
    import torch

    out = io.BytesIO()
    torch.save(content, out)
    return out.getvalue()


def load(data: bytes) -> Any:
    """Dicts, lists and tensors of a file.

    Raises:
        MaskError: damaged, or more than that.
    """
    archive = Archive(data)
    if not archive.stored or sum(archive.sizes.values()) > len(data):
        raise MaskError("damaged, torch leaves the members of its archives uncompressed")
    check_structure(_structure(archive))
    members = {name: archive.read(name, MOST_BYTES) for name in archive.sizes}
    import torch

    try:
        return torch.load(io.BytesIO(pack(members)), map_location="cpu", weights_only=True)
    except Exception as error:  # torch has no family of errors for damaged files
        raise MaskError(f"damaged, torch cannot load it ({first_line(error)})") from None


def kind_of(archive: Archive) -> type | None:
    """Whether a file of torch.save holds a dict or a list; None when it is neither, or no such file."""
    try:
        opcodes = pickletools.genops(_structure(archive))
        return next(
            (_FIRST.get(opcode.name) for opcode, _, _ in opcodes if opcode.name not in ("PROTO", "FRAME")), None
        )
    except (MaskError, ValueError, IndexError, KeyError):
        return None


def check_structure(pickled: bytes) -> None:
    """Refuse a pickle that is more than lists, dicts and tensors; nothing of it is executed.

    Raises:
        MaskError: it would call or name something else, or is damaged.
    """
    try:
        for opcode, argument, _ in pickletools.genops(pickled):
            if opcode.name == "GLOBAL" and argument not in _NAMES:
                raise MaskError(f"names {str(argument).replace(' ', '.')!r:.200}, which could run code; it is refused")
            if opcode.name not in _OPCODES:
                raise MaskError(f"is more than tensors in lists or dicts (pickle's {opcode.name}); it is refused")
            if isinstance(argument, int) and opcode.name.startswith("BININT") and not 0 <= argument <= MOST_NUMBER:
                raise MaskError(f"damaged, {argument} is no size of a tensor")
    except MaskError:
        raise
    except Exception as error:  # genops raises what the damage leads to
        raise MaskError(f"damaged, its structure cannot be read ({first_line(error)})") from None


def vector(value: Any, dtypes: tuple[str, ...], what: str) -> np.ndarray:
    """A tensor of one dimension as an array.

    Args:
        value: what a file holds.
        dtypes: types that it may have, such as ``int64``.
        what: names it in the message.

    Raises:
        MaskError: it is none.
    """
    import torch

    if not isinstance(value, torch.Tensor) or value.layout is not torch.strided or value.ndim != 1:
        raise MaskError(f"{what} is no vector")
    if str(value.dtype).removeprefix("torch.") not in dtypes:
        raise MaskError(f"{what} is {value.dtype}; {' or '.join(dtypes)} is wanted")
    if value.numel() > MOST_NUMBER:
        raise MaskError(f"{what} has {value.numel()} values, which no mask has")
    found: np.ndarray = value.detach().contiguous().numpy()
    return found


def _structure(archive: Archive) -> bytes:
    found = [name for name in archive.sizes if name.rpartition("/")[2] == "data.pkl"]
    if len(found) != 1 or len(archive.sizes) > MOST_MEMBERS:
        raise MaskError("damaged or no file of torch.save")
    return archive.read(found[0], MOST_STRUCTURE)
