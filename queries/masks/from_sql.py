"""Masks of the neurons that a query lists."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from queries.masks.layers import MOST_NEURONS
from queries.masks.mask import Kind, Mask
from queries.masks.recorded import RecordedModel, recorded_model
from warehouse.errors import MaskError

if TYPE_CHECKING:
    import duckdb

    from queries.connection import Connection, Parameters

_INTEGERS = frozenset(f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "BIG", "HUGE")) | {
    "INTEGER",
    "UINTEGER",
}
_SHOWN = 200


def mask_from_sql(
    con: "Connection",
    query: str,
    *,
    kind: Kind = "erase",
    model: str | None = None,
    params: "Parameters | None" = None,
    allow_empty: bool = False,
    provenance: Mapping[str, str] | None = None,
) -> Mask:
    """What :meth:`queries.masks.Mask.from_sql` does."""
    listed = con.sql(query, params)
    _check_columns(listed)
    wanted = 'CAST("layer" AS BIGINT) AS layer, CAST("neuron" AS BIGINT) AS neuron'
    if "model" in {name.lower() for name in listed.columns}:
        wanted += ', "model" AS model'
    rows = listed.select(wanted).distinct().limit(MOST_NEURONS + 1).fetchnumpy()
    recorded = recorded_model(con, _model_of(rows, model))
    neurons = _by_layer(rows, recorded)
    if not neurons and not allow_empty:
        raise MaskError(
            f"no neuron is selected by {_shortened(query)}; select others (a lower σ?), or allow an empty mask "
            "(--allow-empty, allow_empty=True)"
        )
    known = {**origin(con, recorded), "sql": query.strip(), **(provenance or {})}
    if params:
        known["params"] = repr(params)
    return Mask.of_neurons(recorded.layers, neurons, kind, known)


def origin(con: "Connection", recorded: RecordedModel) -> dict[str, str]:
    """Where a mask comes from, whatever selects its neurons: model, λ of the recording, snapshot, tool."""
    try:
        tool = f"neuron-warehouse {version('neuron-warehouse')}"
    except PackageNotFoundError:
        tool = "neuron-warehouse"
    return {
        "model": recorded.name,
        "checksum": recorded.checksum,
        "lambda": f"{recorded.lambda_pct:g}",
        "snapshot": con.snapshot.id,
        "commits": str(len(con.snapshot.manifests)),
        "tool": tool,
    }


def _check_columns(listed: "duckdb.DuckDBPyRelation") -> None:
    kinds = {name.lower(): str(kind) for name, kind in zip(listed.columns, listed.types, strict=True)}
    names = [name.lower() for name in listed.columns]
    for column in ("layer", "neuron"):
        if names.count(column) > 1:
            raise MaskError(f"the query gives {names.count(column)} columns {column}; a mask wants one")
        if column not in kinds:
            raise MaskError(
                f"the query gives no column {column}, only {', '.join(listed.columns)}; a mask is made of the columns "
                "layer and neuron"
            )
        if kinds[column] not in _INTEGERS:
            raise MaskError(
                f"the column {column} of the query is {kinds[column]}; a mask wants whole numbers: CAST({column} AS "
                "INTEGER)"
            )


def _model_of(rows: Mapping[str, Any], model: str | None) -> str | None:
    """The one model that rows are of, and that was asked for; None when they do not say and nobody asked."""
    names = sorted({str(name) for name in rows.get("model", ())})
    if len(names) > 1:
        raise MaskError(f"the query lists neurons of several models: {', '.join(names)}; choose one in its WHERE")
    if names and model is not None and names[0] != model:
        raise MaskError(f"the query lists neurons of {names[0]}, not of {model}")
    return names[0] if names else model


def _by_layer(rows: Mapping[str, Any], recorded: RecordedModel) -> dict[int, np.ndarray]:
    for column in ("layer", "neuron"):
        if np.ma.getmaskarray(rows[column]).any():
            raise MaskError(f"the column {column} of the query holds NULL; leave such rows out")
    layers, neurons = np.asarray(rows["layer"]), np.asarray(rows["neuron"])
    numbers = np.unique(layers).tolist()
    for number in numbers:
        if number in recorded.others:
            raise MaskError(
                f"layer {number} of {recorded.name} ({recorded.others[number]}) is no feed-forward network; leave it "
                "out of the query"
            )
    return {number: neurons[layers == number] for number in numbers}


def _shortened(query: str) -> str:
    text = " ".join(query.split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
