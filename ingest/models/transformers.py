"""transformers' speech encoders, with or without a task head; an optional extra.

HuBERT, wav2vec 2.0, WavLM, data2vec and their Conformer hear the waveform through convolutions; Whisper and w2v-BERT
hear features (:mod:`ingest.models.whisper`, :mod:`ingest.models.w2v_bert`).
"""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, float32, nn

from ingest.models import w2v_bert, whisper
from ingest.models.base import SpeechModel, conv_grid, zero_mean_unit_variance
from ingest.models.families import Family, FrontEnd, Reading, Weights, assemble, seeded
from ingest.models.shown import few
from ingest.models.transformers_files import Preprocessor, preprocessor, read
from ingest.models.weights import load_state, read_state
from warehouse.errors import ModelError

UNUSED = ("masked_spec_embed", "lm_head.", "classifier.", "projector.")
"""Parameters that recording does not touch: a checkpoint may lack them."""


def recognise(module: nn.Module) -> FrontEnd | None:
    """The front end of a module that is or contains exactly one speech encoder of transformers."""
    return _front(module, None)


def load(name: str, weights: Weights, reading: Reading) -> SpeechModel:
    """A folder that ``save_pretrained`` wrote, or a hub name whose files are in the local cache.

    Code that lies beside the weights is never run, nor is the user asked: where transformers knows the kind of model,
    its own code is; any other kind is refused.

    Raises:
        ModelError: the package or the files are missing, they are not those of a speech encoder, or they need code of
            their own.
    """
    library = _library()
    if Path(name).is_dir() and not (Path(name) / "config.json").is_file():
        raise ModelError(f"transformers:{name}: no config.json is there; give the folder that save_pretrained wrote")
    config = read(
        lambda: library.AutoConfig.from_pretrained(name, local_files_only=True, trust_remote_code=False),
        name,
        "give the folder that save_pretrained wrote, or fetch its config.json again",
    )
    said = preprocessor(name)
    build = read(lambda: _builder(library, config), name, "load it in a function and name it python:module:function")
    with torch.device("meta"):  # a model that is none of ours is refused before its weights are read
        _known(read(lambda: build(config), name, "mend its config.json"), said, name)
    if weights.seed is not None:
        module = seeded(lambda: build(config), weights.seed)
        source = f"transformers:{name}, random weights, seed {weights.seed}"
    elif weights.file is not None:
        module, source = build(config), f"transformers:{name}, {weights.file}"
        load_state(module, read_state(Path(weights.file)), weights.file)
    else:
        module, source = _pretrained(library, config, name), f"transformers:{name}"
    module.float()
    return assemble(module, FAMILY.name, _known(module, said, name), source, reading)


def _front(module: nn.Module, said: Preprocessor | None) -> FrontEnd | None:
    """What the first kind of encoder that a module is or contains says of it."""
    if "transformers" not in sys.modules:
        return None
    fronts = (_convolutional, whisper.front, w2v_bert.front)
    return next((front for kind in fronts if (front := kind(module, said)) is not None), None)


def _known(module: nn.Module, said: Preprocessor | None, name: str) -> FrontEnd:
    try:
        front = read(lambda: _front(module, said), name, f"mend its {said.file if said else 'config.json'}")
    except ModelError as error:
        raise error if name in str(error) else ModelError(f"transformers:{name}: {error}") from error
    if front is None:
        takes = getattr(module, "main_input_name", "something else")
        raise ModelError(
            f"transformers:{name} is a {type(module).__name__}, which takes {takes} and has no encoder of speech that "
            "is known here: give one of HuBERT, wav2vec 2.0, WavLM, data2vec, w2v-BERT or Whisper, or load it in a "
            "function of your own and name it python:module:function"
        )
    if front.normalize_from is None:
        return replace(front, normalize_from="assumed: there is no preprocessor_config.json")
    return front


def _convolutional(module: nn.Module, said: Preprocessor | None) -> FrontEnd | None:
    """The front end of a module that is or contains exactly one encoder over a waveform."""
    kind = sys.modules["transformers"].PreTrainedModel
    pretrained = [(path, m) for path, m in module.named_modules() if isinstance(m, kind)]
    encoders = [(path, m) for path, m in pretrained if m.base_model is m and _hears(m)]
    if len(encoders) != 1:
        return None
    path, encoder = encoders[0]
    layers = list(zip(encoder.config.conv_kernel, encoder.config.conv_stride, strict=True))

    def forward(waveforms: Tensor) -> object:
        return encoder(waveforms)

    says = {} if said is None else said.says
    return FrontEnd(
        path,
        forward,
        partial(conv_grid, layers),
        sample_rate=int(says.get("sampling_rate", 16_000)),
        # Wav2Vec2FeatureExtractor normalises unless it is told not to.
        normalize=said is not None and bool(says.get("do_normalize", True)),
        normalize_from=None if said is None else said.file,
        standardize=zero_mean_unit_variance,
    )


def _hears(model: Any) -> bool:
    return all(hasattr(model.config, key) for key in ("conv_kernel", "conv_stride")) and hasattr(
        model, "feature_extractor"
    )


def _class(library: ModuleType, config: Any) -> Any:
    """The class that was saved: a task head stays, so that module paths are those of the user's model."""
    saved = (getattr(config, "architectures", None) or [""])[0]
    # Not every class can be imported from the top: an encoder by itself is found where its model is defined.
    home = importlib.import_module(type(config).__module__.replace(".configuration_", ".modeling_"))
    kind = getattr(home, saved, None)
    known = isinstance(kind, type) and issubclass(kind, library.PreTrainedModel)
    return kind if known and not saved.endswith("ForPreTraining") else library.AutoModel


def _builder(library: ModuleType, config: Any) -> Callable[[Any], nn.Module]:
    kind = _class(library, config)
    return partial(kind.from_config, trust_remote_code=False) if kind is library.AutoModel else kind


def _pretrained(library: ModuleType, config: Any, name: str) -> nn.Module:
    kind = _class(library, config)
    with _quiet(library):
        module, report = read(
            # What a checkpoint may lack is drawn, and drawn alike every time: it is part of the checksum.
            lambda: seeded(
                lambda: kind.from_pretrained(
                    name, local_files_only=True, trust_remote_code=False, output_loading_info=True, dtype=float32
                ),
                0,
            ),
            name,
            "fetch its weights again, or state --weights FILE or --random-init SEED",
        )
    missing = [key for key in report["missing_keys"] if not any(part in key for part in UNUSED)]
    mismatched = [entry[0] if isinstance(entry, tuple) else entry for entry in report["mismatched_keys"]]
    if missing or mismatched:
        names = [*sorted(missing), *sorted(mismatched)]
        raise ModelError(
            f"transformers:{name} lacks weights of {type(module).__name__}: {few(names)}; fetch its weights "
            "again, or state --weights FILE"
        )
    return module


def _library() -> ModuleType:
    try:
        import transformers
    except ImportError as error:
        raise ModelError(
            'transformers models need an extra package: pip install "neuron-warehouse[transformers]"'
        ) from error
    return transformers


@contextmanager
def _quiet(library: ModuleType) -> Iterator[None]:
    """No report of keys and no progress bar: what matters of them becomes an error."""
    logging = library.logging
    level, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bar:
            logging.enable_progress_bar()


FAMILY = Family(
    name="transformers",
    schemes=("transformers", "hf"),
    knows=lambda spec: (Path(spec) / "config.json").is_file(),
    load=load,
    recognise=recognise,
    names=lambda: ["transformers:FOLDER", "transformers:HUB/NAME"],
)
