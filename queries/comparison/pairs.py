"""Two models side by side: which property neurons joined, left, moved to another group, or stayed."""

from itertools import product
from typing import TYPE_CHECKING

import polars as pl

from queries.calls import Value, call
from queries.comparison.checking import check_models

if TYPE_CHECKING:
    from queries.connection import Connection

PAIRS_SCHEMA = {
    "model": pl.String,
    "other": pl.String,
    "layer": pl.Int32,
    "property": pl.String,
    "n_neurons": pl.Int64,
    "n_before": pl.Int64,
    "n_after": pl.Int64,
    "joined": pl.Int64,
    "left": pl.Int64,
    "moved": pl.Int64,
    "stayed": pl.Int64,
    "expected_both": pl.Float64,
    "jaccard": pl.Float64,
    "jaccard_by_chance": pl.Float64,
    "note": pl.String,
}
_COUNTS = ("n_neurons", "n_before", "n_after", "joined", "left", "moved", "stayed", "expected_both")


def pairs_by_layer(
    con: "Connection", property: str | None = None, *, other: str | None = None, **parameters: Value
) -> pl.DataFrame:
    """What changes between two models in every layer: property neurons that joined, left, moved or stayed.

    The first of a pair is the model before: p_model, where it is given; of two that are not named, the first in the
    alphabet. Neurons are compared by their numbers, which means something only for models that started from the same
    weights.

    Args:
        con: an open warehouse of two models or more.
        property: name of a property; None = every one that is declared.
        other: name of the model after; None = every other one.
        **parameters: of the macro ``model_comparison``, such as ``p_model="pretrained"``; p_property excepted.

    Returns:
        One row per pair, layer and property: model, other, layer, property, n_neurons (D), n_before, n_after, joined
        (neurons of a group only after), left (only before), moved (to another group), stayed, expected_both (what
        sets of these sizes share by chance), jaccard (of the property neurons; null where there are none),
        jaccard_by_chance, note. Layers that cannot be compared have sizes alone, and the note says so; it also says
        where the two have recorded different speech.

    Raises:
        QueryError: there are fewer than two models, or one that is named is not there.
        duckdb.Error: another unknown name or a value out of range; the message lists what exists.
    """
    models = check_models(con, other, parameters)
    before = parameters.get("p_model")
    asked = {**parameters, **({} if other is None else {"p_other": other})}
    rows = con.sql(f"FROM {call('model_comparison', asked | ({} if property is None else {'p_property': property}))}")
    turned = pl.col("model_a") == (other or "") if before is None else pl.col("model_b") == before
    whole = pl.col("group").is_null()
    counted = (
        rows.pl()
        .group_by("model_a", "model_b", "layer", "property", turned.alias("turned"))
        .agg(
            pl.col("n_neurons", "n_a", "n_b", "n_both", "expected_both").filter(whole).first(),
            pl.col("n_both").filter(~whole).sum().alias("in_group"),
        )
    )
    both = pl.col("n_both")
    found = counted.select(
        "layer",
        "property",
        "n_neurons",
        "expected_both",
        *(
            pl.when("turned").then(there).otherwise(here).alias(name)
            for name, here, there in (
                ("model", "model_a", "model_b"),
                ("other", "model_b", "model_a"),
                ("n_before", "n_a", "n_b"),
                ("n_after", "n_b", "n_a"),
            )
        ),
        both.alias("both"),
        pl.when(both.is_not_null()).then("in_group").alias("stayed"),
    ).with_columns(
        joined=pl.col("n_after") - pl.col("both"),
        left=pl.col("n_before") - pl.col("both"),
        moved=pl.col("both") - pl.col("stayed"),
    )
    corpus = parameters.get("p_corpus")
    noted = found.join(_speech(con, models, corpus), on=["model", "other"], how="left").with_columns(
        pl.when(pl.col("n_neurons").is_null())
        .then(pl.lit("no layer of this number and one width in both"))
        .otherwise("note")
        .alias("note")
    )
    return _with_jaccard(noted).sort("property", "model", "other", "layer")


def pairs_over_layers(by_layer: pl.DataFrame) -> pl.DataFrame:
    """All layers of a pair of models that can be compared, together.

    Args:
        by_layer: rows of :func:`pairs_by_layer`.

    Returns:
        One row per pair and property, with the columns of :func:`pairs_by_layer` but ``layer``. Where no layer can be
        compared the numbers are null.
    """
    comparable = pl.col("n_neurons").is_not_null()
    found = (
        by_layer.sort("property", "model", "other", "layer")
        .group_by("model", "other", "property", maintain_order=True)
        .agg(
            *(pl.when(comparable.any()).then(pl.col(name).filter(comparable).sum()).alias(name) for name in _COUNTS),
            pl.when(comparable.any())
            .then(pl.col("note").filter(comparable).first())
            .otherwise(pl.lit("no layer of one number and width in both"))
            .alias("note"),
        )
        .with_columns(pl.lit(None, pl.Int32).alias("layer"))
    )
    return _with_jaccard(found).drop("layer")


def _with_jaccard(found: pl.DataFrame) -> pl.DataFrame:
    both, together = pl.col("moved") + pl.col("stayed"), pl.col("n_before") + pl.col("n_after")
    expected = pl.col("expected_both")
    some = pl.col("n_neurons").is_not_null() & (together > 0)
    return found.with_columns(
        jaccard=pl.when(some).then(both / (together - both)),
        jaccard_by_chance=pl.when(some).then(expected / (together - expected)),
    ).select(pl.col(name).cast(kind) for name, kind in PAIRS_SCHEMA.items())


def _speech(con: "Connection", models: list[str], corpus: Value | None) -> pl.DataFrame:
    """For every ordered pair of models a note, null where both have recorded the same utterances."""
    shared = """
        WITH heard AS (
            SELECT r.model, r.utterance_id
            FROM recordings AS r
            INNER JOIN utterances AS u ON r.utterance_id = u.utterance_id
            WHERE $corpus IS NULL OR u.corpus = $corpus
        )
        SELECT a.model, b.model AS other, count(*) AS n
        FROM heard AS a
        INNER JOIN heard AS b ON a.utterance_id = b.utterance_id
        GROUP BY ALL
    """
    n = {(a, b): count for a, b, count in con.sql(shared, params={"corpus": corpus}).fetchall()}
    rows = []
    for a, b in product(models, models):
        own, others, both = (n.get(pair, 0) for pair in ((a, a), (b, b), (a, b)))
        said = f"recorded different speech: {a} {own} utterances, {b} {others}, both {both}"
        rows.append((a, b, None if own == others == both else said))
    return pl.DataFrame(rows, {"model": pl.String, "other": pl.String, "note": pl.String}, orient="row")
