"""Speech for the studies that takes no time to make."""

import numpy as np
import pytest
import torch

from benchmarks.replication.speech import Speech


@pytest.fixture
def speech() -> Speech:
    """Four speakers with two utterances each, the second for tests; a phone in every frame."""
    lengths = np.array([30, 60] * 4)
    frames = int(lengths.sum())
    random = torch.Generator().manual_seed(0)
    return Speech(
        utterances=[str(n) for n in range(8)],
        mel=torch.randn(frames, 2, 40, generator=random),
        starts=np.concatenate([[0], np.cumsum(lengths)]),
        speaker=np.repeat(np.arange(4), 2),
        male=np.array([True, True, False, False]),
        speakers=list("abcd"),
        test=np.array([False, True] * 4),
        train_part=np.ones(8, dtype=bool),
        phone=torch.zeros(frames, dtype=torch.long),
        phones=["AA"],
        f0=torch.full((frames,), 150.0),
        sequences=[np.zeros(3, dtype=int)] * 8,
    )
