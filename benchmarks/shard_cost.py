"""What a new shard costs in a warehouse that has many already, against the same shard in an empty one.

python benchmarks/shard_cost.py [--shards 400]
"""

import argparse
import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
from drawn import GRID, LAYERS, RATE, Drawing, drawn_model
from figures import figure

from ingest.corpora import Corpus, Segment, Utterance
from ingest.corpora.phone_set import shipped
from ingest.planning import plan
from ingest.prepare import prepare
from ingest.registration import declare_built_in, register_model
from ingest.settings import Settings
from warehouse import create, snapshot

SECONDS = 4.0
PHONES = ("AA", "S", "M", "IY", "T", "")
N_MEASURED = 20


def small_corpus(n_utterances: int) -> Corpus:
    """Utterances of a few seconds with labels and without audio, each a shard of its own."""
    ends = np.linspace(0, SECONDS * 1e6, 41).astype(int).tolist()
    segments = tuple(
        Segment(start, end, PHONES[i % len(PHONES)], None) for i, (start, end) in enumerate(pairwise(ends))
    )
    utterances = [
        Utterance(
            f"u{i:05d}", Path("none"), segments, {"speaker": f"s{i % 9}", "gender": "MF"[i % 2], "text": None},
            n_samples=int(SECONDS * RATE), sample_rate=RATE,
        )
        for i in range(n_utterances)
    ]  # fmt: skip
    return Corpus("small", utterances, True, shipped("arpabet"))


def main() -> None:
    """Time the first and the last shards of a long run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, default=400)
    n_shards = parser.parse_args().shards
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(means=False, f0=False, shard_minutes=SECONDS / 60)
        layout = create(Path(scratch) / "w")
        register_model(layout, "drawn", drawn_model(), settings)
        declare_built_in(layout, has_classes=True)
        corpus = small_corpus(n_shards)
        shards = plan(layout, corpus, GRID, RATE, settings.shard_minutes)
        prepare(layout, corpus, shards, RATE, settings, lambda seconds: None, print)
        drawing = Drawing(snapshot(layout), corpus, settings, LAYERS)
        times = []
        for shard in shards:
            start = time.perf_counter()
            drawing.record([shard])
            times.append(time.perf_counter() - start)
        first, last = statistics.median(times[:N_MEASURED]), statistics.median(times[-N_MEASURED:])
        figure(f"a shard after {n_shards - N_MEASURED} others", last, "s", first, "one of the first shards")


if __name__ == "__main__":
    main()
