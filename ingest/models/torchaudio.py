"""torchaudio's wav2vec 2.0, HuBERT and WavLM: bundles and architectures, bare, wrapped or under a head."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ingest.models.base import SpeechModel, conv_grid
from ingest.models.families import Family, FrontEnd, Reading, Weights, assemble, seeded
from ingest.models.weights import load_state, read_state
from warehouse.errors import ModelError

ARCHITECTURES = (
    "wav2vec2_base",
    "wav2vec2_large",
    "wav2vec2_large_lv60k",
    "wav2vec2_xlsr_300m",
    "wav2vec2_xlsr_1b",
    "wav2vec2_xlsr_2b",
    "hubert_base",
    "hubert_large",
    "hubert_xlarge",
    "wavlm_base",
    "wavlm_large",
)
DOWNLOADS = "https://download.pytorch.org/torchaudio/models/"


def recognise(module: nn.Module) -> FrontEnd | None:
    """The front end of a module that is, wraps or contains exactly one ``Wav2Vec2Model``."""
    if not any(type(m).__module__.startswith("torchaudio.") for m in module.modules()):
        return None
    from torchaudio.models import Wav2Vec2Model

    encoders = [(path, m) for path, m in module.named_modules() if isinstance(m, Wav2Vec2Model)]
    if len(encoders) != 1:
        return None
    path, encoder = encoders[0]
    layers = [(layer.kernel_size, layer.stride) for layer in encoder.feature_extractor.conv_layers]

    wrapper = module.get_submodule(path.rpartition(".")[0])
    normalize = getattr(wrapper, "normalize_waveform", None)

    def forward(waveforms: Tensor) -> Tensor:
        features, _ = encoder.feature_extractor(waveforms, None)
        return encoder.encoder(features)

    return FrontEnd(
        encoder=path,
        forward=forward,
        grid=partial(conv_grid, layers),
        normalize=bool(normalize),
        normalize_from=None if normalize is None else "the bundle",
    )


def load(name: str, weights: Weights, reading: Reading) -> SpeechModel:
    """A bundle (``HUBERT_BASE``) or an architecture (``hubert_base``) by torchaudio's own name.

    Raises:
        ModelError: no such name, no weights at hand, or weights that do not fit.
    """
    if name in ARCHITECTURES:
        return _architecture(name, weights, reading)
    bundles = _bundles()
    if name not in bundles:
        raise ModelError(f"torchaudio has no model {name!r}; it has {', '.join([*ARCHITECTURES, *bundles])}")
    return _bundle(name, bundles[name], weights, reading)


def _architecture(name: str, weights: Weights, reading: Reading) -> SpeechModel:
    import torchaudio

    if weights.file is None and weights.seed is None:
        raise ModelError(
            f"torchaudio:{name} is an architecture without weights: add --weights FILE or --random-init SEED, or name "
            "a bundle such as torchaudio:HUBERT_BASE"
        )
    build: Callable[[], nn.Module] = getattr(torchaudio.models, name)
    if weights.file is None:
        assert weights.seed is not None
        module, source = seeded(build, weights.seed), f"torchaudio:{name}, random weights, seed {weights.seed}"
    else:
        module, source = build(), f"torchaudio:{name}, {weights.file}"
        load_state(module, read_state(Path(weights.file)), weights.file)
    layer_norms = was_normalised(module)
    return _assembled(module, source, layer_norms, assumed(layer_norms), reading)


def _bundle(name: str, bundle: Any, weights: Weights, reading: Reading) -> SpeechModel:
    from torchaudio.pipelines._wav2vec2 import utils

    build = partial(utils._get_model, bundle._model_type, bundle._params)
    if weights.seed is not None:
        module, source = seeded(build, weights.seed), f"torchaudio:{name}, random weights, seed {weights.seed}"
    else:
        file = _bundle_file(name, bundle) if weights.file is None else Path(weights.file)
        module, source = build(), f"torchaudio:{name}" + ("" if weights.file is None else f", {weights.file}")
        load_state(module, _without_unused_labels(read_state(file), bundle), str(file))
    if bundle._normalize_waveform:
        module = utils._extend_model(module, normalize_waveform=True)
    return _assembled(module, source, bundle._normalize_waveform, "the bundle", reading, int(bundle.sample_rate))


def _bundle_file(name: str, bundle: Any) -> Path:
    url = bundle._path if bundle._path.startswith("https") else DOWNLOADS + bundle._path
    file = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
    if not file.is_file():
        raise ModelError(
            f"torchaudio:{name} has no weights on this machine: fetch {url} and put it at {file}, or name the file "
            "with --weights FILE, or use --random-init SEED"
        )
    return file


def _without_unused_labels(state: dict[str, Tensor], bundle: Any) -> dict[str, Tensor]:
    """Published files of recognisers keep labels of fairseq that the bundle's head leaves out."""
    unused = getattr(bundle, "_remove_aux_axis", ())
    for key in ("aux.weight", "aux.bias"):
        if key in state and len(state[key]) == bundle._params["aux_num_out"] + len(unused):
            kept = [i for i in range(len(state[key])) if i not in unused]
            state = {**state, key: state[key][kept]}
    return state


def _assembled(
    module: nn.Module, source: str, normalize: bool, said_by: str, reading: Reading, sample_rate: int = 16_000
) -> SpeechModel:
    front = recognise(module)
    assert front is not None
    front = replace(front, normalize=normalize, normalize_from=said_by, sample_rate=sample_rate)
    return assemble(module, FAMILY.name, front, source, reading)


def assumed(layer_norms: bool) -> str:
    """What says that waveforms are normalised, or are not, where nothing but the architecture does."""
    return f"assumed: {'layer norms' if layer_norms else 'no layer norms'} in the front end"


def was_normalised(module: nn.Module) -> bool:
    """Every published model with layer norms in its front end was trained on normalised waveforms, no other was."""
    from torchaudio.models.wav2vec2.components import LayerNorm

    return any(isinstance(m, LayerNorm) for m in module.modules())


def _bundles() -> dict[str, Any]:
    from torchaudio import pipelines

    return {name: b for name in dir(pipelines) if isinstance(b := getattr(pipelines, name), pipelines.Wav2Vec2Bundle)}


def _names() -> Sequence[str]:
    return [*ARCHITECTURES, *_bundles()]


FAMILY = Family(
    name="torchaudio",
    schemes=("torchaudio",),
    knows=lambda spec: spec in _names(),
    load=load,
    recognise=recognise,
    names=_names,
)
