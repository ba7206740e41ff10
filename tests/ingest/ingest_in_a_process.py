"""An ingest as a process of its own, for tests that kill it: SPEECH WAREHOUSE WEIGHTS."""

import sys
from pathlib import Path

import torch
import torchaudio

from ingest import Corpus, ingest

speech, target, weights = map(Path, sys.argv[1:4])
model = torchaudio.models.wav2vec2_model(
    "group_norm", [(16, 10, 5), *[(16, 3, 2)] * 4, *[(16, 2, 2)] * 2], False, 32, 0.0, 8, 4, 2, 4, 0.0, 64, 0.0, 0.0,
    False, 0.0, None,
).eval()  # fmt: skip
model.load_state_dict(torch.load(weights, weights_only=True))
corpus = Corpus.from_files(speech / "audio", speech / "labels", speech / "metadata.csv", name="made", phones="arpabet")
print("ready", flush=True)
settings = {"lambda_pct": 5, "shard_minutes": 0.03, "segment_means": "block,ffn", "workers": 0}
ingest(model, corpus, target, model_name="tiny", quiet=True, **settings)
