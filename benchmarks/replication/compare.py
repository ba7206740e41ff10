"""What fine-tuning does to property neurons: the pretrained encoder beside itself after two tasks ([A] fig. 5)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import polars as pl

from benchmarks.replication.charts import bars, beside, lines
from benchmarks.replication.recording import WAREHOUSE, record
from benchmarks.replication.report import Page
from benchmarks.replication.settings import PRETRAINED, PRETRAINING, SIGMA, STEPS, Options
from benchmarks.replication.speech import load_speech
from benchmarks.replication.statistics import Estimate
from benchmarks.replication.tuned_models import TASKS, TunedModel, model_of, tuned
from benchmarks.replication.units import Result, run_units
from queries import Connection, connect
from queries.certainty import against_twin
from queries.comparison import pairs_by_layer, pairs_over_layers
from queries.patterns import best_layers, separation

CORPUS = "sets"
PROPERTIES = ("phone_class", "gender", "pitch")
COUNTED = (*PROPERTIES, "phone", "speaker")
"""Single phones and speakers have sets, too; their many groups are not drawn in the plane, nor drawn anew."""

TUNED = ("phones", "speakers")
"""Tasks; of each the model of the first seed."""

NAMES = {"untrained": "untrained", "pretrained": PRETRAINED, **{task: model_of(task, 0).name for task in TUNED}}
"""What a model is called on the page -> its name in the warehouse."""

PAIRS = {
    ("untrained", "pretrained"): "pretraining",
    ("pretrained", "phones"): "phones",
    ("pretrained", "speakers"): "speakers",
}
"""Models before and after -> what lies between them, for the picture."""

SIGMAS = (0.8, SIGMA)
CHANGES = ("joined", "left", "moved", "stayed")
RESAMPLES = 1000


def unit(which: TunedModel, folder: Path, work: Path) -> Result:
    """Tune and record a model; its error of every speaker."""
    task = TASKS[which.task](load_speech(work / WAREHOUSE, work))
    model = tuned(which, task, work)
    record(model.encoder, which.name, folder, work)
    return {"errors": np.round(task.errors(model), 4).tolist()}


def study(options: Options) -> Page:
    """Run what is missing, and compare."""
    models = {task: model_of(task, 0) for task in TUNED}
    units = {which.name: (unit, (which, options.speech, options.work)) for which in models.values()}
    found = run_units(units, options.work / "compare", options.jobs)
    with connect(options.work / WAREHOUSE, comments=False) as con:
        pairs = pl.concat([_pair(con, *pair, sigma) for pair in PAIRS for sigma in SIGMAS])
        more = pl.concat([_more(con, task, name) for task in TUNED for name in PROPERTIES])
        best = pl.concat([_best(con, label) for label in NAMES])
    over = pl.concat(
        [pairs_over_layers(pairs.filter(pl.col("sigma") == s)).with_columns(sigma=pl.lit(s)) for s in SIGMAS]
    )
    errors = {task: float(np.mean(found[which.name]["errors"])) for task, which in models.items()}
    return Page(
        "compare",
        "Models side by side: what fine-tuning does to property neurons",
        [_method(errors), _outcome(over, more), _silhouettes(best), LIMITS],
        [
            ("Property neurons of all layers, and of each (σ = 0.8):", ("model", *COUNTED), _sizes(pairs)),
            *(
                (f"What becomes of them (all layers, σ = {sigma:g}):", _CHANGES, _changes(over, sigma))
                for sigma in SIGMAS
            ),
            (
                f"Property neurons more than the pretrained encoder has (σ = 0.8), with 95% intervals from {RESAMPLES} "
                "resamples of the speakers, the same for both models:",
                ("model and property", *(f"layer {layer}" for layer in sorted(set(more["layer"])))),
                _differences(more),
            ),
            (
                "Silhouette of the best layer, on the points of MDS ([A] fig. 5), and that layer:",
                ("model", *PROPERTIES),
                [[label, *(_score(best, label, name) for name in PROPERTIES)] for label in NAMES],
            ),
        ],
        _chart(pairs, over, best),
        {
            "settings": {"pretraining": PRETRAINING, "steps": STEPS, "corpus": CORPUS, "models": NAMES},
            "pairs": pairs.to_dicts(),
            "over_layers": over.to_dicts(),
            "more_than_pretrained": more.to_dicts(),
            "best_layers": best.to_dicts(),
            "units": found,
        },
    )


def _pair(con: Connection, before: str, after: str, sigma: float) -> pl.DataFrame:
    asked: dict[str, Any] = {"p_model": NAMES[before], "other": NAMES[after], "p_corpus": CORPUS, "p_sigma": sigma}
    rows = pl.concat([pairs_by_layer(con, name, **asked) for name in COUNTED])
    return rows.with_columns(model=pl.lit(before), other=pl.lit(after), sigma=pl.lit(sigma))


def _more(con: Connection, task: str, name: str) -> pl.DataFrame:
    rows = against_twin(con, name, NAMES[task], PRETRAINED, resamples=RESAMPLES, p_corpus=CORPUS)
    kept = ("layer", "property", "n", "n_twin", "difference", "difference_low", "difference_high")
    return rows.filter(pl.col("group").is_null()).select(pl.lit(task).alias("model"), *kept)


def _best(con: Connection, label: str) -> pl.DataFrame:
    rows = [separation(con, name, p_model=NAMES[label], p_corpus=CORPUS) for name in PROPERTIES]
    found = best_layers(pl.concat(rows)).with_columns(model=pl.lit(label))
    return found.select("model", "property", "layer", pl.col("silhouette_2d").alias("silhouette"), "note")


def _method(errors: Mapping[str, float]) -> str:
    return (
        f"The pretrained encoder is compared with itself after {STEPS['phones']} steps of phone recognition (`phones`, "
        f"which errs on {errors['phones']:.1f}% of the phones) and after {STEPS['speakers']} steps of speaker "
        f"identification (`speakers`, {errors['speakers']:.1f}% of half-second crops); tuning changes all weights. "
        "All are recorded on the first 60% of every speaker's utterances (without random channels), "
        f"and beside them `untrained`, the weights from which pretraining started. A neuron joins a property when it "
        "is of one of its groups after and of none before, leaves it the other way round, or moves to another group; "
        "Jaccard is that of the two sets of property neurons, by chance that of sets of the same sizes drawn by lot. "
        "The command is `neurons compare`, its functions those of `queries.comparison`."
    )


LIMITS = (
    "One model of each task, so intervals are over speakers and not over seeds. Sizes of sets do not say how a model "
    "would do without them: [table 1](table_1.md) erases them. On another kind of processor the same seeds end in "
    "slightly different weights: sizes differ by a few neurons from pages that were measured on one."
)
_CHANGES = ("from, to, property", "before", "after", *CHANGES, "Jaccard", "by chance")


def _row(over: pl.DataFrame, pair: tuple[str, str], name: str, sigma: float) -> dict[str, Any]:
    chosen = (pl.col("model") == pair[0]) & (pl.col("other") == pair[1]) & (pl.col("property") == name)
    (row,) = over.filter(chosen & (pl.col("sigma") == sigma)).to_dicts()
    return row


def _changes(over: pl.DataFrame, sigma: float) -> list[list[str]]:
    rows = []
    for pair in PAIRS:
        for name in COUNTED:
            row = _row(over, pair, name, sigma)
            counts = [str(row[column]) for column in ("n_before", "n_after", *CHANGES)]
            scores = ["" if row[s] is None else f"{row[s]:.2f}" for s in ("jaccard", "jaccard_by_chance")]
            rows.append([f"{pair[0]} → {pair[1]}, {name}", *counts, *scores])
    return rows


def _of_layers(pairs: pl.DataFrame, label: str, name: str) -> list[int]:
    """Property neurons of a model, layer by layer."""
    pair = next(pair for pair in PAIRS if label in pair)
    column = "n_before" if label == pair[0] else "n_after"
    chosen = (pl.col("model") == pair[0]) & (pl.col("other") == pair[1]) & (pl.col("property") == name)
    return pairs.filter(chosen & (pl.col("sigma") == SIGMAS[0])).sort("layer")[column].to_list()


def _sizes(pairs: pl.DataFrame) -> list[list[str]]:
    rows = []
    for label in NAMES:
        found = [_of_layers(pairs, label, name) for name in COUNTED]
        rows.append([label, *(f"{sum(sizes)} ({', '.join(map(str, sizes))})" for sizes in found)])
    return rows


def _differences(more: pl.DataFrame) -> list[list[str]]:
    rows = []
    for (task, name), found in more.group_by("model", "property", maintain_order=True):
        cells = [
            f"{row['difference']:+.0f} [{row['difference_low']:+.0f}, {row['difference_high']:+.0f}]"
            for row in found.sort("layer").to_dicts()
        ]
        rows.append([f"{task}, {name}", *cells])
    return rows


def _outcome(over: pl.DataFrame, more: pl.DataFrame) -> str:
    said = []
    for task, of in (("phones", "Phone recognition"), ("speakers", "Speaker identification")):
        parts = []
        for name in PROPERTIES:
            row = _row(over, ("pretrained", task), name, SIGMAS[0])
            layers = more.filter((pl.col("model") == task) & (pl.col("property") == name)).sort("layer")
            above = layers.filter(pl.col("difference_low") > 0)["layer"].to_list()
            below = layers.filter(pl.col("difference_high") < 0)["layer"].to_list()
            sure = [f"{word} in layer {_listed(at)}" for word, at in (("more", above), ("fewer", below)) if at]
            parts.append(
                f"{name} {row['n_before']} → {row['n_after']} ({'; '.join(sure) or 'in no layer for sure'}; "
                f"{row['stayed']} of {row['n_before']} stayed)"
            )
        rest = [_row(over, ("pretrained", task), name, SIGMAS[0]) for name in COUNTED if name not in PROPERTIES]
        parts += [f"{row['property']} {row['n_before']} → {row['n_after']}" for row in rest]
        low = [_row(over, ("pretrained", task), name, SIGMA) for name in PROPERTIES]
        others = ", ".join(f"{row['property']} {row['n_before']} → {row['n_after']}" for row in low)
        said.append(f"{of}: {', '.join(parts)}; at σ = {SIGMA:g} {others}.")
    return " ".join([*said, "More and fewer is where the interval over speakers excludes 0."])


def _silhouettes(best: pl.DataFrame) -> str:
    parts = []
    for name in PROPERTIES:
        ranked = best.filter((pl.col("property") == name) & pl.col("silhouette").is_not_null())
        ranked = ranked.sort("silhouette", descending=True, maintain_order=True)
        parts.append(f"{name} in {', '.join(ranked['model'])}")
    return f"From the model whose best layer tells the groups apart best to the worst: {'; '.join(parts)}."


def _score(best: pl.DataFrame, label: str, name: str) -> str:
    (row,) = best.filter((pl.col("model") == label) & (pl.col("property") == name)).to_dicts()
    return "none" if row["silhouette"] is None else f"{row['silhouette']:.2f} (layer {row['layer']})"


def _listed(layers: Sequence[int]) -> str:
    return " and ".join(filter(None, (", ".join(map(str, layers[:-1])), str(layers[-1]))))


def _chart(pairs: pl.DataFrame, over: pl.DataFrame, best: pl.DataFrame) -> alt.TopLevelMixin:
    def exact(value: float) -> Estimate:
        return Estimate(value, value, value)

    sizes = [
        lines(
            [
                (layer, label, exact(n))
                for label in NAMES
                for layer, n in enumerate(_of_layers(pairs, label, name), start=1)
            ],
            "layer",
            "model",
            f"property neurons: {name}",
            ordinal=True,
        )
        for name in PROPERTIES
    ]
    becomes = [
        bars(
            [
                (learned, change, exact(_row(over, pair, name, SIGMAS[0])[change]))
                for pair, learned in PAIRS.items()
                for change in CHANGES
            ],
            "what the model learned",
            "neurons that",
            f"neurons of {name}",
        )
        for name in PROPERTIES
    ]
    scores = bars(
        [
            (name, row["model"], exact(row["silhouette"] or 0.0))
            for name in PROPERTIES
            for row in best.filter(pl.col("property") == name).to_dicts()
        ],
        "property",
        "model",
        "silhouette of the best layer",
    )
    return beside(*sizes, *becomes, scores, columns=3)
