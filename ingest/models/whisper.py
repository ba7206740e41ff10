"""Whisper's encoder, alone, under a classifier or beside its decoder, which is not run.

It hears a window of fixed length (1500 frames, 30 s) in which silence follows the utterance. Its attention is not
masked, so that silence is part of what the model sees; the frames that stand for it are dropped.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor, nn

from ingest.models.base import conv_grid
from ingest.models.families import FrontEnd
from ingest.models.features import check_width, feature_front, make_extractor, only
from ingest.models.transformers_files import Preprocessor
from warehouse.errors import ModelError
from warehouse.grid import Grid

STACK = 2
"""Mel frames a frame of the encoder: the stride of its second convolution."""


def front(module: nn.Module, said: Preprocessor | None) -> FrontEnd | None:
    """The front end of a module that is or contains exactly one ``WhisperEncoder``.

    Raises:
        ModelError: the preprocessor's features are not those that the encoder takes.
    """
    found = only(module, "whisper.modeling_whisper", "WhisperEncoder")
    if found is None:
        return None
    path, encoder = found
    bands, positions = encoder.config.num_mel_bins, encoder.config.max_source_positions
    extractor = make_extractor("WhisperFeatureExtractor", said, {"feature_size": bands})
    check_width(extractor.feature_size, bands, extractor, said)
    features = partial(_features, extractor, positions * STACK * extractor.hop_length)
    grid = partial(_grid, STACK * extractor.hop_length)
    return feature_front(module, path, encoder, extractor, said, features, grid, padding_frames=positions)


def _features(extractor: Any, window: int, waveforms: list[np.ndarray]) -> Mapping[str, Tensor]:
    """Log-mel energies (batch, bands, mel frames of the window) of waveforms, each padded with silence."""
    rate = extractor.sampling_rate
    longest = max(len(waveform) for waveform in waveforms)
    if longest > window:
        raise ModelError(
            f"{longest / rate:g} s of audio are more than the {window / rate:g} s that Whisper hears at once: cut "
            "the utterance, or leave it out"
        )
    made = extractor(waveforms, sampling_rate=rate, max_length=window, return_tensors="pt")
    return {"input_features": made["input_features"]}


def _grid(hop: int, sample_rate: int) -> Grid:
    """Frame i is centred at i hops: both convolutions and the windows of the spectrum are padded on either side."""
    one = conv_grid([(hop, hop)], sample_rate)
    return Grid(one.hop_us, 0, one.window_us)
