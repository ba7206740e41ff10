"""A mask on its way into a file that the user names: every refusal says what to do, and nothing is lost unasked."""

import os
from pathlib import Path

from queries.masks.formats import FORMATS, format_of, save
from queries.masks.mask import Mask
from warehouse.errors import MaskError


class FileExistsAlreadyError(MaskError):
    """A file is there that an export would replace; whoever asked says whether it may."""


def with_suffix_of(path: str, format: str) -> str:
    """A path with the suffix of a format instead of that of another.

    A suffix of no format stays: it is a part of the name.

    Raises:
        MaskError: there is no such format.
    """
    wanted = format_of(Path(path), format).suffix
    fitting = [known.suffix for known in FORMATS.values() if path.lower().endswith(known.suffix)]
    stem = path[: -len(max(fitting, key=len))] if fitting else path
    return stem + wanted


def export(mask: Mask, path: str | os.PathLike[str], format: str, *, replace: bool = False) -> Path:
    """Write a mask to a file, whole or not at all.

    Args:
        mask: the mask.
        path: the file; ``~`` is the user's home.
        format: name of a format.
        replace: whether a file that is there may be replaced.

    Returns:
        The file, absolute.

    Raises:
        FileExistsAlreadyError: a file is there, and it may not be replaced.
        MaskError: a mask without neurons, no file name, a folder that is not there or cannot be written, or no such
            format.
    """
    if not len(mask):
        raise MaskError("the set has no neuron, and a mask of none says nothing; add some first")
    text = os.fspath(path).strip()
    if not text:
        raise MaskError("no file is named; give one, such as female.safetensors")
    try:
        target = Path(text).expanduser().absolute()
    except RuntimeError:
        raise MaskError(f"{text}: there is no such user's home; give a path from /") from None
    format_of(target, format)
    try:
        _check_place(target, replace)
    except OSError as error:
        raise MaskError(f"{target}: cannot be written ({error.strerror}); give another place") from None
    save(mask, target, format)
    return target


def _check_place(target: Path, replace: bool) -> None:
    if target.is_dir():
        raise MaskError(f"{target}: a folder; give the name of a file in it")
    if not target.parent.is_dir():
        raise MaskError(f"{target.parent}: there is no such folder; make it, or give another")
    if target.exists() and not replace:
        raise FileExistsAlreadyError(f"{target}: is there already; replace it, or give another name")
