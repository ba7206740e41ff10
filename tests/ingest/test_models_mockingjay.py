"""Mockingjay-style encoders [B]: BERT over log-mel frames, against a forward pass written out on the same weights.

Nothing is stated of them: networks are found by BERT's names, and the frame rate is measured, also where frames are
stacked by three as Mockingjay's are.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor
from torch.nn import functional
from typer.testing import CliRunner

from ingest.models import SpeechModel, load
from ingest.recorder import Recorder, top_k
from queries import connect
from tui.cli import gathered
from warehouse.grid import Grid

pytest.importorskip("transformers", reason="the extra neuron-warehouse[transformers] is not installed")

WIDTH, NEURONS, BLOCKS, HEADS, LAMBDA = 24, 60, 3, 4, 10.0
MODULE = """
import torch
import torchaudio
from torch import nn
from transformers import BertConfig
from transformers.models.bert.modeling_bert import BertEncoder

class Mockingjay(nn.Module):
    def __init__(self, stack, bands=20, width=24):
        super().__init__()
        self.stack = stack
        self.mel = torchaudio.transforms.MelSpectrogram(16_000, n_fft=400, hop_length=160, n_mels=bands, center=False)
        self.spec_transform = nn.Linear(stack * bands, width)
        self.LayerNorm = nn.LayerNorm(width)
        sizes = dict(hidden_size=width, num_hidden_layers=3, num_attention_heads=4, intermediate_size=60)
        self.encoder = BertEncoder(BertConfig(**sizes, attn_implementation="eager"))

    def forward(self, waveforms):
        mel = (self.mel(waveforms) + 1e-6).log().transpose(1, 2)  # (batch, frames, bands)
        stacked = mel[:, : mel.shape[1] // self.stack * self.stack].unflatten(1, (-1, self.stack)).flatten(2)
        place = torch.arange(stacked.shape[1])[:, None] / 10_000 ** torch.linspace(0, 1, 12)
        x = self.spec_transform(stacked) + torch.cat([place.sin(), place.cos()], 1)
        return self.encoder(self.LayerNorm(x)).last_hidden_state

def plain():
    return Mockingjay(1)

def stacked():
    return Mockingjay(3)
"""

GRIDS = {"plain": Grid(10_000, 12_500, 25_000), "stacked": Grid(30_000, 22_500, 45_000)}  # 25 ms + 2 · 10 ms
STACK = {"plain": 1, "stacked": 3}


@dataclass(frozen=True)
class Frames:
    """What each block computes of an utterance, (frames, D) and (frames, d)."""

    neurons: list[np.ndarray]
    outputs: list[np.ndarray]


def by_hand(state: dict[str, Tensor], waveform: np.ndarray, stack: int) -> Frames:
    """Spectrum, attention and feed-forward networks of one utterance, from the tensors alone."""

    def linear(x: Tensor, name: str) -> Tensor:
        return functional.linear(x, state[f"{name}.weight"], state[f"{name}.bias"])

    def norm(x: Tensor, name: str, eps: float) -> Tensor:
        return functional.layer_norm(x, (WIDTH,), state[f"{name}.weight"], state[f"{name}.bias"], eps)

    windows = torch.from_numpy(waveform).unfold(0, 400, 160) * state["mel.spectrogram.window"]
    mel = (torch.fft.rfft(windows).abs().square() @ state["mel.mel_scale.fb"] + 1e-6).log()
    mel = torch.cat([mel[at : len(mel) - stack + 1 + at : stack] for at in range(stack)], 1)
    angles = torch.arange(len(mel))[:, None] / 10_000 ** torch.linspace(0, 1, WIDTH // 2)
    x = linear(mel, "spec_transform") + torch.cat([angles.sin(), angles.cos()], 1)
    x = norm(x, "LayerNorm", 1e-5)
    found = Frames([], [])
    for number in range(BLOCKS):
        block = f"encoder.layer.{number}"
        q, k, v = (linear(x, f"{block}.attention.self.{name}") for name in ("query", "key", "value"))
        mixed = []
        for part in torch.arange(WIDTH).chunk(HEADS):
            scores = q[:, part] @ k[:, part].T / len(part) ** 0.5
            mixed.append(functional.softmax(scores, -1) @ v[:, part])
        attended = linear(torch.cat(mixed, 1), f"{block}.attention.output.dense")
        x = norm(x + attended, f"{block}.attention.output.LayerNorm", 1e-12)
        neurons = functional.gelu(linear(x, f"{block}.intermediate.dense"))
        x = norm(x + linear(neurons, f"{block}.output.dense"), f"{block}.output.LayerNorm", 1e-12)
        found.neurons.append(neurons.numpy())
        found.outputs.append(x.numpy())
    return found


def agree(neurons: np.ndarray, values: np.ndarray, truth: np.ndarray) -> None:
    """Recorded neurons and values (frames, k) are the k of largest |value| of the truth (frames, D), to rounding."""
    assert len(neurons) == len(truth)
    k = top_k(LAMBDA, truth.shape[1])
    assert all(len(set(row)) == k for row in neurons.tolist())
    np.testing.assert_allclose(values, np.take_along_axis(truth, neurons.astype(np.int64), 1), atol=1e-4)
    np.testing.assert_allclose(np.abs(values), -np.sort(-np.abs(truth), 1)[:, :k], atol=1e-4)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A working directory with a module ``mockingjays``."""
    folder = tmp_path_factory.mktemp("mockingjays")
    (folder / "mockingjays.py").write_text(MODULE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(folder)
        yield folder
    sys.modules.pop("mockingjays", None)


def made(kind: str, **options: Any) -> SpeechModel:
    return load(f"python:mockingjays:{kind}", random_init=3, **options)


@pytest.mark.parametrize("kind", GRIDS)
def test_networks_and_rate_are_found(here: Path, kind: str) -> None:
    model = made(kind)
    assert model.grids == (GRIDS[kind],)
    assert [(s.layer, s.block, s.site, s.n_neurons) for s in model.sites] == [(n, n, "ffn", NEURONS) for n in (1, 2, 3)]
    last = model.sites[-1]
    block = "encoder.layer.2"
    assert (last.in_module, last.out_module) == (f"{block}.intermediate.dense", f"{block}.output.dense")
    assert last.block_module == block


@pytest.mark.parametrize("kind", GRIDS)
@pytest.mark.parametrize("n_samples", [8_000, 8_720, 9_199])
def test_neurons_and_block_outputs_are_those_of_the_formulas(here: Path, kind: str, n_samples: int) -> None:
    waveform = np.random.default_rng(0).standard_normal(n_samples).astype(np.float32) / 10
    model = made(kind)
    truth = by_hand(model.module.state_dict(), waveform, STACK[kind])
    with Recorder(model, LAMBDA, values=True) as recorder:
        (recording,) = recorder.record([waveform])
    assert recording.n_frames == len(truth.neurons[0]) == GRIDS[kind].n_frames(n_samples, 16_000)
    for place in range(BLOCKS):
        agree(recording.neurons[place], recording.values[place], truth.neurons[place])
        np.testing.assert_allclose(recording.block_mean[place], truth.outputs[place].mean(0), atol=1e-4)
    model = made(kind, layers=["encoder.layer.*"])
    assert [(s.site, s.n_neurons) for s in model.sites] == [(f"encoder.layer.{n}", WIDTH) for n in range(BLOCKS)]
    assert model.grids == (GRIDS[kind],)
    with Recorder(model, LAMBDA, values=True) as recorder:
        (recording,) = recorder.record([waveform])
    for place in range(BLOCKS):
        agree(recording.neurons[place], recording.values[place], truth.outputs[place])


@pytest.mark.slow
def test_a_study_of_neurons_and_outputs(here: Path, make_speech: Any) -> None:
    """Both models from files to SQL: every frame of every utterance has the neurons that the formulas give."""
    speech = make_speech(here / "speech", n_utterances=4, n_speakers=2)
    given = ["--audio", speech / "audio", "--labels", speech / "labels", "--metadata", speech / "metadata.csv"]
    given += ["--random-init", 3, "--lambda", LAMBDA, "--values", "--no-f0", "--quiet"]
    models: dict[str, list[object]] = {
        "plain": ["--layers", "in:encoder.layer.*.output.dense", "encoder.layer.*"],
        "stacked": [],
    }
    for kind, more in models.items():
        named = ["--model", f"python:mockingjays:{kind}", "--name", kind, *more]
        arguments = ["ingest", "w", *map(str, [*named, *given])]
        done = CliRunner().invoke(gathered(["ingest"]), arguments)
        assert done.exit_code == 0, done.output
    waves = {path.stem: soundfile.read(path, dtype="float32")[0] for path in (speech / "audio").iterdir()}
    truth = {
        kind: {name: by_hand(made(kind).module.state_dict(), wave, STACK[kind]) for name, wave in waves.items()}
        for kind in models
    }
    with connect(here / "w") as con:
        layers = con.sql("SELECT model, layer, site, n_neurons, hop_us, offset_us, window_us FROM layers").fetchall()
        rows = con.sql(
            """
            SELECT a.model, a.layer, u.utterance, list(a.neuron ORDER BY f.frame, a."rank"),
                   list(a.value ORDER BY f.frame, a."rank"), count(DISTINCT f.frame)
            FROM activations AS a JOIN frames AS f USING (frame_id) JOIN utterances AS u USING (utterance_id)
            GROUP BY ALL
            """
        ).fetchall()
        of_gender = con.sql("SELECT DISTINCT model FROM group_candidates(p_property := 'gender')").fetchall()
    assert sorted(layers) == sorted(
        [("plain", n, f"encoder.layer.{n - 1}.output.dense", NEURONS, 10_000, 12_500, 25_000) for n in (1, 2, 3)]
        + [("plain", n + 3, f"encoder.layer.{n - 1}", WIDTH, 10_000, 12_500, 25_000) for n in (1, 2, 3)]
        + [("stacked", n, "ffn", NEURONS, 30_000, 22_500, 45_000) for n in (1, 2, 3)]
    )
    assert len(rows) == 3 * BLOCKS * len(waves)
    for kind, layer, name, neurons, values, n_frames in rows:
        frames = truth[kind][name]
        expected = [*frames.neurons, *frames.outputs][layer - 1]
        agree(np.reshape(neurons, (n_frames, -1)), np.reshape(values, (n_frames, -1)), expected)
    assert {model for (model,) in of_gender} == {"plain", "stacked"}
