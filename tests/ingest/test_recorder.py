"""The recorder against activations captured separately, one utterance at a time."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
import torchaudio
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from ingest import Corpus, ingest
from ingest.models import SpeechModel, wrap
from ingest.recorder import NotRunError, Recorder, Recording, top_k
from warehouse.errors import ModelError

CONVS = [(16, 10, 5), (16, 3, 2), (16, 3, 2), (16, 3, 2), (16, 3, 2), (16, 2, 2), (16, 2, 2)]


def tiny(seed: int = 0, pre_norm: bool = False) -> nn.Module:
    torch.manual_seed(seed)
    return torchaudio.models.wav2vec2_model(
        extractor_mode="group_norm",
        extractor_conv_layer_config=CONVS,
        extractor_conv_bias=False,
        encoder_embed_dim=32,
        encoder_projection_dropout=0.1,
        encoder_pos_conv_kernel=16,
        encoder_pos_conv_groups=4,
        encoder_num_layers=3,
        encoder_num_heads=4,
        encoder_attention_dropout=0.1,
        encoder_ff_interm_features=200,
        encoder_ff_interm_dropout=0.1,
        encoder_dropout=0.1,
        encoder_layer_norm_first=pre_norm,
        encoder_layer_drop=0.1,
        aux_num_out=5,
    ).eval()


def speech(n_samples: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(n_samples)).astype(np.float32)


def captured(module: nn.Module, paths: Sequence[str], waveform: np.ndarray, reads: str = "input") -> list[np.ndarray]:
    """Activations (frames, neurons) at modules, of one plain pass."""
    seen: dict[str, Tensor] = {}
    handles = []
    for path in paths:
        target = module.get_submodule(path)
        if reads == "input":
            handles.append(target.register_forward_pre_hook(lambda _, args, path=path: seen.update({path: args[0]})))
        else:
            handles.append(target.register_forward_hook(lambda _, args, out, path=path: seen.update({path: out})))
    with torch.no_grad():
        module(torch.from_numpy(waveform)[None])
    for handle in handles:
        handle.remove()
    return [(x[0] if isinstance(x, tuple) else x)[0].numpy() for x in (seen[path] for path in paths)]


def strongest(x: np.ndarray, k: int) -> np.ndarray:
    return np.argsort(-np.abs(x), axis=1, kind="stable")[:, :k]


def same(a: Recording, b: Recording) -> bool:
    return a.n_frames == b.n_frames and all(np.array_equal(x, y) for x, y in zip(a.neurons, b.neurons, strict=True))


class Small(nn.Module):
    """Frames of 320 samples through feed-forward blocks; what the subclass makes of it is the test's."""

    def __init__(self, width: int = 200, blocks: int = 2) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.blocks = nn.ModuleList(
            nn.ModuleDict({"fc1": nn.Linear(320, width), "fc2": nn.Linear(width, 320)}) for _ in range(blocks)
        )

    def frames(self, waveforms: Tensor) -> Tensor:
        return waveforms.unfold(1, 320, 320)

    def forward(self, waveforms: Tensor) -> Tensor:
        x = self.frames(waveforms)
        for block in self.blocks:
            x = x + block["fc2"](torch.relu(block["fc1"](x)))
        return x


@pytest.mark.parametrize("pre_norm", [False, True])
@pytest.mark.parametrize("share", [1.0, 5.0, 100.0])
def test_ranks_and_values_are_those_of_a_plain_pass(pre_norm: bool, share: float) -> None:
    module = tiny(pre_norm=pre_norm)
    model = wrap(module)
    with Recorder(model, share, values=True) as recorder:
        for seed, n_samples in enumerate([16_000, 9_999, 400, 800]):
            (recording,) = recorder.record([speech(n_samples, seed)])
            plain = captured(module, [site.out_module for site in model.sites], speech(n_samples, seed))
            assert recording.n_frames == (n_samples - 400) // 320 + 1
            assert recording.values is not None
            for x, neurons, values in zip(plain, recording.neurons, recording.values, strict=True):
                expected = strongest(x, top_k(share, 200))
                assert neurons.dtype == np.uint16
                assert np.array_equal(neurons, expected)
                assert np.array_equal(values, np.take_along_axis(x, expected, axis=1))


def test_means_are_those_of_the_signed_values() -> None:
    module = tiny()
    model = wrap(module)
    with Recorder(model, 5.0) as recorder:
        (recording,) = recorder.record([speech(48_000)])
    assert recording.values is None
    ffn = captured(module, [site.out_module for site in model.sites], speech(48_000))
    blocks = captured(module, [str(site.block_module) for site in model.sites], speech(48_000), "output")
    for layer in range(3):
        for x, mean, std in [
            (ffn[layer], recording.ffn_mean[layer], recording.ffn_std[layer]),
            (blocks[layer], recording.block_mean[layer], recording.block_std[layer]),
        ]:
            assert mean.dtype == std.dtype == np.float32
            np.testing.assert_allclose(mean, x.astype(np.float64).mean(0), atol=1e-5)
            np.testing.assert_allclose(std, x.astype(np.float64).std(0), atol=1e-5)


def test_a_large_offset_does_not_spoil_the_deviation() -> None:
    class Offset(Small):
        def forward(self, waveforms: Tensor) -> Tensor:
            return self.blocks[0]["fc2"](self.blocks[0]["fc1"](self.frames(waveforms)) * 1e-2 + 100)

    module = Offset(blocks=1).eval()
    with Recorder(wrap(module, hop_ms=20), 5) as recorder:
        (recording,) = recorder.record([speech(32_000)])
    (x,) = captured(module, ["blocks.0.fc2"], speech(32_000))
    np.testing.assert_allclose(recording.ffn_std[0], x.astype(np.float64).std(0), atol=1e-6)


def test_means_can_be_left_out() -> None:
    with Recorder(wrap(tiny()), 5.0, means=False) as recorder:
        (recording,) = recorder.record([speech(16_000)])
    assert recording.ffn_mean is recording.ffn_std is recording.block_mean is recording.block_std is None


@pytest.mark.parametrize("n_samples", [400, 1_000, 3_000, 16_000, 24_013])
def test_batches_give_what_single_utterances_give(n_samples: int) -> None:
    waveforms = [speech(n_samples, seed) for seed in range(6)]
    with Recorder(wrap(tiny()), 5.0, values=True) as recorder:
        alone = [recorder.record([waveform])[0] for waveform in waveforms]
        for start in (0, 3, 0):
            batch = recorder.record(waveforms[start : start + 3])
            assert all(same(a, b) for a, b in zip(alone[start : start + 3], batch, strict=True))
            for a, b in zip(alone[start : start + 3], batch, strict=True):
                for layer in range(3):
                    assert np.array_equal(a.values[layer], b.values[layer])
                    np.testing.assert_allclose(a.ffn_mean[layer], b.ffn_mean[layer], atol=1e-6)


def test_a_model_that_mixes_its_batch_is_run_one_by_one() -> None:
    class Mixing(Small):
        def frames(self, waveforms: Tensor) -> Tensor:
            return super().frames(waveforms - waveforms.mean(0))

    with Recorder(wrap(Mixing(), hop_ms=20), 5) as recorder:
        pairs = [[speech(6_400, 2 * i), speech(6_400, 2 * i + 1)] for i in range(3)]
        for pair in pairs:
            batch = recorder.record(pair)
            assert all(same(recorder.record([waveform])[0], b) for waveform, b in zip(pair, batch, strict=True))


def test_unequal_lengths_are_refused() -> None:
    with Recorder(wrap(tiny()), 5.0) as recorder, pytest.raises(ModelError, match="400, 800 samples: batch equal"):
        recorder.record([speech(400), speech(800)])


@given(seed=st.integers(0, 1000), high=st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_ties_in_a_model_go_to_the_lower_neuron(seed: int, high: int) -> None:
    """Integer weights, integer samples, ReLU: whole frames of equal activations, zeros among them."""
    rng = np.random.default_rng(seed)
    module = Small(width=60, blocks=1)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.from_numpy(rng.integers(-1, 2, parameter.shape)))
    waveform = rng.integers(-high, high + 1, 1_600).astype(np.float32)
    with Recorder(wrap(module, hop_ms=20), 10) as recorder:
        (recording,) = recorder.record([waveform])
    (x,) = captured(module, ["blocks.0.fc2"], waveform)
    assert np.array_equal(recording.neurons[0], strongest(x, 6))


def test_time_first_models() -> None:
    class TimeFirst(Small):
        def frames(self, waveforms: Tensor) -> Tensor:
            return super().frames(waveforms).transpose(0, 1)

    waveforms = [speech(6_400, seed) for seed in range(2)]
    with Recorder(wrap(Small(), hop_ms=20), 5) as recorder:
        expected = recorder.record(waveforms)
    with Recorder(wrap(TimeFirst(), hop_ms=20, time_first=True), 5) as recorder:
        for _ in range(2):
            assert all(same(a, b) for a, b in zip(expected, recorder.record(waveforms), strict=True))
    with Recorder(wrap(TimeFirst(), hop_ms=20), 5) as recorder, pytest.raises(ModelError, match="time_first"):
        recorder.record(waveforms[:1])


def test_padding_frames_are_dropped_when_announced() -> None:
    class Padded(Small):
        def frames(self, waveforms: Tensor) -> Tensor:
            return super().frames(nn.functional.pad(waveforms, (0, 320)))

    with Recorder(wrap(Small(), hop_ms=20), 5) as recorder:
        (expected,) = recorder.record([speech(6_400)])
    with Recorder(wrap(Padded(), hop_ms=20, padding_frames=1), 5) as recorder:
        (recording,) = recorder.record([speech(6_400)])
    assert same(expected, recording)
    np.testing.assert_allclose(expected.ffn_mean[0], recording.ffn_mean[0], atol=1e-6)
    with Recorder(wrap(Padded(), hop_ms=20), 5) as recorder, pytest.raises(ModelError, match=r"21 frames where .* 20"):
        recorder.record([speech(6_400)])


def test_outputs_of_named_modules() -> None:
    class Cnn(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.conv = nn.Conv1d(1, 24, 320, 320)
            self.fc = nn.Linear(24, 70)

        def forward(self, waveforms: Tensor) -> Tensor:
            return self.fc(self.conv(waveforms[:, None]).transpose(1, 2))

    module = Cnn()
    model = wrap(module, layers=["conv", "fc"], hop_ms=20)
    with Recorder(model, 10, values=True) as recorder:
        (recording,) = recorder.record([speech(6_400)])
    conv, fc = captured(module, ["conv", "fc"], speech(6_400), "output")
    assert np.array_equal(recording.neurons[0], strongest(conv.T, 2))
    assert np.array_equal(recording.neurons[1], strongest(fc, 7))
    assert recording.block_mean == [None, None]


def test_two_feed_forwards_a_block() -> None:
    class Macaron(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.layers = nn.ModuleList(Block() for _ in range(2))

        def forward(self, waveforms: Tensor) -> Tensor:
            x = waveforms.unfold(1, 320, 320)
            for layer in self.layers:
                x = layer(x)
            return x

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for name in ("ffn1", "ffn2"):
                self.add_module(name, nn.Sequential(nn.Linear(320, 640), nn.SiLU(), nn.Linear(640, 320)))

        def forward(self, x: Tensor) -> Tensor:
            return self.ffn2(self.ffn1(x))

    module = Macaron().eval()
    model = wrap(module, hop_ms=20)
    assert [(s.layer, s.block, s.site) for s in model.sites] == [
        (1, 1, "ffn1"),
        (2, 1, "ffn2"),
        (3, 2, "ffn1"),
        (4, 2, "ffn2"),
    ]
    with Recorder(model, 1) as recorder:
        (recording,) = recorder.record([speech(6_400)])
    for x, neurons in zip(
        captured(module, [s.out_module for s in model.sites], speech(6_400)), recording.neurons, strict=True
    ):
        assert np.array_equal(neurons, strongest(x, 6))
    assert [mean is None for mean in recording.block_mean] == [True, False, True, False]


def test_a_second_linear_called_by_keyword() -> None:
    class ByKeyword(Small):
        def forward(self, waveforms: Tensor) -> Tensor:
            return self.blocks[0]["fc2"](input=self.blocks[0]["fc1"](self.frames(waveforms)))

    with Recorder(wrap(ByKeyword(blocks=1), hop_ms=20), 5) as recorder:
        assert recorder.record([speech(3_200)])[0].n_frames == 10


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_models_of_another_precision(dtype: torch.dtype) -> None:
    module = tiny().to(dtype)
    model = wrap(module)
    with Recorder(model, 5) as recorder:
        (recording,) = recorder.record([speech(8_000)])
    seen: list[Tensor] = []
    target = module.get_submodule(model.sites[1].out_module)
    handle = target.register_forward_pre_hook(lambda _, args: seen.append(args[0][0]))
    with torch.no_grad():
        module(torch.from_numpy(speech(8_000))[None].to(dtype))
    handle.remove()
    assert np.array_equal(recording.neurons[1], strongest(seen[0].double().numpy(), 10))
    assert recording.ffn_mean[1].dtype == np.float32


def test_wide_layers_get_wide_integers() -> None:
    module = Small(width=70_000, blocks=1)
    with Recorder(wrap(module, hop_ms=20), 0.001) as recorder:
        (recording,) = recorder.record([speech(640)])
    assert recording.neurons[0].dtype == np.uint32


def test_bfloat16_moves_only_borderline_ranks() -> None:
    model = wrap(tiny())
    waveforms = [speech(16_000, seed) for seed in range(2)]
    with Recorder(model, 5) as recorder:
        exact = [recorder.record([waveform])[0] for waveform in waveforms]
    with Recorder(model, 5, dtype="bfloat16", values=True) as recorder:
        rough = recorder.record(waveforms)
    for a, b in zip(exact, rough, strict=True):
        assert b.values[0].dtype == np.float32
        shared = [len(set(x) & set(y)) / len(x) for x, y in zip(a.neurons[0], b.neurons[0], strict=True)]
        assert np.mean(shared) > 0.8


def poisoned(value: float) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        module = tiny()
        with torch.no_grad():
            module.encoder.transformer.layers[1].feed_forward.intermediate_dense.bias[7] = value
        return module

    return build


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_unusable_activations_name_their_layer(value: float) -> None:
    model = wrap(poisoned(value)())
    with Recorder(model, 5) as recorder:
        for _ in range(2):
            with pytest.raises(
                ModelError, match=r"layer 2 \(encoder\..*output_dense\) gives NaN or infinite.* frame 0"
            ):
                recorder.record([speech(16_000)])


def test_a_poisoned_utterance_does_not_spoil_the_next() -> None:
    model = wrap(tiny())
    broken = speech(16_000)
    broken[8_000] = np.nan
    with Recorder(model, 5) as recorder:
        (before,) = recorder.record([speech(16_000)])
        with pytest.raises(ModelError, match="NaN"):
            recorder.record([broken])
        assert same(before, recorder.record([speech(16_000)])[0])


def test_the_module_is_left_as_it_was() -> None:
    module = tiny()
    model = wrap(module)
    with pytest.raises(RuntimeError), Recorder(model, 5):
        raise RuntimeError
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in module.modules())


def test_short_audio_and_wrong_shares() -> None:
    model = wrap(tiny())
    with (
        Recorder(model, 5) as recorder,
        pytest.raises(ModelError, match=r"399 samples are shorter than one frame .*25 ms"),
    ):
        recorder.record([speech(399)])
    for share in (0, -1, 101, float("nan")):
        with pytest.raises(ModelError, match="percent"):
            Recorder(model, share)


def test_another_frame_rate_than_stated() -> None:
    with (
        Recorder(wrap(Small(), hop_ms=10), 5) as recorder,
        pytest.raises(ModelError, match="20 frames where the grid has 40"),
    ):
        recorder.record([speech(6_400)])


def test_layers_that_are_not_run_or_run_twice() -> None:
    class Partly(Small):
        def forward(self, waveforms: Tensor) -> Tensor:
            return self.blocks[0]["fc2"](self.blocks[0]["fc1"](self.frames(waveforms)))

    class Twice(Small):
        def forward(self, waveforms: Tensor) -> Tensor:
            x = super().forward(waveforms)
            return self.blocks[0]["fc2"](self.blocks[0]["fc1"](x))

    with Recorder(wrap(Partly(), hop_ms=20), 5) as recorder, pytest.raises(ModelError, match=r"layer 2 .* was not run"):
        recorder.record([speech(640)])
    with (
        Recorder(wrap(Twice(), hop_ms=20), 5) as recorder,
        pytest.raises(ModelError, match=r"layer 1 .* ran twice .*once"),
    ):
        recorder.record([speech(640)])


def test_torch_encoder_layers() -> None:
    """PyTorch's own encoder has a fused path that would pass its hooks by."""

    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            layer = nn.TransformerEncoderLayer(320, 4, 640, batch_first=True)
            self.encoder = nn.TransformerEncoder(layer, 2)

        def forward(self, waveforms: Tensor) -> Tensor:
            return self.encoder(waveforms.unfold(1, 320, 320))

    model = wrap(Encoder(), hop_ms=20)
    assert [site.out_module for site in model.sites] == ["encoder.layers.0.linear2", "encoder.layers.1.linear2"]
    with Recorder(model, 1) as recorder:
        (recording,) = recorder.record([speech(6_400)])
    plain = captured(model.module, [site.out_module for site in model.sites], speech(6_400))
    assert all(np.array_equal(n, strongest(x, 6)) for n, x in zip(recording.neurons, plain, strict=True))


@pytest.mark.slow
def test_hubert_base_against_a_plain_top_k() -> None:
    torch.manual_seed(0)
    module = torchaudio.models.hubert_base().eval()
    model: SpeechModel = wrap(module)
    waveforms = [speech(n, seed) for seed, n in enumerate([16_000, 48_000, 48_000, 3_000, 3_000])]
    with Recorder(model, 1.0) as recorder:
        alone = [recorder.record([waveform])[0] for waveform in waveforms]
        together = [*recorder.record(waveforms[1:3]), *recorder.record(waveforms[1:3]), *recorder.record(waveforms[3:])]
    for waveform, recording in zip(waveforms, alone, strict=True):
        for x, neurons in zip(
            captured(module, [s.out_module for s in model.sites], waveform), recording.neurons, strict=True
        ):
            values, plain = torch.from_numpy(x).abs().topk(31, dim=1)
            untied = (values[:, 1:] != values[:, :-1]).all(1).numpy()
            assert untied.mean() > 0.99
            assert np.array_equal(neurons[untied], plain.numpy()[untied])
            assert np.array_equal(neurons, strongest(x, 31))
    for a, b in zip([alone[1], alone[2], alone[1], alone[2], alone[3], alone[4]], together, strict=True):
        assert same(a, b)


def test_a_model_that_fails_is_one_line_and_leaves_the_recorder_usable() -> None:
    class Short(Small):
        def frames(self, waveforms: Tensor) -> Tensor:
            if waveforms.shape[1] > 6_400:
                raise IndexError("position 21 is out of range\nfor real")
            return super().frames(waveforms)

    with Recorder(wrap(Short(), hop_ms=20), 5) as recorder:
        with pytest.raises(
            NotRunError, match=r"^Short cannot be run on 6720 samples \(IndexError: position 21 is out of range\)$"
        ):
            recorder.record([speech(6_720)])
        assert recorder.record([speech(6_400)])[0].n_frames == 20
        assert recorder.rows == {0: 20, 1: 20}


def test_what_receives_no_tensor_is_named() -> None:
    class Pairs(nn.Module):
        def forward(self, pair: tuple[Tensor, Tensor]) -> Tensor:
            return pair[0]

    class Paired(Small):
        def __init__(self) -> None:
            super().__init__()
            self.pairs = Pairs()
            self.pairs.in_features = 320

        def forward(self, waveforms: Tensor) -> Tensor:
            return self.pairs((self.frames(waveforms), waveforms))

    said = r"^layer 1 \(pairs\) receives a tuple, not a tensor: name another module"
    with (
        Recorder(wrap(Paired(), layers=["in:pairs"], hop_ms=20), 5) as recorder,
        pytest.raises(ModelError, match=said),
    ):
        recorder.record([speech(3_200)])


def test_utterances_that_a_model_cannot_take_are_skipped(tmp_path: Path, make_speech: Callable[..., Path]) -> None:
    folder = make_speech(tmp_path / "speech", n_utterances=3)
    files = folder / "audio", folder / "labels", folder / "metadata.csv"
    corpus = Corpus.from_files(*files, name="made", phones="arpabet")
    longest = max(corpus.utterances, key=lambda u: u.n_samples)

    class Short(Small):
        def frames(self, waveforms: Tensor) -> Tensor:
            if waveforms.shape[1] == longest.n_samples:
                raise IndexError("out of range")
            return super().frames(waveforms)

    options = {"model_name": "short", "f0": False, "quiet": True}
    with pytest.raises(ModelError, match=rf"^{longest.name}: Short cannot be run on .*IndexError: out of range"):
        ingest(wrap(Short(), hop_ms=20), corpus, tmp_path / "a.warehouse", **options)
    done = ingest(wrap(Short(), hop_ms=20), corpus, tmp_path / "b.warehouse", on_error="skip", **options)
    assert [name for name, _ in done.rejected] == [longest.name]
    assert done.utterances == 2
