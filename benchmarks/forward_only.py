"""The least that a pass over a corpus costs: import, build the model, read the audio, run it. AUDIO SEED|mel:tiny.

With a seed the model is HuBERT base with random weights, of torchaudio alone; ``mel:tiny`` is the demo's.
"""

import sys
from pathlib import Path

import soundfile
import torch
import torchaudio

if sys.argv[2] == "mel:tiny":
    from ingest import load

    model = load(sys.argv[2]).module
else:
    torch.manual_seed(int(sys.argv[2]))
    model = torchaudio.models.hubert_base().eval()
with torch.inference_mode():
    for path in sorted(Path(sys.argv[1]).rglob("*.flac")):
        wave, _ = soundfile.read(path, dtype="float32")
        model(torch.from_numpy(wave)[None])
