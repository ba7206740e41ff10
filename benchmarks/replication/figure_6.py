"""Figure 6 of [A]: of the pretrained encoder 80% of the neurons go, in one of three ways; then each task is tuned."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from benchmarks.replication.charts import bars, beside
from benchmarks.replication.pretrain import load_encoder
from benchmarks.replication.recording import WAREHOUSE
from benchmarks.replication.report import Page
from benchmarks.replication.settings import BRIEF_STEPS, DENSITY, PRETRAINED, PRETRAINING, Options
from benchmarks.replication.speech import load_speech
from benchmarks.replication.statistics import Estimate, over_speakers
from benchmarks.replication.tasks import PhoneTask, PitchTask, SpeakerTask, TaskModel
from benchmarks.replication.tune import tune
from benchmarks.replication.units import Result, run_units
from ingest.models.mel_encoder import MelEncoder
from queries import connect
from queries.editing import prune
from queries.masks import Mask, keep_mask, l1_scores, mask_layers, random_scores, select

TASKS = {"phones": PhoneTask, "speakers": SpeakerTask, "pitch": PitchTask}
PROTECTED = "phone_class,gender,pitch"
WAYS = ("unpruned", "protected", "l1", "random")


def kept(way: str, encoder: MelEncoder, warehouse: Path, model: str, density: float, seed: int) -> Mask:
    """Neurons that one way of pruning keeps."""
    with connect(warehouse, comments=False) as con:
        layers = mask_layers(con, model)
        if way == "random":
            return keep_mask(layers, random_scores(layers, seed), density)
        guarded = select(con, [PROTECTED], kind="keep", model=model, p_corpus="sets") if way == "protected" else None
    return keep_mask(layers, l1_scores(encoder, layers), density, protected=guarded)


def unit(
    task_name: str, way: str, model: str, pretraining: int, density: float, steps: int, seed: int, work: Path
) -> Result:
    """Error of every speaker after pruning and tuning; ``protected`` says how many neurons protection itself kept."""
    speech = load_speech(work / WAREHOUSE, work)
    task = TASKS[task_name](speech)
    encoder = load_encoder(work / "pretrain", pretraining)
    if way != "unpruned":
        prune(encoder, kept(way, encoder, work / WAREHOUSE, model, density, seed))
    torch.manual_seed(seed)
    tuned = tune(TaskModel(encoder, task.outputs), task, steps=steps, seed=seed)
    return {
        "task": task_name,
        "way": way,
        "seed": seed,
        "neurons": [block.fc1.out_features for block in encoder.encoder.layers],
        "errors": np.round(task.errors(tuned), 4).tolist(),
    }


def study(options: Options) -> Page:
    """Run what is missing, and gather."""
    units = {
        f"{task}-{way}-{seed}": (unit, (task, way, PRETRAINED, PRETRAINING, DENSITY, BRIEF_STEPS, seed, options.work))
        for seed in range(options.seeds)
        for task in TASKS
        for way in WAYS
    }
    found = run_units(units, options.work / "figure_6", options.jobs)
    errors = {
        (task, way): np.array([found[f"{task}-{way}-{seed}"]["errors"] for seed in range(options.seeds)])
        for task in TASKS
        for way in WAYS
    }
    rows = [
        [f"{kind.name} ({kind.error})", *(_plain(over_speakers(errors[task, way])) for way in WAYS)]
        for task, kind in TASKS.items()
    ]
    ahead = {
        (task, way): over_speakers(errors[task, way] - errors[task, "protected"])
        for task in TASKS
        for way in ("l1", "random")
    }
    lead = [[TASKS[task].name, *(str(ahead[task, way]) for way in ("l1", "random"))] for task in TASKS]
    return Page(
        "figure_6",
        f"Figure 6: keeping {DENSITY:.0%} of the neurons",
        [
            f"Of the pretrained encoder's neurons {DENSITY:.0%} stay: property neurons of "
            f"{PROTECTED.replace(',', ', ')} (σ = 0.8) and then those of largest L1 norm (`protected`), those of "
            f"largest L1 norm alone (`l1`), or random ones (`random`). Then each task is tuned for "
            f"{BRIEF_STEPS} steps, with "
            f"{options.seeds} seeds. Sets come from the first 60% of every speaker's utterances, errors "
            "from the others, through random channels. "
            "Intervals are 95%, from a bootstrap over speakers.",
            _outcome(ahead),
        ],
        [
            ("Errors:", ("task", *WAYS), rows),
            (
                "Error less that of `protected`, paired by seed and speaker (above 0: protection is ahead):",
                ("task", "l1", "random"),
                lead,
            ),
        ],
        beside(
            *(
                bars(
                    [(way, way, over_speakers(errors[task, way])) for way in WAYS],
                    "kept",
                    "way",
                    f"{kind.name}: {kind.error}",
                )
                for task, kind in TASKS.items()
            ),
            columns=3,
        ),
        {
            "settings": {"density": DENSITY, "steps": BRIEF_STEPS, "pretraining": PRETRAINING, "protected": PROTECTED},
            "protection_ahead_of": {f"{task}, {way}": asdict(estimate) for (task, way), estimate in ahead.items()},
            "units": found,
        },
    )


def _outcome(ahead: dict[tuple[str, str], Estimate]) -> str:
    said = []
    for way in ("l1", "random"):
        better = [TASKS[task].name for task in TASKS if ahead[task, way].low > 0]
        worse = [TASKS[task].name for task in TASKS if ahead[task, way].high < 0]
        even = [TASKS[task].name for task in TASKS if ahead[task, way].low <= 0 <= ahead[task, way].high]
        parts = [
            f"{verdict} in {' and '.join(names)}"
            for verdict, names in (("ahead", better), ("behind", worse), ("not told apart", even))
            if names
        ]
        said.append(f"beside `{way}` protection is {', '.join(parts)}")
    return f"{said[0].capitalize()}; {said[1]}."


def _plain(estimate: Estimate) -> str:
    return f"{estimate.mean:.1f} [{estimate.low:.1f}, {estimate.high:.1f}]"
