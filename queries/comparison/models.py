"""Models side by side: how many property neurons each has, where, and how well its patterns tell groups apart."""

from typing import TYPE_CHECKING, Any

import polars as pl

from queries.calls import Value, call
from queries.comparison.checking import check_models

if TYPE_CHECKING:
    from queries.connection import Connection

MODELS_SCHEMA = {
    "model": pl.String,
    "layer": pl.Int32,
    "property": pl.String,
    "n_neurons": pl.Int64,
    "n": pl.Int64,
    "share": pl.Float64,
    "silhouette": pl.Float64,
    "note": pl.String,
}
_KEYS = ["model", "layer", "property"]


def models_by_layer(
    con: "Connection",
    property: str | None = None,
    *,
    other: str | None = None,
    silhouettes: bool = False,
    seed: int = 0,
    **parameters: Value,
) -> pl.DataFrame:
    """Sizes of the property neurons ([A] eq. 5) of every model, layer by layer.

    Args:
        con: an open warehouse of two models or more.
        property: name of a property; None = every one that is declared.
        other: beside p_model: these two models alone; otherwise all models are there.
        silhouettes: whether to compute how far apart groups lie, which takes seconds a model ([A] fig. 4).
        seed: of MDS.
        **parameters: of the macro ``property_neurons``, such as ``p_sigma=0.9``; p_property excepted.

    Returns:
        One row per model, layer and property: model, layer, property, n_neurons (D), n (property neurons), share
        (n / D), silhouette (of the points of MDS; null when not asked for), note (why a silhouette is missing).

    Raises:
        QueryError: there are fewer than two models, or one that is named is not there.
        duckdb.Error: another unknown name or a value out of range; the message lists what exists.
    """
    check_models(con, other, parameters)
    shared: dict[str, Any] = {name: value for name, value in parameters.items() if name != "p_model"}
    named = [name for name in (parameters.get("p_model"), other) if name is not None]
    asked = [{**shared, "p_model": name} for name in named] if len(named) == 2 else [shared]
    of_property = {} if property is None else {"p_property": property}
    count = "SELECT model, layer, property, count(*) AS n FROM {} GROUP BY ALL"
    counted = [con.sql(count.format(call("property_neurons", {**one, **of_property}))).pl() for one in asked]
    every = """
        SELECT l.model, l.layer, p.property, l.n_neurons
        FROM layers AS l
        CROSS JOIN properties AS p
        WHERE
            ($layer IS NULL OR l.layer = $layer)
            AND ($property IS NULL OR p.property = $property)
            AND (len($named) < 2 OR list_contains($named, l.model))
    """
    found = con.sql(every, params={"layer": shared.get("p_layer"), "property": property, "named": named}).pl()
    found = found.cast({"layer": pl.Int32}).join(pl.concat(counted), on=_KEYS, how="left")
    found = found.with_columns(pl.col("n").fill_null(0), silhouette=None, note=None)
    if silhouettes:
        from queries.patterns import separation

        scores = pl.concat([separation(con, property, seed=seed, **one) for one in asked])
        scores = scores.select(*_KEYS, pl.col("silhouette_2d").alias("silhouette"), "note")
        found = found.drop("silhouette", "note").join(scores, on=_KEYS, how="left")
    return (
        found.with_columns(share=pl.col("n") / pl.col("n_neurons"))
        .select(pl.col(name).cast(kind) for name, kind in MODELS_SCHEMA.items())
        .sort("property", "model", "layer")
    )


def models_over_layers(by_layer: pl.DataFrame) -> pl.DataFrame:
    """All layers of a model together, and the best of them ([A] fig. 5).

    Args:
        by_layer: rows of :func:`models_by_layer`.

    Returns:
        One row per model and property: model, property, n_neurons, n and share of all layers, most_layer (the layer
        with most property neurons; null without any), n_most (how many it has), best_layer (of the highest
        silhouette), silhouette (there; both null without one), note. Of equal layers the lowest.
    """
    most = pl.col("layer").sort_by("n", descending=True, maintain_order=True).first()
    known = pl.col("silhouette").is_not_null()
    best = (
        pl.col("layer")
        .filter(known)
        .sort_by(pl.col("silhouette").filter(known), descending=True, maintain_order=True)
        .first()
    )
    return (
        by_layer.sort("property", "model", "layer")
        .group_by("model", "property", maintain_order=True)
        .agg(
            pl.col("n_neurons").sum(),
            pl.col("n").sum(),
            (pl.col("n").sum() / pl.col("n_neurons").sum()).alias("share"),
            pl.when(pl.col("n").max() > 0).then(most).alias("most_layer"),
            pl.col("n").max().alias("n_most"),
            best.alias("best_layer"),
            pl.col("silhouette").max(),
            pl.when(~known.any()).then(pl.col("note").drop_nulls().first()).alias("note"),
        )
    )
