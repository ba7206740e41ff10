"""Models side by side: which has most neurons of a property, and which tells its groups apart best."""

from dataclasses import replace

import polars as pl

from queries.patterns import separation_of
from queries.report.asking import ask, asked_table, question
from queries.report.figures import figure
from queries.report.neurons import PAPER
from queries.report.parts import Figure, Section
from queries.report.patterns import best_table, of_patterns
from queries.report.scope import Scope


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
        ]
    tables = (asked_table(compared, "property_sizes"), best_table(compared, scores))
    text = (
        () if pictures else ("Pictures of several models are of all that the warehouse holds; here are some of them.",)
    )
    return Section("Models side by side", text, (*pictures, *tables))
