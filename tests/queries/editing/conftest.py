"""Small models of every framework, with their layers as a warehouse would list them."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ingest.models.ffn import ffn_sites, find_feed_forwards
from queries.masks import Mask, MaskLayer

SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "conv_dim": (16,) * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
    "vocab_size": 12,
    "num_feat_extract_layers": 7,
}
FRAMEWORKS = (
    "torchaudio",
    "Hubert",
    "Wav2Vec2",
    "WavLM",
    "Data2VecAudio",
    "Wav2Vec2Conformer",
    "Whisper",
    "fairseq",
    "linear1",
)


@dataclass
class Tiny:
    """A model, its layers, and what it makes of a fixed input."""

    module: nn.Module
    layers: tuple[MaskLayer, ...]
    run: Callable[[nn.Module], Tensor]

    def __call__(self) -> Tensor:
        with torch.no_grad():
            return self.run(self.module)

    def mask(self, neurons: dict[int, list[int]], kind: str = "erase") -> Mask:
        return Mask.of_neurons(self.layers, neurons, kind, {"model": "tiny"})  # type: ignore[arg-type]

    def drawn(self, seed: int, share: float = 0.5, kind: str = "erase") -> Mask:
        draw = np.random.default_rng(seed)
        chosen = tuple(draw.random(layer.n_neurons) < share for layer in self.layers)
        return Mask(kind, self.layers, chosen, {"model": "tiny"})  # type: ignore[arg-type]

    def uniform(self, seed: int, keep: int) -> Mask:
        draw = np.random.default_rng(seed)
        kept = {layer.layer: draw.choice(layer.n_neurons, keep, replace=False).tolist() for layer in self.layers}
        return self.mask(kept, "keep")

    def replaced(self, mask: Mask, means: dict[str, np.ndarray] | None = None) -> Tensor:
        """The oracle: what goes into the second linears is set to zero, or to means, by hooks."""
        hooks = []
        for path, gone in mask.removed().items():
            value = torch.zeros(len(gone)) if means is None else torch.from_numpy(means[path]).float()
            put = partial(_put, torch.tensor(gone), value)
            hooks.append(self.module.get_submodule(path).register_forward_pre_hook(put))
        try:
            return self()
        finally:
            for hook in hooks:
                hook.remove()


def _put(gone: Tensor, value: Tensor, _: nn.Module, args: tuple[Tensor]) -> tuple[Tensor]:
    return (torch.where(gone, value.to(args[0].dtype), args[0]),)


def layers_of(module: nn.Module) -> tuple[MaskLayer, ...]:
    sites = ffn_sites(find_feed_forwards(module))
    return tuple(MaskLayer(site.layer, site.in_module, site.out_module, site.n_neurons) for site in sites)


def wave(seed: int = 0, n_samples: int = 2_000) -> Tensor:
    return torch.from_numpy((0.1 * np.random.default_rng(seed).standard_normal((1, n_samples))).astype(np.float32))


class FairseqLayer(nn.Module):
    """A block as fairseq builds it: ``fc1``, ``fc2``, and the width beside them."""

    def __init__(self, d: int, width: int, bias: bool = True) -> None:
        super().__init__()
        self.ffn_embedding_dim = width
        self.fc1 = nn.Linear(d, width)
        self.fc2 = nn.Linear(width, d, bias=bias)
        self.final_layer_norm = nn.LayerNorm(d)

    def forward(self, x: Tensor) -> Tensor:
        return self.final_layer_norm(x + self.fc2(torch.relu(self.fc1(x))))


class FairseqLike(nn.Module):
    """Blocks under ``encoder.layers``, time first."""

    def __init__(self, d: int = 32, width: int = 48, n_layers: int = 2, bias: bool = True) -> None:
        super().__init__()
        self.encoder = nn.Module()
        self.encoder.layers = nn.ModuleList(FairseqLayer(d, width, bias) for _ in range(n_layers))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.encoder.layers:
            x = layer(x)
        return x


def build(framework: str, tiny_model: Callable[..., nn.Module], **options: object) -> Tiny:
    torch.manual_seed(0)
    if framework == "torchaudio":
        module = tiny_model(width=48)
        return Tiny(module, layers_of(module), lambda m: m(wave())[0])
    if framework in ("fairseq", "linear1"):
        x = torch.from_numpy(np.random.default_rng(1).standard_normal((5, 1, 32)).astype(np.float32))
        if framework == "fairseq":
            module = FairseqLike(**options).eval()  # type: ignore[arg-type]
        else:
            module = nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, 48), 2, enable_nested_tensor=False).eval()
        return Tiny(module, layers_of(module), lambda m: m(x))
    transformers = pytest.importorskip("transformers")
    if framework == "Whisper":
        sizes = {"d_model": 32, "encoder_layers": 2, "decoder_layers": 1, "encoder_ffn_dim": 48, "decoder_ffn_dim": 48}
        config = transformers.WhisperConfig(
            **sizes, encoder_attention_heads=4, decoder_attention_heads=4, max_source_positions=20, vocab_size=60,
            pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1,
        )  # fmt: skip
        module = transformers.WhisperModel(config).eval().encoder
        mel = torch.from_numpy(np.random.default_rng(2).standard_normal((1, 80, 40)).astype(np.float32))
        return Tiny(module, layers_of(module), lambda m: m(mel).last_hidden_state)
    config = getattr(transformers, f"{framework}Config")(**(SIZES | options))
    module = getattr(transformers, f"{framework}Model")(config).eval()
    return Tiny(module, layers_of(module), lambda m: m(wave()).last_hidden_state)


@pytest.fixture(scope="session")
def built(tiny_model: Callable[..., nn.Module]) -> Callable[[str], Tiny]:
    """Builds each of them once; copies are cheap."""
    return cache(lambda framework: build(framework, tiny_model))


@pytest.fixture(params=FRAMEWORKS)
def tiny(request: pytest.FixtureRequest, built: Callable[[str], Tiny]) -> Tiny:
    return copy.deepcopy(built(request.param))


@pytest.fixture
def one(tiny_model: Callable[..., nn.Module]) -> Tiny:
    """The quickest of them, for what does not depend on the framework."""
    return build("fairseq", tiny_model)


@pytest.fixture
def make(tiny_model: Callable[..., nn.Module]) -> Callable[..., Tiny]:
    return lambda framework, **options: build(framework, tiny_model, **options)
