"""w2v-BERT 2.0 against activations captured from transformers' own calls: two feed-forward networks a block."""

from collections.abc import Callable
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
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 200,
    "vocab_size": 12,
    "left_max_position_embeddings": 8,
    "right_max_position_embeddings": 4,
    "conv_depthwise_kernel_size": 5,
    "output_hidden_size": 32,
    "xvector_output_dim": 16,
    "tdnn_dim": (16, 16),
    "tdnn_kernel": (3, 1),
    "tdnn_dilation": (1, 1),
}
HEADS = ["ForCTC", "ForSequenceClassification", "ForAudioFrameClassification", "ForXVector"]
SITES = [(1, 1, "ffn1"), (2, 1, "ffn2"), (3, 2, "ffn1"), (4, 2, "ffn2")]


def tiny(kind: str = "Model", seed: int = 0, **options: object) -> nn.Module:
    torch.manual_seed(seed)
    config = transformers.Wav2Vec2BertConfig(**SIZES, **options)
    return getattr(transformers, f"Wav2Vec2Bert{kind}")(config).eval()


def speech(n_samples: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(n_samples)).astype(np.float32)


def captured(module: nn.Module, model: SpeechModel, waveform: np.ndarray) -> tuple[list[np.ndarray], int]:
    """Activations (frames, D) at the sites, and how many frames are not masked; by transformers' own calls."""
    features = transformers.SeamlessM4TFeatureExtractor()(waveform, sampling_rate=16_000, return_tensors="pt")
    seen: dict[str, Tensor] = {}
    handles = [
        module.get_submodule(s.out_module).register_forward_pre_hook(
            lambda _, args, path=s.out_module: seen.update({path: args[0][0]})
        )
        for s in model.sites
    ]
    with torch.no_grad():
        module(**features)
    for handle in handles:
        handle.remove()
    return [seen[s.out_module].numpy() for s in model.sites], int(features.attention_mask.sum())


def strongest(x: np.ndarray, k: int) -> np.ndarray:
    return np.argsort(-np.abs(x), axis=1, kind="stable")[:, :k]


def record(model: SpeechModel, waveform: np.ndarray, **options: object) -> Recording:
    with Recorder(model, 5, **options) as recorder:
        return recorder.record([waveform])[0]


def same(a: Recording, b: Recording) -> bool:
    return a.n_frames == b.n_frames and all(np.array_equal(x, y) for x, y in zip(a.neurons, b.neurons, strict=True))


@pytest.mark.parametrize("n_samples", [560, 719, 720, 879, 880, 8_000, 8_160, 8_319])
def test_ranks_are_those_of_the_frames_that_are_not_masked(n_samples: int) -> None:
    """Lengths on either side of a new mel frame, an even and an odd number of them."""
    module = tiny()
    model = wrap(module)
    assert (model.family, model.grid, model.sample_rate) == ("transformers", Grid(20_000, 17_500, 35_000), 16_000)
    recording = record(model, speech(n_samples))
    activations, unmasked = captured(module, model, speech(n_samples))
    assert recording.n_frames == unmasked == (n_samples - 560) // 320 + 1
    assert len(activations[0]) - unmasked == ((n_samples - 400) // 160 + 1) % 2
    for x, neurons in zip(activations, recording.neurons, strict=True):
        assert np.array_equal(neurons, strongest(x[:unmasked], 10))


def test_two_sites_a_block() -> None:
    model = wrap(tiny())
    assert [(s.layer, s.block, s.site) for s in model.sites] == SITES
    assert [s.out_module for s in model.sites[:2]] == [f"encoder.layers.0.ffn{i}.output_dense" for i in (1, 2)]
    assert [s.block_module for s in model.sites[:2]] == [None, "encoder.layers.0"]
    assert (model.normalize, model.normalize_from) == (False, "SeamlessM4TFeatureExtractor")


def test_a_masked_frame_is_not_heard() -> None:
    """The pair that the extractor fills up is masked: without it, the other frames are the same."""
    module = tiny()
    features = transformers.SeamlessM4TFeatureExtractor()(speech(8_160), sampling_rate=16_000, return_tensors="pt")
    assert features.attention_mask[0, -2:].tolist() == [1, 0]
    with torch.no_grad():
        whole = module(**features).last_hidden_state
        shorter = module(features.input_features[:, :-1], features.attention_mask[:, :-1]).last_hidden_state
    torch.testing.assert_close(whole[:, :-1], shorter)


@pytest.mark.parametrize("head", HEADS)
def test_heads_lend_their_prefix_and_are_not_run(head: str) -> None:
    module = tiny(head)
    model = wrap(module)
    assert [s.out_module.split(".")[0] for s in model.sites] == ["wav2vec2_bert"] * 4
    called: list[bool] = []
    module.register_forward_hook(lambda *_: called.append(True))
    assert same(record(model, speech(8_160)), record(wrap(module.wav2vec2_bert), speech(8_160)))
    assert not called


def test_networks_above_the_encoder_are_recorded_only_when_named() -> None:
    module = tiny(add_adapter=True, use_intermediate_ffn_before_adapter=True)
    assert [(s.layer, s.block, s.site) for s in wrap(module).sites] == SITES
    above = record(wrap(module, layers=["in:intermediate_ffn.output_dense"]), speech(8_160))
    assert above.n_frames == 24
    head = wrap(tiny("ForCTC"), layers=["lm_head"])
    assert (head.grid, head.padding_frames) == (Grid(20_000, 17_500, 35_000), 1)
    assert record(head, speech(8_160)).neurons[0].shape == (24, 1)


@pytest.mark.parametrize("kind", ["Model", "ForCTC"])
def test_a_saved_folder(kind: str, tmp_path: Path) -> None:
    module = tiny(kind)
    module.save_pretrained(tmp_path)
    transformers.SeamlessM4TFeatureExtractor().save_pretrained(tmp_path)
    model = load(f"transformers:{tmp_path}")
    assert type(model.module) is type(module)
    assert (model.checksum, model.normalize_from) == (wrap(module).checksum, "preprocessor_config.json")
    assert same(record(model, speech(8_160)), record(wrap(module), speech(8_160)))


def test_another_models_preprocessor_is_refused(tmp_path: Path) -> None:
    tiny().save_pretrained(tmp_path)
    transformers.SeamlessM4TFeatureExtractor(feature_size=40, num_mel_bins=40).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"makes 80 values a frame where the encoder wants 160"):
        load(f"transformers:{tmp_path}")


def test_audio_of_less_than_a_pair_of_mel_frames() -> None:
    with pytest.raises(ModelError, match=r"559 samples are shorter than one frame .*35 ms"):
        record(wrap(tiny()), speech(559))


def test_batches_and_autocast() -> None:
    waveforms = [speech(8_160, seed) for seed in range(3)]
    with Recorder(wrap(tiny()), 5) as recorder:
        alone = [recorder.record([waveform])[0] for waveform in waveforms]
        for _ in range(2):
            assert all(same(a, b) for a, b in zip(alone, recorder.record(waveforms), strict=True))
    rough = record(wrap(tiny()), waveforms[0], dtype="bfloat16")
    shared = [len(set(x) & set(y)) / 10 for x, y in zip(alone[0].neurons[0], rough.neurons[0], strict=True)]
    assert np.mean(shared) > 0.9


def test_ingested_layers_have_two_sites_a_block(tmp_path: Path, make_speech: Callable[..., Path]) -> None:
    folder = make_speech(tmp_path / "speech", n_utterances=2)
    corpus = Corpus.from_files(
        folder / "audio", folder / "labels", folder / "metadata.csv", name="made", phones="arpabet"
    )
    ingest(wrap(tiny()), corpus, tmp_path / "w.warehouse", model_name="bert", lambda_pct=5, f0=False, quiet=True)
    state = snapshot(tmp_path / "w.warehouse")
    layers = pl.read_parquet(state.files("layers")).sort("layer")
    assert list(layers.select("layer", "block", "site").iter_rows()) == SITES
    recorded = pl.read_parquet(state.files("recordings"))["n_frames"].to_list()
    assert sorted(recorded) == sorted((u.n_samples - 560) // 320 + 1 for u in corpus.utterances)
