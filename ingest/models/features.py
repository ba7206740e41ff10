"""Encoders of transformers that hear features instead of samples: what their adapters have in common."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ingest.models.base import zero_mean_unit_variance
from ingest.models.families import FrontEnd
from ingest.models.transformers_files import Preprocessor
from warehouse.errors import ModelError
from warehouse.grid import Grid


def only(module: nn.Module, home: str, name: str) -> tuple[str, Any] | None:
    """Path and module of the one instance of a class that a module is or contains; None for none or several.

    Args:
        module: where to look.
        home: file of transformers that defines the class; whoever has an instance has loaded it.
        name: of the class.
    """
    kind = getattr(sys.modules.get(f"transformers.models.{home}"), name, None)
    found = [(path, m) for path, m in module.named_modules() if isinstance(m, kind)] if kind is not None else []
    return found[0] if len(found) == 1 else None


def make_extractor(name: str, said: Preprocessor | None, otherwise: Mapping[str, Any]) -> Any:
    """The feature extractor of a class of transformers that a checkpoint describes.

    Dithering is left out: it draws noise, and a second run would find other neurons.

    Args:
        name: of the class.
        said: the checkpoint's description.
        otherwise: settings where it gives none.
    """
    import transformers

    extractor = getattr(transformers, name).from_dict(dict(said.says if said is not None else otherwise))
    if hasattr(extractor, "dither"):
        extractor.dither = 0.0
    return extractor


def check_width(made: int, wanted: int, extractor: Any, said: Preprocessor | None) -> None:
    """Refuse features that an encoder cannot take.

    Raises:
        ModelError: an extractor makes so many values a frame, and the encoder wants another number.
    """
    if made != wanted:
        raise ModelError(
            f"{said.file if said else type(extractor).__name__} makes {made} values a frame where the encoder wants "
            f"{wanted}: it belongs to another model; put this model's own beside config.json"
        )


def feature_front(
    module: nn.Module,
    path: str,
    encoder: Any,
    extractor: Any,
    said: Preprocessor | None,
    features: Callable[[list[np.ndarray]], Mapping[str, Tensor]],
    grid: Callable[[int], Grid],
    padding_frames: int,
    sites_in: str | None = None,
) -> FrontEnd:
    """Front end of an encoder that is called with features.

    Args:
        module: the whole model.
        path: of the encoder in it.
        encoder: what is run.
        extractor: the feature extractor.
        said: where its settings come from.
        features: what the encoder is called with, by argument, for waveforms (samples,) in float32.
        grid: frames for the extractor's sample rate.
        padding_frames: frames that may follow those of the grid.
        sites_in: path of the part whose layers are recorded, when that is not all of the encoder.
    """
    import transformers

    rate = int(extractor.sampling_rate)

    def inputs(waveforms: Tensor) -> dict[str, Tensor]:
        # The mel filters are a matrix product, which autocast would round to bfloat16.
        with torch.autocast("cpu", enabled=False):
            made = features([row.numpy() for row in waveforms.float().cpu()])
        weight = next(encoder.parameters())
        return {name: x.to(weight.device, weight.dtype if x.is_floating_point() else None) for name, x in made.items()}

    def forward(waveforms: Tensor) -> object:
        return encoder(**inputs(waveforms))

    def whole(waveforms: Tensor) -> object:
        return module(**inputs(waveforms))

    def known(sample_rate: int) -> Grid:
        if sample_rate != rate:
            raise ModelError(
                f"{type(extractor).__name__} takes sound at {rate} Hz: leave --sample-rate out; audio is resampled"
            )
        return grid(rate)

    has_decoder = any(name.rpartition(".")[2] == "decoder" for name, _ in module.named_modules())
    return FrontEnd(
        encoder=path if sites_in is None else sites_in,
        forward=forward,
        grid=known,
        sample_rate=rate,
        normalize_from=said.file if said else type(extractor).__name__,
        standardize=zero_mean_unit_variance,
        padding_frames=padding_frames,
        extracts=True,
        # What stands around a model of transformers is the user's own, and is called with waveforms. A decoder wants
        # text: it is left alone, and its layers are reported as not run.
        whole=None if not isinstance(module, transformers.PreTrainedModel) else forward if has_decoder else whole,
    )
