"""The part of a report on probes on where neurons are: layers of minimal sets, and what these share."""

from collections.abc import Mapping
from typing import Any

from queries.probe_report.asking import Answer
from queries.probe_report.chosen import Chosen
from queries.probe_report.figures import localisation
from queries.probe_report.grids import Column, Row, gathered, layer_of, of, percent, percents, plain, table
from queries.report.parts import Section, Written

Answers = Mapping[str, Answer]

RANKINGS = {
    "lape": ("LAPE", "the entropy of its activation probabilities"),
    "mean_difference": ("mean difference", "the difference between means of groups"),
    "mutual_information": ("mutual information", "the mutual information of activation and group"),
    "property_neurons": ("margin", "the margin of phones that makes property neurons"),
}
"""Rankings with their headings, and what they go by."""


def where(chosen: Chosen, answers: Answers) -> Section:
    """In which layers minimal sets are, and what they share."""
    text = (
        "Localisation counts how many features of the minimal set of all layers together fall in each layer. Two "
        "labels overlap where their smallest minimal sets share features; beside it stands what sets of these sizes "
        "share when they are drawn by lot. Sets of feed-forward neurons are also compared with property neurons, and "
        "with the neurons that come first in rankings for a property.",
    )
    answer = answers["localisation"]
    rows = gathered(answer.frame.to_dicts(), ("probe", "choice"), "layer")
    layers = sorted({row["layer"] for row in answer.frame.select("layer").to_dicts()})
    in_layers = [of(number, "share", f"percent of the set that is in layer {number}") for number in layers]
    columns = [
        plain("choice", "paper = the most accurate share within a point of all, smallest = the smallest", "set"),
        ("features", lambda row: sum(one["n"] for one in row["by"].values()), "features of the set"),
        *in_layers,
    ]
    even = _even(answer)
    parts = (
        *localisation(chosen, answer),
        table(
            chosen,
            "Table 6",
            answer,
            columns,
            rows=rows,
            caption="Localisation: percent of the minimal set in each layer (columns).",
            empty="No minimal set of all layers together is in this report.",
            notes=(f"Of features drawn by lot, {even:.1f}% would be in each layer.",) if even is not None else (),
        ),
        *_overlaps(chosen, answers),
    )
    return Section("Where are these neurons?", text, parts)


def _overlaps(chosen: Chosen, answers: Answers) -> tuple[Any, ...]:
    shared = [
        percent("jaccard", "features in both over features in one or both", "common, %"),
        percent("jaccard_by_chance", "the same of sets of these sizes drawn by lot", "chance, %"),
    ]
    model = [plain("model"), plain("kind")]
    of_labels = [
        plain("label_a", heading="label"),
        plain("label_b", heading="and"),
        *([plain("probe_a"), plain("probe_b")] if chosen.alike else []),
        *model,
        layer_of("of_layer"),
        plain("n_a", "features of the first set", "n"),
        plain("n_b", "features of the second set", "and n"),
        plain("n_both", "features in both", "both"),
        *shared,
    ]
    several = [
        *model,
        plain("layer"),
        plain("neuron"),
        plain("n_labels", heading="labels"),
        plain("labels", heading="names"),
    ]
    of_properties = [
        plain("label"),
        plain("model"),
        *([plain("probe")] if chosen.alike else []),
        plain("property", "property of frames"),
        ("group", lambda row: row["group"] or "all (P)", "group of the property; P = its property neurons"),
        plain("n_set", "neurons of the minimal set", "in the set"),
        plain("n_property", "neurons of the property or group", "of the property"),
        plain("n_both", "neurons in both", "both"),
        *shared,
    ]
    of_rankings = [
        plain("label"),
        plain("model"),
        *([plain("probe")] if chosen.alike else []),
        plain("property", "property of frames, for which neurons are ranked"),
        plain("n", "neurons of the minimal set", "in the set"),
        *(_high(ranking, heading, meaning) for ranking, (heading, meaning) in RANKINGS.items()),
        ("chance, %", _by_lot, "the same of a ranking drawn by lot"),
    ]
    ranked = gathered(answers["ranking_overlap"].frame.to_dicts(), ("probe", "property"), "ranking")
    whole = [row for row in answers["property_overlap"].frame.to_dicts() if row["layer"] is None]
    no_ffn = "No probe of feed-forward neurons (`neurons probe --kind ffn`) is in this report, or no property."
    one_label = "Two labels of the same model and kind are needed."
    return (
        table(chosen, "", answers["label_overlap"], of_labels, named=False, empty=one_label),
        table(chosen, "", answers["several_labels"], several, named=False, empty="There is none.", folded=True),
        *(
            table(chosen, "", answers[name], columns, rows=rows, named=False, empty=no_ffn, folded=bool(rows))
            for name, columns, rows in (
                ("property_overlap", of_properties, whole),
                ("ranking_overlap", of_rankings, ranked),
            )
        ),
    )


def _high(ranking: str, heading: str, meaning: str) -> Column:
    def value(row: Row) -> Written | None:
        one = row["by"].get(ranking)
        return None if one is None else percents(one["n_both"] / one["n"])

    return f"{heading}, %", value, f"percent of the set that is as high by {meaning}"


def _by_lot(row: Row) -> Written | None:
    """Of all rankings of a property, which have the same neurons."""
    return percents(row["by_chance"] / row["n"])


def _even(answer: Answer) -> float | None:
    """The share of each layer by chance, percent; None where layers differ."""
    values = answer.frame["by_chance"].round(9).unique().to_list()
    return 100 * float(values[0]) if len(values) == 1 else None
