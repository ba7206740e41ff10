"""Where each activation pattern lies in the plane: figure 3 of the paper, as a table."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import polars as pl

from queries.calls import Value
from queries.patterns.projection import MAX_POINTS, Projection, projections

if TYPE_CHECKING:
    from queries.connection import Connection

_COLUMNS = {
    "model": pl.String,
    "layer": pl.Int32,
    "property": pl.String,
    "group": pl.String,
    "phone": pl.String,
    "x": pl.Float64,
    "y": pl.Float64,
    "note": pl.String,
}


def pattern_points(
    con: "Connection", property: str, *, seed: int = 0, max_points: int | None = MAX_POINTS, **parameters: Value
) -> pl.DataFrame:
    """Where MDS places every activation pattern of a property ([A] fig. 3).

    Args:
        con: an open warehouse.
        property: name of a property.
        seed: of the random starts of MDS.
        max_points: a layer with more patterns is not projected; None = any number is.
        **parameters: of the macro ``activation_patterns``.

    Returns:
        One row per model, layer, group and phone: ``model, layer, property, group, phone, x, y, note``. Where nothing
        could be placed, x and y are null and the note says why; a layer without any pattern has one such row.

    Raises:
        QueryError: a parameter that the macros do not have.
        duckdb.Error: an unknown name or a value out of range; the message lists what exists.
    """
    return points_of(projections(con, property, seed=seed, max_points=max_points, **parameters))


def points_of(projected: Iterable[Projection]) -> pl.DataFrame:
    """The table of :func:`pattern_points`, of projections that are there already."""
    rows = []
    for found in projected:
        patterns = found.patterns
        key = (patterns.model, patterns.layer, patterns.property)
        places = [(None, None)] * len(patterns.groups) if found.points is None else found.points.tolist()
        for group, phone, (x, y) in zip(patterns.groups, patterns.phones, places, strict=True):
            rows.append((*key, group, phone, x, y, found.note))
        if not len(patterns.groups):
            rows.append((*key, None, None, None, None, found.note))
    return pl.DataFrame(rows, schema=_COLUMNS, orient="row")
