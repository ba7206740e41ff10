"""Masks from files, held against the model of a warehouse."""

from os import PathLike
from typing import TYPE_CHECKING

from queries.masks.formats import load
from queries.masks.from_sql import origin
from queries.masks.mask import Kind, Mask
from queries.masks.recorded import recorded_model
from warehouse.errors import MaskError

if TYPE_CHECKING:
    from queries.connection import Connection


def mask_from_file(
    con: "Connection", path: str | PathLike[str], *, kind: Kind | None = None, model: str | None = None
) -> Mask:
    """Read a mask in any format, and refuse one that is for another model than the recorded one.

    Args:
        con: an open warehouse.
        path: the file.
        kind: what True must mean; formats that do not say mean ``erase`` unless it is given.
        model: name of the model; needed where there are several.

    Raises:
        MaskError: the file is damaged, of no known format, or for other layers, widths, paths or weights.
        QueryError: no such model, or several and no name.
    """
    recorded = recorded_model(con, model)
    mask = load(path, layers=recorded.layers, kind=kind)
    checksum = mask.provenance.get("checksum", recorded.checksum)
    if checksum != recorded.checksum:
        raise MaskError(
            f"{path}: is for {mask.provenance.get('model', 'a model')} with checksum {checksum[:12]!r}; the weights of "
            f"{recorded.name} in this warehouse have {recorded.checksum[:12]!r}"
        )
    if "checksum" in mask.provenance:
        return mask
    return Mask(mask.kind, mask.layers, mask.chosen, {**origin(con, recorded), **mask.provenance, "file": str(path)})
