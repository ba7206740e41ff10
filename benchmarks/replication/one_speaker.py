"""What [A] §5.2 leaves open: erase the neurons of one speaker, and watch the others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks.replication.charts import bars, beside
from benchmarks.replication.recording import WAREHOUSE
from benchmarks.replication.report import Page
from benchmarks.replication.settings import PRETRAINING, SPEAKER_SIGMA, Options
from benchmarks.replication.speaker_models import SpeakerModel, tuned_and_recorded
from benchmarks.replication.speech import load_speech
from benchmarks.replication.statistics import Estimate, over_speakers
from benchmarks.replication.table_1 import speaker_model
from benchmarks.replication.units import Result, run_units
from queries import connect
from queries.editing import erased
from queries.masks import Mask


def unit(which: SpeakerModel, sigma: float, folder: Path, work: Path) -> Result:
    """Change of the error of every speaker (columns) after erasing each (rows), and after as many random neurons."""
    speech = load_speech(work / WAREHOUSE, work)
    model, task = tuned_and_recorded(which, speech, folder, work)
    task.tests, task.wanted = task.tests[::4], task.wanted[::4]
    with connect(work / WAREHOUSE, comments=False) as con:
        rows = con.sql(
            "SELECT layer, neuron, \"group\" FROM group_neurons(p_property := 'speaker', p_corpus := 'sets', "
            "p_model := $model, p_sigma := $sigma)",
            {"model": which.name, "sigma": sigma},
        ).pl()
        everything = Mask.from_sql(con, "FROM (SELECT 1 AS layer, 0 AS neuron)", model=which.name)
    before = task.errors(model)
    changes, controls, sizes = [], [], []
    for index, speaker in enumerate(speech.speakers):
        own = rows.filter(rows["group"] == speaker)
        by_layer = {layer: own.filter(own["layer"] == layer)["neuron"].to_list() for layer in set(own["layer"])}
        mask = Mask.of_neurons(everything.layers, by_layer)
        sizes.append(len(mask))
        for found, tried in ((changes, mask), (controls, mask.random_like(index))):
            with erased(model.encoder, tried):
                found.append(np.round(task.errors(model) - before, 4).tolist())
    return {
        "male": speech.male.tolist(),
        "before": np.round(before, 4).tolist(),
        "sizes": sizes,
        "changes": changes,
        "controls": controls,
    }


def study(options: Options) -> Page:
    """Run what is missing, and gather."""
    models = [speaker_model(PRETRAINING, seed) for seed in range(options.seeds)]
    units = {which.name: (unit, (which, SPEAKER_SIGMA, options.speech, options.work)) for which in models}
    found = run_units(units, options.work / "one_speaker", options.jobs)
    results = list(found.values())
    seen = {name: of(results) for name, of in (("own neurons", _changes("changes")), ("random", _changes("controls")))}
    sizes = np.mean([r["sizes"] for r in results])
    rows = [[name, *(str(estimate) for estimate in estimates.values())] for name, estimates in seen.items()]
    return Page(
        "one_speaker",
        "Section 5.2: erasing one speaker",
        [
            f"From each of {len(results)} speaker identification models (those of [table 1](table_1.md)) the group "
            f"neurons of one speaker are erased (property `speaker`, σ = {SPEAKER_SIGMA:g}; {sizes:.0f} neurons on "
            "average), for each of the 80 speakers in turn, and the errors of all are measured. Intervals are 95%, "
            "from a bootstrap over the erased speakers.",
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
            "settings": {"sigma": SPEAKER_SIGMA, "pretraining": PRETRAINING},
            "changes": {name: {who: asdict(e) for who, e in estimates.items()} for name, estimates in seen.items()},
            "units": found,
        },
    )


WATCHED = ("the speaker", "others of the gender", "the other gender")


def _changes(key: str) -> Callable[[Sequence[Result]], dict[str, Estimate]]:
    """Estimates of the change for the erased speaker, others of the same gender, and those of the other."""

    def of(results: Sequence[Result]) -> dict[str, Estimate]:
        male = np.array(results[0]["male"])
        own = np.eye(len(male), dtype=bool)
        same = (male[:, None] == male) & ~own
        changes = np.array([r[key] for r in results])  # (seeds, erased, measured)
        masks = dict(zip(WATCHED, (own, same, ~same & ~own), strict=True))
        return {who: over_speakers(np.where(mask, changes, 0).sum(2) / mask.sum(1)) for who, mask in masks.items()}

    return of


def _outcome(seen: Mapping[str, Mapping[str, Estimate]]) -> str:
    own, rest = seen["own neurons"]["the speaker"], seen["own neurons"]["others of the gender"]
    apart = "the intervals are apart" if own.low > rest.high else "the intervals overlap"
    return (
        f"The erased speaker's error changes by {own} points, that of the others of the same gender by {rest} "
        f"({apart}); as many random neurons change the speaker's by {seen['random']['the speaker']}."
    )
