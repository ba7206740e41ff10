"""What the screen of probes says in words."""

from collections.abc import Sequence

from queries.probe_card import ListedProbe, Ranking
from tui.app.screens.probes.rows import layer_name

NO_NEURONS = (
    "coordinates of block outputs are no feed-forward neurons, so no set is made of them; probe with --kind ffn"
)


def what_to_do(warehouse: object, models: Sequence[str]) -> str:
    """What to do where there is no probe to show."""
    if not models:
        return "Nothing was recorded yet, so there is nothing to probe. F2 says how to record a model."
    model = f" --model {models[0]}" if len(models) > 1 else ""
    return (
        "No label was probed yet. Which layers and neurons know of a label is found out in another terminal:\n\n"
        f"  neurons probe {warehouse} --label gender{model}\n\n"
        "or, where the neurons are to be taken into the basket, with --kind ffn. A probe appears here by itself."
    )


def which_ranking(probe: ListedProbe, found: Ranking) -> str:
    """The probe and the ranking that are looked at, and how much of the ranking is listed."""
    of_class = "" if found.about.of_class is None else f", class {found.about.of_class}"
    n = f"{found.n_ranked:,}"
    listed = f"the first {len(found.features):,} of {n}" if len(found.features) < found.n_ranked else n
    return f"{probe.label} ({probe.kind})   ranking of {layer_name(found.about.layer)}{of_class}: {listed} features"


def would_be_taken(probe: ListedProbe, n: int) -> str:
    """What the key b does with the first n features."""
    return f"● the top {n:,}: {'b takes them into the basket' if probe.kind == 'ffn' else NO_NEURONS}"
