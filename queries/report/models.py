"""Models side by side: which has most neurons of a property, and which tells its groups apart best."""

from dataclasses import replace
from typing import Any

import polars as pl

from queries.comparison import pairs_by_layer
from queries.patterns import separation_of
from queries.report.asking import ask, asked_table, question, shown
from queries.report.calls import call_for_each
from queries.report.figures import figure
from queries.report.neurons import PAPER
from queries.report.parts import Figure, Section, Source
from queries.report.patterns import best_table, of_patterns
from queries.report.scope import Scope
from queries.report.tables import table_of

PAIRS = {
    "n_before": "property neurons in the first model",
    "n_after": "property neurons in the other one",
    "joined": "neurons of a group in the other one only",
    "left": "neurons of a group in the first one only",
    "moved": "neurons of one group in the first, of another one in the other",
    "stayed": "neurons of the same group in both",
    "expected_both": "neurons that sets of these sizes share when they are drawn by lot",
    "jaccard": "shared neurons over neurons of either set",
    "jaccard_by_chance": "the same of sets that are drawn by lot",
    "note": "why a number is not there, or what to know of it",
}


def side_by_side(scope: Scope) -> Section:
    """All models of the report, the twin among them."""
    models = (*scope.models, *((scope.twin,) if scope.twin else ()))
    names = tuple(name for name in PAPER if name in scope.properties) or scope.properties[:3]
    compared = replace(scope, models=models, properties=names)
    scores = pl.concat([separation_of(of_patterns(compared, name)) for name in names])
    pictures: list[Figure] = []
    recorded, _ = ask(scope, "recorded")
    if {*recorded["model"]} == {*models}:
        sql = (question(compared, "patterns"),)
        pictures = [
            figure(compared, "neurons_per_layer", sql=(question(compared, "property_sizes"),), properties=list(names)),
            figure(compared, "silhouettes", sql=sql, properties=list(names), seed=scope.settings.seed),
            figure(compared, "best_silhouettes", sql=sql, properties=list(names), seed=scope.settings.seed),
            _changes(compared, names),
        ]
    tables = (asked_table(compared, "property_sizes"), best_table(compared, scores))
    text = (
        () if pictures else ("Pictures of several models are of all that the warehouse holds; here are some of them.",)
    )
    return Section("Models side by side", text, (*pictures, *tables))


def _changes(scope: Scope, names: tuple[str, ...]) -> Figure:
    """What becomes of the property neurons from the twin to every model, or between each two."""
    first: dict[str, Any] = {} if scope.twin is None else {"p_model": scope.twin}
    asked: dict[str, Any] = {**first, **scope.parameters}
    rows = pl.concat([pairs_by_layer(scope.con, name, **asked) for name in names])
    sql = (f"FROM {scope.call('model_comparison', **first)}",)
    call = call_for_each("queries.comparison", "pairs_by_layer", names, **asked)
    caption = (
        "Changes: neurons compared by their numbers, which means something for models that began with the same weights."
    )
    numbers = table_of(caption, shown(scope, rows), Source(sql, call), meanings=PAIRS, folded=True)
    return figure(scope, "comparison", sql=sql, table=numbers, model=scope.twin, properties=list(names))
