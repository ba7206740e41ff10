"""Masks of neurons by name: the property neurons of a property, the group neurons of a group."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from queries.calls import Value, call
from queries.masks.from_sql import mask_from_sql, origin
from queries.masks.mask import Kind, Mask
from queries.masks.recorded import RecordedModel, recorded_model
from queries.masks.terms import Term, read_terms
from queries.parameters import PARAMETERS
from warehouse.errors import QueryError
from warehouse.properties import quote

if TYPE_CHECKING:
    from queries.connection import Connection

FIXED = ("p_property", "p_layer")
"""Parameters that the terms, and the layers of the model, already say."""


def select(
    con: "Connection",
    terms: Sequence[str],
    *,
    kind: Kind = "erase",
    model: str | None = None,
    allow_empty: bool = False,
    **parameters: Value,
) -> Mask:
    """The union of the property neurons and group neurons ([A] eq. 4, 5) that terms name.

    Args:
        con: an open warehouse.
        terms: ``property`` or ``property=group`` each, or several with commas between: ``["phone=AA,gender"]``.
        kind: what True means: neurons to ``erase``, or the ones to ``keep``.
        model: name of the model; needed where there are several.
        allow_empty: whether terms without a neuron are a mask without neurons, rather than an error.
        **parameters: of the macro ``property_neurons``, such as ``p_sigma=0.9``.

    Raises:
        QueryError: an unknown name, with those that exist, or a value out of range.
        MaskError: no neuron is selected.
        duckdb.Error: a value that the macros refuse.
    """
    for name in FIXED:
        if name in parameters:
            raise QueryError(f"{name}: the terms say what to select; a mask has all layers of the model")
    given = parameters.get("p_model")
    recorded = recorded_model(con, model if model is not None or given is None else str(given))
    read = read_terms(con, [terms] if isinstance(terms, str) else terms, recorded.name)
    asked = {"p_model": recorded.name, **{name: value for name, value in parameters.items() if name != "p_model"}}
    query = "\nUNION\n".join(_neurons(term, asked) for term in read)
    return mask_from_sql(
        con,
        query,
        kind=kind,
        model=recorded.name,
        allow_empty=allow_empty,
        provenance={"terms": ", ".join(map(str, read)), **_settings(recorded, parameters)},
    )


def whole_model(con: "Connection", kind: Kind, model: str | None = None) -> Mask:
    """The mask of all neurons of a model's feed-forward networks; ``~`` of it is the mask of none.

    Args:
        con: an open warehouse.
        kind: what True means.
        model: name of the model; needed where there are several.

    Raises:
        QueryError: no such model, or several and no name.
        MaskError: no feed-forward network of the model was recorded.
    """
    recorded = recorded_model(con, model)
    return ~Mask.of_neurons(recorded.layers, {}, kind, origin(con, recorded))


def _neurons(term: Term, parameters: Mapping[str, Value]) -> str:
    chosen = {**parameters, "p_property": term.property}
    if term.group is None:
        return f"SELECT layer, neuron FROM {call('property_neurons', chosen)}"
    return f'SELECT layer, neuron FROM {call("group_neurons", chosen)} WHERE "group" = {quote(term.group)}'


def _settings(recorded: RecordedModel, parameters: Mapping[str, Value]) -> dict[str, str]:
    """Every parameter that decided over the neurons, also those left at their defaults."""
    told = {name.removeprefix("p_"): str(value) for name, value in parameters.items() if name != "p_model"}
    return {
        "lambda": f"{recorded.lambda_pct:g}",
        "sigma": PARAMETERS["p_sigma"].default,
        "baseline": "k/D",
        "frames": PARAMETERS["p_frames"].default.strip("'"),
        **told,
    }
