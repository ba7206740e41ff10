"""torchaudio's models: names, weights, paths, grids, normalisation."""

import pickle
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torchaudio
from torch import Tensor, nn
from torchaudio.pipelines._wav2vec2.utils import _extend_model, _get_model

from ingest.models import load, wrap
from ingest.models.torchaudio import ARCHITECTURES, _bundles, was_normalised
from ingest.models.weights import load_state, read_state
from ingest.recorder import Recorder
from warehouse.errors import ModelError
from warehouse.grid import Grid

CONVS = [(16, 10, 5), (16, 3, 2), (16, 3, 2), (16, 3, 2), (16, 3, 2), (16, 2, 2), (16, 2, 2)]


def tiny(seed: int = 0, width: int = 64, mode: str = "group_norm", factory: str = "wav2vec2_model") -> nn.Module:
    torch.manual_seed(seed)
    kind = {} if factory == "wav2vec2_model" else {"encoder_num_buckets": 32, "encoder_max_distance": 64}
    return getattr(torchaudio.models, factory)(
        extractor_mode=mode,
        extractor_conv_layer_config=CONVS,
        extractor_conv_bias=mode == "layer_norm",
        encoder_embed_dim=32,
        encoder_projection_dropout=0.1,
        encoder_pos_conv_kernel=16,
        encoder_pos_conv_groups=4,
        encoder_num_layers=2,
        encoder_num_heads=4,
        encoder_attention_dropout=0.1,
        encoder_ff_interm_features=width,
        encoder_ff_interm_dropout=0.1,
        encoder_dropout=0.1,
        encoder_layer_norm_first=mode == "layer_norm",
        encoder_layer_drop=0.1,
        aux_num_out=5,
        **kind,
    )


def speech(n_samples: int = 8_000, scale: float = 0.1) -> np.ndarray:
    return (scale * np.random.default_rng(0).standard_normal(n_samples)).astype(np.float32)


def plain(module: nn.Module, path: str, waveform: np.ndarray) -> np.ndarray:
    """Ranked neurons (frames, k = 3) of one plain pass."""
    seen: list[Tensor] = []
    handle = module.get_submodule(path).register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    with torch.no_grad():
        module.eval()(torch.from_numpy(waveform)[None])
    handle.remove()
    return np.argsort(-np.abs(seen[0][0].numpy()), axis=1, kind="stable")[:, :3]


def recorded(module: nn.Module, **options: object) -> np.ndarray:
    with Recorder(wrap(module, **options), 5) as recorder:
        return recorder.record([speech()])[0].neurons[1]


def test_layers_and_paths_are_those_of_the_method() -> None:
    model = wrap(tiny())
    assert [(s.layer, s.block, s.site, s.n_neurons, s.reads) for s in model.sites] == [
        (1, 1, "ffn", 64, "input"),
        (2, 2, "ffn", 64, "input"),
    ]
    assert model.sites[1].in_module == "encoder.transformer.layers.1.feed_forward.intermediate_dense"
    assert model.sites[1].out_module == "encoder.transformer.layers.1.feed_forward.output_dense"
    assert model.sites[1].block_module == "encoder.transformer.layers.1"
    assert (model.family, model.grid, model.sample_rate) == ("torchaudio", Grid(20_000, 12_500, 25_000), 16_000)
    assert not model.module.training


@pytest.mark.parametrize("factory", ["wav2vec2_model", "wavlm_model"])
def test_frames_follow_the_grid(factory: str) -> None:
    model = wrap(tiny(factory=factory))
    with Recorder(model, 5) as recorder:
        for n_samples in (400, 719, 720, 16_000, 16_079, 16_080):
            assert recorder.record([speech(n_samples)])[0].n_frames == model.grid.n_frames(n_samples, 16_000)


def test_a_random_model_is_the_seeded_constructor() -> None:
    torch.manual_seed(11)
    before = torch.get_rng_state()
    model = load("torchaudio:hubert_base", random_init=3)
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(3)
    expected = torchaudio.models.hubert_base().eval()
    assert model.checksum == wrap(expected).checksum
    assert [s.n_neurons for s in model.sites] == [3072] * 12
    assert "seed 3" in model.source
    assert not model.normalize
    assert not model.normalize_known
    assert model.normalize_from == "assumed: no layer norms in the front end"


def test_every_name_is_read() -> None:
    """Built without memory for weights: all architectures and bundles have the layers that they announce."""
    for name in ARCHITECTURES:
        with torch.device("meta"):
            model = wrap(getattr(torchaudio.models, name)())
        assert len(model.sites) == (12 if "base" in name else 48 if re.search("xlarge|1b|2b", name) else 24)
        assert model.grid == Grid(20_000, 12_500, 25_000)
    for name, bundle in _bundles().items():
        with torch.device("meta"):
            model = wrap(_get_model(bundle._model_type, bundle._params), source=name)
        assert len(model.sites) == bundle._params["encoder_num_layers"]
        assert all(site.n_neurons == bundle._params["encoder_ff_interm_features"] for site in model.sites)
        assert was_normalised(model.module) == bundle._normalize_waveform


@pytest.mark.slow
def test_the_scheme_may_be_left_out() -> None:
    assert load("wav2vec2_base", random_init=0).source.startswith("torchaudio:wav2vec2_base")
    bundle = load("HUBERT_BASE", random_init=0)
    assert bundle.source.startswith("torchaudio:HUBERT_BASE")
    assert (bundle.normalize, bundle.normalize_from) == (False, "the bundle")
    assert bundle.checksum == load("hubert_base", random_init=0).checksum


def test_a_head_is_not_run_and_lends_its_prefix() -> None:
    class Recogniser(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.upstream = tiny()
            self.head = nn.Linear(32, 40)

        def forward(self, waveforms: Tensor) -> Tensor:
            raise AssertionError("the head was run")

    model = wrap(Recogniser())
    assert model.sites[0].out_module == "upstream.encoder.transformer.layers.0.feed_forward.output_dense"
    assert model.grid == Grid(20_000, 12_500, 25_000)
    with Recorder(model, 5) as recorder:
        assert np.array_equal(recorder.record([speech()])[0].neurons[1], recorded(tiny()))


def test_a_layer_in_the_head_is_reached() -> None:
    class Recogniser(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.upstream = tiny()
            self.head = nn.Linear(5, 40)

        def forward(self, waveforms: Tensor) -> Tensor:
            return self.head(self.upstream(waveforms)[0])

    with Recorder(wrap(Recogniser(), layers=["head"]), 5) as recorder:
        assert recorder.record([speech()])[0].neurons[0].shape == (24, 2)


@pytest.mark.parametrize("scale", [0.1, 1e-3])
def test_a_normalising_bundle_is_recorded_as_it_runs(scale: float) -> None:
    wrapper = _extend_model(tiny(mode="layer_norm"), normalize_waveform=True)
    model = wrap(wrapper)
    assert (model.normalize, model.normalize_from) == (True, "the bundle")
    path = model.sites[1].out_module
    assert path == "model.encoder.transformer.layers.1.feed_forward.output_dense"
    with Recorder(model, 5) as recorder:
        alone = recorder.record([speech(scale=scale)])[0].neurons[1]
        pair = recorder.record([speech(scale=scale), 3 * speech(scale=scale)[::-1]])[0].neurons[1]
    assert np.array_equal(alone, plain(wrapper, path, speech(scale=scale)))
    assert np.array_equal(pair, alone)


def test_normalisation_can_be_stated() -> None:
    module = tiny(mode="layer_norm")
    assert (wrap(module).normalize, wrap(module).normalize_from) == (False, None)
    assert wrap(module, normalize=False).normalize_from == "stated"
    as_is, normalised = recorded(module), recorded(module, normalize=True)
    assert not np.array_equal(as_is, normalised)
    wrapper = _extend_model(module, normalize_waveform=True)
    assert np.array_equal(recorded(wrapper), normalised)
    assert np.array_equal(recorded(wrapper, normalize=False), as_is)


def test_the_grid_can_be_stated() -> None:
    model = wrap(tiny(), offset_ms=17.5)
    assert model.grid == Grid(20_000, 17_500, 25_000)
    assert wrap(tiny(), sample_rate=8_000).grid == Grid(40_000, 25_000, 50_000)
    with pytest.raises(ModelError, match="whole number of microseconds"):
        wrap(tiny(), sample_rate=22_050)
    with pytest.raises(ModelError, match="--hop-ms"):
        wrap(tiny(), hop_ms=0)


def test_the_checksum_sees_every_bit_and_name() -> None:
    reference = wrap(tiny()).checksum
    assert reference == wrap(tiny()).checksum
    changed = tiny()
    last = list(changed.parameters())[-1].data.view(-1)
    last[-1] = torch.nextafter(last[-1], torch.tensor(torch.inf))
    assert wrap(changed).checksum != reference
    assert wrap(tiny().double()).checksum != reference
    assert wrap(nn.ModuleDict({"inner": tiny()})).checksum != reference


@pytest.mark.parametrize("kind", ["pt", "nested", "safetensors"])
def test_weights_from_a_file(tmp_path: Path, kind: str) -> None:
    state = tiny(seed=5).state_dict()
    file = tmp_path / f"w.{'safetensors' if kind == 'safetensors' else 'pt'}"
    if kind == "safetensors":
        pytest.importorskip("safetensors.torch").save_file(state, file)
    else:
        torch.save({"state_dict": state} if kind == "nested" else state, file)
    module = tiny()
    load_state(module, read_state(file), str(file))
    assert wrap(module).checksum == wrap(tiny(seed=5)).checksum


@pytest.mark.slow
def test_weights_of_an_architecture(tmp_path: Path) -> None:
    torch.manual_seed(5)
    module = torchaudio.models.wav2vec2_base()
    torch.save(module.state_dict(), tmp_path / "w.pt")
    model = load("torchaudio:wav2vec2_base", weights=tmp_path / "w.pt")
    assert model.checksum == wrap(module).checksum
    assert model.source == f"torchaudio:wav2vec2_base, {tmp_path / 'w.pt'}"


def test_weights_of_older_torchaudio_fit() -> None:
    state = tiny().state_dict()
    for old, new in (("weight_g", "original0"), ("weight_v", "original1")):
        key = "encoder.transformer.pos_conv_embed.conv"
        state[f"{key}.{old}"] = state.pop(f"{key}.parametrizations.weight.{new}")
    module = tiny(seed=1)
    load_state(module, state, "old.pt")
    assert wrap(module).checksum == wrap(tiny()).checksum


class RunsCode:
    """What a hostile checkpoint holds."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., object], tuple[Path]]:
        return Path.touch, (self.mark,)


def truncated(path: Path) -> None:
    torch.save(tiny().state_dict(), path)
    path.write_bytes(path.read_bytes()[:20_000])


def missing(path: Path) -> None:
    state = tiny().state_dict()
    torch.save({key: value for key, value in state.items() if "transformer.layers.1." not in key}, path)


def foreign(path: Path) -> None:
    torch.save(tiny().state_dict() | {"decoder.weight": torch.zeros(3)}, path)


def wider(path: Path) -> None:
    torch.save(tiny(width=80).state_dict(), path)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (truncated, "cannot be read as weights .*truncated"),
        (lambda path: path.write_text("hello"), "no checkpoint|cannot be read"),
        (lambda path: path.write_bytes(b""), "cannot be read"),
        (missing, r"does not fit Wav2Vec2Model: missing encoder\.transformer\.layers\.1.* and \d+ more"),
        (foreign, r"unexpected decoder\.weight"),
        (wider, "size mismatch for encoder"),
        (lambda path: torch.save([1, 2], path), "no state dict"),
        (lambda path: None, "no weights at"),
    ],
)
def test_bad_weights_are_refused_in_one_line(tmp_path: Path, make: Callable[[Path], object], words: str) -> None:
    file = tmp_path / "w.pt"
    make(file)
    with pytest.raises(ModelError, match=words) as caught:
        load_state(tiny(), read_state(file), str(file))
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_checkpoint_cannot_run_code(tmp_path: Path) -> None:
    file, mark = tmp_path / "w.pt", tmp_path / "mark"
    torch.save({"model": RunsCode(mark)}, file)
    with pytest.raises(ModelError, match="would run code"):
        read_state(file)
    (tmp_path / "bare.pt").write_bytes(pickle.dumps(RunsCode(mark), protocol=2))
    with pytest.raises(ModelError):
        read_state(tmp_path / "bare.pt")
    assert not mark.exists()


def test_truncated_safetensors(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.torch")
    file = tmp_path / "w.safetensors"
    safetensors.save_file(tiny().state_dict(), file)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ModelError, match="truncated"):
        read_state(file)


@pytest.fixture
def empty_hub(tmp_path: Path) -> Path:
    before = torch.hub.get_dir()
    torch.hub.set_dir(tmp_path)
    yield tmp_path
    torch.hub.set_dir(before)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("HUBERT_BASE", "https://download.pytorch.org/torchaudio/models/hubert_fairseq_base_ls960.pth"),
        ("MMS_FA", "https://dl.fbaipublicfiles.com/mms/torchaudio/ctc_alignment_mling_uroman/model.pt"),
    ],
)
def test_a_bundle_without_its_file_says_which_and_where(empty_hub: Path, name: str, url: str) -> None:
    with pytest.raises(ModelError) as caught:
        load(f"torchaudio:{name}")
    message = str(caught.value)
    assert f"fetch {url} and put it at {empty_hub / 'checkpoints' / Path(url).name}" in message
    assert "--weights" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("spec", "options", "words"),
    [
        ("torchaudio:hubert_bas", {}, "no model 'hubert_bas'; it has wav2vec2_base"),
        ("hubert_bas", {}, "unknown model 'hubert_bas': near names are hubert_base"),
        ("nonsense:x", {}, "unknown model"),
        ("torchaudio:hubert_base", {}, "architecture without weights: add --weights FILE or --random-init SEED"),
        ("torchaudio:hubert_base", {"weights": "w.pt", "random_init": 0}, "exclude each other"),
        ("torchaudio:hubert_base", {"weights": "no/such.pt"}, "no weights at no/such.pt"),
    ],
)
def test_wrong_names_and_options(spec: str, options: dict, words: str) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        load(spec, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_bundles_from_the_checkpoint_folder(empty_hub: Path) -> None:
    """A recogniser's published file has rows for labels that its head leaves out."""
    bundle = torchaudio.pipelines.WAV2VEC2_ASR_BASE_10M
    model = load("WAV2VEC2_ASR_BASE_10M", random_init=1)
    state = dict(model.module.state_dict())
    for key in ("aux.weight", "aux.bias"):
        rows = state[key]
        state[key] = torch.cat([rows[:1], torch.full_like(rows[:3], 7.0), rows[1:]])
    folder = empty_hub / "checkpoints"
    folder.mkdir()
    torch.save(state, folder / bundle._path)
    assert load("torchaudio:WAV2VEC2_ASR_BASE_10M").checksum == model.checksum
    assert wrap(bundle.get_model()).checksum == model.checksum
    shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["HUBERT_LARGE", "hubert_large"])
def test_large_models_want_normalised_waveforms(name: str) -> None:
    model = load(name, random_init=0)
    assert model.normalize
    assert len(model.sites) == 24
    assert model.sites[0].out_module.startswith("model." if name.isupper() else "encoder.")
