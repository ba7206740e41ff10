"""Which neurons: how many respond to each group, layer by layer, which sets overlap, and the strongest of them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from queries.report.asking import ask, asked_table, group_numbers, literals, meanings, question, shown, title
from queries.report.figures import figure
from queries.report.parts import Figure, Gallery, Section, Source, Table
from queries.report.scope import Scope
from queries.report.tables import table_of

if TYPE_CHECKING:
    import polars

MOST_NEURONS = 5
"""Neurons listed of each group."""

PAPER = ("phone_class", "gender", "pitch")
"""The properties of the paper's figures."""

MOST_GROUPS = 8
"""Groups that a picture of one neuron tells apart; of properties with more, it shows all frames of a phone."""

_NO_NEURON = "No group has a neuron of its own: none responds to one group alone at this baseline and share of phones."


def layer_sizes(scope: Scope) -> Section:
    """How many neurons each layer has for each group, and what properties share."""
    scope.tell(f"{scope.models[0]}: neurons per layer")
    several = len(scope.properties) > 1
    figures: list[Figure | Table] = [
        figure(scope, "neurons_per_layer", sql=(question(scope, "group_sizes"),), properties=list(scope.properties))
    ]
    if several:
        names = in_venn(scope.properties)
        figures.append(figure(scope, "overlap", sql=(question(scope, "overlap"),), data=True, properties=names))
    tables = [
        asked_table(scope, "property_sizes", empty="No property is declared."),
        asked_table(scope, "group_sizes", empty="No frame has a group of any property of this report."),
    ]
    if several:
        tables.append(asked_table(scope, "overlap"))
    return Section("Neurons per layer", (), (*figures, *tables))


def in_venn(properties: Sequence[str]) -> list[str]:
    """The two or three properties whose overlap is drawn: those of the paper, or else the first."""
    of_paper = [name for name in PAPER if name in properties]
    return of_paper if len(of_paper) > 1 else list(properties[:3])


def strongest(scope: Scope) -> Section:
    """The neurons that respond to a group most surely, and to which of its phones."""
    scope.tell(f"{scope.models[0]}: strongest neurons")
    found, sql = ask(scope, "top_neurons", most=str(MOST_NEURONS))
    listed = table_of(
        title("top_neurons"), shown(scope, found), Source((sql,)), meanings=meanings("top_neurons"), empty=_NO_NEURON
    )
    if not found.height:
        return Section("Strongest neurons", (), (listed,))
    first = _first_of_each(found)
    by_phone, by_phone_sql = ask(
        scope, "top_by_phone", strongest=", ".join(literals(*row) for row in first.iter_rows())
    )
    phones = table_of(
        title("top_by_phone"), shown(scope, by_phone), Source((by_phone_sql,)), meanings=meanings("top_by_phone")
    )
    return Section("Strongest neurons", (), (listed, Gallery(tuple(_pictures(scope, found))), phones))


def _first_of_each(found: "polars.DataFrame") -> "polars.DataFrame":
    return found.filter(found["place"] == 1).select("model", "property", "group", "layer", "neuron")


def _pictures(scope: Scope, found: "polars.DataFrame") -> Iterator[Figure]:
    """Probabilities by phone of the strongest neuron of each property."""
    first = found.sort("p_low", descending=True).unique("property", keep="first", maintain_order=True)
    numbers = group_numbers(scope)
    strongest_of = {row["property"]: row for row in first.iter_rows(named=True)}
    for name in scope.properties:
        if name in strongest_of:
            row = strongest_of[name]
            few = numbers[name] <= MOST_GROUPS
            options = {"property": name if few else "phone", "layer": row["layer"], "neuron": row["neuron"]}
            of = f": the one that responds most surely to a group of {name}, {row['group']}"
            yield _picture(scope, of, **options)


def _picture(scope: Scope, of: str, property: str, layer: int, neuron: int) -> Figure:
    asked = replace(scope, properties=(property,))
    found, sql = ask(asked, "by_phone", layer=str(layer), neuron=str(neuron))
    numbers = table_of(
        title("by_phone"), shown(scope, found), Source((sql,)), meanings=meanings("by_phone"), folded=True
    )
    return figure(scope, "neuron", sql=(sql,), table=numbers, of=of, property=property, layer=layer, neuron=neuron)
