"""Draws a figure of a warehouse: from names and options to a chart."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import duckdb

from queries.calls import Value, call_part
from queries.parameters import PARAMETERS
from queries.plot.figure import Figure
from queries.plot.question import Asked, one_of
from queries.plot.registry import find
from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries.connection import Connection

COMMON = {"model": "p_model", "corpus": "p_corpus"}
"""Options of every figure that are parameters of the macros under shorter names."""

_PLURALS = {"property": "properties", "layer": "layers", "lambda": "lambdas", "sigma": "sigmas"}
_WHOLE = ("seed", "most", "neuron", "layer", "layers", "permutations", "splits", "resamples")


def chart(con: "Connection", figure: str | int, **options: Any) -> Any:
    """Draw a figure.

    Args:
        con: an open warehouse.
        figure: its name in ``FIGURES``, or its number in the paper: ``"patterns"``, ``3``, ``"3"``, ``"fig3"``.
        **options: ``model``, ``corpus``; the parameters of the macros, such as ``p_sigma=0.9``; and the figure's own
            ones, which ``FIGURES[name].options`` lists, such as ``property="gender"`` or ``layers=(1, 6)``. An option
            that is None counts as not given.

    Returns:
        A chart of Altair (``alt.Chart``, ``alt.LayerChart`` or ``alt.ConcatChart``), to change, to show in a notebook,
        or to :func:`~queries.plot.save`. Where something cannot be drawn, the picture says why.

    Raises:
        QueryError: an unknown figure, option, model, property, layer, phone or neuron, or a value out of range; the
            message lists what exists.
    """
    found = find(figure)
    parameters, own = _split(found, {name: value for name, value in options.items() if value is not None})
    try:
        con.sql(f"FROM {call_part('checked_parameters', parameters)}").fetchall()
        models = [model for (model,) in con.sql("SELECT model FROM models ORDER BY model").fetchall()]
        if not models:
            raise QueryError(
                "nothing was recorded yet, so there is nothing to draw; record a model with neurons ingest"
            )
        wanted = parameters.get("p_model")
        chosen = models if wanted is None else [one_of("model", str(wanted), models)]
        return found.draw(Asked(con, parameters, tuple(chosen)), **own)
    except (duckdb.InvalidInputException, duckdb.BinderException, duckdb.ParserException) as error:
        kind, _, said = " ".join(str(error).splitlines()[:2]).partition(": ")
        raise QueryError(said or kind) from None


def _split(figure: Figure, given: Mapping[str, Any]) -> tuple[dict[str, Value], dict[str, Any]]:
    """Parameters of the macros, and options of the figure."""
    parameters: dict[str, Value] = {}
    own: dict[str, Any] = {}
    macros = {*PARAMETERS} - {"p_property", "p_layer"}
    for option, value in given.items():
        name = option.removeprefix("p_") if option in {"p_property", "p_layer"} else COMMON.get(option, option)
        if name in macros:
            parameters[name] = value
        else:
            own.update([_fitted(figure, name, value)])
    return parameters, own


def _fitted(figure: Figure, name: str, value: Any) -> tuple[str, Any]:
    """An option under the name that the figure has for it: one thing where it shows one, several where several."""
    one = next((single for single, plural in _PLURALS.items() if name in (single, plural)), None)
    if one is not None and {one, _PLURALS[one]} & {*figure.options}:
        listed = list(value) if isinstance(value, (list, tuple, set, range)) else [value]
        several = _PLURALS[one] in figure.options
        if not listed or (not several and len(listed) != 1):
            raise QueryError(f"{one}: the figure {figure.name} shows one {one}; give one instead of {len(listed)}")
        name, value = (_PLURALS[one], listed) if several else (one, listed[0])
    if name not in figure.options:
        takes = ", ".join((*figure.options, *COMMON, *(p for p in PARAMETERS if p.startswith("p_"))))
        raise QueryError(f"{name}: the figure {figure.name} takes no such option; it takes: {takes}")
    if name in _WHOLE and any(not isinstance(x, int) or x < 0 for x in (value if isinstance(value, list) else [value])):
        raise QueryError(f"{name}: {value!r} is no whole number from 0; give one, such as 1")
    if name in ("lambdas", "sigmas") and any(not isinstance(x, (int, float)) for x in value):
        raise QueryError(f"{name}: {value!r} are no numbers; give some, such as [0.5, 1]")
    return name, value
