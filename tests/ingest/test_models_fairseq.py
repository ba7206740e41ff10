"""fairseq's and s3prl's checkpoints: one set of weights through three libraries gives the same neurons."""

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from torchaudio.models.wav2vec2.utils import import_huggingface_model

from ingest import Corpus, ingest
from ingest.models import SpeechModel, load, wrap
from ingest.models.fairseq import build
from ingest.models.fairseq_config import architecture
from ingest.recorder import Recorder, Recording
from warehouse import snapshot
from warehouse.errors import ModelError
from warehouse.grid import Grid

transformers = pytest.importorskip("transformers", reason="the extra neuron-warehouse[transformers] is not installed")

SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 100,
    "conv_dim": (16,) * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
    "vocab_size": 12,
}
LARGE = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True}
FAMILIES = ["Hubert", "Wav2Vec2", "WavLM"]
RENAMED = [
    (r"masked_spec_embed", "mask_emb"),
    (r"feature_projection\.projection", "post_extract_proj"),
    (r"feature_projection\.layer_norm", "layer_norm"),
    (r"(conv_layers\.\d+)\.conv", r"\1.0"),
    (r"pos_conv_embed\.conv\.parametrizations\.weight\.original0", "pos_conv.0.weight_g"),
    (r"pos_conv_embed\.conv\.parametrizations\.weight\.original1", "pos_conv.0.weight_v"),
    (r"pos_conv_embed\.conv", "pos_conv.0"),
    (r"(layers\.\d+)\.layer_norm", r"\1.self_attn_layer_norm"),
    (r"attention\.gru_rel_pos_const", "self_attn.grep_a"),
    (r"attention\.gru_rel_pos_linear", "self_attn.grep_linear"),
    (r"attention\.rel_attn_embed", "self_attn.relative_attention_bias"),
    (r"attention\.(\w+_proj)", r"self_attn.\1"),
    (r"feed_forward\.intermediate_dense", "fc1"),
    (r"feed_forward\.output_dense", "fc2"),
    (r"lm_head", "proj"),
]


def tiny(family: str, large: bool = False, kind: str = "Model", seed: int = 0, **options: object) -> Any:
    torch.manual_seed(seed)
    config = getattr(transformers, f"{family}Config")(**SIZES | (LARGE if large else {}) | options)
    module = getattr(transformers, f"{family}{kind}")(config).eval()
    for name, value in module.named_parameters():  # as they are first drawn, most could be left out unnoticed
        if "conv_layers" not in name or value.ndim == 1:
            is_norm = "norm" in name and name.endswith("weight")
            torch.nn.init.normal_(value, mean=float(is_norm), std=1.0 if "rel" in name else 0.3)
    return module


def fairseq_state(module: Any) -> dict[str, torch.Tensor]:
    """The weights of a model of transformers under fairseq's names."""
    norm = r"\1.2.1" if module.config.feat_extract_norm == "layer" else r"\1.2"
    rules = [(r"(conv_layers\.\d+)\.layer_norm", norm), *RENAMED]
    state = {}
    for key, value in module.state_dict().items():
        new = re.sub(r"^(hubert|wav2vec2|wavlm)\.", "", key)
        for old, name in rules:
            new = re.sub(old, name, new, count=1) if re.search(old, new) else new
        state[new] = value
    return state


def fairseq_config(module: Any, **more: object) -> dict[str, Any]:
    """The sizes of a model of transformers as fairseq states them."""
    config = module.config
    stated = {
        "_name": config.model_type,
        "extractor_mode": "layer_norm" if config.feat_extract_norm == "layer" else "default",
        "encoder_layers": config.num_hidden_layers,
        "encoder_embed_dim": config.hidden_size,
        "encoder_ffn_embed_dim": config.intermediate_size,
        "encoder_attention_heads": config.num_attention_heads,
        "activation_fn": "gelu",
        "layer_norm_first": config.do_stable_layer_norm,
        "conv_feature_layers": "[({0},10,5)] + [({0},3,2)] * 4 + [({0},2,2)] * 2".format(config.conv_dim[0]),
        "conv_bias": config.conv_bias,
        "conv_pos": config.num_conv_pos_embeddings,
        "conv_pos_groups": config.num_conv_pos_embedding_groups,
        "dropout": 0.1,
        "layerdrop": 0.05,
    }
    if config.model_type == "wavlm":
        stated |= {"relative_position_embedding": True, "gru_rel_pos": True}
        stated |= {"num_buckets": config.num_buckets, "max_distance": config.max_bucket_distance}
    return stated | more


def pretraining(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """With what pretraining adds: none of it is needed."""
    extra = ["final_proj.weight", "label_embs_concat", "quantizer.vars", "project_q.bias", "mask_emb"]
    return state | {name: torch.zeros(2) for name in extra}


def nested(state: Any, config: Any, normalize: object) -> dict[str, Any]:
    return {"args": None, "cfg": {"model": config, "task": {"normalize": normalize}}, "model": pretraining(state)}


def flat(state: Any, config: Any, normalize: object) -> dict[str, Any]:
    return {"cfg": config | {"normalize": normalize}, "model": state}


def namespace(state: Any, config: Any, normalize: object) -> dict[str, Any]:
    return {"args": argparse.Namespace(**config, normalize=normalize), "cfg": None, "model": pretraining(state)}


def s3prl(state: Any, config: Any, normalize: object) -> dict[str, Any]:
    return {"task_cfg": {"normalize": normalize}, "model_cfg": config, "model_weight": state}


LAYOUTS = [nested, flat, namespace, s3prl]


def write(path: Path, module: Any, layout: Callable[..., Any] = nested, normalize: object = False, **more: Any) -> Path:
    torch.save(layout(fairseq_state(module), fairseq_config(module, **more), normalize), path)
    return path


def speech(n_samples: int = 8_000) -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal(n_samples)).astype(np.float32)


def record(model: SpeechModel, n_samples: int = 8_000) -> Recording:
    with Recorder(model, 5) as recorder:
        return recorder.record([speech(n_samples)])[0]


def same(a: Recording, b: Recording) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a.neurons, b.neurons, strict=True))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("large", [False, True])
def test_one_set_of_weights_through_three_libraries(tmp_path: Path, family: str, large: bool) -> None:
    module = tiny(family, large)
    ours = load(f"fairseq:{write(tmp_path / 'w.pt', module)}")
    theirs = wrap(import_huggingface_model(module).eval())
    assert (ours.family, ours.grid, ours.normalize) == ("fairseq", Grid(20_000, 12_500, 25_000), False)
    assert ours.sites == theirs.sites
    assert ours.checksum == theirs.checksum
    for n_samples in (400, 8_000, 24_013):
        recorded = record(ours, n_samples)
        assert same(recorded, record(theirs, n_samples))
        assert same(recorded, record(wrap(module), n_samples))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("normalize", [True, False])
def test_every_layout_is_known_by_itself(tmp_path: Path, layout: Callable[..., Any], normalize: bool) -> None:
    module = tiny("Wav2Vec2", large=True)
    file = write(tmp_path / "w.ckpt", module, layout, normalize)
    model = load(str(file))
    assert (model.family, model.source, model.normalize) == ("fairseq", f"fairseq:{file}", normalize)
    assert same(record(model), record(wrap(import_huggingface_model(module).eval(), normalize=normalize)))
    assert load(str(file), normalize=not normalize).normalize is not normalize


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_where_the_file_is_silent_the_front_end_says_whether_sound_is_normalised(
    tmp_path: Path, layout: Callable[..., Any], large: bool
) -> None:
    file = write(tmp_path / "w.pt", tiny("Hubert", large), layout, normalize=None)
    model = load(str(file))
    assert model.normalize is large
    assert model.normalize_from == f"assumed: {'layer norms' if large else 'no layer norms'} in the front end"
    assert not model.normalize_known
    assert load(str(file), normalize=False).normalize_from == "stated"


def fine_tuned(module: Any, w2v_args: object) -> dict[str, Any]:
    state = {
        f"w2v_encoder.{'' if key.startswith('proj.') else 'w2v_model.'}{key}": value
        for key, value in fairseq_state(module).items()
    }
    cfg = {"model": {"_name": "hubert_ctc", "w2v_args": w2v_args, "normalize": True}, "task": {"data": "x"}}
    return {"cfg": cfg, "model": state}


@pytest.mark.parametrize("family", ["Hubert", "Wav2Vec2"])
@pytest.mark.parametrize("kind", ["nested", "namespace"])
def test_a_fine_tuned_recogniser(tmp_path: Path, family: str, kind: str) -> None:
    module = tiny(family, kind="ForCTC")
    config = fairseq_config(module)
    inner = {"model": config, "task": {"normalize": False}} if kind == "nested" else argparse.Namespace(**config)
    torch.save(fine_tuned(module, inner), tmp_path / "ctc.pt")
    model = load(str(tmp_path / "ctc.pt"))
    encoder = getattr(module, module.base_model_prefix)
    assert model.normalize  # the outer configuration's word
    assert torch.equal(model.module.aux.weight, module.lm_head.weight)
    assert same(record(model), record(wrap(import_huggingface_model(encoder).eval(), normalize=True)))
    assert load(str(tmp_path / "ctc.pt"), random_init=1).module.aux.out_features == SIZES["vocab_size"]


def test_weight_norm_under_its_newer_names(tmp_path: Path) -> None:
    module = tiny("Hubert")
    state = fairseq_state(module)
    for old, new in (("weight_g", "original0"), ("weight_v", "original1")):
        state[f"encoder.pos_conv.0.parametrizations.weight.{new}"] = state.pop(f"encoder.pos_conv.0.{old}")
    torch.save(nested(state, fairseq_config(module), False), tmp_path / "w.pt")
    assert same(record(load(str(tmp_path / "w.pt"))), record(wrap(module)))


def test_half_precision_is_run_in_float32(tmp_path: Path) -> None:
    module = tiny("WavLM")
    write(tmp_path / "w.pt", module.half())
    assert same(record(load(str(tmp_path / "w.pt"))), record(wrap(module.float())))


def test_wavlm_without_gates(tmp_path: Path) -> None:
    module = tiny("WavLM")
    state = {key: value for key, value in fairseq_state(module).items() if "grep" not in key}
    torch.save(flat(state, fairseq_config(module, gru_rel_pos=False), False), tmp_path / "w.pt")
    ungated = import_huggingface_model(module).eval()
    for block in ungated.encoder.transformer.layers:
        block.attention.gru_rel_pos = False
    recorded = record(load(str(tmp_path / "w.pt")))
    assert same(recorded, record(wrap(ungated)))
    assert not same(recorded, record(wrap(module)))


def test_nothing_is_projected_where_widths_agree(tmp_path: Path) -> None:
    module = tiny("Hubert", conv_dim=(32,) * 7)
    with torch.no_grad():
        module.feature_projection.projection.weight.copy_(torch.eye(32))
        module.feature_projection.projection.bias.zero_()
    state = {key: value for key, value in fairseq_state(module).items() if "post_extract" not in key}
    torch.save(nested(state, fairseq_config(module), False), tmp_path / "w.pt")
    assert same(record(load(str(tmp_path / "w.pt"))), record(wrap(module)))


def test_a_random_model_has_the_sizes_of_the_file(tmp_path: Path) -> None:
    module = tiny("WavLM", large=True)
    file = write(tmp_path / "w.pt", module)
    model = load(f"fairseq:{file}", random_init=4)
    assert model.source == f"fairseq:{file}, random weights, seed 4"
    torch.manual_seed(4)
    sizes = architecture(fairseq_config(module), file)
    assert model.checksum == wrap(build(sizes, {}, file)).checksum != load(str(file)).checksum


def test_weights_of_another_file(tmp_path: Path) -> None:
    first, second = tiny("Hubert"), tiny("Hubert", seed=1)
    file = write(tmp_path / "w.pt", first)
    write(tmp_path / "whole.pt", second, s3prl)
    torch.save(fairseq_state(second), tmp_path / "bare.pt")
    for other in ("whole.pt", "bare.pt"):
        model = load(f"fairseq:{file}", weights=tmp_path / other)
        assert model.source == f"fairseq:{file}, {tmp_path / other}"
        assert same(record(model), record(wrap(second)))


def test_the_warehouses_of_three_libraries_hold_the_same_activations(tmp_path: Path, make_speech: Any) -> None:
    module = tiny("Hubert")
    made = make_speech(tmp_path / "made", n_utterances=3)
    corpus = Corpus.from_files(made / "audio", made / "labels", made / "metadata.csv", name="made", phones="arpabet")
    models = {
        "transformers": wrap(module),
        "torchaudio": wrap(import_huggingface_model(module).eval()),
        "fairseq": load(f"fairseq:{write(tmp_path / 'w.pt', module)}"),
    }
    tables = {}
    for name, model in models.items():
        ingest(model, corpus, tmp_path / name, model_name="hubert", quiet=True, f0=False, lambda_pct=5)
        files = snapshot(tmp_path / name).files("activations")
        table = pl.concat([pl.read_parquet(file) for file in files])
        tables[name] = table.sort([column for column, kind in table.schema.items() if not isinstance(kind, pl.List)])
    assert len(tables["fairseq"]) > 0
    assert tables["fairseq"].equals(tables["torchaudio"])
    assert tables["fairseq"].equals(tables["transformers"])


def without(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda saved: saved["model"].pop(key)


def with_tensor(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda saved: saved["model"].update({key: torch.zeros(3)})


def whole(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda saved: saved["model"].update({key: (saved["model"][key] * 100).to(torch.int8)})


def within_itself() -> argparse.Namespace:
    made = argparse.Namespace()
    made.inner = made
    return made


def stating(**values: object) -> Callable[[dict[str, Any]], None]:
    return lambda saved: saved["cfg"]["model"].update(values)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (without("encoder.layers.1.fc1.weight"), r"lacks encoder\.layers\.1\.fc1\.weight: its weights are not those"),
        (without("encoder.layers.1.self_attn.k_proj.bias"), r"lacks encoder\.layers\.1\.self_attn\.k_proj\.bias"),
        (without("layer_norm.weight"), r"lacks layer_norm\.weight"),
        (without("post_extract_proj.bias"), r"lacks post_extract_proj\.bias"),
        (without("feature_extractor.conv_layers.0.2.bias"), r"lacks feature_extractor\.conv_layers\.0\.2\.bias"),
        (with_tensor("decoder.embed.weight"), r"has decoder\.embed\.weight, of which nothing is known"),
        (with_tensor("encoder.layers.2.fc1.weight"), r"has encoder\.layers\.2\.fc1\.weight, of which"),
        (stating(encoder_layers=3), r"lacks encoder\.layers\.2\.self_attn\.\w+\.\w+, .* and \d+ more"),
        (
            stating(relative_position_embedding=True, num_buckets=32, max_distance=80),
            r"lacks .*relative_attention_bias",
        ),
        (stating(extractor_mode="layer_norm"), r"lacks feature_extractor\.conv_layers\.0\.2\.1\.weight"),
        (stating(encoder_ffn_embed_dim=64), r"does not fit Wav2Vec2Model: size mismatch for encoder"),
        (stating(encoder_attention_heads=5), "no model has the sizes in its configuration .*not divisible"),
        (stating(conv_pos_groups=5), "no model has the sizes in its configuration"),
        (lambda saved: saved.update(model={}), "holds no state dict under 'model'"),
        (lambda saved: saved["model"].update(x=3), "holds no state dict under 'model'"),
        (lambda saved: saved.pop("model"), "holds 'args', 'cfg', not fairseq's 'model' and 'cfg'"),
        (lambda saved: saved.pop("cfg"), "holds 'args', 'model', not fairseq's"),
        (lambda saved: saved.update(cfg={"model": {}}), "its configuration lacks encoder_embed_dim: save"),
        (lambda saved: saved["model"].update({3: torch.zeros(1)}), "holds no state dict under 'model'"),
        (
            lambda saved: saved["cfg"]["model"].update(activation_fn=within_itself()),
            "activation_fn = a Namespace",
        ),
        (stating(layer_type="x" * 100_000), "layer_type = 'x{100,200}… is not read, only"),
        (stating(encoder_embed_dim=10**30), "encoder_embed_dim = 10{30} in its configuration is above 1,000,000"),
        (stating(conv_pos=10**600), "conv_pos = 10{150,200}… in its configuration is above"),
        (
            stating(encoder_layers=10**7),
            "encoder_layers = 10000000 in its configuration is above 200, as",
        ),
        (stating(encoder_layers=20), r"lacks encoder\.layers\.2\..* more: its weights are not those"),
        (
            stating(encoder_layers=torch.zeros(5, 5)),
            "encoder_layers = a Tensor in its configuration is no whole",
        ),
        (stating(conv_bias=torch.zeros(5, 5)), "conv_bias = a Tensor in its configuration is neither"),
        (
            stating(conv_feature_layers=f"[(32,10,5)] + [({10**25},3,2)]"),
            "none of them above 1,000,000: write",
        ),
        (stating(conv_feature_layers=torch.zeros(5, 5)), "conv_feature_layers = a Tensor is no list of"),
        (with_tensor("a\nb\x1b[31mred"), r"has a\\nb\\x1b\[31mred, of which nothing is known"),
        (with_tensor("x" * 100_000), "has x{100,200}…, of which nothing is known"),
        (stating(encoder_ffn_embed_dim=10**6, encoder_embed_dim=10**6), "does not fit Wav2Vec2Model: size mismatch"),
        (
            whole("encoder.layers.0.fc1.weight"),
            r"other than floating numbers in encoder\.layers\.0\.fc1\.weight \(",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(
    tmp_path: Path, damage: Callable[[dict[str, Any]], object], words: str
) -> None:
    module = tiny("Hubert")
    saved = nested(fairseq_state(module), fairseq_config(module), False)
    damage(saved)
    file = tmp_path / "w.pt"
    torch.save(saved, file)
    with pytest.raises(ModelError, match=words) as caught:
        load(f"fairseq:{file}")
    assert str(file) in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1_000


def test_sizes_that_a_file_does_not_have_are_refused_for_random_weights_too(tmp_path: Path) -> None:
    module = tiny("Hubert")
    file = write(tmp_path / "w.pt", module, encoder_ffn_embed_dim=10**6, encoder_embed_dim=10**6)
    with pytest.raises(ModelError, match="does not fit Wav2Vec2Model: size mismatch"):
        load(f"fairseq:{file}", random_init=1)


def test_joined_tensors_are_floating_one_by_one(tmp_path: Path) -> None:
    """WavLM's queries, keys and values become one tensor here, which would be floating when one of them is."""
    module = tiny("WavLM")
    saved = nested(fairseq_state(module), fairseq_config(module), False)
    name = "encoder.layers.0.self_attn.q_proj.weight"
    whole(name)(saved)
    torch.save(saved, tmp_path / "w.pt")
    with pytest.raises(ModelError, match=rf"other than floating numbers in {re.escape(name)} \(torch\.int8\)"):
        load(f"fairseq:{tmp_path / 'w.pt'}")
    saved["model"][name] = torch.tensor(1.0)
    torch.save(saved, tmp_path / "w.pt")
    with pytest.raises(ModelError, match=r"w\.pt: its weights are of no attention \(zero-dim.*: save \{"):
        load(f"fairseq:{tmp_path / 'w.pt'}")


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_base_size(tmp_path: Path, family: str) -> None:
    torch.manual_seed(0)
    module = getattr(transformers, f"{family}Model")(getattr(transformers, f"{family}Config")()).eval()
    file = write(tmp_path / "base.pt", module)
    model = load(str(file))
    assert [site.n_neurons for site in model.sites] == [3072] * 12
    assert model.checksum == wrap(import_huggingface_model(module).eval()).checksum
    assert same(record(model, 16_000), record(wrap(import_huggingface_model(module).eval()), 16_000))
