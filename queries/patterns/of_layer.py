"""The activation patterns of one layer as a picture needs them: points of the plane and how far groups lie apart."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from queries.calls import Value
from queries.patterns.projection import MAX_POINTS, projections
from queries.patterns.separation import separation_of

if TYPE_CHECKING:
    from queries.connection import Connection


@dataclass(frozen=True)
class PatternPoint:
    """Where the pattern of a phone in a group lies in the plane.

    Attributes:
        group: group of the property.
        phone: phone.
        x: to the right; the unit is the square root of a neuron, and only distances mean something.
        y: upwards, in the same unit.
        n_neurons: neurons that respond to the phone in the group, the size of S_k.
    """

    group: str
    phone: str
    x: float
    y: float
    n_neurons: int


@dataclass(frozen=True)
class LayerPatterns:
    """The patterns of one layer under one property.

    Attributes:
        model: name of the model.
        layer: layer, from 1.
        property: name of the property.
        groups: that have a pattern; bins in their order, others alphabetically.
        points: of MDS; empty where nothing could be placed.
        n_patterns: patterns, one for each phone of each group that counts.
        n_neurons: neurons that respond to anything, over which the patterns are vectors.
        silhouette_2d: of the points; None = it cannot be computed.
        silhouette_patterns: of the binary patterns themselves.
        davies_bouldin_2d: index of the points.
        davies_bouldin_patterns: index of the binary patterns.
        note: why something is missing, or what to know; None = nothing is remarkable.
    """

    model: str
    layer: int
    property: str
    groups: tuple[str, ...]
    points: tuple[PatternPoint, ...]
    n_patterns: int
    n_neurons: int
    silhouette_2d: float | None
    silhouette_patterns: float | None
    davies_bouldin_2d: float | None
    davies_bouldin_patterns: float | None
    note: str | None


def layer_patterns(
    con: "Connection", model: str, layer: int, property: str, *, seed: int = 0, **parameters: Value
) -> LayerPatterns:
    """Place the patterns of a layer in the plane ([A] fig. 3), and measure how far its groups lie apart (fig. 4).

    Args:
        con: an open warehouse.
        model: name of a model.
        layer: layer, from 1.
        property: name of a property.
        seed: of the random starts of MDS.
        **parameters: of the macro ``activation_patterns``; p_model, p_layer and p_property excepted.

    Raises:
        QueryError: a parameter that the macros do not have.
        duckdb.Error: an unknown name or a value out of range; the message lists what exists.
    """
    asked: dict[str, Value] = {**parameters, "p_model": model, "p_layer": layer}
    (found,) = projections(con, property, seed=seed, max_points=MAX_POINTS, **asked)
    (row,) = separation_of([found]).iter_rows(named=True)
    patterns = found.patterns
    places = () if found.points is None else found.points.tolist()
    sizes = patterns.matrix.sum(axis=1).tolist()
    labels = zip(patterns.groups.tolist(), patterns.phones.tolist(), sizes, strict=True)
    return LayerPatterns(
        model,
        layer,
        property,
        tuple(dict.fromkeys(patterns.groups.tolist())),
        tuple(PatternPoint(group, phone, x, y, n) for (group, phone, n), (x, y) in zip(labels, places, strict=False)),
        row["n_points"],
        row["n_pattern"],
        row["silhouette_2d"],
        row["silhouette_patterns"],
        row["davies_bouldin_2d"],
        row["davies_bouldin_patterns"],
        row["note"] or found.note,
    )


def best_of(found: Iterable[LayerPatterns]) -> LayerPatterns | None:
    """The layer whose points have the highest silhouette ([A] fig. 5), of equal ones the lowest; None = none has."""
    known = [one for one in found if one.silhouette_2d is not None]
    return min(known, key=lambda one: (-(one.silhouette_2d or 0.0), one.layer), default=None)
