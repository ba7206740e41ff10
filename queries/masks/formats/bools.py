"""True and false in files: one byte each, 1 and 0."""

import numpy as np

from warehouse.errors import MaskError


def checked_bools(name: str, values: np.ndarray) -> np.ndarray:
    """Values of a file as bools of the same shape.

    Args:
        name: names them in the message.
        values: of a type of one byte.

    Raises:
        MaskError: a byte that is neither 0 nor 1, which NumPy would take for both true and false.
    """
    if values.view(np.uint8).max(initial=0) > 1:
        raise MaskError(f"damaged, {name!r:.200} holds other values than true and false")
    return values.view(np.bool_)
