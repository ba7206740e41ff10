"""The page of the study: tables and a picture from the views over its probes."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from benchmarks.probing.findings import findings
from benchmarks.probing.models import CORPUS, HUBERT, Studied
from benchmarks.probing.pictures import picture
from benchmarks.probing.probes import KINDS, LABELS, Made
from benchmarks.probing.unequal import ENCODERS, HEARD, STEPS, WOMEN
from benchmarks.probing.unequal_errors import UnequalErrors, finding, mean_and_sd, unequal_errors
from benchmarks.replication.report import Page
from queries import connect
from warehouse.properties import sql_list

Row = dict[str, Any]
PROPERTIES = ("gender", "speaker", "pitch")
SIGMA = 0.4

METHOD = (
    "Linear probes and probes with one hidden layer of 64 units are fitted to the means over each utterance of block "
    "outputs (192 a layer, 768 in HuBERT) and of FFN neurons (1024, 3072): {rows} utterances of 80 speakers, the "
    "first 60% of everybody's. Splits are disjoint in speakers, but for the label speaker, where they are disjoint in "
    "utterances; one fifth is tested on, five seeds, mean ± standard deviation. Adam, 20 passes, batches of 128, λ1 = "
    "λ2 = 1e-5, as in [B]. Age bands are up to 20, 20 to 24 and above 24 years. `phones` and `speakers` are the "
    "pretrained encoder after fine-tuning on these speakers; `hubert_base` has seeded random weights, so it says what "
    "an architecture of that size gives without any training."
)

LIMITS = (
    "**What these data cannot show.** 80 speakers leave 16 in a test part: a speaker more or less on the right side of "
    "a gender or age probe is 6 points, which the standard deviations show. All speak English as a second language "
    "and read it; whether all utterances of a speaker share a room and a microphone is not told, so what is called "
    "speaker here may be these, in verification too. Age runs from 19 "
    "to 40 and goes with gender here. The model `speakers` has learned these very speakers, and these utterances: its "
    "numbers for the label speaker are not those of unseen ones. HuBERT base has random weights: nothing is said here "
    "of the published one. There is one model of each kind but for the encoders that heard unequal "
    "numbers of women, so the other deviations are over splits, not over models."
)


def page(studied: Studied, made: Made) -> Page:
    """Everything that the study found."""
    with connect(studied.warehouse, comments=False) as con:

        def ask(sql: str) -> list[Row]:
            rows = con.sql(sql.format(probes=sql_list(made.all))).pl()
            return rows.with_columns(pl.selectors.float().round(4)).to_dicts()

        chosen = "list_contains({probes}, probe)"
        found = {
            "accuracies": ask(f"FROM probe_accuracies WHERE {chosen} ORDER BY ALL"),
            "minimal_sets": ask(f"FROM minimal_sets WHERE {chosen} ORDER BY ALL"),
            "redundancy": ask(f"FROM probe_redundancy WHERE {chosen} ORDER BY ALL"),
            "localisation": ask(f"FROM probe_localisation WHERE {chosen} ORDER BY ALL"),
            "efficacy": ask(f"FROM probe_efficacy WHERE {chosen} ORDER BY ALL"),
            "verification": ask(f"FROM verification_errors WHERE {chosen} ORDER BY ALL"),
            "groups": ask(f"FROM probe_group_errors WHERE {chosen} ORDER BY ALL"),
            "labels": ask(
                "FROM probe_label_overlap WHERE list_contains({probes}, probe_a) AND list_contains({probes}, probe_b) "
                "ORDER BY ALL"
            ),
            "retrained": ask(
                "SELECT probe, neurons, share, avg(n_features) AS n, avg(value) AS accuracy, stddev(value) AS sd "
                f"FROM probe_scores WHERE {chosen} AND treatment = 'retrained' GROUP BY ALL ORDER BY ALL"
            ),
            "properties": [
                row
                for model in studied.models
                if model != HUBERT
                for name in PROPERTIES
                for row in ask(
                    f"FROM probe_property_overlap(p_model := '{model}', p_property := '{name}', "
                    f"p_corpus := '{CORPUS}', p_sigma := {SIGMA}) WHERE "
                    f' {chosen} AND layer IS NULL AND "group" IS NULL ORDER BY ALL'
                )
            ],
        }
        ((n_rows,),) = con.sql(
            f"SELECT max(n_rows) FROM probe_runs WHERE list_contains({sql_list(made.all)}, probe)"
        ).fetchall()
    errors = list(unequal_errors(found["groups"], made.unequal))
    keyed = {probe: key for key, probe in made.probes.items()}
    return Page(
        "README",
        "What layers and neurons know of gender, speaker and age",
        [METHOD.format(rows=n_rows), *findings(found, keyed), finding(errors), LIMITS],
        list(_tables(found, made, studied, errors)),
        picture(found, keyed),
        {"probes": {" / ".join(key): probe for key, probe in made.probes.items()}, **found},
    )


def _tables(
    found: Mapping[str, list[Row]], made: Made, studied: Studied, errors: Sequence[UnequalErrors]
) -> "list[tuple[str, Sequence[str], Sequence[Sequence[str]]]]":
    return [
        (
            "Accuracy in percent of block outputs, by layer (the best of twelve for HuBERT), of all layers together, "
            "and beside it the largest class, control labels, random weights, and the probe with a hidden layer:",
            ("label, model", "layers", "all", "hidden", "largest class", "control", "random weights"),
            [
                _accuracies(found, made.probes[label.name, model, "block"], label.name, model)
                for label in LABELS
                for model in studied.models
            ],
        ),
        (
            "Minimal sets of all layers: the paper's choice (the most accurate within 1 point of all) and the "
            "smallest, with the accuracy of as many neurons drawn at random:",
            ("label, model, kind", "all", "paper's set", "accuracy", "smallest", "accuracy", "random"),
            [
                _minimal(found, made.probes[label.name, model, kind], f"{label.name}, {model}, {kind}")
                for label in LABELS
                for model in studied.models
                for kind in KINDS
            ],
        ),
        (
            "Redundancy: layers within 1 point of all layers, the smallest share at 97% of all, and the smallest "
            "share of which a random draw is within 5 points of the top (block outputs):",
            ("label, model", "layers", "rest is redundant from", "random is as good from"),
            [
                _redundancy(found, made.probes[label.name, model, "block"], f"{label.name}, {model}")
                for label in LABELS
                for model in studied.models
            ],
        ),
        (
            "The trained probe of all layers with the top, random and bottom 20% alone, the others zeroed (block "
            "outputs):",
            ("label, model", "all", "top", "random", "bottom"),
            [
                _efficacy(found, made.probes[label.name, model, "block"], f"{label.name}, {model}")
                for label in LABELS
                for model in studied.models
            ],
        ),
        (
            f"Are the smallest minimal sets (FFN neurons) property neurons (σ = {SIGMA:g})? Neurons of both, and what "
            "chance gives:",
            ("label, model", "set", *(f"{name}: n, both (by chance)" for name in PROPERTIES)),
            [
                _properties(found, made.probes[label.name, model, "ffn"], f"{label.name}, {model}")
                for label in LABELS
                for model in studied.models
                if model != HUBERT
            ],
        ),
        (
            "Speaker verification: equal error rate in percent by the cosine of block outputs of all layers; the 20% "
            "were ranked on other speakers:",
            ("model", "all", "top 20%", "random 20%", "bottom 20%", "best layer"),
            [_verification(found, probe, model) for model, probe in made.verified.items()],
        ),
        (
            "Errors in percent of age-band probes by gender, when women are 10, 50 and 90% of equally large training "
            "parts (all layers):",
            ("model, women", "women", "men", "all"),
            [
                _groups(found, made.biased[share, model], f"{model}, {share:.0%}")
                for model in studied.models[1:]
                for share in WOMEN
            ],
        ),
        (
            f"Errors in percent of probes for 40 unseen speakers by gender, and what women have more, for encoders "
            f"that learned {HEARD} other speakers from random weights in {STEPS} steps (all layers, mean ± standard "
            f"deviation over {ENCODERS} encoders):",
            ("women heard", "women", "men", "difference"),
            [_unequal(of_share) for of_share in errors],
        ),
    ]


def of(rows: Sequence[Row], **wanted: Any) -> list[Row]:
    """Rows with some values."""
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def percent(value: float | None, sd: float | None = None) -> str:
    """A share in percent, with its deviation where it has one."""
    if value is None:
        return "–"
    return f"{100 * value:.1f}" + (f" ± {100 * sd:.1f}" if sd is not None else "")


def _accuracies(found: Mapping[str, list[Row]], probe: str, label: str, model: str) -> list[str]:
    rows = of(found["accuracies"], probe=probe, architecture="linear")
    (whole,) = of(rows, layer=None)
    (hidden,) = of(found["accuracies"], probe=probe, architecture="hidden", layer=None)
    layers = [row for row in rows if row["layer"] is not None]
    if model == HUBERT:
        best = max(layers, key=lambda row: row["accuracy"])
        shown = f"{percent(best['accuracy'], best['accuracy_sd'])} (layer {best['layer']})"
    else:
        shown = ", ".join(percent(row["accuracy"]) for row in sorted(layers, key=lambda row: row["layer"]))
    return [
        f"{label}, {model}",
        shown,
        percent(whole["accuracy"], whole["accuracy_sd"]),
        percent(hidden["accuracy"], hidden["accuracy_sd"]),
        percent(whole["majority"]),
        percent(whole["control"], whole["control_sd"]),
        percent(whole["twin"], whole["twin_sd"]),
    ]


def _minimal(found: Mapping[str, list[Row]], probe: str, name: str) -> list[str]:
    (row,) = of(found["minimal_sets"], probe=probe, layer=None)
    drawn = of(found["retrained"], probe=probe, neurons="random", share=row["smallest_share"])
    return [
        name,
        percent(row["oracle"]),
        f"{row['paper_n']} ({row['paper_share']:g}%)",
        percent(row["paper_accuracy"]),
        f"{row['smallest_n']} ({row['smallest_share']:g}%)",
        percent(row["smallest_accuracy"]),
        percent(drawn[0]["accuracy"]) if drawn else "–",
    ]


def _redundancy(found: Mapping[str, list[Row]], probe: str, name: str) -> list[str]:
    rows = of(found["redundancy"], probe=probe, redundant=True)
    layers = [str(row["layer"]) for row in of(rows, what="layer")]
    shares = {what: [row["share"] for row in of(rows, what=what, layer=None)] for what in ("rest", "random")}
    return [
        name,
        ", ".join(sorted(layers, key=int)) or "none",
        *(f"{min(found):g}%" if found else "none" for found in shares.values()),
    ]


def _efficacy(found: Mapping[str, list[Row]], probe: str, name: str) -> list[str]:
    rows = {row["neurons"]: row for row in of(found["efficacy"], probe=probe, layer=None)}
    shown = [percent(rows[which]["accuracy"], rows[which]["accuracy_sd"]) for which in ("top", "random", "bottom")]
    return [name, percent(rows["top"]["all_neurons"]), *shown]


def _properties(found: Mapping[str, list[Row]], probe: str, name: str) -> list[str]:
    rows = {row["property"]: row for row in of(found["properties"], probe=probe)}
    cells = []
    for prop in PROPERTIES:
        row = rows[prop]
        chance = row["n_set"] * row["n_property"] / row["n_neurons"]
        cells.append(f"{row['n_property']}, {row['n_both']} ({chance:.0f})")
    return [name, str(rows[PROPERTIES[0]]["n_set"]), *cells]


def _verification(found: Mapping[str, list[Row]], probe: str, model: str) -> list[str]:
    rows = of(found["verification"], probe=probe)
    whole = {row["neurons"]: row for row in of(rows, layer=None)}
    best = min((row for row in of(rows, neurons="all") if row["layer"] is not None), key=lambda row: row["eer"])
    shown = [percent(whole[which]["eer"], whole[which]["eer_sd"]) for which in ("all", "top", "random", "bottom")]
    return [model, *shown, f"{percent(best['eer'])} (layer {best['layer']})"]


def _groups(found: Mapping[str, list[Row]], probe: str, name: str) -> list[str]:
    rows = {row["group"]: row for row in of(found["groups"], probe=probe, layer=None, by_column="gender")}
    shown = [percent(rows[group]["error"], rows[group]["error_sd"]) for group in ("F", "M")]
    return [name, *shown, percent(rows["F"]["error_of_all"])]


def _unequal(errors: UnequalErrors) -> list[str]:
    name = "none: random weights" if errors.share is None else f"{errors.share:.0%}"
    shown = (percent(*mean_and_sd(values)) for values in (errors.women, errors.men, errors.women - errors.men))
    return [name, *shown]
