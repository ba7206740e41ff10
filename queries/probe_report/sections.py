"""What a report on probes says, part by part: text, figures, and the tables of [B]."""

from collections.abc import Mapping
from typing import Any

from queries.probe_report.asking import Answer
from queries.probe_report.chosen import Chosen
from queries.probe_report.figures import accuracy_by_layer, accuracy_by_share, errors_of_verification
from queries.probe_report.grids import by_layer, gathered, layer_of, of, percent, plain, table
from queries.report.parts import Section

Answers = Mapping[str, Answer]

NO_PROBE = "No probe of this report classifies anything; `neurons probe` makes one that does."
PROBE_AND_LAYER = ("probe", "layer")


def accuracies(chosen: Chosen, answers: Answers) -> Section:
    """Accuracy beside what it is to be compared with."""
    text = (
        "An accuracy alone says little. The largest class is right as often without hearing anything; a twin of random "
        "weights shows what the shape of the network gives away before any training; and a probe may simply be strong "
        "enough to learn labels by heart. For that there are control labels: the same labels, permuted among the rows. "
        "Selectivity is the accuracy less the accuracy on control labels, seed by seed: where it is small, the probe "
        "and not the model knows. Balanced accuracy is the mean over the classes.",
    )
    answer = answers["accuracies"]
    columns = [
        layer_of(),
        plain("architecture", "linear, or hidden = with a hidden layer", "probe with"),
        percent("accuracy", "mean ± sd over seeds, percent"),
        percent("selectivity", "accuracy less accuracy on control labels, seed by seed"),
        percent("control", "the same probe on permuted labels"),
        percent("twin", "the same probe on a model of random weights; – = there was none"),
        percent("majority", "accuracy of the largest class of the training part", "largest class"),
        percent("balanced_accuracy", "mean over classes", "balanced"),
    ]
    found = table(chosen, "Table 2", answer, columns, empty=NO_PROBE, notes=_twins(chosen))
    return Section("What layers tell", text, (*accuracy_by_layer(chosen, answer), found))


def efficacy(chosen: Chosen, answers: Answers) -> Section:
    """How good rankings are."""
    text = (
        "Neurons are ranked by the weights of the linear probe ([B], algorithm 1). The ranking is good where the probe "
        "as it was trained keeps its accuracy with the top neurons alone, loses more with as many random ones, and "
        "most with those at the bottom. Features that are not kept are zeroed; nothing is trained again.",
    )
    answer = answers["efficacy"]
    rows = gathered(answer.frame.to_dicts(), (*PROBE_AND_LAYER, "share"), "neurons")
    columns = [
        layer_of(),
        plain("share", "features that were kept, percent", "kept, %"),
        percent("all_neurons", "accuracy with all features", "all"),
        *(of(name, "accuracy", "accuracy with these alone, mean ± sd over seeds") for name in _TREATED),
    ]
    return Section(
        "Are the rankings good?", text, (table(chosen, "Table 3", answer, columns, rows=rows, empty=NO_PROBE),)
    )


def minimal_sets(chosen: Chosen, answers: Answers) -> Section:
    """How few neurons suffice."""
    text = (
        "Probes are trained again on the top 1, 5, 10, … percent of the features. A minimal set is a share whose "
        "accuracy is at most a point below that of all features (the oracle): the paper takes the most accurate one of "
        "these, which may be far larger than the smallest one. Beside each stand probes that were trained on as many "
        "random features, and on as many from the end of the ranking.",
    )
    answer = answers["minimal_sets"]
    columns = [
        layer_of(),
        plain("choice", "paper = the most accurate share within a point of all, smallest = the smallest", "set"),
        plain("share", "features that were kept, percent; 100 = no smaller share is enough", "kept, %"),
        plain("n", "features that were kept"),
        percent("oracle", "accuracy with all features"),
        percent("accuracy", "accuracy with the set, trained again, mean ± sd over seeds", "top"),
        percent("random", "with as many random features"),
        percent("bottom", "with as many from the end of the ranking"),
    ]
    found = table(
        chosen, "Table 4", answer, columns, empty="No probe of this report was trained on shares of the features."
    )
    return Section("How few neurons are enough?", text, (*accuracy_by_share(chosen, answers["retrained"]), found))


def redundancy(chosen: Chosen, answers: Answers) -> Section:
    """What could be left out."""
    text = (
        "Three criteria. A layer makes the others redundant where it alone is at most a point below all layers "
        "together. A share of the top features makes the rest redundant where it has at least 97% of the accuracy of "
        "all. And what is told is spread redundantly where random features are at most five points below as many top "
        "ones.",
    )
    summary = [
        *([layer_of("of_layer")] if by_layer(answers["redundant"]) else []),
        plain("layers", "layers that alone are at most a point below all layers", "layers enough alone"),
        ("how many", lambda row: f"{row['n_layers']} of {row['of_layers']}", "of the layers that were probed"),
        plain("rest_from", "smallest share of the top features that makes the rest redundant", "top enough, %"),
        plain("random_from", "smallest share of which random features are nearly as good", "random near, %"),
    ]
    full = [
        plain("what", "layer, rest or random: the criterion", "criterion"),
        layer_of(),
        plain("share", "features that were kept, percent", "kept, %"),
        percent("accuracy", "of the layer; of the top features; of the random features"),
        percent("compared_with", "of all layers; of all features; of the top features", "compared with"),
        plain("redundant", "whether the criterion is met"),
    ]
    parts = (
        table(chosen, "Table 5", answers["redundant"], summary, empty=NO_PROBE),
        table(chosen, "", answers["redundancy"], full, empty=NO_PROBE, folded=True),
    )
    return Section("What is redundant?", text, parts)


def verification(chosen: Chosen, answers: Answers) -> Section:
    """Whether speakers are told apart by the cosine of two utterances."""
    text = (
        "Two utterances are of one speaker where the cosine between their means is large enough. The equal error rate "
        "(EER) is where as many pairs of one speaker are refused as pairs of two are taken for one: 50% is chance. "
        "The ranking comes from a probe that tells apart speakers of whom no trial is.",
    )
    answer = answers["verification"]
    rows = gathered(answer.frame.to_dicts(), PROBE_AND_LAYER, "neurons")
    share = {row["share"] for row in answer.frame.to_dicts() if row["neurons"] != "all"}
    kept = f" ({next(iter(share)):g}%)" if len(share) == 1 else ""
    columns = [
        layer_of(),
        of("all", "eer", "EER of all features, mean ± sd over seeds, percent"),
        *(of(name, "eer", "EER of these features alone", f"{name}{kept}") for name in _TREATED),
        of("all", "twin", "EER of all features of a model of random weights; – = there was none", "twin (all)"),
        ("trials", lambda row: round(row["n_trials"]), "pairs of utterances, mean over seeds"),
    ]
    empty = "No speakers were verified; `neurons verify` does it."
    found = table(chosen, "Table 7", answer, columns, rows=rows, empty=empty)
    return Section("Telling speakers apart", text, (*errors_of_verification(chosen, answer), found))


def groups(chosen: Chosen, answers: Answers) -> Section:
    """For whom probes err."""
    text = (
        "A probe that is right on the whole may be wrong for some. Errors of linear probes on the test part, group by "
        "group; a difference above 0 says that the group is told worse than all rows together.",
    )
    answer = answers["group_errors"]
    columns = [
        layer_of(),
        plain("by_column", "column by which rows are told apart", "by"),
        plain("group", "its value; ? = none"),
        percent("error", "mean ± sd over seeds, percent"),
        percent("difference", "error less error of all rows, points"),
        percent("majority_error", "error of the largest class", "largest class"),
        percent("error_of_all", "error of all rows", "all rows"),
        ("rows", lambda row: round(row["n"]), "rows of the group in the test part, mean over seeds"),
    ]
    empty = "No probe of this report tells errors apart; `neurons probe --by COLUMN` does."
    return Section("For whom are they wrong?", text, (table(chosen, "Table 8", answer, columns, empty=empty),))


def top_neurons(chosen: Chosen, answers: Answers) -> Section:
    """The neurons that come first."""
    text = (
        "The first neurons of each ranking as layer.neuron, with the weight for the class, averaged over the seeds, of "
        "standardised features: above 0 they speak for the class, below 0 against it.",
    )
    answer = answers["top_neurons"]
    rows = gathered(answer.frame.to_dicts(), ("probe", "of_layer", "class"), "rank")
    columns = [
        *([layer_of("of_layer")] if by_layer(answer) else []),
        ("class", lambda row: row["class"] or "all classes", "class; all classes = the ranking of the probe"),
        ("first neurons", lambda row: ", ".join(map(_neuron, [*row["by"].values()][:5])), "layer.neuron (weight)"),
    ]
    caption = "The first five neurons in the ranking of all classes, and in that of each; the CSV file has ten."
    found = table(chosen, "Table 9", answer, columns, rows=rows, caption=caption, empty=NO_PROBE)
    return Section("Which neurons come first?", text, (found,))


_TREATED = ("top", "random", "bottom")


def _neuron(row: Mapping[str, Any]) -> str:
    statistic = "" if row["statistic"] == "mean" else f" {row['statistic']}"
    return f"{row['layer']}.{row['neuron']}{statistic} ({row['weight']:+.2f})"


def _twins(chosen: Chosen) -> tuple[str, ...]:
    without = [chosen.name(one) for one in chosen.of_task("classification") if one.twin is None]
    if not without:
        return ()
    return (
        f"Without a twin: {'; '.join(without)}. How accurate random weights would be is not known; name a "
        "model of random weights with `neurons probe --twin`.",
    )
