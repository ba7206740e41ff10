"""How much hangs on the thresholds: sizes of the groups against σ and against λ."""

from dataclasses import replace

from queries.report.asking import group_numbers, question
from queries.report.figures import figure
from queries.report.parts import Figure, Section
from queries.report.scope import Scope

MOST_GROUPS = 8
"""Groups of a property whose sizes are drawn."""


def thresholds(scope: Scope) -> Section:
    """Sizes of the groups of a model at other thresholds than those of the report."""
    names = [name for name, n in group_numbers(scope).items() if n <= MOST_GROUPS]
    left_out = _without_lambda(scope)
    varied = ["sigma"] if left_out else ["sigma", "lambda"]
    text = [
        "σ is the share of a group's phones that a neuron must respond to; λ the percentage of a layer's neurons that "
        "a frame activates."
    ]
    if left_out:
        text.append(f"Sizes against λ are left out: {left_out}.")
    return Section("Thresholds", tuple(text), tuple(_drawn(scope, figure, name) for name in names for figure in varied))


def _without_lambda(scope: Scope) -> str | None:
    if "p_lambda" in scope.parameters:
        return "λ is given for this report"
    return "this is a quick report" if scope.settings.quick else None


def _drawn(scope: Scope, varied: str, name: str) -> Figure:
    scope.tell(f"{scope.models[0]}: {name} against {varied}")
    sql = question(replace(scope, properties=(name,)), "group_sizes")
    given = {key: value for key, value in scope.parameters.items() if key != f"p_{varied}"}
    return figure(replace(scope, parameters=given), varied, sql=(sql,), data=True, of=f": {name}", property=name)
