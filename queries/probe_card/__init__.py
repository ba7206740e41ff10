"""All that is shown of a probe: accuracies, minimal sets and where they lie, rankings; no numbers but the views'."""

from queries.probe_card.card import (
    Accuracy,
    Kept,
    Minimal,
    Place,
    ProbeCard,
    Spread,
    accuracies_sql,
    kept_sql,
    places_sql,
    probe_card,
)
from queries.probe_card.listed import ListedProbe, listed_probes, probes_sql
from queries.probe_card.question import Ranked
from queries.probe_card.ranking import Feature, Ranking, how_many, ranking, ranking_sql, top_neurons_sql

__all__ = [
    "Accuracy",
    "Feature",
    "Kept",
    "ListedProbe",
    "Minimal",
    "Place",
    "ProbeCard",
    "Ranked",
    "Ranking",
    "Spread",
    "accuracies_sql",
    "how_many",
    "kept_sql",
    "listed_probes",
    "places_sql",
    "probe_card",
    "probes_sql",
    "ranking",
    "ranking_sql",
    "top_neurons_sql",
]
