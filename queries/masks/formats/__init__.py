"""Formats of mask files: :func:`save` writes one by its name or suffix, :func:`load` tells them apart by content."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from queries.masks.formats.detect import detect
from queries.masks.formats.files import read_bytes
from queries.masks.formats.registry import FORMATS, Format, format_of
from queries.masks.formats.usage import usage
from queries.masks.layers import MaskLayer
from queries.masks.mask import Kind, Mask
from queries.plain_files import write_whole
from warehouse.errors import MaskError

__all__ = ["FORMATS", "Format", "format_of", "load", "save", "usage"]


def save(mask: Mask, path: str | PathLike[str], format: str | None = None) -> None:
    """What :meth:`queries.masks.Mask.save` does."""
    entry = format_of(Path(path), format)
    write_whole(Path(path), entry.write(mask))


def load(
    path: str | PathLike[str],
    format: str | None = None,
    layers: Sequence[MaskLayer] | None = None,
    kind: Kind | None = None,
) -> Mask:
    """What :meth:`queries.masks.Mask.load` does."""
    if format is not None:
        format_of(Path(path), format)
    data = read_bytes(Path(path))
    try:
        entry = FORMATS[format if format is not None else detect(data)]
        if entry.read is not None:
            mask = entry.read(data)
            _check_layers(mask, layers)
        else:
            mask = _completed(entry, data, layers, kind)
        if kind is not None and kind != mask.kind:
            raise MaskError(
                f"says what to {mask.kind}, not what to {kind}; load it as it is and turn it with .as_kind({kind!r})"
            )
    except MaskError as error:
        raise MaskError(f"{path}: {error}") from None
    return mask


def _completed(entry: Format, data: bytes, layers: Sequence[MaskLayer] | None, kind: Kind | None) -> Mask:
    """A mask whose file says only which neurons."""
    if layers is None:
        raise MaskError(
            f"the format {entry.name} does not say which modules it is for; give layers=, such as mask_layers(con) of "
            "the warehouse"
        )
    if kind not in (None, "erase", "keep"):
        raise MaskError(f"kind {kind!r} of a mask: must be erase or keep")
    if entry.read_with is None:
        raise MaskError(f"the format {entry.name} is only written")
    return entry.read_with(data, tuple(layers), kind or "erase")


def _check_layers(mask: Mask, layers: Sequence[MaskLayer] | None) -> None:
    """Refuse a mask of other networks than those that are expected, and name the first that differs."""
    if layers is None or mask.layers == tuple(layers):
        return
    if len(mask.layers) != len(layers):
        raise MaskError(f"is of a model with {len(mask.layers)} layers; {len(layers)} are expected")
    for found, wanted in zip(mask.layers, layers, strict=True):
        for name in ("layer", "n_neurons", "in_module", "out_module"):
            has, wants = getattr(found, name), getattr(wanted, name)
            if has != wants:
                raise MaskError(f"is of another model: layer {found.layer} has {name} {has}, and {wants} is expected")
