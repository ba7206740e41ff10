"""What [A] §5.2 leaves open: erase the neurons of one speaker, and watch the others."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.replication.charts import bars, beside
from benchmarks.replication.recording import WAREHOUSE
from benchmarks.replication.report import Page
from benchmarks.replication.settings import SPEAKER_SIGMA, Options
from benchmarks.replication.speech import load_speech
from benchmarks.replication.statistics import Estimate, over_speakers
from benchmarks.replication.tuned_models import TunedModel, model_of, tuned_and_recorded
from benchmarks.replication.units import Result, run_units
from queries import connect
from queries.editing import erased
from queries.masks import Mask, MaskLayer, mask_layers

SETS = {"group neurons": "group_neurons", "candidates": "group_candidates"}
"""What is erased -> the view that has it: G_i, of one speaker alone, and N_i, which others may share."""

CONTROL = "random"
"""As many neurons of every layer as the speaker's candidates."""


def unit(which: TunedModel, sigma: float, folder: Path, work: Path) -> Result:
    """Change of the error of every speaker (columns) after erasing each (rows), for every set and the control."""
    speech = load_speech(work / WAREHOUSE, work)
    model, task = tuned_and_recorded(which, speech, folder, work)
    task.tests, task.wanted = task.tests[::4], task.wanted[::4]
    before = task.errors(model)
    changes: dict[str, list[list[float]]] = {name: [] for name in (*SETS, CONTROL)}
    sizes: dict[str, list[int]] = {name: [] for name in SETS}
    with connect(work / WAREHOUSE, comments=False) as con:
        rows = {
            name: con.sql(_SPEAKERS.format(view=view), {"model": which.name, "sigma": sigma}).pl()
            for name, view in SETS.items()
        }
        layers = mask_layers(con, which.name)
    for index, speaker in enumerate(speech.speakers):
        masks = {name: _of_group(found, speaker, layers) for name, found in rows.items()}
        for name, mask in masks.items():
            sizes[name].append(len(mask))
        for name, mask in {**masks, CONTROL: masks["candidates"].random_like(index)}.items():
            with erased(model.encoder, mask):
                changes[name].append(np.round(task.errors(model) - before, 4).tolist())
    return {"male": speech.male.tolist(), "before": np.round(before, 4).tolist(), "sizes": sizes, "changes": changes}


_SPEAKERS = """
SELECT layer, neuron, "group"
FROM {view}(p_property := 'speaker', p_corpus := 'sets', p_model := $model, p_sigma := $sigma)
"""


def _of_group(rows: pl.DataFrame, group: str, layers: Sequence[MaskLayer]) -> Mask:
    own = rows.filter(pl.col.group == group)
    return Mask.of_neurons(
        layers, {layer: own.filter(pl.col.layer == layer)["neuron"].to_list() for layer in set(own["layer"])}
    )


def study(options: Options) -> Page:
    """Run what is missing, and gather."""
    models = [model_of("speakers", seed, pretraining=0) for seed in range(options.seeds)]
    units = {which.name: (unit, (which, SPEAKER_SIGMA, options.speech, options.work)) for which in models}
    found = run_units(units, options.work / "one_speaker", options.jobs)
    results = list(found.values())
    seen = {name: _changes(results, name) for name in (*SETS, CONTROL)}
    sizes = {name: np.mean([r["sizes"][name] for r in results]) for name in SETS}
    rows = [[name, *(str(estimate) for estimate in estimates.values())] for name, estimates in seen.items()]
    return Page(
        "one_speaker",
        "Section 5.2: erasing one speaker",
        [
            f"In each of {len(results)} speaker identification models (those of [table 1](table_1.md)) neurons of one "
            f"speaker are erased (property `speaker`, σ = {SPEAKER_SIGMA:g}), for each of the 80 speakers in turn, and "
            f"the errors of all are measured: group neurons G_i, which are of that speaker alone "
            f"({sizes['group neurons']:.0f} on average), and candidates N_i, which other speakers may share "
            f"({sizes['candidates']:.0f}). Intervals are 95%, from a bootstrap over the erased speakers.",
            _outcome(seen),
        ],
        [("Change of the error in points:", ("erased", *WATCHED), rows)],
        beside(
            bars(
                [(who, name, estimate) for name, estimates in seen.items() for who, estimate in estimates.items()],
                "measured on",
                "erased",
                "change of error, points",
            ),
            columns=1,
        ),
        {
            "settings": {"sigma": SPEAKER_SIGMA, "pretraining": 0},
            "changes": {name: {who: asdict(e) for who, e in estimates.items()} for name, estimates in seen.items()},
            "units": found,
        },
    )


WATCHED = ("the speaker", "others of the gender", "the other gender")


def _changes(results: Sequence[Result], name: str) -> dict[str, Estimate]:
    """Estimates of the change for the erased speaker, others of the same gender, and those of the other."""
    male = np.array(results[0]["male"])
    own = np.eye(len(male), dtype=bool)
    same = (male[:, None] == male) & ~own
    changes = np.array([r["changes"][name] for r in results])  # (seeds, erased, measured)
    masks = dict(zip(WATCHED, (own, same, ~same & ~own), strict=True))
    return {who: over_speakers(np.where(mask, changes, 0).sum(2) / mask.sum(1)) for who, mask in masks.items()}


def _outcome(seen: Mapping[str, Mapping[str, Estimate]]) -> str:
    parts = []
    for name in SETS:
        own, rest = seen[name]["the speaker"], seen[name]["others of the gender"]
        apart = "apart" if own.low > rest.high else "not told apart"
        parts.append(
            f"Erasing {name} changes the speaker's own error by {own} points, that of others of the gender by {rest} "
            f"({apart})."
        )
    parts.append(f"As many random neurons as candidates change the speaker's error by {seen[CONTROL]['the speaker']}.")
    return " ".join(parts)
