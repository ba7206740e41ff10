"""The picture of the study: accuracy by layer, and against the share of the neurons that probes were trained on."""

from collections.abc import Mapping
from typing import Any

import altair as alt

from benchmarks.probing.models import HUBERT
from benchmarks.replication.charts import beside, lines
from benchmarks.replication.statistics import Estimate

SHOWN = "pretrained"
"""Model whose shares are drawn."""


def picture(found: Mapping[str, list[dict[str, Any]]], keyed: Mapping[str, tuple[str, str, str]]) -> alt.ConcatChart:
    """Two rows: layers, and shares, a column a label.

    Args:
        found: rows of the views.
        keyed: probe -> label, model and kind.
    """
    labels = list(dict.fromkeys(label for label, *_ in keyed.values()))
    by_layer, by_share = [], []
    for label in labels:
        layers = [
            (row["layer"], keyed[row["probe"]][1], _estimate(row["accuracy"], row["accuracy_sd"]))
            for row in found["accuracies"]
            if row["architecture"] == "linear" and row["layer"] is not None and _is(keyed, row, label, "block")
        ]
        layers = sorted((row for row in layers if row[1] != HUBERT), key=lambda row: (row[1], row[0]))
        by_layer.append(lines(layers, "layer", "model", f"{label}: accuracy, %", ordinal=True))
        shares = [
            (row["share"], row["neurons"], _estimate(row["accuracy"], row["sd"]))
            for row in found["retrained"]
            if _is(keyed, row, label, "block") and keyed[row["probe"]][1] == SHOWN
        ]
        shares.sort(key=lambda row: (("top", "random", "bottom").index(row[1]), -row[0]))
        by_share.append(
            lines(shares, f"% of the block outputs of {SHOWN}", "neurons", f"{label}: accuracy, %", log=True)
        )
    return beside(*by_layer, *by_share, columns=len(labels))


def _is(keyed: Mapping[str, tuple[str, str, str]], row: dict[str, Any], label: str, kind: str) -> bool:
    key = keyed.get(row["probe"])
    return key is not None and key[0] == label and key[2] == kind


def _estimate(mean: float, sd: float) -> Estimate:
    return Estimate(100 * mean, 100 * (mean - sd), 100 * (mean + sd))
