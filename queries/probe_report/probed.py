"""The first part of a report on probes: what was probed, on how much speech, and how it was split."""

from collections.abc import Iterator, Mapping

from queries.probe_report.asking import Answer
from queries.probe_report.chosen import Chosen, Probe
from queries.probe_report.grids import percent, plain, table
from queries.report.parts import Section


def probed(chosen: Chosen, answers: Mapping[str, Answer]) -> Section:
    """Models, labels, rows and settings, and what a reader must know before any number."""
    text = (
        "A probe is a classifier of a label that sees nothing but the means of a model's neurons over an utterance or "
        "a segment. Where it is right, the neurons know the label; [B] asks in which layers that is, and how few of "
        "them are enough. Features are standardised, and probes trained, on the training part; all accuracies are of "
        "the test part.",
        "On this page shares are percent with one decimal, mean ± sample standard deviation over the seeds, each of "
        "which draws another split, order of batches and control labels. The CSV files beside it hold the same "
        "numbers from 0 to 1 with all digits.",
        *_splits(chosen),
    )
    what = [
        plain("task"),
        plain("unit", "what has a label"),
        plain("statistics", "what a neuron gives"),
        plain("n_rows", "utterances or segments with a label", "rows"),
        plain("n_speakers", "speakers of them", "speakers"),
        plain("n_classes", heading="classes"),
        plain("n_features", "features of all layers together", "features"),
        plain("layers", "what was probed; all = the layers concatenated"),
        plain("split", "what training and test part have none of in common"),
        plain("folds", "parts of the rows, one of which is tested on; – = the split was given"),
        plain("n_seeds", heading="seeds"),
        plain("twin", "model of random weights; – = there was none"),
    ]
    how = [
        *([] if chosen.alike else [plain("probe", "identifier")]),
        plain("solver", "adam, as in the paper, or converged"),
        plain("epochs", "of Adam"),
        plain("batch", "rows of a step"),
        plain("learning_rate", "of Adam", "learning rate"),
        ("λ1", lambda row: f"{row['lambda1']:g}", "weight of the L1 norm"),
        ("λ2", lambda row: f"{row['lambda2']:g}", "weight of the squared L2 norm"),
        plain("hidden", "units of the probe with a hidden layer; 0 = left out"),
        plain("corpus", "– = all corpora"),
        plain("definition", "where the label was taken from"),
    ]
    classes = [plain("class"), plain("n", heading="rows"), percent("share", "of all rows", "rows, %")]
    parts = (
        table(chosen, "Table 1", answers["probes"], what),
        table(chosen, "", answers["probes"], how, caption="How probes were trained.", folded=True),
        table(chosen, "", answers["classes"], classes, empty="No label was probed.", folded=True),
    )
    return Section("What was probed, and how", text, parts)


def _splits(chosen: Chosen) -> Iterator[str]:
    """A sentence for all probes that were split alike on as many rows."""
    alike: dict[tuple[object, ...], list[Probe]] = {}
    for one in chosen.probes:
        alike.setdefault((one.task, one.label, one.unit, one.n_rows, one.n_speakers, one.split, one.seeds), []).append(
            one
        )
    for found in alike.values():
        one = found[0]
        units = f"{one.n_rows:,} {one.unit}s of {one.n_speakers:,} speakers, {one.seeds} seed{'s' * (one.seeds != 1)}"
        if one.task == "verification":
            said = "the ranking and the trials have no speaker in common"
        elif one.split == "utterance":
            said = (
                "speakers are the classes, so each is in both parts; no utterance is. What else differs between "
                "speakers, such as rooms and microphones, helps the probe"
            )
        else:
            said = "no speaker is in both parts"
        what = "Verification" if one.task == "verification" else f"`{one.label}`"
        single = "" if one.seeds > 1 else "; with one seed there is no standard deviation"
        yield f"{what}: {units}; {said}{single}."
