"""Figure 9 of [A]: a tuned model loses neurons in steps down to 5% and is tuned after each, guarded or not."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks.replication.charts import beside, lines
from benchmarks.replication.recording import WAREHOUSE
from benchmarks.replication.report import Page
from benchmarks.replication.settings import BETWEEN_STEPS, PEAK, PRETRAINED, Options
from benchmarks.replication.speech import load_speech
from benchmarks.replication.statistics import Estimate, over_speakers
from benchmarks.replication.tune import tune
from benchmarks.replication.tuned_models import TASKS, TunedModel, model_of, tuned
from benchmarks.replication.units import Result, run_units
from queries import connect
from queries.editing import pruning_schedule
from queries.masks import mask_layers, select

GUARDS = {"speakers": "gender", "phones": "phone_class"}
"""Task -> the property that is protected for it."""

DENSITIES = (0.2, 0.1, 0.05)
WAYS = ("protected", "l1")


def unit(which: TunedModel, model: str, between: int, work: Path) -> Result:
    """Error of every speaker at every density, both ways from the very same tuned model.

    Args:
        which: the model that loses neurons, of a task in ``GUARDS``.
        model: name of the encoder in the warehouse whose property neurons are protected.
        between: steps of tuning after each pruning.
        work: folder of the studies.
    """
    speech = load_speech(work / WAREHOUSE, work)
    task = TASKS[which.task](speech)
    whole = tuned(which, task, work)
    with connect(work / WAREHOUSE, comments=False) as con:
        layers = mask_layers(con, model)
        guard = select(con, [GUARDS[which.task]], kind="keep", model=model, p_corpus="sets")
    errors = {way: {"1": np.round(task.errors(whole), 4).tolist()} for way in WAYS}
    for way in WAYS:
        left = deepcopy(whole)
        schedule = pruning_schedule(
            left.encoder,
            layers,
            densities=DENSITIES,
            protected=guard if way == "protected" else None,
            other_weights=True,
        )
        for step in schedule:
            tune(left, task, steps=between, seed=which.seed * 100 + step.step, peak=PEAK)
            errors[way][f"{step.density:g}"] = np.round(task.errors(left), 4).tolist()
    return {"guarded": len(guard), "errors": errors}


def study(options: Options) -> Page:
    """Run what is missing, and gather."""
    models = {task: [model_of(task, seed) for seed in range(options.seeds)] for task in GUARDS}
    units = {
        which.name: (unit, (which, PRETRAINED, BETWEEN_STEPS, options.work))
        for of_task in models.values()
        for which in of_task
    }
    found = run_units(units, options.work / "figure_9", options.jobs)
    at = ("1", *(f"{density:g}" for density in DENSITIES))
    errors = {
        (task, way, density): np.array([found[which.name]["errors"][way][density] for which in models[task]])
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
        guarded = found[models[task][0].name]["guarded"]
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
            f"Models tuned on a task (those of [figure 6](figure_6.md)) lose neurons in steps and are tuned "
            f"for {BETWEEN_STEPS} steps after each. Who goes is decided by the L1 norm of the present weights; with "
            "protection the property neurons of the task's property (σ = 0.8) go last, and the weakest of them go "
            f"too once they alone are more than a density holds. {options.seeds} seeds; intervals are 95%, from a "
            "bootstrap over speakers.",
            _outcome(ahead),
        ],
        tables,
        beside(*charts),
        {
            "settings": {"between": BETWEEN_STEPS, "densities": DENSITIES, "guards": GUARDS},
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
