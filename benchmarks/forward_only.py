"""The least that a pass over a corpus costs: import, build the model, read the audio, run it. AUDIO SEED."""

import sys
from pathlib import Path

import soundfile
import torch
import torchaudio

torch.manual_seed(int(sys.argv[2]))
model = torchaudio.models.hubert_base().eval()
with torch.inference_mode():
    for path in sorted(Path(sys.argv[1]).rglob("*.flac")):
        wave, _ = soundfile.read(path, dtype="float32")
        model(torch.from_numpy(wave)[None])
