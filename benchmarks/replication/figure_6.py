"""Figure 6 of [A]: 80% of a tuned model's neurons go, in one of three ways; then it is tuned briefly."""

from copy import deepcopy
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks.replication.charts import bars, beside
from benchmarks.replication.recording import WAREHOUSE
from benchmarks.replication.report import Page
from benchmarks.replication.settings import BRIEF_STEPS, DENSITY, PEAK, PRETRAINED, PRETRAINING, Options
from benchmarks.replication.speech import load_speech
from benchmarks.replication.statistics import Estimate, over_speakers
from benchmarks.replication.tune import tune
from benchmarks.replication.tuned_models import TASKS, TunedModel, model_of, tuned
from benchmarks.replication.units import Result, run_units
from ingest.models.mel_encoder import MelEncoder
from queries import connect
from queries.editing import prune
from queries.masks import Mask, keep_mask, l1_scores, mask_layers, random_scores, select

PROTECTED = "phone_class,gender,pitch"
WAYS = ("protected", "l1", "random")
WHEN = ("pruned", "tuned")


def unit(which: TunedModel, model: str, density: float, steps: int, work: Path) -> Result:
    """Errors of every speaker: of the whole model, and for every way after pruning and after tuning.

    Args:
        which: the model that loses neurons.
        model: name of the encoder in the warehouse whose property neurons are protected.
        density: share of the neurons that stay.
        steps: of tuning.
        work: folder of the studies.
    """
    speech = load_speech(work / WAREHOUSE, work)
    task = TASKS[which.task](speech)
    whole = tuned(which, task, work)
    errors = {"whole": {"pruned": task.errors(whole)}}
    for way in WAYS:
        left = deepcopy(whole)
        # The task trained on the weights since they were recorded.
        prune(left.encoder, kept(way, left.encoder, work / WAREHOUSE, model, density, which.seed), other_weights=True)
        errors[way] = {"pruned": task.errors(left)}
        errors[way]["tuned"] = task.errors(tune(left, task, steps=steps, seed=which.seed, peak=PEAK))
    return {way: {when: np.round(e, 4).tolist() for when, e in found.items()} for way, found in errors.items()}


def kept(way: str, encoder: MelEncoder, warehouse: Path, model: str, density: float, seed: int) -> Mask:
    """Neurons that one way of pruning keeps."""
    with connect(warehouse, comments=False) as con:
        layers = mask_layers(con, model)
        if way == "random":
            return keep_mask(layers, random_scores(layers, seed), density)
        guarded = select(con, [PROTECTED], kind="keep", model=model, p_corpus="sets") if way == "protected" else None
    return keep_mask(layers, l1_scores(encoder, layers), density, protected=guarded)


def study(options: Options) -> Page:
    """Run what is missing, and gather."""
    models = {task: [model_of(task, seed) for seed in range(options.seeds)] for task in TASKS}
    units = {
        which.name: (unit, (which, PRETRAINED, DENSITY, BRIEF_STEPS, options.work))
        for of_task in models.values()
        for which in of_task
    }
    found = run_units(units, options.work / "figure_6", options.jobs)

    def errors(task: str, way: str, when: str) -> np.ndarray:
        return np.array([found[which.name][way][when] for which in models[task]])

    rows = []
    for task, kind in TASKS.items():
        whole = _plain(over_speakers(errors(task, "whole", "pruned")))
        for when in WHEN:
            cells = [_plain(over_speakers(errors(task, way, when))) for way in WAYS]
            rows.append([f"{kind.name} ({kind.error}), {when}", whole, *cells])
    ahead = {
        (task, when, way): over_speakers(errors(task, way, when) - errors(task, "protected", when))
        for task in TASKS
        for when in WHEN
        for way in WAYS[1:]
    }
    lead = [
        [f"{TASKS[task].name}, {when}", *(_plain(ahead[task, when, way], "+") for way in WAYS[1:])]
        for task in TASKS
        for when in WHEN
    ]
    return Page(
        "figure_6",
        f"Figure 6: keeping {DENSITY:.0%} of the neurons",
        [
            f"Models of three tasks, fine-tuned from the pretrained encoder, keep {DENSITY:.0%} of their neurons: "
            f"the encoder's property neurons of {PROTECTED.replace(',', ', ')} (σ = 0.8) and then those of largest "
            "L1 norm (`protected`), those of largest L1 norm alone (`l1`), or random ones (`random`). Then they are "
            f"tuned for {BRIEF_STEPS} steps. Sets come from the first 60% of every speaker's utterances, errors "
            f"from the others, through random channels (phones: without); {options.seeds} seeds; intervals are 95%, "
            "from a bootstrap over speakers.",
            _outcome(ahead),
        ],
        [
            ("Errors:", ("task", "whole", *WAYS), rows),
            (
                "Error less that of `protected`, paired by seed and speaker (above 0: protection is ahead):",
                ("task", *WAYS[1:]),
                lead,
            ),
        ],
        beside(
            *(
                bars(
                    [(when, way, over_speakers(errors(task, way, when))) for way in WAYS for when in WHEN],
                    "when",
                    "kept",
                    f"{kind.name}: {kind.error}",
                )
                for task, kind in TASKS.items()
            ),
            columns=3,
        ),
        {
            "settings": {"density": DENSITY, "steps": BRIEF_STEPS, "pretraining": PRETRAINING, "protected": PROTECTED},
            "protection_ahead_of": {", ".join(key): asdict(estimate) for key, estimate in ahead.items()},
            "units": found,
        },
    )


def _outcome(ahead: dict[tuple[str, str, str], Estimate]) -> str:
    said = []
    for way in WAYS[1:]:
        verdicts: dict[str, list[str]] = {"ahead": [], "behind": [], "not told apart": []}
        for (task, when, beside_way), found in ahead.items():
            if beside_way == way:
                verdict = "ahead" if found.low > 0 else "behind" if found.high < 0 else "not told apart"
                verdicts[verdict].append(f"{TASKS[task].name} ({when})")
        parts = [f"{verdict} in {', '.join(names)}" for verdict, names in verdicts.items() if names]
        said.append(f"Beside `{way}` protection is {'; '.join(parts)}.")
    return " ".join(said)


def _plain(estimate: Estimate, sign: str = "") -> str:
    """An error as text; semitones want another digit than percent."""
    digits = f"{sign}.1f" if abs(estimate.mean) >= 10 or (sign and abs(estimate.high) >= 0.2) else f"{sign}.2f"
    return f"{estimate.mean:{digits}} [{estimate.low:{digits}}, {estimate.high:{digits}}]"
