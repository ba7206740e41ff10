"""Figure 9 of [A]: a tuned model loses neurons in steps down to 5% and is tuned after each, guarded or not."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from benchmarks.replication.charts import beside, lines
from benchmarks.replication.figure_6 import TASKS
from benchmarks.replication.pretrain import load_encoder
from benchmarks.replication.recording import WAREHOUSE
from benchmarks.replication.report import Page
from benchmarks.replication.settings import BETWEEN_STEPS, FIRST_STEPS, PRETRAINED, PRETRAINING, Options
from benchmarks.replication.speech import load_speech
from benchmarks.replication.statistics import Estimate, over_speakers
from benchmarks.replication.tasks import TaskModel
from benchmarks.replication.tune import tune
from benchmarks.replication.units import Result, run_units
from queries import connect
from queries.editing import pruning_schedule
from queries.masks import mask_layers, select

GUARDS = {"phones": "phone_class", "speakers": "gender"}
"""Task -> the property that is protected for it."""

DENSITIES = (0.5, 0.2, 0.1, 0.05)
WAYS = ("protected", "l1")


def unit(task_name: str, model: str, pretraining: int, first: int, between: int, seed: int, work: Path) -> Result:
    """Error of every speaker at every density, both ways from the very same tuned model.

    Args:
        task_name: key of ``GUARDS``.
        model: name of the pretrained encoder in the warehouse.
        pretraining: its steps.
        first: steps of tuning before anything is pruned.
        between: steps of tuning after each pruning.
        seed: of head and batches.
        work: folder of the studies.
    """
    speech = load_speech(work / WAREHOUSE, work)
    task = TASKS[task_name](speech)
    torch.manual_seed(seed)
    tuned = TaskModel(load_encoder(work / "pretrain", pretraining), task.outputs)
    tune(tuned, task, steps=first, seed=seed)
    with connect(work / WAREHOUSE, comments=False) as con:
        layers = mask_layers(con, model)
        guard = select(con, [GUARDS[task_name]], kind="keep", model=model, p_corpus="sets")
    before = task.errors(tuned)
    errors = {way: {"1": np.round(before, 4).tolist()} for way in WAYS}
    for way in WAYS:
        model_of_way = deepcopy(tuned)
        schedule = pruning_schedule(
            model_of_way.encoder,
            layers,
            densities=DENSITIES,
            protected=guard if way == "protected" else None,
            other_weights=True,
        )
        for step in schedule:
            tune(model_of_way, task, steps=between, seed=seed * 100 + step.step)
            errors[way][f"{step.density:g}"] = np.round(task.errors(model_of_way), 4).tolist()
    return {"task": task_name, "seed": seed, "guarded": len(guard), "errors": errors}


def study(options: Options) -> Page:
    """Run what is missing, and gather."""
    units = {
        f"{task}-{seed}": (
            unit,
            (task, PRETRAINED, PRETRAINING, FIRST_STEPS, BETWEEN_STEPS, seed, options.work),
        )
        for seed in range(options.seeds)
        for task in GUARDS
    }
    found = run_units(units, options.work / "figure_9", options.jobs)
    at = ("1", *(f"{density:g}" for density in DENSITIES))
    errors = {
        (task, way, density): np.array(
            [found[f"{task}-{seed}"]["errors"][way][density] for seed in range(options.seeds)]
        )
        for task in GUARDS
        for way in WAYS
        for density in at
    }
    ahead = {
        (task, density): over_speakers(errors[task, "l1", density] - errors[task, "protected", density])
        for task in GUARDS
        for density in at[1:]
    }
    tables = []
    for task, guard in GUARDS.items():
        rows = [
            [
                density,
                *(f"{over_speakers(errors[task, way, density]).mean:.1f}" for way in WAYS),
                str(ahead[task, density]) if density != "1" else "",
            ]
            for density in at
        ]
        guarded = found[f"{task}-0"]["guarded"]
        caption = f"{TASKS[task].name} ({TASKS[task].error}), `{guard}` protected ({guarded} neurons):"
        tables.append((caption, ("density", "protected", "l1", "l1 less protected"), rows))
    charts = [
        lines(
            [(float(density), way, over_speakers(errors[task, way, density])) for way in WAYS for density in at],
            "density",
            "way",
            f"{TASKS[task].name}: {TASKS[task].error}",
            log=True,
        )
        for task in GUARDS
    ]
    return Page(
        "figure_9",
        "Figure 9: pruning and tuning in steps to 5%",
        [
            f"The pretrained encoder is tuned on a task, then loses neurons in steps and is tuned for {BETWEEN_STEPS} "
            "steps after each. Who goes is decided by the L1 norm of the present weights; with protection the property "
            "neurons of the task's property (σ = 0.8) go last, and the weakest of them go too once they alone are more "
            f"than a density holds. {options.seeds} seeds; intervals are 95%, from a bootstrap over speakers.",
            _outcome(ahead),
        ],
        tables,
        beside(*charts),
        {
            "settings": {"first": FIRST_STEPS, "between": BETWEEN_STEPS, "densities": DENSITIES, "guards": GUARDS},
            "protection_ahead_by": {
                f"{task}, {density}": asdict(estimate) for (task, density), estimate in ahead.items()
            },
            "units": found,
        },
    )


def _outcome(ahead: Mapping[tuple[str, str], Estimate]) -> str:
    better = [f"{TASKS[task].name} at {density}" for (task, density), found in ahead.items() if found.low > 0]
    worse = [f"{TASKS[task].name} at {density}" for (task, density), found in ahead.items() if found.high < 0]
    return (
        f"Protection is ahead for {', '.join(better) or 'no task and density'}; it is behind for "
        f"{', '.join(worse) or 'none'}; elsewhere the interval of the difference includes 0."
    )
