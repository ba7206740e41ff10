"""Whisper's encoder against activations captured from transformers' own calls, and what its padding does."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from torch import Tensor, nn

from ingest import Corpus, ingest
from ingest.models import SpeechModel, load, wrap
from ingest.recorder import Recorder, Recording
from warehouse import snapshot
from warehouse.errors import ModelError
from warehouse.grid import Grid

transformers = pytest.importorskip("transformers", reason="the extra neuron-warehouse[transformers] is not installed")

SIZES = {
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 200,
    "decoder_ffn_dim": 96,
    "num_mel_bins": 16,
    "max_source_positions": 100,
    "vocab_size": 60,
    "pad_token_id": 1,
    "bos_token_id": 2,
    "eos_token_id": 3,
    "decoder_start_token_id": 2,
}
PREFIXES = {"Model": "encoder.", "ForConditionalGeneration": "model.encoder.", "ForAudioClassification": "encoder."}


def tiny(kind: str = "Model", seed: int = 0, **options: object) -> nn.Module:
    torch.manual_seed(seed)
    return getattr(transformers, f"Whisper{kind}")(transformers.WhisperConfig(**{**SIZES, **options})).eval()


def encoder_of(module: nn.Module) -> nn.Module:
    return next(m for m in module.modules() if type(m).__name__ == "WhisperEncoder")


def speech(n_samples: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(n_samples)).astype(np.float32)


def captured(encoder: nn.Module, waveform: np.ndarray, paths: Sequence[str], reads: str = "input") -> list[np.ndarray]:
    """Activations (positions, D) of one window, by transformers' extractor and hooks of our own."""
    extractor = transformers.WhisperFeatureExtractor(feature_size=encoder.config.num_mel_bins)
    window = 2 * 160 * encoder.config.max_source_positions
    features = extractor(waveform, sampling_rate=16_000, max_length=window, return_tensors="pt").input_features
    seen: dict[str, Tensor] = {}
    handles = []
    for path in paths:
        target = encoder.get_submodule(path)
        if reads == "input":
            handles.append(target.register_forward_pre_hook(lambda _, args, path=path: seen.update({path: args[0][0]})))
        else:
            handles.append(target.register_forward_hook(lambda _, args, out, path=path: seen.update({path: out[0]})))
    with torch.no_grad():
        encoder(features)
    for handle in handles:
        handle.remove()
    return [seen[path].numpy() for path in paths]


def strongest(x: np.ndarray, k: int) -> np.ndarray:
    return np.argsort(-np.abs(x), axis=1, kind="stable")[:, :k]


def record(model: SpeechModel, waveform: np.ndarray, **options: object) -> Recording:
    with Recorder(model, 5, **options) as recorder:
        return recorder.record([waveform])[0]


def same(a: Recording, b: Recording) -> bool:
    return a.n_frames == b.n_frames and all(np.array_equal(x, y) for x, y in zip(a.neurons, b.neurons, strict=True))


@pytest.mark.parametrize("kind", PREFIXES)
def test_the_encoder_alone_is_recorded(kind: str) -> None:
    module = tiny(kind)
    model = wrap(module)
    prefix = PREFIXES[kind]
    assert [(s.layer, s.block, s.site, s.n_neurons, s.out_module) for s in model.sites] == [
        (1, 1, "ffn", 200, f"{prefix}layers.0.fc2"),
        (2, 2, "ffn", 200, f"{prefix}layers.1.fc2"),
    ]
    assert (model.sites[0].in_module, model.sites[0].block_module) == (f"{prefix}layers.0.fc1", f"{prefix}layers.0")
    assert (model.family, model.grid, model.sample_rate) == ("transformers", Grid(20_000, 0, 20_000), 16_000)
    assert (model.normalize, model.normalize_from) == (False, "WhisperFeatureExtractor")
    bare = wrap(encoder_of(module))
    assert bare.sites[1].out_module == "layers.1.fc2"
    assert same(record(model, speech(9_999)), record(bare, speech(9_999)))


@pytest.mark.parametrize("n_samples", [320, 639, 640, 9_999, 31_999, 32_000])
def test_ranks_values_and_means_are_those_of_the_frames_of_the_audio(n_samples: int) -> None:
    encoder = encoder_of(tiny())
    recording = record(wrap(encoder), speech(n_samples), values=True)
    n_frames = n_samples // 320
    assert recording.n_frames == n_frames
    ffn = captured(encoder, speech(n_samples), ["layers.0.fc2", "layers.1.fc2"])
    blocks = captured(encoder, speech(n_samples), ["layers.0", "layers.1"], "output")
    for layer in range(2):
        x = ffn[layer][:n_frames]
        assert np.array_equal(recording.neurons[layer], strongest(x, 10))
        assert np.array_equal(recording.values[layer], np.take_along_axis(x, strongest(x, 10), axis=1))
        np.testing.assert_allclose(recording.ffn_mean[layer], x.mean(0), atol=1e-5)
        np.testing.assert_allclose(recording.ffn_std[layer], x.std(0), atol=1e-5)
        np.testing.assert_allclose(recording.block_mean[layer], blocks[layer][:n_frames].mean(0), atol=1e-5)


def test_padding_never_counts() -> None:
    """Silence that the user puts behind an utterance and silence that the window puts there are the same."""
    model = wrap(tiny())
    short = record(model, speech(9_600), values=True)
    filled = record(model, np.pad(speech(9_600), (0, 32_000 - 9_600)), values=True)
    assert (short.n_frames, filled.n_frames) == (30, 100)
    for layer in range(2):
        assert np.array_equal(short.neurons[layer], filled.neurons[layer][:30])
        assert np.array_equal(short.values[layer], filled.values[layer][:30])
    assert not np.allclose(short.ffn_mean[0], filled.ffn_mean[0], atol=1e-4)


def test_a_frame_stands_at_its_instant() -> None:
    """A click at 20·i ms moves frame i of the convolutions and as many frames before it as behind it."""
    encoder = encoder_of(tiny())
    still, clicked = np.zeros(32_000, np.float32), np.zeros(32_000, np.float32)
    still[320 * 90] = clicked[320 * 90] = clicked[320 * 41] = 1  # as loud: the extractor cuts 8 below the loudest
    [a], [b] = (captured(encoder, x, ["conv2"], "output") for x in (still, clicked))
    change = np.abs(a - b).sum(0)
    moved = np.flatnonzero(change > 1e-3 * change.max())
    assert moved.min() + moved.max() == 2 * 41


def test_longer_audio_than_the_window_is_refused() -> None:
    with pytest.raises(ModelError, match=r"^2\.00006 s of audio are more than the 2 s that Whisper hears at once: cut"):
        record(wrap(tiny()), speech(32_001))
    with pytest.raises(ModelError, match="shorter than one frame"):
        record(wrap(tiny()), speech(319))


def test_batches_give_what_single_utterances_give() -> None:
    waveforms = [speech(8_000, seed) for seed in range(3)]
    with Recorder(wrap(tiny()), 5) as recorder:
        alone = [recorder.record([waveform])[0] for waveform in waveforms]
        for _ in range(2):
            assert all(same(a, b) for a, b in zip(alone, recorder.record(waveforms), strict=True))


def test_features_stay_exact_where_the_model_is_rough() -> None:
    """Autocast and half precision are the model's: the features are those of transformers, in float32."""
    exact = record(wrap(tiny()), speech(16_000))
    for model, dtype in [(wrap(tiny()), "bfloat16"), (wrap(tiny().bfloat16()), "float32")]:
        assert model.waveforms([speech(400)]).dtype == torch.float32
        rough = record(model, speech(16_000), dtype=dtype)
        shared = [len(set(x) & set(y)) / len(x) for x, y in zip(exact.neurons[0], rough.neurons[0], strict=True)]
        assert np.mean(shared) > 0.9


def test_normalisation_is_that_of_the_extractor() -> None:
    encoder = encoder_of(tiny())
    extractor = transformers.WhisperFeatureExtractor(feature_size=16)
    expected = extractor(speech(9_600), sampling_rate=16_000, max_length=32_000, do_normalize=True).input_features[0]
    seen: list[Tensor] = []
    encoder.conv1.register_forward_pre_hook(lambda _, args: seen.append(args[0][0]))
    model = wrap(encoder, normalize=True)
    assert model.normalize_from == "stated"
    record(model, speech(9_600))
    np.testing.assert_allclose(seen[0].numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("kind", [*PREFIXES, "Encoder"])
def test_a_saved_folder(kind: str, tmp_path: Path) -> None:
    module = encoder_of(tiny()) if kind == "Encoder" else tiny(kind)
    module.save_pretrained(tmp_path)
    transformers.WhisperFeatureExtractor(feature_size=16).save_pretrained(tmp_path)
    model = load(f"transformers:{tmp_path}")
    assert type(model.module) is type(module)
    assert model.checksum == wrap(module).checksum
    assert model.normalize_from == "preprocessor_config.json"
    assert same(record(model, speech(9_999)), record(wrap(module), speech(9_999)))
    assert load(f"transformers:{tmp_path}", random_init=3).source.endswith("random weights, seed 3")


def test_the_preprocessors_settings_are_heard(tmp_path: Path) -> None:
    """Half the hop: twice the frames. Dither would draw other noise in every run."""
    tiny().save_pretrained(tmp_path)
    transformers.WhisperFeatureExtractor(feature_size=16, hop_length=80, dither=0.1).save_pretrained(tmp_path)
    model = load(f"transformers:{tmp_path}")
    assert model.grid == Grid(10_000, 0, 10_000)
    first = record(model, speech(9_600))
    assert first.n_frames == 60
    assert same(first, record(model, speech(9_600)))


def test_a_processor_of_a_newer_release_is_read(tmp_path: Path) -> None:
    tiny().save_pretrained(tmp_path)
    (tmp_path / "processor_config.json").write_text(
        '{"feature_extractor": {"feature_size": 16, "hop_length": 80}, "processor_class": "WhisperProcessor"}'
    )
    model = load(f"transformers:{tmp_path}")
    assert (model.normalize_from, model.grid.hop_us) == ("processor_config.json", 10_000)


def test_another_models_preprocessor_is_refused(tmp_path: Path) -> None:
    tiny().save_pretrained(tmp_path)
    transformers.WhisperFeatureExtractor(feature_size=80).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"preprocessor_config\.json makes 80 values a frame where .* wants 16"):
        load(f"transformers:{tmp_path}")


def test_another_sample_rate_is_refused() -> None:
    with pytest.raises(ModelError, match="takes sound at 16000 Hz: leave --sample-rate out"):
        wrap(tiny(), sample_rate=8_000)


def test_layers_of_a_classifier_are_reached_and_those_of_a_decoder_are_not() -> None:
    classifier = tiny("ForAudioClassification", num_labels=30, classifier_proj_size=40)
    assert record(wrap(classifier, layers=["projector"]), speech(32_000)).neurons[0].shape == (100, 2)
    named = wrap(classifier, layers=["encoder.conv2", "encoder.layers.*", "projector", "classifier"])
    assert named.grid == Grid(20_000, 0, 20_000)
    stated = wrap(classifier, layers=["encoder.layers.*"], hop_ms=20)
    assert [(site.n_neurons, site.axes, stated.grid_of(site)) for site in stated.sites] == [(32, "btc", named.grid)] * 2
    assert [named.grid_of(site).hop_us for site in named.sites] == [20_000] * 4 + [0]
    assert [site.axes for site in named.sites] == ["bct", "btc", "btc", "btc", "bc"]
    short = record(named, speech(9_999))
    assert [len(neurons) for neurons in short.neurons] == [31] * 4 + [1]
    model = wrap(tiny("ForConditionalGeneration"), layers=["in:model.decoder.layers.*.fc2"])
    with pytest.raises(ModelError, match=r"layer 1 \(model\.decoder\.layers\.0\.fc2\) was not run"):
        record(model, speech(32_000))


def test_layers_of_another_rate_than_the_encoders_are_refused() -> None:
    with pytest.raises(ModelError, match=r"^layer 1 \(encoder\.conv1\) gives shape \(1, 32, 200\).* not the 100 of"):
        wrap(tiny(), layers=["encoder.conv1"])


@pytest.mark.parametrize("wrapped", [tiny, lambda: encoder_of(tiny())])
def test_a_model_of_ones_own_around_an_encoder(wrapped: Callable[[], nn.Module]) -> None:
    class Speakers(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.upstream = wrapped()
            self.head = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 32))

        def forward(self, waveforms: Tensor) -> Tensor:
            raise AssertionError("the head was run")

    model = wrap(Speakers())
    assert all(s.out_module.startswith("upstream.") for s in model.sites)
    assert same(record(model, speech(9_999)), record(wrap(tiny()), speech(9_999)))


def test_ingested_rows_are_the_frames_of_the_audio(tmp_path: Path, make_speech: Callable[..., Path]) -> None:
    folder = make_speech(tmp_path / "speech", n_utterances=3)
    corpus = Corpus.from_files(
        folder / "audio", folder / "labels", folder / "metadata.csv", name="made", phones="arpabet"
    )
    model = wrap(tiny("ForConditionalGeneration"))
    ingest(model, corpus, tmp_path / "w.warehouse", model_name="whisper", lambda_pct=5, f0=False, quiet=True)
    state = snapshot(tmp_path / "w.warehouse")
    lengths = {u.name: u.n_samples // 320 for u in corpus.utterances}
    names = pl.read_parquet(state.files("utterances")).select("utterance_id", "utterance")
    recorded = pl.read_parquet(state.files("recordings")).join(names, "utterance_id")
    assert dict(zip(recorded["utterance"], recorded["n_frames"], strict=True)) == lengths
    layers = pl.read_parquet(state.files("layers")).sort("layer")
    assert layers["out_module"].to_list() == ["model.encoder.layers.0.fc2", "model.encoder.layers.1.fc2"]
    rows = pl.concat(pl.read_parquet(file, columns=["layer", "frame_id"]) for file in state.files("activations"))
    assert len(rows) == sum(lengths.values()) * 2 * 10


def test_an_utterance_that_is_too_long_is_named(tmp_path: Path, make_speech: Callable[..., Path]) -> None:
    folder = make_speech(tmp_path / "speech", n_utterances=2)
    corpus = Corpus.from_files(
        folder / "audio", folder / "labels", folder / "metadata.csv", name="made", phones="arpabet"
    )
    model = wrap(tiny(max_source_positions=10))
    with pytest.raises(ModelError, match=r"^u00\d: \d\.\d+ s of audio are more than the 0\.2 s that Whisper hears"):
        ingest(model, corpus, tmp_path / "w.warehouse", model_name="short", f0=False, quiet=True)


@pytest.mark.slow
def test_whisper_base() -> None:
    """Random weights at the size of the published base model: 6 blocks of 2048 neurons, windows of 30 s."""
    torch.manual_seed(0)
    sizes = {
        "d_model": 512,
        "encoder_layers": 6,
        "encoder_attention_heads": 8,
        "encoder_ffn_dim": 2048,
        "decoder_attention_heads": 8,
    }
    encoder = encoder_of(transformers.WhisperModel(transformers.WhisperConfig(**sizes, decoder_layers=1))).eval()
    model = wrap(encoder)
    assert [s.n_neurons for s in model.sites] == [2048] * 6
    recording = record(model, speech(80_123))
    assert recording.n_frames == 250
    paths = [s.out_module for s in model.sites]
    for x, neurons in zip(captured(encoder, speech(80_123), paths), recording.neurons, strict=True):
        assert np.array_equal(neurons, strongest(x[:250], 102))
    with pytest.raises(ModelError, match="31 s of audio are more than the 30 s"):
        record(model, speech(16_000 * 31))
