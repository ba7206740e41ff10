"""w2v-BERT 2.0, alone or under a head: a Conformer over log-mel energies, two feed-forward networks a block."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor, nn

from ingest.models.base import conv_grid
from ingest.models.families import FrontEnd
from ingest.models.features import check_width, feature_front, make_extractor, only
from ingest.models.transformers_files import Preprocessor

WINDOW, HOP = 400, 160
"""Samples of a mel frame (25 ms) and between two (10 ms), which the extractor fixes."""


def front(module: nn.Module, said: Preprocessor | None) -> FrontEnd | None:
    """The front end of a module that is or contains exactly one ``Wav2Vec2BertModel``.

    A frame stacks two mel frames: T = ⌊(samples − 560)/320⌋ + 1, centred at 17.5 + 20·i ms. The extractor fills an odd
    last one up to a pair; that pair is masked and does not count. The adapter that some checkpoints have above the
    encoder runs at another rate, and is left out.

    Raises:
        ModelError: the preprocessor's features are not those that the encoder takes.
    """
    found = only(module, "wav2vec2_bert.modeling_wav2vec2_bert", "Wav2Vec2BertModel")
    if found is None:
        return None
    path, model = found
    wanted = model.config.feature_projection_input_dim
    extractor = make_extractor("SeamlessM4TFeatureExtractor", said, {})
    check_width(extractor.num_mel_bins * extractor.stride, wanted, extractor, said)
    grid = partial(conv_grid, [(WINDOW, HOP), (extractor.stride, extractor.stride)])
    return feature_front(
        module,
        path,
        model,
        extractor,
        said,
        partial(_features, extractor),
        grid,
        padding_frames=1,
        sites_in=f"{path}.encoder" if path else "encoder",
    )


def _features(extractor: Any, waveforms: list[np.ndarray]) -> Mapping[str, Tensor]:
    """Stacked log-mel energies (batch, T or T + 1, 160) and which of them count (batch, T or T + 1)."""
    made = extractor(waveforms, sampling_rate=extractor.sampling_rate, return_tensors="pt")
    return {name: made[name] for name in ("input_features", "attention_mask")}
