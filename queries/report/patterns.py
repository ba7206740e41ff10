"""Activation patterns: where they lie in the plane, and how well they tell groups apart."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from queries.patterns import MDS_SETTINGS, Projection, best_layers, points_of, separation_of
from queries.plot.projected import projected
from queries.plot.question import Asked
from queries.report.asking import group_numbers, layer_numbers, question, shown, spread
from queries.report.calls import call_for_each, python_call
from queries.report.figures import figure
from queries.report.parts import Figure, Section, Source, Table
from queries.report.scope import Scope
from queries.report.tables import table_of

MOST_LAYERS = 6
"""Layers whose patterns are drawn."""

MOST_GROUPS = 8
"""Groups of a property whose patterns are drawn: more cannot be told apart."""

SCORES = {
    "n_points": "patterns",
    "n_groups": "groups among them",
    "n_pattern": "neurons of S, the union of the patterns",
    "silhouette_2d": "mean silhouette of the points of MDS, as in [A]: 1 = groups far apart, below 0 = mixed",
    "silhouette_patterns": "mean silhouette of the patterns themselves",
    "davies_bouldin_2d": "Davies-Bouldin index of the points of MDS: 0 = groups far apart, more = mixed",
    "davies_bouldin_patterns": "Davies-Bouldin index of the patterns themselves",
    "note": "why a number is not there, or what to know of it",
}


def patterns(scope: Scope) -> Section:
    """Where the activation patterns of a model lie, and which layer tells groups apart best."""
    found = {name: of_patterns(scope, name) for name in scope.properties}
    scores = pl.concat([separation_of(of_property) for of_property in found.values()])
    few = [name for name, n in group_numbers(scope).items() if n <= MOST_GROUPS]
    drawn = [name for name in few if any(layer.points is not None for layer in found[name])]
    sql = (question(scope, "patterns"),)
    text = (
        "The activation pattern of a phone in a group is a vector of zeros and ones over S, the neurons that respond "
        "to anything; patterns are placed in the plane by metric MDS of their Euclidean distances, from random starts "
        f"with seed {scope.settings.seed}: scikit-learn's, with {_written(MDS_SETTINGS)}.",
    )
    placed = [name for name in found if any(of_layer.points is not None for of_layer in found[name])] or list(found)
    options: dict[str, Any] = {"sql": sql, "properties": placed, "seed": scope.settings.seed}
    return Section(
        "Activation patterns",
        text,
        (
            figure(scope, "silhouettes", **options),
            separation_table(scope, scores),
            figure(scope, "best_silhouettes", **options),
            best_table(scope, scores),
            *(_plane(scope, name, found[name], scores) for name in drawn),
        ),
    )


def of_patterns(scope: Scope, name: str) -> list[Projection]:
    """The patterns of a property in the models of a scope, with their points."""
    scope.tell(f"{', '.join(scope.models)}: patterns of {name}")
    asked = Asked(scope.con, scope.parameters, scope.models)
    return projected(asked, name, layer_numbers(scope), scope.settings.seed)


def separation_table(scope: Scope, scores: pl.DataFrame) -> Table:
    """How well each layer tells groups apart."""
    caption = "Separation: how well the patterns of each layer tell the groups of a property apart."
    source = Source((question(scope, "patterns"),), _call(scope))
    return table_of(caption, shown(scope, scores), source, meanings=SCORES)


def best_table(scope: Scope, scores: pl.DataFrame) -> Table:
    """The layer of each model and property that tells groups apart best."""
    caption = "Best layers: for each property the layer with the highest silhouette on the points of MDS."
    call = _call(scope).replace("import separation", "import best_layers, separation")
    call = f"{call.replace('polars.concat(', 'best_layers(polars.concat(')})"
    source = Source((question(scope, "patterns"),), call)
    return table_of(caption, shown(scope, best_layers(scores)), source, meanings=SCORES)


def _call(scope: Scope) -> str:
    return call_for_each("queries.patterns", "separation", scope.properties, **_options(scope))


def _plane(scope: Scope, name: str, found: Sequence[Projection], scores: pl.DataFrame) -> Figure:
    numbers = layer_numbers(scope)
    best = best_layers(scores.filter(pl.col("property") == name))["layer"].drop_nulls().to_list()
    layers = sorted({*spread(numbers, MOST_LAYERS - 1), *best})
    sql = (question(replace(scope, properties=(name,)), "patterns"),)
    call = python_call("queries.patterns", "pattern_points", name, **_options(scope))
    points = table_of("Where the patterns lie.", shown(scope, points_of(found)), Source(sql, call), folded=True)
    some = "" if len(layers) == len(numbers) else ", in some layers, that with the best silhouette among them"
    options: dict[str, Any] = {"property": name, "layers": layers, "seed": scope.settings.seed}
    return figure(scope, "patterns", sql=sql, table=points, of=f": {name}{some}", **options)


def _options(scope: Scope) -> dict[str, Any]:
    return (
        scope.options(seed=scope.settings.seed)
        if len(scope.models) == 1
        else {"seed": scope.settings.seed, **scope.parameters}
    )


def _written(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())
