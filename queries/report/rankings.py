"""Other measures of selectivity, and how far they agree with the sets."""

from queries.rankings import ranking_overlap
from queries.report.analyses import analysed, analysis_table
from queries.report.asking import asked_table, group_numbers
from queries.report.certainty import pictures_of, tested_layers
from queries.report.parts import Section
from queries.report.scope import Scope

MOST_GROUPS = 8
"""Groups of a property whose rankings are compared."""


def rankings(scope: Scope) -> Section:
    """Neurons by other rankings than membership in a set."""
    scope.tell(f"{scope.models[0]}: rankings")
    text = (
        "The entropy over groups (LAPE), the mean difference (probeless) and the mutual information rank neurons by "
        "how selective they are; the last ranking is by membership in activation patterns. `FROM rankings` has every "
        "neuron.",
    )
    top = asked_table(scope, "top_ranked", empty="No neuron is ranked.")
    if scope.settings.quick:
        return Section("Other rankings", (*text, "How far they agree is left out: this is a quick report."), (top,))
    where, _ = tested_layers(scope)
    few = {name: own for name, own in where.items() if group_numbers(scope)[name] <= MOST_GROUPS}
    rows, source = analysed(scope, "agreement of rankings", ranking_overlap, few)
    caption = "Agreement of the rankings with each other, and with the property neurons."
    pictures = pictures_of(scope, "rankings", few, source)
    return Section("Other rankings", text, (top, *pictures, analysis_table(scope, caption, rows, source)))
