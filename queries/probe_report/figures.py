"""Figures of a report on probes: accuracy by layer and by share, where minimal sets are, and errors of verification."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from queries.probe_report.asking import Answer
from queries.probe_report.chosen import Chosen, Probe
from queries.probe_report.grids import ALL
from queries.probe_report.pictures import among, heat_map, over_layers, over_shares, panels, point
from queries.report.charts import packed
from queries.report.parts import Figure

MOST_PANELS = 12
"""Pictures of a figure; of more probes, the first ones are drawn."""

TREATED = ("top", "random", "bottom")

Row = Mapping[str, Any]


def accuracy_by_layer(chosen: Chosen, answer: Answer) -> list[Figure]:
    """A figure a label: accuracies over the layers, beside the largest class, the twin and control labels."""

    def points(row: Row) -> Iterator[dict[str, Any]]:
        at, architecture = _at(row), row["architecture"]
        yield point(at, architecture, row["accuracy"], row["accuracy_sd"])
        if architecture == "linear":
            for name, what in (("twin", "linear, twin"), ("control", "linear, control labels")):
                if row[name] is not None:
                    yield point(at, what, row[name], row[f"{name}_sd"])
            yield point(at, "largest class", row["majority"], None)

    names = ("linear", "hidden", "linear, twin", "linear, control labels", "largest class")
    caption = "accuracy on the test part of probes of each layer, and of all layers together (all)"
    return _by_label(chosen, answer, points, names, over_layers, "accuracy, %", "Accuracy by layer, {label}", caption)


def accuracy_by_share(chosen: Chosen, answer: Answer) -> list[Figure]:
    """A figure a label: accuracies of probes trained on some of the features, over how many these are."""

    def points(row: Row) -> Iterator[dict[str, Any]]:
        for name in TREATED if row["neurons"] == ALL else (row["neurons"],):
            yield point(row["share"], name, row["accuracy"], row["accuracy_sd"])

    caption = "accuracy of probes that were trained on a share of the features alone; at 100% it is of all"
    return _by_label(
        chosen, answer, points, TREATED, over_shares, "accuracy, %", "Accuracy by share kept, {label}", caption
    )


def errors_of_verification(chosen: Chosen, answer: Answer) -> list[Figure]:
    """Equal error rates over the layers."""

    def points(row: Row) -> Iterator[dict[str, Any]]:
        if row["eer"] is not None:
            yield point(_at(row), row["neurons"], row["eer"], row["eer_sd"])
        if row["twin"] is not None:
            yield point(_at(row), "all, twin", row["twin"], row["twin_sd"])

    names = (ALL, *TREATED, "all, twin")
    caption = "equal error rate of each layer and of all layers together (all); less is better, 50% is chance"
    title = "equal error rate, %"
    return _by_label(chosen, answer, points, names, over_layers, title, "Speaker verification", caption)


def localisation(chosen: Chosen, answer: Answer) -> list[Figure]:
    """A heat map: how much of each minimal set falls in each layer."""
    named = {one.probe: chosen.name(one) for one in chosen.probes}
    rows = [
        {"name": named[row["probe"]], "layer": row["layer"], "percent": 100 * row["share"], "n": row["n"]}
        for row in answer.frame.to_dicts()
        if row["choice"] == "smallest"
    ]
    if not rows:
        return []
    spec = heat_map(pl.DataFrame(rows), "Where minimal sets are", "smallest minimal set of all layers together")
    caption = "Where minimal sets are: percent of the smallest minimal set that each layer has; a row adds up to 100."
    return [Figure(caption, packed(spec), answer.source)]


def _by_label(
    chosen: Chosen,
    answer: Answer,
    points: Callable[[Row], Iterator[dict[str, Any]]],
    names: Sequence[str],
    draw: Callable[..., Any],
    axis: str,
    title: str,
    caption: str,
) -> list[Figure]:
    """A figure of each label that the answer has rows of, with a panel a probe, all on the same axes."""
    rows: dict[str, list[Row]] = {}
    for row in answer.frame.to_dicts():
        rows.setdefault(row["probe"], []).append(row)
    probes = [one for one in chosen.probes if one.probe in rows]
    figures = []
    for label in dict.fromkeys(one.label for one in probes):
        drawn = list(_panels(chosen, [one for one in probes if one.label == label], rows, points, draw is over_shares))
        shown = drawn[:MOST_PANELS]
        everything = [one for _, found in shown for one in found]
        if not everything:
            continue
        there = [name for name in names if any(one["series"] == name for one in everything)]
        limits = among(everything)
        charts = [(name, draw(found, there, axis, limits)) for name, found in shown]
        seeds = sorted({one.seeds for one in probes if one.label == label})
        spread = f"mean ± sd over {' or '.join(map(str, seeds))} seeds" if seeds != [1] else "one seed"
        head = title.replace("{label}", label)
        spec = panels(charts, head, f"{spread}, as bands and bars" if seeds != [1] else spread)
        notes = (f"The first {len(shown)} of {len(drawn)} pictures.",) if len(drawn) > len(shown) else ()
        figures.append(Figure(f"{head}: {caption}.", packed(spec), answer.source, None, notes))
    return figures


def _panels(
    chosen: Chosen,
    probes: Sequence[Probe],
    rows: Mapping[str, Sequence[Row]],
    points: Callable[[Row], Iterator[dict[str, Any]]],
    each_layer: bool,
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Name and points of each probe, or of each of its layers."""
    for one in probes:
        layers: dict[int | None, list[Row]] = {}
        for row in rows[one.probe]:
            layers.setdefault(row["layer"] if each_layer else None, []).append(row)
        for layer, found in layers.items():
            name = chosen.side(one) + ("" if layer is None else f", layer {layer}")
            yield name, [each for row in found for each in points(row)]


def _at(row: Row) -> str:
    return ALL if row["layer"] is None else str(row["layer"])
