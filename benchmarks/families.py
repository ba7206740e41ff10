"""Every family of models at its published size, seeded: whether the doctor passes it, and what recording it costs.

    python benchmarks/families.py [--only NAME …] [--seconds 10]

The baseline of each is the same model over the same sound without hooks. fairseq's and MelHuBERT's layouts are tested
at base size by ``pytest -m slow``; their networks are those of torchaudio.
"""

import argparse
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from figures import figure, seconds
from torch import Tensor, nn

from ingest import load, wrap
from ingest.doctor import examine, made_sound
from ingest.models import SpeechModel
from ingest.recorder import Recorder

LAMBDA_PCT = 1.0
WIDTHS = (2000, 2000, 2000, 3000, 1500, 600)
"""Neurons of the layers of the temporal CNN in [B]."""


class TemporalCnn(nn.Module):
    """Four convolutions over log-mel frames, mean pooling, and two fully connected layers [B]."""

    def __init__(self) -> None:
        super().__init__()
        from torchaudio.transforms import MelSpectrogram

        self.mel = MelSpectrogram(16_000, n_fft=400, hop_length=160, n_mels=40, center=False)
        shapes = zip((40, *WIDTHS[:3]), WIDTHS[:4], (5, 7, 1, 1), (1, 2, 1, 1), strict=True)
        self.cnn = nn.ModuleList(nn.Conv1d(i, o, kernel, stride) for i, o, kernel, stride in shapes)
        self.fc = nn.ModuleList([nn.Linear(WIDTHS[3], WIDTHS[4]), nn.Linear(WIDTHS[4], WIDTHS[5])])

    def forward(self, waveforms: Tensor) -> Tensor:
        """Scores of utterances (batch, 600) of waveforms (batch, samples)."""
        x = (self.mel(waveforms) + 1e-6).log()
        for layer in self.cnn:
            x = layer(x).relu()
        x = x.mean(2)
        for layer in self.fc:
            x = layer(x).relu()
        return x


class Mockingjay(nn.Module):
    """A BERT of 12 blocks over three stacked log-mel frames."""

    def __init__(self) -> None:
        super().__init__()
        from torchaudio.transforms import MelSpectrogram
        from transformers import BertConfig
        from transformers.models.bert.modeling_bert import BertEncoder

        config = BertConfig(attn_implementation="eager")
        self.mel = MelSpectrogram(16_000, n_fft=400, hop_length=160, n_mels=80, center=False)
        self.input = nn.Linear(240, config.hidden_size)
        self.encoder = BertEncoder(config)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Frames (batch, T, 768) of waveforms (batch, samples), 30 ms apart."""
        mel = (self.mel(waveforms) + 1e-6).log().transpose(1, 2)
        stacked = mel[:, : mel.shape[1] // 3 * 3].reshape(len(mel), -1, 240)
        return self.encoder(self.input(stacked)).last_hidden_state


def of_transformers(config: str, model: str, **sizes: object) -> nn.Module:
    """A model of transformers with its default sizes, or some others."""
    import transformers

    return getattr(transformers, model)(getattr(transformers, config)(**sizes))


MODELS: dict[str, Callable[[], SpeechModel]] = {
    "torchaudio HuBERT base": partial(load, "torchaudio:hubert_base", random_init=0, normalize=False),
    "torchaudio WavLM base": partial(load, "torchaudio:wavlm_base", random_init=0, normalize=False),
    "torchaudio HuBERT large": partial(load, "torchaudio:hubert_large", random_init=0, normalize=True),
    "transformers data2vec base": lambda: wrap(
        of_transformers("Data2VecAudioConfig", "Data2VecAudioModel"), normalize=True
    ),
    "transformers Conformer": lambda: wrap(
        of_transformers("Wav2Vec2ConformerConfig", "Wav2Vec2ConformerForCTC", vocab_size=32), normalize=True
    ),
    "transformers w2v-BERT 2.0": lambda: wrap(of_transformers("Wav2Vec2BertConfig", "Wav2Vec2BertModel")),
    "transformers Whisper base": lambda: wrap(
        of_transformers(
            "WhisperConfig",
            "WhisperModel",
            d_model=512,
            encoder_layers=6,
            encoder_attention_heads=8,
            encoder_ffn_dim=2048,
            decoder_layers=6,
            decoder_attention_heads=8,
            decoder_ffn_dim=2048,
        )
    ),
    "Mockingjay-style base": lambda: wrap(Mockingjay(), normalize=False),
    "temporal CNN": lambda: wrap(TemporalCnn(), layers=["cnn.*", "fc.*"], normalize=False),
    "mel:tiny": partial(load, "mel:tiny"),
}


def forward(model: SpeechModel, sound: np.ndarray) -> None:
    """The model over the sound, and nothing else."""
    model.forward(model.waveforms([sound]))


def main() -> None:
    """Examine and time each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    failed = []
    for name in given.only:
        torch.manual_seed(0)
        model = MODELS[name]()
        findings = list(examine(model))
        wrong = [f"{finding.claim}: {finding.said}" for finding in findings if finding.outcome == "wrong"]
        failed += wrong
        millions = sum(parameter.numel() for parameter in model.module.parameters()) / 1e6
        widths = sorted({site.n_neurons for site in model.sites})
        print(
            f"{name}: {millions:.0f} M parameters, {len(model.sites)} layers of {', '.join(map(str, widths))} neurons"
        )
        print(
            f"  doctor: {'; '.join(wrong) or ', '.join(f'{finding.claim} {finding.outcome}' for finding in findings)}"
        )
        sound = made_sound(model.sample_rate, given.seconds)
        with torch.inference_mode():
            alone = seconds(partial(forward, model, sound), given.repeats)
        with Recorder(model, LAMBDA_PCT) as recorder:
            recorded = seconds(partial(recorder.record, [sound]), given.repeats)
        figure(f"  recording {given.seconds:g} s of sound", recorded, "s", alone, "the model alone")
    if failed:
        raise SystemExit("\n".join(failed))


if __name__ == "__main__":
    main()
