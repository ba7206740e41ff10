"""Models fine-tuned from the pretrained encoder, trained once each: what erasing and pruning change."""

from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.replication.pretrain import load_encoder
from benchmarks.replication.recording import record
from benchmarks.replication.settings import PRETRAINING, SPARSITY, STEPS
from benchmarks.replication.speech import Speech
from benchmarks.replication.tasks import PhoneTask, PitchTask, SpeakerTask, Task, TaskModel
from benchmarks.replication.tune import tune

TASKS = {"phones": PhoneTask, "speakers": SpeakerTask, "pitch": PitchTask}


@dataclass(frozen=True)
class TunedModel:
    """Which model it is.

    Attributes:
        task: key of ``TASKS``, or what else its name begins with.
        pretraining: steps of it.
        seed: of head, batches and channels.
        steps: of fine-tuning.
        sparsity: weight of the penalty on activations.
    """

    task: str
    pretraining: int
    seed: int
    steps: int
    sparsity: float

    @property
    def name(self) -> str:
        """Its name in the warehouse and of its file."""
        return f"{self.task}-after-{self.pretraining}-seed-{self.seed}"


def tuned(which: TunedModel, task: Task, work: Path) -> TaskModel:
    """The model, trained once and kept in ``work``."""
    path = work / "models" / f"{which.name}.pt"
    torch.manual_seed(which.seed)
    model = TaskModel(load_encoder(work / "pretrain", which.pretraining), task.outputs)
    if path.exists():
        model.load_state_dict(torch.load(path, weights_only=True))
        return model.eval()
    tune(model, task, steps=which.steps, seed=which.seed, sparsity=which.sparsity)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".partial")
    torch.save(model.state_dict(), aside)
    aside.rename(path)
    return model


def model_of(task: str, seed: int, pretraining: int = PRETRAINING) -> TunedModel:
    """The model of a task that the studies start from."""
    return TunedModel(task, pretraining, seed, STEPS[task], SPARSITY)


def tuned_and_recorded(which: TunedModel, speech: Speech, folder: Path, work: Path) -> tuple[TaskModel, SpeakerTask]:
    """The model and its task; the warehouse has what its neurons do on the utterances of the fold ``sets``."""
    task = SpeakerTask(speech)
    model = tuned(which, task, work)
    record(model.encoder, which.name, folder, work)
    return model, task
