"""The models of the study, in one warehouse: those of the replication, and HuBERT base with seeded random weights."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.replication import pretrain
from benchmarks.replication.recording import record
from benchmarks.replication.settings import PRETRAINING, Options
from benchmarks.replication.speech import load_speech
from benchmarks.replication.tuned_models import TASKS, model_of, tuned
from ingest.models import load

HUBERT = "hubert_base"
CORPUS = "sets"
TUNED = ("phones", "speakers")


@dataclass(frozen=True)
class Studied:
    """The warehouse, and what each model is called there.

    Attributes:
        warehouse: its folder.
        models: names in the order of the tables.
        twins: name of the model with random weights that each is compared with.
    """

    warehouse: Path
    models: tuple[str, ...]
    twins: dict[str, str]


def recorded(options: Options) -> Studied:
    """Train what is not there, record it over the fold ``sets``, and say where."""
    folder = options.work / "pretrain"
    warehouse = record(pretrain.load_encoder(folder, 0), "untrained", options.speech, options.work)
    record(pretrain.load_encoder(folder, PRETRAINING), "pretrained", options.speech, options.work)
    speech = load_speech(warehouse, options.work)
    names = ["untrained", "pretrained"]
    for task in TUNED:
        which = model_of(task, 0)
        record(tuned(which, TASKS[task](speech), options.work).encoder, which.name, options.speech, options.work)
        names.append(which.name)
    record(load("torchaudio:HUBERT_BASE", random_init=0), HUBERT, options.speech, options.work)
    return Studied(warehouse, (*names, HUBERT), dict.fromkeys(names[1:], "untrained"))
