"""How fast a device records, and how much of its time is not the model: audio-seconds a second, by dtype and batch.

    python benchmarks/throughput.py [--device cuda] [--batch 1 8 32]

The audio is noise (it costs what speech costs) of one length, so that any batch is possible; the baseline is the same
model over the same batches while its hooks are idle. Only the pass is timed: reading audio, counting and writing happen
on the CPU beside it.
"""

import argparse
import statistics
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from figures import figure, seconds

from ingest.models import load
from ingest.models.base import SpeechModel
from ingest.recorder import Recorder

LAMBDA_PCT = 1.0
RATE = 16_000


def timed(works: Sequence[Callable[[], object]], device: str, repeats: int) -> list[float]:
    """Median seconds of each of some works, done in turn so that all see the same machine.

    Each is done once before, to allocate, choose kernels and (the recorder) compare batches with single utterances.
    """

    def whole(work: Callable[[], object]) -> None:
        work()
        if device.startswith("cuda"):
            torch.cuda.synchronize()

    for work in works:
        whole(work)
    rounds = [[seconds(partial(whole, work), 1) for work in works] for _ in range(repeats)]
    return [statistics.median(times) for times in zip(*rounds, strict=True)]


def forward(model: SpeechModel, batches: list[list[np.ndarray]], dtype: str) -> None:
    """The model over all batches, and nothing else."""
    autocast = torch.autocast(model.device.type, torch.bfloat16, enabled=dtype == "bfloat16")
    with torch.inference_mode(), autocast:
        for batch in batches:
            model.forward(model.waveforms(batch))


def record(recorder: Recorder, batches: list[list[np.ndarray]]) -> None:
    """The model over all batches, recorded."""
    for batch in batches:
        recorder.record(batch)


def main() -> None:
    """Time each dtype and batch size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--model", default="torchaudio:hubert_base")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--utterances", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    model = load(arguments.model, random_init=872)
    model.module.to(arguments.device).eval()
    random = np.random.default_rng(0)
    shape = (arguments.utterances, int(arguments.seconds * RATE))
    audio = list(random.standard_normal(shape, dtype=np.float32) * 0.1)
    spoken = arguments.utterances * arguments.seconds
    for dtype in ("float32", "bfloat16"):
        for size in arguments.batch:
            batches = [audio[start : start + size] for start in range(0, len(audio), size)]
            with Recorder(model, LAMBDA_PCT, dtype=dtype) as recorder:
                works = (partial(forward, model, batches, dtype), partial(record, recorder, batches))
                alone, recording = timed(works, arguments.device, arguments.repeats)
            name = f"{arguments.device}, {dtype}, batches of {size}"
            figure(f"{name}: recorded", spoken / recording, "audio-s/s", spoken / alone, "the model alone")
            figure(f"{name}: share of the time that is not the model", 1 - alone / recording, "of 1")


if __name__ == "__main__":
    main()
