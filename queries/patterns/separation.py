"""How well activation patterns tell groups apart: silhouettes and Davies-Bouldin indices ([A] fig. 4 and 5)."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from queries.calls import Value
from queries.patterns.projection import MAX_POINTS, Projection, projections
from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries.connection import Connection

_SCORES = ("silhouette_2d", "silhouette_patterns", "davies_bouldin_2d", "davies_bouldin_patterns")
_COLUMNS = {
    "model": pl.String,
    "layer": pl.Int32,
    "property": pl.String,
    "n_points": pl.Int64,
    "n_groups": pl.Int64,
    "n_pattern": pl.Int64,
    **dict.fromkeys(_SCORES, pl.Float64),
    "note": pl.String,
}


def silhouette(points: np.ndarray, labels: Sequence[str] | np.ndarray) -> float:
    """Mean silhouette of labelled points under the Euclidean distance: 1 = groups far apart, below 0 = mixed.

    A point's silhouette is (b - a) / max(a, b), with a its mean distance to the other points of its group and b the
    least mean distance to another group. That of the only point of a group is 0, as in scikit-learn.

    Args:
        points: (n, d) coordinates, or binary patterns.
        labels: (n,) group of each point.

    Raises:
        QueryError: fewer than two groups, or no group with two points.
    """
    from sklearn.metrics import silhouette_score

    return float(_score(silhouette_score, points, labels))


def davies_bouldin(points: np.ndarray, labels: Sequence[str] | np.ndarray) -> float:
    """Davies-Bouldin index of labelled points under the Euclidean distance: 0 = groups far apart, more = mixed.

    The mean over groups of the largest (s_i + s_j) / d_ij, with s the mean distance of a group's points from their
    centre and d the distance of two centres. A group with one point has s = 0; centres that coincide are left out, as
    in scikit-learn.

    Args:
        points: (n, d) coordinates, or binary patterns.
        labels: (n,) group of each point.

    Raises:
        QueryError: fewer than two groups, or no group with two points.
    """
    from sklearn.metrics import davies_bouldin_score

    return float(_score(davies_bouldin_score, points, labels))


def _score(score: Callable[..., float], points: np.ndarray, labels: Sequence[str] | np.ndarray) -> float:
    _, codes = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
    reason = _cannot(Counter(codes.tolist()))
    if reason is not None:
        raise QueryError(f"{reason}; give labels of at least two groups, one of them with two points")
    return score(np.asarray(points, dtype=np.float64), codes)


def _cannot(sizes: Counter[str] | Counter[int]) -> str | None:
    """Why groups of these sizes cannot be told apart."""
    if len(sizes) < 2:
        return f"{len(sizes) or 'no'} group{'' if len(sizes) == 1 else 's'}: telling apart takes two"
    if max(sizes.values()) < 2:
        return "every group has a single phone, so there is no distance within a group"
    return None


def separation(
    con: "Connection",
    property: str | None = None,
    *,
    seed: int = 0,
    max_points: int | None = MAX_POINTS,
    **parameters: Value,
) -> pl.DataFrame:
    """How well the activation patterns of each layer tell the groups of a property apart.

    Args:
        con: an open warehouse.
        property: name of a property; None = every one that is declared.
        seed: of the random starts of MDS.
        max_points: a layer with more patterns is not projected; None = any number is.
        **parameters: of the macro ``activation_patterns``.

    Returns:
        One row per model, layer and property: ``model, layer, property, n_points`` (patterns), ``n_groups, n_pattern``
        (of S), ``silhouette_2d`` ([A] fig. 4) and ``davies_bouldin_2d`` of the points of MDS, ``silhouette_patterns``
        and ``davies_bouldin_patterns`` of the binary patterns themselves, ``note``. A number that cannot be computed
        is null, and the note says why.

    Raises:
        QueryError: a parameter that the macros do not have.
        duckdb.Error: an unknown name or a value out of range; the message lists what exists.
    """
    declared = [name for (name,) in con.sql("SELECT property FROM properties").fetchall()]
    return separation_of(
        found
        for name in (declared if property is None else [property])
        for found in projections(con, name, seed=seed, max_points=max_points, **parameters)
    )


def separation_of(projected: Iterable[Projection]) -> pl.DataFrame:
    """The table of :func:`separation`, of projections that are there already."""
    return pl.DataFrame([_row(found) for found in projected], schema=_COLUMNS, orient="row")


def _row(found: Projection) -> tuple[object, ...]:
    patterns = found.patterns
    sizes = Counter(patterns.groups.tolist())
    scores: list[float | None] = [None, None, None, None]
    note = patterns.note() or _cannot(sizes)
    if note is None:
        for place, points in enumerate((found.points, patterns.matrix)):
            if points is not None:
                scores[place] = silhouette(points, patterns.groups)
                scores[place + 2] = davies_bouldin(points, patterns.groups)
        note = "; ".join(said for said in (found.note, _singles(sizes)) if said) or None
    shape = (len(patterns.groups), len(sizes), len(patterns.neurons))
    return (patterns.model, patterns.layer, patterns.property, *shape, *scores, note)


def _singles(sizes: Counter[str]) -> str | None:
    """What to say of groups with one phone."""
    single = sorted(group for group, size in sizes.items() if size == 1)
    if not single:
        return None
    if len(single) == 1:
        return f"the group {single[0]} has a single phone, whose silhouette counts as 0"
    return f"{len(single)} groups, such as {single[0]}, have a single phone, whose silhouette counts as 0"


def best_layers(separations: pl.DataFrame, by: str = "silhouette_2d") -> pl.DataFrame:
    """The layer that tells the groups of a property apart best, for every model and property ([A] fig. 5).

    Args:
        separations: rows of :func:`separation`.
        by: which number is best: the highest silhouette, or the lowest Davies-Bouldin index.

    Returns:
        One row per model and property: ``model, property, layer``, the four numbers of that layer, ``note``. Of equal
        layers the lowest. Where no layer has the number, layer and numbers are null and the note says why.

    Raises:
        QueryError: ``by`` is none of the numbers.
    """
    if by not in _SCORES:
        raise QueryError(f"by: there is no {by}; there are: {', '.join(_SCORES)}")
    best = pl.col(by) if by.startswith("davies") else -pl.col(by)
    known = pl.col(by).is_not_null()
    return (
        separations.sort(best, "layer", nulls_last=True)
        .group_by("model", "property", maintain_order=True)
        .first()
        .with_columns(pl.when(known).then(pl.col("layer")).alias("layer"))
        .with_columns(pl.when(known).then(pl.col(name)).alias(name) for name in _SCORES)
        .select("model", "property", "layer", *_SCORES, "note")
        .sort("model", "property")
    )
