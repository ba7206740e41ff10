"""Activation patterns as points of a plane: metric MDS ([A] fig. 3)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from queries.calls import Value
from queries.patterns.matrix import Patterns, pattern_matrices

if TYPE_CHECKING:
    from queries.connection import Connection

MDS_SETTINGS: Mapping[str, Any] = MappingProxyType(
    {
        "n_components": 2,
        "metric_mds": True,
        "metric": "euclidean",
        "init": "random",
        "n_init": 4,
        "max_iter": 300,
        "eps": 1e-6,
        "normalized_stress": False,
        "n_jobs": 1,
    }
)
"""What scikit-learn's MDS is called with, beside ``random_state``; all of it, as its defaults change: ``n_init`` was 4
up to 1.8, ``eps`` 1e-3 (and another criterion) up to 1.6. The names are those of 1.8 and later."""

MAX_POINTS = 300
"""Patterns that are projected unless more are allowed: the time grows with their square."""


@dataclass(frozen=True, eq=False)
class Projection:
    """The patterns of a layer and where MDS places them.

    Attributes:
        patterns: n patterns.
        points: (n, 2) coordinates, whose unit is the square root of a neuron; None where nothing could be placed.
        note: why not, or what to know of the points; None when nothing is remarkable.
    """

    patterns: Patterns
    points: np.ndarray | None
    note: str | None


def project(matrix: np.ndarray, seed: int = 0) -> np.ndarray:
    """Place binary vectors in a plane so that distances agree with their Euclidean ones: MDS of ``MDS_SETTINGS``.

    Only distances mean something: where the origin lies and which way is up does not.

    Args:
        matrix: (n, m) bool, a pattern a row.
        seed: of the random starts.

    Returns:
        (n, 2) float64, what ``MDS(**MDS_SETTINGS, random_state=seed).fit_transform(matrix)`` gives. A single vector and
        vectors that are all alike lie at the origin.
    """
    values = np.asarray(matrix, dtype=np.float64)
    if len(values) < 2 or (values == values[0]).all():
        return np.zeros((len(values), MDS_SETTINGS["n_components"]))
    from sklearn.manifold import MDS
    from threadpoolctl import threadpool_limits

    if values.shape[0] == values.shape[1]:  # scikit-learn would warn that it may be one of distances
        values = np.pad(values, ((0, 0), (0, 1)))
    with threadpool_limits(1):  # several threads take longer for matrices of this size
        return MDS(**MDS_SETTINGS, random_state=seed).fit_transform(values)


def projections(
    con: "Connection", property: str, *, seed: int = 0, max_points: int | None = MAX_POINTS, **parameters: Value
) -> Iterator[Projection]:
    """The patterns of a property with their points, one projection for every model and layer that is asked for.

    :func:`~queries.patterns.points_of` and :func:`~queries.patterns.separation_of` make tables of them; keep a list of
    them to have both from one pass of MDS.

    Args:
        con: an open warehouse.
        property: name of a property.
        seed: of the random starts of MDS.
        max_points: a layer with more patterns is not projected, and its note says so; None = any number is.
        **parameters: of the macro ``activation_patterns``.

    Raises:
        QueryError: a parameter that the macros do not have.
        duckdb.Error: an unknown name or a value out of range; the message lists what exists.
    """
    for patterns in pattern_matrices(con, property, **parameters):
        points, note = None, patterns.note()
        if max_points is not None and len(patterns.groups) > max_points:
            note = note or (
                f"{len(patterns.groups)} patterns are more than the {max_points} that are projected; "
                "narrow the question or raise max_points"
            )
        elif patterns.matrix.size:
            points = project(patterns.matrix, seed)
        yield Projection(patterns, points, note)
