"""JSON from strangers: as the standard has it, and no larger or deeper than a mask can be."""

import json
from collections.abc import Sequence
from typing import Any

from queries.masks.layers import MOST_NEURONS
from warehouse.errors import MaskError

MOST_JSON_BYTES = 32 << 20
"""Largest JSON text that is parsed; more than the indexes of MOST_NEURONS neurons."""

MOST_NESTED = 50_000
"""Most lists and objects in a JSON text, which cost far more memory than the two bytes they are written with."""


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


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1) if len(names) < 10_000 else "a name"
        raise MaskError(f"damaged, {twice[:100]!r} is there twice")
    return found


def _no_constant(text: str) -> Any:
    raise MaskError(f"damaged, {text} is no number of JSON")
