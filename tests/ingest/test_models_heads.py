"""Encoders under heads, large layouts and Conformers: what is recorded is the bare encoder's, by other paths."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torchaudio
from torch import Tensor, nn
from torchaudio.pipelines._wav2vec2.utils import _extend_model

from benchmarks.replication.tasks import TaskModel
from ingest.models import SpeechModel, load, wrap
from ingest.models.mel_encoder import MelEncoder, MelEncoderConfig
from ingest.recorder import Recorder, Recording

transformers = pytest.importorskip("transformers", reason="the extra neuron-warehouse[transformers] is not installed")

SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 200,
    "conv_dim": (16,) * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
    "vocab_size": 12,
    "num_feat_extract_layers": 7,
    "xvector_output_dim": 16,
    "tdnn_dim": (16, 16),
    "tdnn_kernel": (3, 1),
    "tdnn_dilation": (1, 1),
}
LARGE = {"do_stable_layer_norm": True, "feat_extract_norm": "layer", "conv_bias": True}
PREFIXES = {
    "Hubert": "hubert",
    "Wav2Vec2": "wav2vec2",
    "WavLM": "wavlm",
    "Data2VecAudio": "data2vec_audio",
    "Wav2Vec2Conformer": "wav2vec2_conformer",
}
HEADS = ["ForCTC", "ForSequenceClassification", "ForAudioFrameClassification", "ForXVector"]
EVERY = [(family, head) for family in PREFIXES for head in HEADS if hasattr(transformers, f"{family}{head}")]


def tiny(family: str, kind: str = "Model", **options: object) -> nn.Module:
    torch.manual_seed(0)
    config = getattr(transformers, f"{family}Config")(**SIZES, **options)
    return getattr(transformers, f"{family}{kind}")(config).eval()


def tiny_torchaudio(large: bool = False, aux: int | None = 29) -> nn.Module:
    """The layouts of WAV2VEC2_ASR_BASE_960H and of HUBERT_ASR_LARGE."""
    torch.manual_seed(0)
    return torchaudio.models.wav2vec2_model(
        extractor_mode="layer_norm" if large else "group_norm",
        extractor_conv_layer_config=[(16, 10, 5), *[(16, 3, 2)] * 4, *[(16, 2, 2)] * 2],
        extractor_conv_bias=large,
        encoder_embed_dim=32,
        encoder_projection_dropout=0.0,
        encoder_pos_conv_kernel=16,
        encoder_pos_conv_groups=4,
        encoder_num_layers=2,
        encoder_num_heads=4,
        encoder_attention_dropout=0.0,
        encoder_ff_interm_features=200,
        encoder_ff_interm_dropout=0.0,
        encoder_dropout=0.0,
        encoder_layer_norm_first=large,
        encoder_layer_drop=0.0,
        aux_num_out=aux,
    ).eval()


def speech(n_samples: int = 9_999) -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal(n_samples)).astype(np.float32)


def record(model: SpeechModel, waveform: np.ndarray) -> Recording:
    with Recorder(model, 5) as recorder:
        return recorder.record([waveform])[0]


def captured(module: nn.Module, model: SpeechModel, waveform: np.ndarray) -> list[np.ndarray]:
    """Activations (frames, D) at the sites of a plain call of the whole module."""
    seen: dict[str, Tensor] = {}
    handles = [
        module.get_submodule(s.out_module).register_forward_pre_hook(
            lambda _, args, path=s.out_module: seen.update({path: args[0][0]})
        )
        for s in model.sites
    ]
    with torch.no_grad():
        module(torch.from_numpy(waveform)[None])
    for handle in handles:
        handle.remove()
    return [seen[s.out_module].numpy() for s in model.sites]


def assert_recorded(model: SpeechModel, waveform: np.ndarray | None = None) -> None:
    """What is recorded is what a call of the whole module computes."""
    waveform = speech() if waveform is None else waveform
    recording = record(model, waveform)
    for x, neurons in zip(captured(model.module, model, waveform), recording.neurons, strict=True):
        assert np.array_equal(neurons, np.argsort(-np.abs(x), axis=1, kind="stable")[:, :10])


def assert_prefixed(model: SpeechModel, prefix: str, bare: SpeechModel) -> None:
    """One model is another's, neuron for neuron, with a prefix before every path."""
    for site, inner in zip(model.sites, bare.sites, strict=True):
        assert (site.layer, site.block, site.site, site.n_neurons) == (
            inner.layer,
            inner.block,
            inner.site,
            inner.n_neurons,
        )
        assert (site.in_module, site.out_module) == (f"{prefix}{inner.in_module}", f"{prefix}{inner.out_module}")
        assert site.block_module == (None if inner.block_module is None else f"{prefix}{inner.block_module}")
    assert model.grid == bare.grid
    a, b = record(model, speech()), record(bare, speech())
    for kind in ("neurons", "ffn_mean", "ffn_std", "block_mean", "block_std"):
        for x, y in zip(getattr(a, kind), getattr(b, kind), strict=True):
            assert np.array_equal(x, y)


@pytest.mark.parametrize(("family", "head"), EVERY)
def test_heads_of_transformers_lend_their_prefix_and_are_not_run(family: str, head: str) -> None:
    module = tiny(family, head)
    called: list[bool] = []
    handle = module.register_forward_hook(lambda *_: called.append(True))
    assert_prefixed(wrap(module), f"{PREFIXES[family]}.", wrap(getattr(module, PREFIXES[family])))
    assert not called
    handle.remove()
    assert_recorded(wrap(module))


@pytest.mark.parametrize(
    ("family", "head"), [*((f, h) for f, h in EVERY if f == "WavLM"), ("Data2VecAudio", "ForCTC"), ("Hubert", "ForCTC")]
)
def test_heads_from_folders(family: str, head: str, tmp_path: Path) -> None:
    module = tiny(family, head)
    module.save_pretrained(tmp_path)
    transformers.Wav2Vec2FeatureExtractor(do_normalize=False).save_pretrained(tmp_path)
    model = load(f"transformers:{tmp_path}")
    assert type(model.module) is type(module)
    assert model.checksum == wrap(module).checksum
    assert_prefixed(model, f"{PREFIXES[family]}.", wrap(getattr(module, PREFIXES[family])))


def test_a_speech_encoder_beside_a_text_decoder(tmp_path: Path) -> None:
    text = transformers.BertConfig(
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=40,
        vocab_size=20,
        is_decoder=True,
        add_cross_attention=True,
    )
    module = transformers.SpeechEncoderDecoderModel(
        encoder=tiny("Wav2Vec2"), decoder=transformers.BertLMHeadModel(text)
    ).eval()
    assert_prefixed(wrap(module), "encoder.", wrap(module.encoder))
    module.save_pretrained(tmp_path)
    assert_prefixed(load(f"transformers:{tmp_path}"), "encoder.", wrap(module.encoder))


@pytest.mark.parametrize("family", ["Hubert", "Wav2Vec2", "WavLM"])
@pytest.mark.parametrize("kind", ["Model", "ForCTC"])
def test_large_layouts(family: str, kind: str) -> None:
    model = wrap(tiny(family, kind, **LARGE))
    assert [(s.layer, s.block, s.site, s.n_neurons) for s in model.sites] == [(1, 1, "ffn", 200), (2, 2, "ffn", 200)]
    assert_recorded(model)


def test_data2vec() -> None:
    model = wrap(tiny("Data2VecAudio"))
    assert [s.out_module for s in model.sites] == [f"encoder.layers.{i}.feed_forward.output_dense" for i in range(2)]
    assert_recorded(model)


@pytest.mark.parametrize("positions", ["relative", "rotary", None])
def test_both_networks_of_a_conformer_block(positions: str | None) -> None:
    model = wrap(tiny("Wav2Vec2Conformer", position_embeddings_type=positions))
    assert [(s.layer, s.block, s.site) for s in model.sites] == [
        (1, 1, "ffn1"),
        (2, 1, "ffn2"),
        (3, 2, "ffn1"),
        (4, 2, "ffn2"),
    ]
    assert [s.in_module for s in model.sites[:2]] == [f"encoder.layers.0.ffn{i}.intermediate_dense" for i in (1, 2)]
    assert_recorded(model)


@pytest.mark.parametrize("large", [False, True])
def test_recognisers_of_torchaudio(large: bool) -> None:
    """The rows of the label head do not count; large bundles normalise in a wrapper."""
    bare = tiny_torchaudio(large, aux=None)
    recogniser = tiny_torchaudio(large)
    recogniser.load_state_dict(bare.state_dict(), strict=False)
    assert_prefixed(wrap(recogniser), "", wrap(bare))
    assert_recorded(wrap(recogniser))
    wrapper = _extend_model(recogniser, normalize_waveform=True, apply_log_softmax=True, append_star=True)
    assert_prefixed(wrap(wrapper), "model.", wrap(bare, normalize=True))
    assert_recorded(wrap(wrapper))


class Own(nn.Module):
    """A user's model: an encoder under a head that looks like a feed-forward network of its own."""

    def __init__(self, upstream: nn.Module) -> None:
        super().__init__()
        self.upstream = upstream
        self.head = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 32))

    def forward(self, waveforms: Tensor) -> Tensor:
        out = self.upstream(waveforms)
        return self.head(out[0] if isinstance(out, tuple) else out.last_hidden_state)


@pytest.mark.parametrize(
    "build", [lambda: tiny_torchaudio(aux=None), lambda: tiny("WavLM"), lambda: tiny("Wav2Vec2Conformer")]
)
def test_a_model_of_ones_own_around_an_encoder(build: Callable[[], nn.Module]) -> None:
    own = Own(build())
    assert_prefixed(wrap(own), "upstream.", wrap(own.upstream))
    named = wrap(own, layers=["in:head.2"])
    assert [(s.out_module, s.n_neurons) for s in named.sites] == [("head.2", 64)]
    assert record(named, speech()).neurons[0].shape == (30, 3)


def test_the_models_of_the_replication() -> None:
    torch.manual_seed(0)
    encoder = MelEncoder(MelEncoderConfig(width=32, neurons=100, blocks=2))
    assert_prefixed(wrap(TaskModel(encoder, 40)), "encoder.", wrap(encoder))


@pytest.mark.slow
def test_a_published_recogniser_by_name() -> None:
    model = load("torchaudio:WAV2VEC2_ASR_BASE_960H", random_init=0)
    assert (model.normalize, model.normalize_from) == (False, "the bundle")
    assert model.module.aux.out_features == 29
    recording = record(model, speech(16_000))
    for x, neurons in zip(captured(model.module, model, speech(16_000)), recording.neurons, strict=True):
        assert np.array_equal(neurons, np.argsort(-np.abs(x), axis=1, kind="stable")[:, :154])


@pytest.mark.slow
def test_hubert_large() -> None:
    torch.manual_seed(0)
    sizes = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
    model = wrap(transformers.HubertModel(transformers.HubertConfig(**sizes, **LARGE)))
    assert [s.n_neurons for s in model.sites] == [4096] * 24
    recording = record(model, speech(16_000))
    for x, neurons in zip(captured(model.module, model, speech(16_000)), recording.neurons, strict=True):
        assert np.array_equal(neurons, np.argsort(-np.abs(x), axis=1, kind="stable")[:, :205])
