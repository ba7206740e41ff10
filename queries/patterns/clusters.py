"""Neurons that are active in the same frames: clusters of a layer, and what they respond to."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from queries.calls import Value, call, call_part
from queries.patterns.coactivation import coactivation, counted_frames, jaccard
from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries.connection import Connection

_KEY = {"model": pl.String, "layer": pl.Int32}
_COLUMNS = {
    **_KEY,
    "neuron": pl.Int32,
    "cluster": pl.Int32,
    "n_active": pl.Int64,
    "jaccard": pl.Float64,
    "note": pl.String,
}
_LIFTS = {**_KEY, "cluster": pl.Int32, "group": pl.String, "lift": pl.Float64}
_PARAMETERS = ("p_model", "p_layer", "p_corpus", "p_frames", "p_lambda", "p_where")
_LAYERS = """
SELECT model, layer, n_neurons, top_k({lambda_pct}, n_neurons, top_k), grid_number(hop_us, offset_us, window_us)
FROM layers ORDER BY model, layer
"""


def neuron_clusters(
    con: "Connection",
    *,
    n_clusters: int | None = None,
    min_jaccard: float = 0.05,
    min_frames: int = 100,
    max_frames: int | None = 1_000_000,
    seed: int = 0,
    **parameters: Value,
) -> pl.DataFrame:
    """Neurons of a layer clustered by how often they are active in the same frames.

    Two neurons are as similar as the Jaccard index of their sets of frames. Clusters are joined from the bottom up by
    their mean similarity (average linkage) until ``min_jaccard`` or ``n_clusters`` is reached. Neurons that are active
    independently of each other, each in the share λ of the frames, have a Jaccard index of λ / (2 - λ): 0.005 at 1%.

    Args:
        con: an open warehouse.
        n_clusters: clusters to make of a layer; None = as many as ``min_jaccard`` leaves.
        min_jaccard: clusters are joined while their mean Jaccard index is above this, in [0, 1).
        min_frames: a neuron that is active in fewer frames is in no cluster.
        max_frames: where more frames count, as many are drawn at random; None = every frame is read.
        seed: of the draw.
        **parameters: p_model, p_layer, p_corpus, p_frames, p_lambda and p_where of the macros.

    Returns:
        One row per model, layer and neuron: ``model, layer, neuron, cluster`` (1 = the largest), ``n_active`` (frames
        of those read), ``jaccard`` (mean with the others of its cluster; null where it is alone), ``note`` (why a
        neuron is in no cluster).

    Raises:
        QueryError: an option out of range, or a parameter that clusters do not depend on.
        duckdb.Error: an unknown name or a value out of range; the message lists what exists.
    """
    if not 0 <= min_jaccard < 1:
        raise QueryError(f"min_jaccard: {min_jaccard} is no Jaccard index to exceed; give at least 0, less than 1")
    for name, value in (("n_clusters", n_clusters), ("min_frames", min_frames), ("max_frames", max_frames)):
        if value is not None and value < 1:
            raise QueryError(f"{name}: {value} is too few; give 1 or more")
    others = sorted(set(parameters) - set(_PARAMETERS))
    if others:
        raise QueryError(f"clusters do not depend on {others[0]}; they take: {', '.join(_PARAMETERS)}")
    con.sql(f"FROM {call_part('checked_parameters', parameters)}").fetchall()
    tables = [pl.DataFrame(schema=_COLUMNS)]
    for model, layer, n_neurons, top_k, frames in _layers(con, max_frames, seed, **parameters):
        together = coactivation(con, model, layer, n_neurons, top_k, frames)
        n_active = together.diagonal()
        kept = np.flatnonzero(n_active >= min_frames)
        found = pl.DataFrame({"neuron": np.arange(n_neurons), "n_active": n_active}).with_columns(
            pl.lit(model).alias("model"), pl.lit(layer).alias("layer"), *_nothing(n_clusters, min_frames, kept)
        )
        if n_clusters is None or n_clusters <= len(kept):
            similar = jaccard(together[np.ix_(kept, kept)])
            clusters = _joined(similar, n_clusters, min_jaccard)
            placed = {"neuron": kept, "cluster": clusters, "jaccard": _mean_inside(similar, clusters)}
            found = found.join(pl.DataFrame(placed).fill_nan(None), on="neuron", how="left", maintain_order="left")
        else:
            found = found.with_columns(cluster=None, jaccard=None)
        tables.append(found.select(pl.col(name).cast(kind) for name, kind in _COLUMNS.items()))
    return pl.concat(tables)


def _layers(
    con: "Connection", max_frames: int | None, seed: int, **parameters: Value
) -> Iterator[tuple[str, int, int, int, np.ndarray]]:
    """Model, layer, width, neurons a frame activates and the frames to read."""
    frames: dict[tuple[str, int], np.ndarray] = {}
    lambda_pct = float(parameters["p_lambda"]) if "p_lambda" in parameters else "NULL"
    for model, layer, n_neurons, top_k, grid in con.sql(_LAYERS.format(lambda_pct=lambda_pct)).fetchall():
        if parameters.get("p_model", model) == model and parameters.get("p_layer", layer) == layer:
            if (model, grid) not in frames:
                ids = counted_frames(con, model, layer, parameters)
                if max_frames is not None and len(ids) > max_frames:
                    ids = np.sort(np.random.default_rng(seed).choice(ids, max_frames, replace=False))
                frames = {(model, grid): ids}
            yield model, layer, n_neurons, top_k, frames[model, grid]


def _nothing(n_clusters: int | None, min_frames: int, kept: np.ndarray) -> Iterator[pl.Expr]:
    """Why a neuron is in no cluster."""
    rare = pl.format("active in {} of the frames read, and min_frames asks for {}", "n_active", pl.lit(min_frames))
    many = None
    if n_clusters is not None and n_clusters > len(kept):
        many = f"{n_clusters} clusters cannot be made of {len(kept)} neurons: no more are active in {min_frames} frames"
    yield pl.when(pl.col("n_active") < min_frames).then(rare).otherwise(pl.lit(many, pl.String)).alias("note")


def _joined(similar: np.ndarray, n_clusters: int | None, min_jaccard: float) -> np.ndarray:
    """Cluster of each neuron, from 1, the largest first; of equal ones that of the lowest neuron first."""
    if len(similar) < 2:
        return np.ones(len(similar), dtype=np.int64)
    from sklearn.cluster import AgglomerativeClustering

    until = {"distance_threshold": 1 - min_jaccard} if n_clusters is None else {}
    linked = AgglomerativeClustering(n_clusters=n_clusters, metric="precomputed", linkage="average", **until)
    labels = linked.fit_predict(1 - similar)
    _, first, sizes = np.unique(labels, return_index=True, return_counts=True)
    number = np.empty(len(sizes), dtype=np.int64)
    number[np.lexsort((first, -sizes))] = np.arange(1, len(sizes) + 1)
    return number[labels]


def _mean_inside(similar: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Mean similarity of each neuron with the others of its cluster; NaN where it is alone."""
    mean = np.full(len(clusters), np.nan)
    for cluster in range(1, clusters.max(initial=0) + 1):
        (of_it,) = np.nonzero(clusters == cluster)
        if len(of_it) > 1:
            inside = similar[np.ix_(of_it, of_it)].astype(np.float64)
            mean[of_it] = (inside.sum(axis=1) - inside.diagonal()) / (len(of_it) - 1)
    return mean


def cluster_groups(
    con: "Connection", clusters: pl.DataFrame, property: str = "phone", *, top: int = 3, **parameters: Value
) -> pl.DataFrame:
    """What names the clusters of :func:`neuron_clusters`: the groups in whose frames their neurons are active most.

    The lift of a group is the share of the cluster's activations that fall in frames of the group, over the share of
    the frames that are of the group: 1 = as often as by chance.

    Args:
        con: the warehouse that the clusters are of.
        clusters: rows of :func:`neuron_clusters`.
        property: name of the property whose groups are named.
        top: groups to name, those of highest lift first.
        **parameters: of the macro ``activation_probabilities``; give those that the clusters were made with.

    Returns:
        One row per model, layer and cluster: ``model, layer, cluster, n_neurons, jaccard`` (mean of all pairs inside;
        null where there is one neuron), ``property, groups`` (list), ``lifts`` (list), ``note`` (why there are none).

    Raises:
        QueryError: a parameter that the macros do not have.
        duckdb.Error: an unknown name or a value out of range; the message lists what exists.
    """
    sizes = (
        clusters.filter(pl.col("cluster").is_not_null())
        .group_by(*_KEY, "cluster")
        .agg(n_neurons=pl.len().cast(pl.Int64), jaccard=pl.col("jaccard").mean())
        .sort(*_KEY, "cluster")
        .with_columns(property=pl.lit(property))
    )
    tables = [pl.DataFrame(schema=_LIFTS)]
    for model, layer in clusters.select(*_KEY).unique().sort(*_KEY).rows():
        tables.append(_lifts(con, clusters, {**parameters, "p_property": property, "p_model": model, "p_layer": layer}))
    none = pl.lit(f"no frame that counts has a group of {property}")
    names = [pl.col("group").head(top).alias("groups"), pl.col("lift").head(top).alias("lifts")]
    ranked = pl.concat(tables).sort("lift", "group", descending=[True, False])
    named = ranked.group_by(*_KEY, "cluster", maintain_order=True).agg(*names)
    return sizes.join(named, on=[*_KEY, "cluster"], how="left", maintain_order="left").with_columns(
        note=pl.when(pl.col("groups").is_null()).then(none)
    )


def _lifts(con: "Connection", clusters: pl.DataFrame, asked: dict[str, Value]) -> pl.DataFrame:
    """Lift of every group in every cluster of a layer."""
    frames = con.sql(
        'SELECT "group", CAST(sum(n_frames) AS DOUBLE) AS n_frames '
        f"FROM {call_part('counted_cells', asked)} GROUP BY ALL"
    ).pl()
    active = con.sql(
        'SELECT model, layer, "group", neuron, CAST(sum(n_active) AS DOUBLE) AS n_active '
        f"FROM {call('activation_probabilities', asked)} GROUP BY ALL"
    ).pl()
    of_cluster = (
        active.join(clusters.select(*_KEY, "neuron", "cluster").drop_nulls(), on=[*_KEY, "neuron"])
        .group_by(*_KEY, "cluster", "group")
        .agg(pl.col("n_active").sum())
        .join(frames, on="group")
    )
    share_of_frames = pl.col("n_frames") / (frames["n_frames"].sum() or 1)
    share_of_active = pl.col("n_active") / pl.col("n_active").sum().over(*_KEY, "cluster")
    return of_cluster.with_columns(lift=share_of_active / share_of_frames).select(
        pl.col(name).cast(kind) for name, kind in _LIFTS.items()
    )
