"""What running a model on noise shows of its layers, and what is said where it shows nothing."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ingest.models import wrap
from ingest.models.families import seeded
from ingest.recorder import Recorder
from warehouse.errors import ModelError
from warehouse.grid import Grid


class Frames(nn.Module):
    """Convolved frames of 25 ms, every 20 ms, what comes out of ``between`` of them, and a linear."""

    def __init__(self, between: Callable[[Tensor], Tensor] = torch.relu, stride: int = 320) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 8, 400, stride)
        self.fc = nn.Linear(8, 6)
        self.between = between

    def hear(self, waveforms: Tensor) -> Tensor:
        return waveforms

    def forward(self, waveforms: Tensor) -> Tensor:
        return self.fc(self.between(self.conv(self.hear(waveforms)[:, None]).transpose(1, 2)))


class Fixed(Frames):
    """Pads its input to 10 s."""

    def hear(self, waveforms: Tensor) -> Tensor:
        return nn.functional.pad(waveforms, (0, 160_000 - waveforms.shape[1]))


def speech(n_samples: int) -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal(n_samples)).astype(np.float32)


def test_a_module_of_fixed_length_is_told_what_to_state() -> None:
    with pytest.raises(ModelError, match=r"layer 1 \(fc\) .*pads its input.*--hop-ms .*--padding-frames N") as caught:
        wrap(Fixed(), layers=["fc"])
    assert "\n" not in str(caught.value)
    model = wrap(Fixed(), layers=["fc"], hop_ms=20, window_ms=25, padding_frames=500)
    with Recorder(model, 20) as recorder:
        assert recorder.record([speech(32_000)])[0].n_frames == 99


def test_a_model_with_a_shortest_and_a_longest_input_is_measured() -> None:
    class Some(Frames):
        def hear(self, waveforms: Tensor) -> Tensor:
            if not 8_000 <= waveforms.shape[1] <= 20_000:
                raise RuntimeError("no such length\nfor me")
            return waveforms

    assert wrap(Some(), layers=["fc"]).grid == Grid(20_000, 12_500, 25_000)


def test_longer_noise_that_cannot_be_run_does_not_hide_what_was_wrong() -> None:
    class Pictures(Frames):
        def forward(self, waveforms: Tensor) -> Tensor:
            if waveforms.shape[1] > 20_000:
                raise RuntimeError("too long")
            return self.conv(waveforms[:, None, :400])

    with pytest.raises(ModelError, match=r"layer 1 \(1\) gives shape \(1, 4, 2, 1\)"):
        wrap(nn.Sequential(Pictures(), nn.Unflatten(1, (4, 2))), layers=["1"])


def test_layers_that_come_too_fast_are_named() -> None:
    with pytest.raises(ModelError, match=r"layer 1 \(conv\) .*every 5 samples .*leave that layer out, or .*-rate"):
        wrap(Frames(stride=5), layers=["conv"])
    torchaudio = pytest.importorskip("torchaudio")
    module = torchaudio.models.wav2vec2_model(
        "group_norm", [(8, 10, 5), (8, 64, 64)], False, 16, 0, 4, 2, 1, 2, 0, 32, 0, 0, False, 0, None
    )
    with pytest.raises(ModelError, match=r"leave that layer out$"):
        wrap(module, layers=["feature_extractor.conv_layers.0"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"hop_ms": float("nan")}, "--hop-ms nan: must be"),
        ({"hop_ms": float("inf")}, "--hop-ms inf: must be"),
        ({"sample_rate": 0}, "--sample-rate 0: give samples per second"),
        ({"sample_rate": -8_000}, "--sample-rate -8000: give"),
        ({"sample_rate": 10**12}, "--sample-rate 1000000000000: give"),
    ],
)
def test_numbers_that_are_none(options: dict[str, float], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        wrap(Frames(), layers=["fc"], **options)


@pytest.mark.parametrize("seed", [1 << 64, -(1 << 63) - 1])
def test_a_seed_that_torch_does_not_take(seed: int) -> None:
    with pytest.raises(ModelError, match=r"--random-init .* at most 64 bits"):
        seeded(Frames, seed)


def test_a_stated_hop_may_not_contradict_the_family() -> None:
    from ingest.models import load

    with pytest.raises(ModelError, match=r"--hop-ms 40: the frames of this model lie 20 ms apart; leave it out"):
        load("mel:tiny", hop_ms=40, padding_frames=1_000)
    assert load("mel:tiny", hop_ms=20).grid == load("mel:tiny").grid


class TimeFirst(Frames):
    """A recurrent layer that wants (time, batch, channel) under a block that wants the batch first."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(8, 5)
        self.layers = nn.ModuleList([nn.Sequential(nn.Linear(5, 20), nn.ReLU(), nn.Linear(20, 5))])

    def forward(self, waveforms: Tensor) -> Tensor:
        x, _ = self.lstm(self.conv(waveforms[:, None]).permute(2, 0, 1))
        return self.layers[0](x.transpose(0, 1))


@pytest.mark.parametrize("stated", [{}, {"hop_ms": 20, "window_ms": 25}])
def test_one_time_first_site_does_not_turn_the_others(stated: dict[str, float]) -> None:
    model = wrap(TimeFirst(), layers=["lstm", "in:layers.0.2"], **stated)
    assert [site.axes for site in model.sites] == ["tbc", "btc"]
    assert [site.block_axes for site in model.sites] == [None, "btc"]
    assert not model.time_first
    assert (model.grid, model.sites[1].block_module) == (Grid(20_000, 12_500, 25_000), "layers.0")
    with torch.inference_mode():
        blocks = model.module(torch.from_numpy(speech(8_000))[None])[0].numpy()
    with Recorder(model, 20) as recorder:
        for recording in recorder.record([speech(8_000)] * 2):
            np.testing.assert_allclose(recording.block_mean[1], blocks.mean(0), atol=1e-6)


def test_a_stated_hop_leaves_what_has_no_frames_alone() -> None:
    class Pooled(Frames):
        def forward(self, waveforms: Tensor) -> Tensor:
            return self.fc(self.conv(waveforms[:, None]).mean(2))

    model = wrap(Pooled(), layers=["conv", "fc"], hop_ms=20, window_ms=25)
    assert [model.grid_of(site) for site in model.sites] == [Grid(20_000, 12_500, 25_000), Grid.UTTERANCE]


def test_a_sites_kind_is_not_in_its_name() -> None:
    """A head that happens to be called ffn has one row an utterance, not the frames of the encoder."""
    torchaudio = pytest.importorskip("torchaudio")

    class Head(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = torchaudio.models.wav2vec2_model(
                "group_norm", [(8, 400, 320)], False, 16, 0, 4, 2, 1, 2, 0, 32, 0, 0, False, 0, None
            )
            self.ffn_head = nn.Linear(16, 7)

        def forward(self, waveforms: Tensor) -> Tensor:
            return self.ffn_head(self.encoder(waveforms)[0].mean(1))

    model = wrap(Head(), layers=["ffn_head"])
    assert model.grid_of(model.sites[0]) == Grid.UTTERANCE


def test_what_returns_no_tensor_is_named() -> None:
    class Nothing(nn.Module):
        def forward(self, x: Tensor) -> tuple[None, Tensor]:
            return None, x

    class Wraps(Frames):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Nothing()

        def forward(self, waveforms: Tensor) -> Tensor:
            return self.inner(super().forward(waveforms))[1]

    with pytest.raises(ModelError, match=r"^layer 1 \(inner\) returns a tuple that begins with NoneType, not a tensor"):
        wrap(Wraps(), layers=["inner"])


def test_containers_are_no_layers() -> None:
    with pytest.raises(ModelError, match=r"'layers': layers is a ModuleList, a container .*--layers 'layers\.\*'"):
        wrap(TimeFirst(), layers=["layers"])
    assert [site.out_module for site in wrap(TimeFirst(), layers=["l*"]).sites] == ["lstm"]
