"""MelHuBERT's checkpoints against a forward pass written out by hand, their grids, and what is refused."""

import argparse
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor
from torch.nn import functional
from torchaudio.compliance import kaldi

from ingest.models import SpeechModel, load, wrap
from ingest.models.melhubert_encoder import MelHubert
from ingest.recorder import Recorder, Recording
from warehouse.errors import ModelError
from warehouse.grid import Grid

WIDTH, HEADS, KERNEL, GROUPS = 16, 2, 6, 4


def checkpoint(
    rate: int = 20, key: str = "melhubert", norm_first: bool = False, widths: tuple[int, ...] = (60, 60), **more: object
) -> dict[str, Any]:
    """What a public file holds, with seeded weights loud enough that each of them is heard."""
    random = torch.Generator().manual_seed(0)

    def linear(name: str, rows: int, columns: int) -> dict[str, Tensor]:
        weight = torch.randn(rows, columns, generator=random) * columns**-0.5
        return {f"{name}.weight": weight, f"{name}.bias": torch.randn(rows, generator=random) * 0.3}

    def norm(name: str) -> dict[str, Tensor]:
        drawn = torch.randn(2, WIDTH, generator=random) * 0.3
        return {f"{name}.weight": 1 + drawn[0], f"{name}.bias": drawn[1]}

    feat = 4 * rate
    state = linear("pre_extract_proj", WIDTH, feat) | norm("encoder.layer_norm") | {"mask_emb": torch.zeros(WIDTH)}
    state["encoder.pos_conv.0.weight_g"] = 1 + torch.rand(1, 1, KERNEL, generator=random)
    state["encoder.pos_conv.0.weight_v"] = torch.randn(WIDTH, WIDTH // GROUPS, KERNEL, generator=random)
    state["encoder.pos_conv.0.bias"] = torch.randn(WIDTH, generator=random) * 0.3
    for number, neurons in enumerate(widths):
        block = f"encoder.layers.{number}"
        for letter in ("q", "k", "v", "out"):
            state |= linear(f"{block}.self_attn.{letter}_proj", WIDTH, WIDTH)
        state |= norm(f"{block}.self_attn_layer_norm") | norm(f"{block}.final_layer_norm")
        state |= linear(f"{block}.fc1", neurons, WIDTH) | linear(f"{block}.fc2", WIDTH, neurons)
    config = {
        "feat_emb_dim": feat,
        "pos_emb_type": "conv",
        "conv_pos": KERNEL,
        "conv_pos_groups": GROUPS,
        "encoder_layers": len(widths),
        "encoder_embed_dim": WIDTH,
        "encoder_ffn_embed_dim": widths[0] if len(set(widths)) == 1 else list(widths),
        "encoder_attention_heads": HEADS,
        "activation_fn": "gelu",
        "layer_norm_first": norm_first,
        "dropout": 0.1,
    }
    return {
        "model": state | linear("final_proj", 12, WIDTH),
        "Upstream_Config": {key: config | more, "task": {"sequence_length": 1500}},
        "Args": argparse.Namespace(upstream="melhubert", frame_period=rate),
        "Step": 200,
    }


def mean_std() -> np.ndarray:
    random = np.random.default_rng(1)
    return np.stack([14 + random.standard_normal(40), 3 + random.random(40)])


def by_hand(saved: dict[str, Any], waveform: np.ndarray, stack: int, norm_first: bool) -> list[Tensor]:
    """What lies between the two linears of each block, (frames, D): fbank, stacking, attention by matmul."""
    state, (mean, std) = saved["model"], torch.from_numpy(mean_std()).float()

    def linear(x: Tensor, name: str) -> Tensor:
        return x @ state[f"{name}.weight"].T + state[f"{name}.bias"]

    def norm(x: Tensor, name: str) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        scaled = centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
        return scaled * state[f"{name}.weight"] + state[f"{name}.bias"]

    def attention(x: Tensor, name: str) -> Tensor:
        q, k, v = (linear(x, f"{name}.{letter}_proj") for letter in "qkv")
        mixed = []
        for part in torch.arange(WIDTH).chunk(HEADS):
            scores = q[:, part] @ k[:, part].T / len(part) ** 0.5
            mixed.append(scores.softmax(-1) @ v[:, part])
        return linear(torch.cat(mixed, 1), f"{name}.out_proj")

    mel = kaldi.fbank(torch.from_numpy(waveform)[None] * 32768, num_mel_bins=40, sample_frequency=16_000, dither=0.0)
    mel = (mel - mean) / std
    rows = [torch.cat([mel[min(at + i, len(mel) - 1)] for i in range(stack)]) for at in range(0, len(mel), stack)]
    x = linear(torch.stack(rows), "pre_extract_proj")
    v, g = state["encoder.pos_conv.0.weight_v"], state["encoder.pos_conv.0.weight_g"]
    weight = v / v.square().sum((0, 1), keepdim=True).sqrt() * g
    bias = state["encoder.pos_conv.0.bias"]
    moved = functional.conv1d(x.T[None], weight, bias, padding=KERNEL // 2, groups=GROUPS)[0, :, : len(x)]
    x = x + functional.gelu(moved).T
    if not norm_first:
        x = norm(x, "encoder.layer_norm")
    neurons = []
    for number in range(sum(key.endswith("fc1.weight") for key in state)):
        block = f"encoder.layers.{number}"
        before = norm(x, f"{block}.self_attn_layer_norm") if norm_first else x
        x = x + attention(before, f"{block}.self_attn")
        x = x if norm_first else norm(x, f"{block}.self_attn_layer_norm")
        before = norm(x, f"{block}.final_layer_norm") if norm_first else x
        neurons.append(functional.gelu(linear(before, f"{block}.fc1")))
        x = x + linear(neurons[-1], f"{block}.fc2")
        x = x if norm_first else norm(x, f"{block}.final_layer_norm")
    return neurons


def write(folder: Path, saved: dict[str, Any] | None = None) -> Path:
    np.save(folder / "libri-960-mean-std.npy", mean_std())
    torch.save(checkpoint() if saved is None else saved, folder / "melhubert.ckpt")
    return folder / "melhubert.ckpt"


def speech(n_samples: int = 8_000, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(n_samples)).astype(np.float32)


def record(model: SpeechModel, *waveforms: np.ndarray) -> list[Recording]:
    with Recorder(model, 5) as recorder:
        return recorder.record(waveforms)


def same(a: Recording, b: Recording) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a.neurons, b.neurons, strict=True))


@pytest.mark.parametrize("rate", [10, 20])
@pytest.mark.parametrize("key", ["melhubert", "hubert"])
@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("widths", [(60, 60), (60, 44, 20)])
def test_neurons_are_those_of_the_pass_by_hand(
    tmp_path: Path, rate: int, key: str, norm_first: bool, widths: tuple[int, ...]
) -> None:
    saved = checkpoint(rate, key, norm_first, widths)
    model = load(f"melhubert:{write(tmp_path, saved)}")
    assert model.family == "melhubert"
    assert [site.n_neurons for site in model.sites] == list(widths)
    for n_samples in (400, 560, 8_000, 8_160):
        (recorded,) = record(model, speech(n_samples))
        expected = by_hand(saved, speech(n_samples), rate // 10, norm_first)
        for neurons, values, width in zip(recorded.neurons, expected, widths, strict=True):
            ranked = np.argsort(-values.abs().numpy(), axis=1, kind="stable")[:, : round(0.05 * width)]
            assert np.array_equal(neurons, ranked)
        for means, values in zip(recorded.ffn_mean, expected, strict=True):
            np.testing.assert_allclose(means, values.mean(0), atol=1e-4)


@pytest.mark.parametrize(("rate", "grid"), [(20, Grid(20_000, 17_500, 25_000)), (10, Grid(10_000, 12_500, 25_000))])
def test_frames_follow_the_grid(tmp_path: Path, rate: int, grid: Grid) -> None:
    model = load(str(write(tmp_path, checkpoint(rate))))
    assert (model.grid, model.sample_rate, model.normalize) == (grid, 16_000, False)
    for n_samples in (400, 559, 560, 719, 720, 1_039, 1_040, 16_000):
        (recorded,) = record(model, speech(n_samples))
        assert recorded.n_frames == (n_samples - 400) // (16 * rate) + 1 == grid.n_frames(n_samples, 16_000)


def test_a_batch_gives_what_each_utterance_gives(tmp_path: Path) -> None:
    model = load(str(write(tmp_path)))
    waveforms = [speech(seed=seed) * 10.0**-seed for seed in range(3)]
    together = record(model, *waveforms)
    for waveform, recorded in zip(waveforms, together, strict=True):
        assert same(record(model, waveform)[0], recorded)
    assert isinstance(model.module, MelHubert)
    batch = model.module.features(torch.from_numpy(np.stack(waveforms)))
    for waveform, features in zip(waveforms, batch, strict=True):
        assert torch.equal(model.module.features(torch.from_numpy(waveform)[None])[0], features)


def test_the_published_normalisation_fits_the_scale_of_the_energies(shared: Path) -> None:
    """Real speech comes out near zero mean and unit variance; in samples of [-1, 1] the mean would be near -5."""
    mean, std = torch.from_numpy(np.load(shared / "melhubert" / "libri-960-mean-std.npy")).float()
    files = [
        *sorted((shared / "librispeech-samples").glob("*.flac")),
        *sorted((shared / "speechocean762" / "eval" / "audio").rglob("*.flac"))[:12],
    ]
    mels = [MelHubert.log_mel(torch.from_numpy(soundfile.read(file, dtype="float32")[0])) for file in files]
    normalised = (torch.cat(mels) - mean) / std
    assert abs(normalised.mean()) < 0.7
    assert 0.6 < normalised.std() < 1.5


def test_sites_source_and_checksum(tmp_path: Path) -> None:
    file = write(tmp_path)
    model = load(f"melhubert:{file}")
    assert model.source == f"melhubert:{file}, normalised by libri-960-mean-std.npy"
    assert [site.out_module for site in model.sites] == [
        f"encoder.layers.{number}.feed_forward.output_dense" for number in range(2)
    ]
    assert model.sites[1].block_module == "encoder.layers.1"
    other = tmp_path / "other.npy"
    np.save(other, mean_std() + 1)
    stated = load(f"melhubert:{file}", mean_std=other)
    assert stated.source.endswith("normalised by other.npy")
    assert stated.checksum != model.checksum  # another normalisation of the input is another model
    wrapped = wrap(torch.nn.ModuleDict({"upstream": model.module}))
    assert (wrapped.family, wrapped.grid) == ("melhubert", model.grid)
    assert same(record(wrapped, speech())[0], record(model, speech())[0])


def test_random_weights_have_the_sizes_of_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, checkpoint(widths=(60, 44)))
    model = load(str(file), random_init=3)
    assert [site.n_neurons for site in model.sites] == [60, 44]
    assert model.source.startswith(f"melhubert:{file}, random weights, seed 3")
    assert model.checksum == load(str(file), random_init=3).checksum
    assert model.checksum not in (load(str(file), random_init=4).checksum, load(str(file)).checksum)


def test_weights_of_another_file(tmp_path: Path) -> None:
    file, saved = write(tmp_path), checkpoint()
    saved["model"] = {key: value * 1.1 for key, value in saved["model"].items()}
    torch.save(saved, tmp_path / "later.ckpt")
    torch.save(saved["model"], tmp_path / "bare.pt")
    later, bare = (load(f"melhubert:{file}", weights=tmp_path / name) for name in ("later.ckpt", "bare.pt"))
    assert later.checksum == bare.checksum == load(str(tmp_path / "later.ckpt")).checksum
    assert later.checksum != load(str(file)).checksum


def test_nothing_is_projected_where_widths_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "WIDTH", 80)
    saved = checkpoint()
    projection = {"pre_extract_proj.weight": torch.eye(80), "pre_extract_proj.bias": torch.zeros(80)}
    expected = by_hand(saved | {"model": saved["model"] | projection}, speech(), 2, norm_first=False)
    saved["model"] = {key: value for key, value in saved["model"].items() if key not in projection}
    (recorded,) = record(load(str(write(tmp_path, saved))), speech())
    for neurons, values in zip(recorded.neurons, expected, strict=True):
        assert np.array_equal(neurons, np.argsort(-values.abs().numpy(), axis=1, kind="stable")[:, :3])


def test_the_normalisation_beside_the_checkpoint_must_be_the_only_one(tmp_path: Path) -> None:
    file = write(tmp_path)
    shutil.copy(tmp_path / "libri-960-mean-std.npy", tmp_path / "libri-360-mean-std.npy")
    with pytest.raises(ModelError, match=r"beside it are libri-360-mean-std\.npy, libri-960-mean-std\.npy; say with"):
        load(str(file))
    assert load(str(file), mean_std=tmp_path / "libri-360-mean-std.npy").source.endswith("libri-360-mean-std.npy")
    for npy in tmp_path.glob("*.npy"):
        npy.unlink()
    with pytest.raises(ModelError, match=r"such as libri-960-mean-std\.npy: give it with --mean-std FILE, or put it"):
        load(str(file))
    with pytest.raises(ModelError, match=r"none\.npy: there is no such file; --mean-std wants"):
        load(str(file), mean_std=tmp_path / "none.npy")


def saving(values: np.ndarray) -> Callable[[Path], None]:
    return lambda path: np.save(path, values, allow_pickle=True)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (saving(np.zeros((40, 2))), r"has shape \(40, 2\), not \(2, 40\)"),
        (saving(np.zeros((2, 80))), r"has shape \(2, 80\), not \(2, 40\)"),
        (saving(np.full((2, 40), np.nan)), "holds values that are not finite"),
        (saving(np.full((2, 40), np.inf)), "holds values that are not finite"),
        (saving(np.stack([np.ones(40), np.zeros(40)])), "deviations .* must be above 0"),
        (saving(np.stack([np.ones(40), -np.ones(40)])), "deviations .* must be above 0"),
        (saving(np.full((2, 40), "x")), "is no array of numbers"),
        (saving(np.full((2, 40), None)), "is no array of numbers"),
        (lambda path: path.write_bytes(b""), "is no array of numbers"),
        (lambda path: path.write_text("hello"), "is no array of numbers"),
    ],
)
def test_bad_normalisations_are_refused_in_one_line(tmp_path: Path, make: Callable[[Path], object], words: str) -> None:
    file, npy = write(tmp_path), tmp_path / "stated.npy"
    make(npy)
    with pytest.raises(ModelError, match=words) as caught:
        load(str(file), mean_std=npy)
    assert str(npy) in str(caught.value)
    assert "\n" not in str(caught.value)


def changed(**values: object) -> Callable[[dict[str, Any]], object]:
    return lambda saved: saved["Upstream_Config"]["melhubert"].update(values)


def prune_a_head(saved: dict[str, Any]) -> None:
    for letter in "qkv":
        for kind in ("weight", "bias"):
            key = f"encoder.layers.1.self_attn.{letter}_proj.{kind}"
            saved["model"][key] = saved["model"][key][:8]
    key = "encoder.layers.1.self_attn.out_proj.weight"
    saved["model"][key] = saved["model"][key][:, :8]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda saved: saved["model"].pop("encoder.layers.1.fc1.weight"), r"lacks encoder\.layers\.1\.fc1\.weight"),
        (lambda saved: saved["model"].pop("encoder.layer_norm.bias"), r"lacks encoder\.layer_norm\.bias"),
        (lambda saved: saved["model"].pop("pre_extract_proj.bias"), r"lacks pre_extract_proj\.bias"),
        (lambda saved: saved["model"].update({"x.y": torch.zeros(2)}), r"has x\.y, of which nothing is known"),
        (lambda saved: saved["model"].update({"x.y": 2}), "holds no state dict under 'model'"),
        (lambda saved: saved.pop("model"), "holds no state dict under 'model'"),
        (lambda saved: saved.pop("Upstream_Config"), "not MelHuBERT's 'model' and 'Upstream_Config'"),
        (lambda saved: saved["Upstream_Config"].pop("melhubert"), "not MelHuBERT's 'model' and 'Upstream_Config'"),
        (prune_a_head, r"heads were pruned \(encoder\.layers\.1\.self_attn\.q_proj\.weight has 8 rows, not 16\)"),
        (changed(encoder_attention_heads=[2, 1]), "heads were pruned .encoder_attention_heads lists"),
        (changed(encoder_attention_heads=3), "no model has the sizes in its configuration"),
        (changed(encoder_layers=1), r"has encoder\.layers\.1\.\S+, .* and \d+ more, of which nothing is known"),
        (changed(encoder_layers=None), "lacks encoder_layers"),
        (changed(feat_emb_dim=120), "feat_emb_dim = 120 is not read, only 40"),
        (changed(feat_emb_dim=40), "does not fit MelHubert: size mismatch for pre_extract_proj"),
        (changed(activation_fn="relu"), "activation_fn = 'relu' is not read, only 'gelu'"),
        (changed(pos_emb_type="sin"), "pos_emb_type = 'sin' is not read, only 'conv'"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(
    tmp_path: Path, damage: Callable[[dict[str, Any]], object], words: str
) -> None:
    saved = checkpoint()
    damage(saved)
    file = write(tmp_path, saved)
    with pytest.raises(ModelError, match=words) as caught:
        load(f"melhubert:{file}")
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_sound_at_another_rate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="takes sound at 16000 Hz"):
        load(str(write(tmp_path)), sample_rate=8_000)


@pytest.mark.slow
@pytest.mark.parametrize("rate", [10, 20])
def test_base_size(tmp_path: Path, rate: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"WIDTH": 768, "HEADS": 12, "KERNEL": 128, "GROUPS": 16}.items():
        monkeypatch.setitem(globals(), name, value)
    saved = checkpoint(rate, widths=(3072,) * 12)
    model = load(str(write(tmp_path, saved)))
    assert [site.n_neurons for site in model.sites] == [3072] * 12
    (recorded,) = record(model, speech(16_000))
    expected = by_hand(saved, speech(16_000), rate // 10, norm_first=False)
    for neurons, values in zip(recorded.neurons, expected, strict=True):
        ranked = np.argsort(-values.abs().numpy(), axis=1, kind="stable")[:, :154]
        shared_by = np.mean([len(np.intersect1d(a, b)) / 154 for a, b in zip(neurons, ranked, strict=True)])
        assert shared_by > 0.999  # two orders of summation move borderline ranks


@pytest.mark.parametrize("random_init", [None, 1])
def test_sizes_that_the_weights_do_not_have_take_no_memory(tmp_path: Path, random_init: int | None) -> None:
    saved = checkpoint()
    del (
        saved["model"]["encoder.layers.1.self_attn.q_proj.weight"],
        saved["model"]["encoder.layers.0.self_attn.q_proj.weight"],
    )
    for stated, words in (
        ({"encoder_layers": 10**7}, "encoder_layers = 10000000 in its configuration is above 200, as in no model"),
        ({"conv_pos": 10**6, "encoder_embed_dim": 10**6, "conv_pos_groups": 1}, "lacks encoder.layers.0.self_attn.q_p"),
        ({"encoder_embed_dim": 10**30}, "above 1,000,000"),
    ):
        config = saved["Upstream_Config"]["melhubert"] | stated
        file = write(tmp_path, saved | {"Upstream_Config": {"melhubert": config}})
        with pytest.raises(ModelError, match=words):
            load(f"melhubert:{file}", random_init=random_init)
