"""Other measures of selectivity, and how far they agree with the sets."""

from queries.report.asking import asked_table
from queries.report.parts import Section
from queries.report.scope import Scope


def rankings(scope: Scope) -> Section:
    """Neurons by other rankings than membership in a set."""
    scope.tell(f"{scope.models[0]}: rankings")
    text = (
        "The entropy over groups (LAPE), the mean difference (probeless) and the mutual information rank neurons by "
        "how selective they are; the last ranking is by membership in activation patterns. `FROM rankings` has every "
        "neuron.",
    )
    return Section("Other rankings", text, (asked_table(scope, "top_ranked", empty="No neuron is ranked."),))
