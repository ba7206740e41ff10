"""transformers' HuBERT, wav2vec 2.0, WavLM and data2vec, with or without a task head; an optional extra."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import Tensor, float32, nn

from ingest.models.base import SpeechModel, conv_grid, zero_mean_unit_variance
from ingest.models.families import Family, FrontEnd, Reading, Weights, assemble, seeded
from ingest.models.weights import load_state, read_state
from warehouse.errors import ModelError

UNUSED = ("masked_spec_embed", "lm_head.", "classifier.", "projector.")
"""Parameters that recording does not touch: a checkpoint may lack them."""


def recognise(module: nn.Module) -> FrontEnd | None:
    """The front end of a module that is or contains exactly one speech model over a waveform."""
    library = sys.modules.get("transformers")
    if library is None:
        return None
    kind = library.PreTrainedModel
    pretrained = [(path, m) for path, m in module.named_modules() if isinstance(m, kind)]
    encoders = [(path, m) for path, m in pretrained if m.base_model is m and _hears(m)]
    if len(encoders) != 1:
        return None
    path, encoder = encoders[0]
    layers = list(zip(encoder.config.conv_kernel, encoder.config.conv_stride, strict=True))

    def forward(waveforms: Tensor) -> object:
        return encoder(waveforms)

    return FrontEnd(path, forward, partial(conv_grid, layers), standardize=zero_mean_unit_variance)


def load(name: str, weights: Weights, reading: Reading) -> SpeechModel:
    """A folder that ``save_pretrained`` wrote, or a hub name whose files are in the local cache.

    Raises:
        ModelError: the package or the files are missing, or they are not those of a speech encoder.
    """
    library = _library()
    config = _read(lambda: library.AutoConfig.from_pretrained(name, local_files_only=True), name)
    build = _builder(library, config)
    if weights.seed is not None:
        module = seeded(lambda: build(config), weights.seed)
        source = f"transformers:{name}, random weights, seed {weights.seed}"
    elif weights.file is not None:
        module, source = build(config), f"transformers:{name}, {weights.file}"
        load_state(module, read_state(Path(weights.file)), weights.file)
    else:
        module, source = _pretrained(library, config, name), f"transformers:{name}"
    module.float()
    front = recognise(module)
    if front is None:
        raise ModelError(
            f"transformers:{name} is a {type(module).__name__}, which does not read waveforms through convolutions: "
            "load it in a function of your own and name it python:module:function"
        )
    return assemble(module, FAMILY.name, _as_preprocessed(front, name), source, reading)


def _hears(model: Any) -> bool:
    return all(hasattr(model.config, key) for key in ("conv_kernel", "conv_stride")) and hasattr(
        model, "feature_extractor"
    )


def _class(library: ModuleType, config: Any) -> Any:
    """The class that was saved: a task head stays, so that module paths are those of the user's model."""
    saved = (getattr(config, "architectures", None) or [""])[0]
    if saved.endswith("ForPreTraining") or not hasattr(library, saved):
        return library.AutoModel
    return getattr(library, saved)


def _builder(library: ModuleType, config: Any) -> Callable[[Any], nn.Module]:
    kind = _class(library, config)
    return kind.from_config if kind is library.AutoModel else kind


def _pretrained(library: ModuleType, config: Any, name: str) -> nn.Module:
    kind = _class(library, config)
    with _quiet(library):
        module, report = _read(
            lambda: kind.from_pretrained(name, local_files_only=True, output_loading_info=True, dtype=float32), name
        )
    missing = [key for key in report["missing_keys"] if not any(part in key for part in UNUSED)]
    mismatched = [entry[0] if isinstance(entry, tuple) else entry for entry in report["mismatched_keys"]]
    if missing or mismatched:
        names = [*sorted(missing), *sorted(mismatched)]
        raise ModelError(
            f"transformers:{name} lacks weights of {type(module).__name__}: {', '.join(names[:3])}"
            + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        )
    return module


def _as_preprocessed(front: FrontEnd, name: str) -> FrontEnd:
    """What ``preprocessor_config.json`` says about the waveform, where there is one."""
    from transformers.utils import cached_file

    file = cached_file(
        name,
        "preprocessor_config.json",
        local_files_only=True,
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
        _raise_exceptions_for_gated_repo=False,
    )
    if file is None:
        return replace(front, normalize_from="assumed: there is no preprocessor_config.json")
    said = _read(lambda: json.loads(Path(file).read_text("utf-8")), name)
    if "do_normalize" in said:
        front = replace(front, normalize=bool(said["do_normalize"]), normalize_from="preprocessor_config.json")
    return replace(
        front,
        sample_rate=int(said.get("sampling_rate", front.sample_rate)),
    )


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


def _read(read: Callable[[], Any], name: str) -> Any:
    try:
        return read()
    except Exception as error:
        if isinstance(error, OSError) and not Path(name).exists():
            raise ModelError(
                f"transformers:{name} is neither a folder nor in the local cache: fetch it with `hf download {name}`, "
                "or give the folder that save_pretrained wrote"
            ) from error
        first = (str(error).strip().splitlines() or [""])[0][:160]
        raise ModelError(f"transformers:{name} cannot be read ({type(error).__name__}: {first})") from error


FAMILY = Family(
    name="transformers",
    schemes=("transformers", "hf"),
    knows=lambda spec: (Path(spec) / "config.json").is_file(),
    load=load,
    recognise=recognise,
    names=lambda: ["transformers:FOLDER", "transformers:HUB/NAME"],
)
