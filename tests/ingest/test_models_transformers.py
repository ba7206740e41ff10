"""transformers' models, and one set of weights through both libraries."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torchaudio.models.wav2vec2.utils import import_huggingface_model

from ingest.models import SpeechModel, load, wrap
from ingest.recorder import Recorder, Recording
from warehouse.errors import ModelError
from warehouse.grid import Grid

transformers = pytest.importorskip("transformers", reason="the extra neuron-warehouse[transformers] is not installed")

SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 200,
    "conv_dim": (16,) * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
    "vocab_size": 12,
    "num_feat_extract_layers": 7,
}
FAMILIES = ["Hubert", "Wav2Vec2", "WavLM", "Data2VecAudio"]


def tiny(family: str, kind: str = "Model", seed: int = 0, **options: object) -> torch.nn.Module:
    torch.manual_seed(seed)
    config = getattr(transformers, f"{family}Config")(**SIZES, **options)
    return getattr(transformers, f"{family}{kind}")(config).eval()


def speech(n_samples: int = 8_000) -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal(n_samples)).astype(np.float32)


def record(model: SpeechModel, n_samples: int = 8_000) -> Recording:
    with Recorder(model, 5) as recorder:
        return recorder.record([speech(n_samples)])[0]


def same(a: Recording, b: Recording) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a.neurons, b.neurons, strict=True))


@pytest.mark.parametrize("family", FAMILIES)
def test_layers_grid_and_ranks(family: str) -> None:
    module = tiny(family)
    model = wrap(module)
    assert (model.family, model.grid, model.normalize) == ("transformers", Grid(20_000, 12_500, 25_000), False)
    assert [s.out_module for s in model.sites] == [f"encoder.layers.{i}.feed_forward.output_dense" for i in range(3)]
    assert model.sites[0].in_module == "encoder.layers.0.feed_forward.intermediate_dense"
    seen: list[torch.Tensor] = []
    handle = module.get_submodule(model.sites[2].out_module).register_forward_pre_hook(
        lambda _, args: seen.append(args[0][0])
    )
    with torch.no_grad():
        module(torch.from_numpy(speech())[None])
    handle.remove()
    expected = np.argsort(-np.abs(seen[0].numpy()), axis=1, kind="stable")[:, :10]
    assert np.array_equal(record(model).neurons[2], expected)


@pytest.mark.parametrize("family", ["Hubert", "Wav2Vec2", "WavLM"])
@pytest.mark.parametrize("large", [False, True])
def test_one_set_of_weights_through_both_libraries(family: str, large: bool) -> None:
    norm = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True} if large else {}
    module = tiny(family, **norm)
    ours, theirs = wrap(module), wrap(import_huggingface_model(module).eval())
    assert theirs.family == "torchaudio"
    for n_samples in (400, 8_000, 24_013):
        a, b = record(ours, n_samples), record(theirs, n_samples)
        assert a.n_frames == b.n_frames
        assert same(a, b)
        for kind in ("ffn_mean", "ffn_std", "block_mean", "block_std"):
            np.testing.assert_allclose(getattr(a, kind), getattr(b, kind), atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_saved_folder(family: str, tmp_path: Path) -> None:
    module = tiny(family)
    module.save_pretrained(tmp_path)
    for spec in (f"transformers:{tmp_path}", f"hf:{tmp_path}", str(tmp_path)):
        model = load(spec)
        assert model.checksum == wrap(module).checksum
        assert same(record(model), record(wrap(module)))


def test_a_saved_task_model_keeps_its_head(tmp_path: Path) -> None:
    tiny("Hubert", "ForCTC").save_pretrained(tmp_path)
    model = load(f"transformers:{tmp_path}")
    assert type(model.module).__name__ == "HubertForCTC"
    assert model.sites[0].out_module.startswith("hubert.encoder.")


def test_a_pretraining_checkpoint_gives_its_encoder(tmp_path: Path) -> None:
    module = tiny("Wav2Vec2", "ForPreTraining")
    module.save_pretrained(tmp_path)
    model = load(f"transformers:{tmp_path}")
    assert type(model.module).__name__ == "Wav2Vec2Model"
    assert same(record(model), record(wrap(module.wav2vec2)))


def test_half_precision_checkpoints_run_in_float32(tmp_path: Path) -> None:
    module = tiny("Hubert").half()
    module.save_pretrained(tmp_path)
    assert same(record(load(f"hf:{tmp_path}")), record(wrap(module.float())))


@pytest.mark.parametrize("said", [True, False])
def test_normalisation_is_the_preprocessors(tmp_path: Path, said: bool) -> None:
    tiny("Hubert").save_pretrained(tmp_path)
    extractor = transformers.Wav2Vec2FeatureExtractor(do_normalize=said, sampling_rate=16_000)
    extractor.save_pretrained(tmp_path)
    model = load(f"transformers:{tmp_path}")
    assert model.normalize is said
    assert (model.normalize_from, model.normalize_known) == ("preprocessor_config.json", True)
    quiet = speech() * 1e-3
    expected = extractor(quiet, sampling_rate=16_000, return_tensors="pt").input_values
    assert torch.equal(model.waveforms([quiet]), expected)
    other = load(f"transformers:{tmp_path}", normalize=not said)
    assert other.normalize is not said
    assert (other.normalize_from, other.normalize_known) == ("stated", True)


def test_without_a_preprocessor_normalisation_is_assumed(tmp_path: Path) -> None:
    tiny("Hubert").save_pretrained(tmp_path)
    model = load(f"transformers:{tmp_path}")
    assert (model.normalize, model.normalize_known) == (False, False)
    assert model.normalize_from == "assumed: there is no preprocessor_config.json"
    assert wrap(tiny("Hubert")).normalize_from is None


def test_a_random_model_is_the_seeded_constructor(tmp_path: Path) -> None:
    tiny("Hubert", seed=1).save_pretrained(tmp_path)
    config = transformers.HubertConfig.from_pretrained(tmp_path)
    torch.manual_seed(4)
    expected = transformers.HubertModel(config)
    assert load(f"transformers:{tmp_path}", random_init=4).checksum == wrap(expected).checksum


def test_weights_from_a_file(tmp_path: Path) -> None:
    tiny("Hubert", seed=1).save_pretrained(tmp_path)
    torch.save(tiny("Hubert", seed=2).state_dict(), tmp_path / "w.pt")
    model = load(f"transformers:{tmp_path}", weights=str(tmp_path / "w.pt"))
    assert model.checksum == wrap(tiny("Hubert", seed=2)).checksum


def test_a_name_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match="neither a folder nor in the local cache: fetch it with `hf download a/b`"):
        load("transformers:a/b")


def test_a_missing_package_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ModelError, match=r'pip install "neuron-warehouse\[transformers\]"'):
        load(f"transformers:{tmp_path}")
