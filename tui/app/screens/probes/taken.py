"""What can be taken from the screen of probes: its questions, and sets of neurons."""

from queries.probe_card import (
    ListedProbe,
    Ranked,
    accuracies_sql,
    kept_sql,
    places_sql,
    probes_sql,
    ranking_sql,
    top_neurons_sql,
)
from tui.app.screen import Listed

_OF_TABLE = {"accuracies": accuracies_sql, "kept": kept_sql, "lie": places_sql}


def sql_of(about: Ranked, table: str | None) -> str:
    """The question behind a table; without one, of the ranking.

    Args:
        about: the ranking that is looked at.
        table: id of the table that has the focus.
    """
    if table == "probes":
        return probes_sql()
    return _OF_TABLE[table](about.probe) if table in _OF_TABLE else ranking_sql(about)


def listed_of(probe: ListedProbe, about: Ranked, n: int) -> Listed:
    """The neurons of the first n features of a ranking of a probe of feed-forward networks."""
    layer = None if about.layer is None else f"layer{about.layer}"
    name = "-".join(part for part in (probe.label, about.of_class, layer, f"top{n}") if part)
    return Listed(top_neurons_sql(about, n), name, probe.model)
