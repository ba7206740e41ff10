"""How often neurons are active: sorted probabilities of a phone, and maps of phones and neurons."""

from dataclasses import replace

from queries.report.asking import ask, group_numbers, layer_numbers, meanings, question, shown, spread, title
from queries.report.figures import figure
from queries.report.parts import Figure, Section, Source
from queries.report.scope import Scope
from queries.report.tables import table_of
from warehouse.properties import quote

MOST_LAYERS = 4
"""Layers whose sorted probabilities are drawn: a curve has a point for every neuron."""

MOST_GROUPS = 4
"""Groups of a property whose neurons are mapped."""

MOST_NEURONS = 100
"""Neurons of a map."""


def probabilities(scope: Scope) -> Section:
    """Activation probabilities of the neurons of a model."""
    scope.tell(f"{scope.models[0]}: activation probabilities")
    curves = [_sorted(scope, phone) for phone in _phones(scope)[:1]]
    return Section("Activation probabilities", (), (*curves, *(_map(scope, name) for name in _mapped(scope))))


def _phones(scope: Scope) -> list[str]:
    if "phone" not in [name for (name,) in scope.con.sql("SELECT property FROM properties").fetchall()]:
        return []
    found, _ = ask(replace(scope, properties=("phone",)), "most_heard")
    return list(found["phone"])


def _sorted(scope: Scope, phone: str) -> Figure:
    layers = spread(layer_numbers(scope), MOST_LAYERS)
    asked = replace(scope, properties=("phone",))
    found, sql = ask(asked, "sorted_probabilities", phone=quote(phone), layers=", ".join(map(str, layers)))
    numbers = table_of(
        title("sorted_probabilities"),
        shown(scope, found),
        Source((sql,)),
        meanings=meanings("sorted_probabilities"),
        folded=True,
    )
    return figure(scope, "probabilities", sql=(sql,), table=numbers, of=f" of {phone}", phone=phone, layers=layers)


def _mapped(scope: Scope) -> list[str]:
    return [name for name, n in group_numbers(scope).items() if 1 < n <= MOST_GROUPS]


def _map(scope: Scope, name: str) -> Figure:
    asked = replace(scope, properties=(name,))
    sql = (question(asked, "largest_layer"), question(asked, "top_neurons", most=str(MOST_NEURONS)))
    return figure(scope, "heatmap", sql=sql, data=True, of=f" of {name}", property=name, most=MOST_NEURONS)
