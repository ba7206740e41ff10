"""Rankings by name: ``probe:gender=F`` is that of a probe for a class, ``lape:gender`` one of the view ``rankings``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from queries.calls import Value, call
from queries.masks.probe_runs import ProbeRun, probe_run
from queries.masks.recorded import RecordedModel, recorded_model
from queries.masks.terms import read_terms
from queries.parameters import PARAMETERS
from warehouse.errors import QueryError
from warehouse.properties import quote

if TYPE_CHECKING:
    from queries.connection import Connection

PROBE = "probe"
FIXED = {
    "p_property": "the ranking names the property",
    "p_layer": "a mask has all layers of the model",
    "p_sigma": "no ranking depends on it",
}
"""Parameters that the ranking, or the mask, already says, or that say nothing of it; and why."""

_LAYERS = """
SELECT DISTINCT r.of_layer IS NULL, r.layer, l.n_neurons
FROM probe_rankings AS r
INNER JOIN layers AS l ON r.layer = l.layer
WHERE r.probe = $probe AND r."class" IS NULL AND r.seed IS NULL AND l.model = $model
ORDER BY r.layer
"""


@dataclass(frozen=True)
class Ranked:
    """Neurons in an order, as a query gives them.

    Attributes:
        name: the ranking as it is written, a probe by its identifier.
        model: whose neurons they are.
        sql: a SELECT of layer, neuron and rank; a neuron has one row, and ranks are told apart within a layer or, of
            all layers together, everywhere.
        widths: ranked layer -> its neurons D.
        together: whether one order holds the neurons of all layers, rather than one for each layer.
        chosen: whether neurons are left out for what they tell: those of other groups.
        provenance: what decided over the order.
    """

    name: str
    model: RecordedModel
    sql: str
    widths: Mapping[int, int]
    together: bool
    chosen: bool
    provenance: Mapping[str, str]


def read_ranking(con: "Connection", ranking: str, model: str | None, parameters: Mapping[str, Value]) -> Ranked:
    """Find a ranking by its name.

    Args:
        con: an open warehouse.
        ranking: ``probe:…`` or the name of a ranking of the view ``rankings``, ``:`` and a property or a group of it.
        model: name of the model; needed where there are several and no probe's identifier tells.
        parameters: of the macro ``rankings``.

    Raises:
        QueryError: an unknown ranking, probe, property, class or group, with those that exist; or a parameter that
            says nothing of the ranking.
    """
    measure, sign, of = ranking.strip().partition(":")
    if measure == PROBE and sign:
        if parameters:
            raise QueryError(f"{next(iter(parameters))}: the ranking of a probe depends on no parameter; leave it out")
        return _of_probe(con, probe_run(con, of.strip(), model))
    from queries.rankings import RANKINGS  # which loads SciPy

    if measure not in RANKINGS or not sign:
        raise QueryError(
            f"there is no ranking {ranking!r}; there are: {', '.join(f'{name}:PROPERTY' for name in RANKINGS)} (each "
            "with =GROUP too), probe:PROBE and probe:LABEL (with =CLASS too)"
        )
    return _of_property(con, measure, of, model, parameters)


def _of_probe(con: "Connection", run: ProbeRun) -> Ranked:
    """A probe's ranking by the weights averaged over its seeds, or that for a class; of ALL where that was ranked."""
    recorded = recorded_model(con, run.model)
    found = con.sql(_LAYERS, {"probe": run.probe, "model": run.model}).fetchall()
    if not found:
        raise QueryError(f"probe {run.probe} ({run.task} of {run.label}) has no ranking; name a probe of a label")
    together = any(of_all for of_all, *_ in found)
    wanted = '"class" IS NULL' if run.class_ is None else f'"class" = {quote(run.class_)}'
    # Neurons without any weight are ranked by their number alone: a mask has none of them.
    of_layer = "NULL" if together else "NOT NULL"
    sql = (
        f"SELECT layer, neuron, min(rank) AS rank FROM probe_rankings WHERE probe = {quote(run.probe)} "
        f"AND of_layer IS {of_layer} AND {wanted} AND seed IS NULL AND mass IS NOT NULL GROUP BY layer, neuron"
    )
    widths = {layer: width for of_all, layer, width in found if of_all == together}
    return Ranked(f"{PROBE}:{run}", recorded, sql, widths, together, True, {"label": run.label})


def _of_property(
    con: "Connection", measure: str, of: str, model: str | None, parameters: Mapping[str, Value]
) -> Ranked:
    """A ranking of the view ``rankings``, of all neurons or of those that prefer a group."""
    for name, why in FIXED.items():
        if name in parameters:
            raise QueryError(f"{name}: {why}; leave {name} out")
    given = parameters.get("p_model")
    recorded = recorded_model(con, model if model is not None or given is None else str(given))
    term, *others = read_terms(con, [of], recorded.name)
    if others:
        raise QueryError(f"{measure}:{of}: name one property, or one group of it, to rank for")
    chosen = {**parameters, "p_model": recorded.name, "p_property": term.property}
    group = "" if term.group is None else f' AND "group" = {quote(term.group)}'
    sql = f"SELECT layer, neuron, rank FROM {call('rankings', chosen)} WHERE ranking = {quote(measure)}{group}"
    return Ranked(
        f"{measure}:{term}",
        recorded,
        sql,
        {layer.layer: layer.n_neurons for layer in recorded.layers},
        False,
        term.group is not None,
        _settings(recorded, measure, parameters),
    )


def _settings(recorded: RecordedModel, measure: str, parameters: Mapping[str, Value]) -> dict[str, str]:
    """Every parameter that decided over the order, also those left at their defaults."""
    told = {name.removeprefix("p_"): str(value) for name, value in parameters.items() if name != "p_model"}
    of_sets: Sequence[tuple[str, str]] = [("baseline", "k/D")] if measure == "property_neurons" else ()
    return {
        "lambda": f"{recorded.lambda_pct:g}",
        "frames": PARAMETERS["p_frames"].default.strip("'"),
        **dict(of_sets),
        **told,
    }
