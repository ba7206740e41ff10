"""Training and tuning, the same loop for every task: AdamW, one cycle, bfloat16 where the machine has it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.replication.tasks import Task, TaskModel
from ingest.models.mel_encoder import MelEncoder


def tune(
    model: TaskModel, task: Task, *, steps: int, seed: int, peak: float = 1e-3, sparsity: float = 0.0
) -> TaskModel:
    """Train a model on a task, in place.

    Args:
        model: encoder and head; all weights learn.
        task: where batches come from.
        steps: batches.
        seed: of batches, crops, channels and dropout.
        peak: largest learning rate of the cycle.
        sparsity: weight of the penalty on activations (see :func:`sparse_activations`).
    """
    torch.manual_seed(seed)
    draw, random = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    one_cycle(model, lambda: task.loss(model, draw, random), steps, peak, sparsity, model.encoder)
    return model


def one_cycle(
    module: nn.Module,
    loss: Callable[[], Tensor],
    steps: int,
    peak: float,
    sparsity: float,
    encoder: MelEncoder,
) -> None:
    """Minimise a loss over one cycle of the learning rate."""
    module.train()
    optimizer = torch.optim.AdamW(module.parameters(), peak, betas=(0.9, 0.98), weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, peak, steps, pct_start=0.1)
    with sparse_activations(encoder) as activity:
        for step in range(steps):
            with torch.autocast("cpu", torch.bfloat16):
                value = loss()
            if sparsity:
                value = value + sparsity * min(1.0, step / 500) * activity()
            value.backward()
            nn.utils.clip_grad_norm_(module.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
    module.eval()


@contextmanager
def sparse_activations(encoder: MelEncoder) -> Iterator[Callable[[], Tensor]]:
    """The mean over frames and layers of Σ|activation|, of the last forward pass: a penalty on it makes neurons rare.

    Large models come to fire few neurons a frame by themselves; a small one that learns for minutes does not.
    """
    seen: dict[int, Tensor] = {}

    def keep(layer: int, inputs: tuple[Tensor, ...]) -> None:
        seen[layer] = inputs[0]

    hooks = [
        block.fc2.register_forward_pre_hook(lambda _, inputs, layer=layer: keep(layer, inputs))
        for layer, block in enumerate(encoder.encoder.layers)
    ]
    try:
        yield lambda: torch.stack([x.float().abs().sum(-1).mean() for x in seen.values()]).mean()
    finally:
        for hook in hooks:
            hook.remove()
