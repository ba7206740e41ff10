"""Which sets stand out: from permuted labels, and from those of a twin, such as the same network before training.

An untrained network has property neurons, too: sound itself differs between groups, and random weights keep some of
the difference. What training brought is what the trained network has beyond its twin, on the same frames.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from queries.calls import Value
from queries.certainty.bootstrap import check_draws, interval, resample_layer
from queries.certainty.labels import label
from queries.certainty.null import permutation_null
from queries.certainty.question import ask, asked_grids, asked_layers
from queries.certainty.resample import Units, units_of
from queries.certainty.units import LayerCounts, read
from queries.facts import Layer, on_grids
from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries.connection import Connection

_KEYS = {"model": pl.String, "layer": pl.Int32, "property": pl.String, "group": pl.String}
_DIFFERENCE = {"difference": pl.Float64, "difference_low": pl.Float64, "difference_high": pl.Float64}
TWIN_SCHEMA = {
    "model": pl.String,
    "twin": pl.String,
    "layer": pl.Int32,
    "property": pl.String,
    "group": pl.String,
    "unit": pl.String,
    "n_units": pl.Int64,
    "resamples": pl.Int64,
    "level": pl.Float64,
    "seed": pl.Int64,
    "n": pl.Int64,
    "n_twin": pl.Int64,
    **_DIFFERENCE,
    "null_mean": pl.Float64,
    "null_high": pl.Float64,
    "twin_null_mean": pl.Float64,
    "twin_null_high": pl.Float64,
    "stands_out": pl.Boolean,
    "note": pl.String,
}
STANDING_SCHEMA = {
    **_KEYS,
    "n": pl.Int64,
    "null_mean": pl.Float64,
    "null_high": pl.Float64,
    "p_value": pl.Float64,
    "q_value": pl.Float64,
    "fdr": pl.Float64,
    "above_null": pl.Boolean,
    "twin": pl.String,
    "n_twin": pl.Int64,
    **_DIFFERENCE,
    "above_twin": pl.Boolean,
    "stands_out": pl.Boolean,
    "note": pl.String,
}


def against_twin(
    con: "Connection",
    property: str,
    model: str,
    twin: str,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    permutations: int = 0,
    **parameters: Value,
) -> pl.DataFrame:
    """Sizes of a model's sets beside those of its twin, with an interval of the difference.

    The bootstrap is paired: a resample takes the same speakers for both models.

    Args:
        con: an open warehouse.
        property: name of the property.
        model: name of the model.
        twin: name of a model of the same widths that has recorded the same frames, such as an untrained one.
        resamples: how many.
        level: share of the resamples that the interval holds.
        seed: of the resamples and permutations.
        permutations: of the null of both models; 0 = without.
        **parameters: of the macros, such as ``p_corpus`` and ``p_sigma``; p_model excepted.

    Returns:
        One row per layer and group, and one with group null for P, their union: model, twin, layer, property, group,
        unit, n_units, resamples, level, seed, n, n_twin, difference (n - n_twin), difference_low, difference_high,
        null_mean, null_high, twin_null_mean, twin_null_high (null without permutations), stands_out (whether the
        interval lies above 0), note.

    Raises:
        QueryError: an unknown name, a value out of range, or models that differ in width, layers or frames.
    """
    check_draws(resamples, level)
    if "p_model" in parameters:
        raise QueryError("p_model: the models are given as model and twin; leave it out")
    question = ask(con, property, {**parameters, "p_model": model})
    other = ask(con, property, {**parameters, "p_model": twin})
    layers, twins = ([*asked_layers(con, asked)] for asked in (question, other))
    _same_architecture(model, layers, twin, twins)
    pairs = []
    for (of_grid, of_model), (of_twin_grid, of_twin) in zip(
        asked_grids(con, question), asked_grids(con, other), strict=True
    ):
        units, units_twin = (units_of(con, label(con, asked)) for asked in (of_grid, of_twin_grid))
        _same_frames(con, units, units_twin, model, twin)
        pairs.append((units, of_model, units_twin, of_twin))
    null = _nulls(con, property, (model, twin), permutations, seed, parameters)
    rows: list[dict[str, Any]] = []
    for units, counts, units_twin, counts_twin in _layer_by_layer(con, pairs):
        sizes = resample_layer(counts, units, resamples, seed).sizes
        sizes_twin = resample_layer(counts_twin, units_twin, resamples, seed).sizes
        for place, group in [*enumerate(units.pieces.labels.groups), (None, None)]:
            a, b = (found.sum(axis=1) if place is None else found[:, place] for found in (sizes, sizes_twin))
            key = counts.layer.layer, group
            row: dict[str, Any] = {
                "model": model,
                "twin": twin,
                "layer": counts.layer.layer,
                "property": property,
                "group": group,
                "unit": units.pieces.kind,
                "n_units": units.pieces.n_units,
                "resamples": len(a) - 1,
                "level": level,
                "seed": seed,
                "n": int(a[0]),
                "n_twin": int(b[0]),
                "difference": float(a[0] - b[0]),
                **dict(zip(("null_mean", "null_high"), null.get((model, *key), ()), strict=False)),
                **dict(zip(("twin_null_mean", "twin_null_high"), null.get((twin, *key), ()), strict=False)),
                "note": units.note_of(place),
            }
            if len(a) > 1 and (place is None or not units.single(place)):
                low, high = interval((a - b)[1:], level)
                row |= {"difference_low": low, "difference_high": high, "stands_out": bool(a[0] > b[0] and low > 0)}
            rows.append(row)
    return pl.DataFrame(rows, TWIN_SCHEMA)


def standing_out(
    con: "Connection",
    property: str,
    *,
    twin: str | None = None,
    permutations: int = 1000,
    resamples: int = 1000,
    level: float = 0.05,
    seed: int = 0,
    **parameters: Value,
) -> pl.DataFrame:
    """Which sets stand out: from permuted labels, and from the same sets of a twin.

    Args:
        con: an open warehouse.
        property: name of the property.
        twin: name of an untrained model of the same widths over the same frames; None = against the null alone.
        permutations: of the null.
        resamples: of the difference from the twin.
        level: of error: q-values up to this stand out, and differences whose interval of 1 - level lies above 0.
        seed: of permutations and resamples.
        **parameters: of the macros, such as ``p_model``, ``p_corpus`` and ``p_sigma``.

    Returns:
        One row per model, layer and group (null = P), the twin's own too: model, layer, property, group, n,
        null_mean, null_high, p_value, q_value, fdr, above_null, twin, n_twin, difference, difference_low,
        difference_high, above_twin, stands_out (above the null, and above the twin where there is one), note.

    Raises:
        QueryError: an unknown name or a value out of range. Models that differ from the twin have a note instead.
    """
    check_draws(resamples, 1 - level)
    ask(con, property, {**parameters, "p_model": twin} if twin is not None else parameters)
    given: dict[str, Any] = dict(parameters)
    null = permutation_null(con, property, permutations=permutations, seed=seed, level=level, **given)
    found = {"twin": pl.String, "n_twin": pl.Int64, **_DIFFERENCE, "above_twin": pl.Boolean, "why": pl.String}
    tables = [pl.DataFrame(schema={"model": pl.String, "layer": pl.Int32, "group": pl.String, **found})]
    others: dict[str, Any] = {name: value for name, value in given.items() if name != "p_model"}
    for model in null["model"].unique(maintain_order=True) if twin is not None else ():
        rows = null.filter(pl.col("model") == model).select("model", "layer", "group")
        try:
            if model == twin:
                raise QueryError("this is the twin itself")
            compared = against_twin(
                con, property, model, str(twin), resamples=resamples, level=1 - level, seed=seed, **others
            ).rename({"stands_out": "above_twin", "note": "why"})
        except QueryError as error:
            compared = rows.with_columns(
                *(pl.lit(None, kind).alias(name) for name, kind in found.items() if name != "why"),
                why=pl.lit(f"not compared with {twin}: {error}" if model != twin else str(error)),
            )
        tables.append(compared.select(tables[0].columns))
    both = null.join(pl.concat(tables), on=["model", "layer", "group"], how="left", nulls_equal=True)
    above = pl.col("stands_out").alias("above_null")
    alone = pl.lit(twin is None) | (pl.col("model") == (twin or ""))
    notes = pl.concat_str("note", "why", separator="; ", ignore_nulls=True)
    return both.with_columns(
        above,
        stands_out=pl.when(alone).then(pl.col("stands_out")).otherwise(pl.col("stands_out") & pl.col("above_twin")),
        note=pl.when(pl.col("note") == pl.col("why")).then(pl.col("note")).otherwise(pl.when(notes != "").then(notes)),
    ).select(list(STANDING_SCHEMA))


def _layer_by_layer(
    con: "Connection", pairs: list[tuple[Units, list[Layer], Units, list[Layer]]]
) -> Iterator[tuple[Units, LayerCounts, Units, LayerCounts]]:
    for units, layers, units_twin, twins in pairs:
        for counts, of_twin in zip(read(con, units.pieces, layers), read(con, units_twin.pieces, twins), strict=True):
            yield units, counts, units_twin, of_twin


def _same_architecture(model: str, layers: list[Layer], twin: str, twins: list[Layer]) -> None:
    def shape(found: list[Layer]) -> dict[int, tuple[int, int]]:
        return {layer.layer: (layer.n_neurons, layer.top_k) for layer in found}

    mine, other = shape(layers), shape(twins)
    rates, of_twin = ([[layer.layer for layer in alike] for alike in on_grids(found)] for found in (layers, twins))
    if mine.keys() == other.keys() and rates != of_twin:
        raise QueryError(
            f"the layers of {model} and of {twin} have frames at other rates; give a twin of the same architecture"
        )
    if mine.keys() != other.keys():
        raise QueryError(
            f"{model} has the layers {_listed(mine)}, {twin} {_listed(other)}; give a twin of the same architecture"
        )
    for layer, (width, k) in mine.items():
        if other[layer] != (width, k):
            raise QueryError(
                f"layer {layer} of {model} has {width} neurons of which {k} are active, that of {twin} "
                f"{other[layer][0]} and {other[layer][1]}; give a twin of the same architecture"
            )


def _same_frames(con: "Connection", units: Units, others: Units, model: str, twin: str) -> None:
    a, b = units.pieces, others.pieces
    alike = a.labels.groups == b.labels.groups and a.labels.phones == b.labels.phones and a.keys.equals(b.keys)
    if alike and np.array_equal(a.frames, b.frames):
        return
    corpora = dict(
        con.sql(
            "SELECT model, string_agg(DISTINCT corpus, ', ' ORDER BY corpus) FROM recordings "
            "INNER JOIN utterances USING (utterance_id) GROUP BY model"
        ).fetchall()
    )
    remedy = "; choose one that both have by p_corpus" if corpora[model] != corpora[twin] else ""
    raise QueryError(
        f"{model} and {twin} have not recorded the same frames: {int(a.frames.sum())} of "
        f"{corpora[model]} against {int(b.frames.sum())} of {corpora[twin]}{remedy}"
    )


def _nulls(
    con: "Connection",
    property: str,
    models: tuple[str, str],
    permutations: int,
    seed: int,
    parameters: dict[str, Any],
) -> dict[tuple[str, int, str | None], tuple[float, float]]:
    """Mean and upper bound of the null by model, layer and group."""
    if not permutations:
        return {}
    tables = [
        permutation_null(con, property, permutations=permutations, seed=seed, **{**parameters, "p_model": model})
        for model in dict.fromkeys(models)
    ]
    columns = ("model", "layer", "group", "null_mean", "null_high")
    return {tuple(row[:3]): tuple(row[3:]) for table in tables for row in table.select(columns).rows()}


def _listed(layers: dict[int, tuple[int, int]]) -> str:
    return ", ".join(map(str, layers)) or "none"
