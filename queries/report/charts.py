"""Charts as the page holds them: Vega-Lite with data that is no larger than what is drawn of it."""

from collections.abc import Mapping, Sequence
from math import floor, isfinite, log10
from typing import Any

DIGITS = 5
"""Significant digits of a number in a chart: a picture shows fewer."""


def packed(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A chart whose rows of data do not repeat the names of their columns, which the page's script puts back.

    Args:
        spec: a Vega-Lite chart as Altair writes it, with its data under ``datasets``.

    Returns:
        The same chart with every dataset as ``{"columns": […], "rows": [[…], …]}``, or as it was where rows differ in
        their columns; numbers have ``DIGITS`` digits, and none is infinite or NaN. Nothing zooms.
    """
    sets = {name: _pack(rows) for name, rows in spec.get("datasets", {}).items()}
    return {**_plain(spec), "datasets": sets} if sets else _plain(spec)


def _pack(rows: Sequence[Any]) -> Any:
    if not rows or not all(isinstance(row, dict) and row.keys() == rows[0].keys() for row in rows):
        return _plain(rows)
    return {"columns": list(rows[0]), "rows": [[_plain(value) for value in row.values()] for row in rows]}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return _rounded(value)
    if isinstance(value, Mapping):
        return {
            name: _still(one) if name == "params" else _plain(one) for name, one in value.items() if name != "datasets"
        }
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _still(params: Any) -> Any:
    """Parameters without those that zoom: they would catch the wheel of whoever scrolls the page."""
    if not isinstance(params, list):
        return _plain(params)
    return [_plain(one) for one in params if not (isinstance(one, dict) and one.get("bind") == "scales")]


def _rounded(value: float) -> float | None:
    if not isfinite(value):
        return None
    return round(value, DIGITS - 1 - floor(log10(abs(value)))) if value else value
