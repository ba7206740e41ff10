"""MelHuBERT: HuBERT's Transformer over log-mel frames (Lin, Lee, Tang, arXiv 2211.09944), from torchaudio's parts."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torchaudio.compliance.kaldi import fbank
from torchaudio.models.wav2vec2.components import (
    ConvolutionalPositionalEmbedding,
    EncoderLayer,
    FeedForward,
    SelfAttention,
    Transformer,
)

SAMPLE_RATE, WINDOW, HOP, N_MELS = 16_000, 400, 160, 40
"""Hertz; samples of a mel frame (25 ms) and between two (10 ms); bands."""

FULL_SCALE = 2.0**15
"""Of 16-bit samples, in which Kaldi's energies are measured.

The published statistics of the input tell: means of 12 to 16 a band are those of speech at this scale. With samples
in [-1, 1] they lie 20.8 lower, about -6.
"""


@dataclass(frozen=True)
class MelHubertSizes:
    """Sizes of a :class:`MelHubert`.

    Attributes:
        stack: mel frames in one of the encoder's: 1 (every 10 ms) or 2 (every 20 ms).
        width: d, of the residual stream.
        neurons: D of each block's feed-forward network; pruned models have different ones.
        heads: attention heads.
        kernel: frames that the positional convolution spans.
        groups: of its channels.
        norm_first: whether layer norms come before attention and feed-forward networks instead of after them.
        projected: whether a linear brings the mel frames to width d; if not, that is how wide they are.
    """

    stack: int
    width: int
    neurons: tuple[int, ...]
    heads: int
    kernel: int
    groups: int
    norm_first: bool
    projected: bool = True


class MelHubert(nn.Module):
    """Waveforms (batch, samples) at 16 kHz -> frames (batch, T, d), T = ⌊(samples − 400)/(160 · stack)⌋ + 1.

    Args:
        sizes: of the network.
        mean: (40,) of each band over the training data, in natural logarithms of energies.
        std: (40,) its standard deviation.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, sizes: MelHubertSizes, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.sizes = sizes
        self.register_buffer("mean", mean)  # buffers, so that the checksum of the model covers them
        self.register_buffer("std", std)
        wide = N_MELS * sizes.stack
        self.pre_extract_proj = nn.Linear(wide, sizes.width) if sizes.projected else nn.Identity()
        blocks = nn.ModuleList(
            EncoderLayer(
                attention=SelfAttention(sizes.width, sizes.heads),
                dropout=0.0,
                layer_norm_first=sizes.norm_first,
                feed_forward=FeedForward(sizes.width, neurons, 0.0, 0.0),
            )
            for neurons in sizes.neurons
        )
        self.encoder = Transformer(
            pos_conv_embed=ConvolutionalPositionalEmbedding(sizes.width, sizes.kernel, sizes.groups),
            dropout=0.0,
            layers=blocks,
            layer_norm_first=not sizes.norm_first,  # of the whole: a norm before the blocks when they end in theirs
            layer_drop=0.0,
        )

    def forward(self, waveforms: Tensor) -> Tensor:
        """Frames of waveforms of equal length."""
        return self.encoder(self.pre_extract_proj(self.features(waveforms)))

    def features(self, waveforms: Tensor) -> Tensor:
        """Normalised log-mel energies (batch, T, 40 · stack), as Kaldi computes them but without dither.

        Where an odd number of mel frames is stacked, the last one is repeated: so there are as many frames as the
        convolutional models have, and the labels of one fit the other.
        """
        rows = [self.log_mel(waveform) for waveform in waveforms]
        mel = (torch.stack(rows) - self.mean) / self.std  # (B, frames, 40)
        if mel.shape[1] % self.sizes.stack:
            mel = torch.cat([mel, mel[:, -1:]], 1)
        return mel.reshape(mel.shape[0], -1, self.sizes.stack * N_MELS)

    @staticmethod
    def log_mel(waveform: Tensor) -> Tensor:
        """Natural logarithm of mel energies (frames, 40) of one waveform (samples,)."""
        return fbank(
            waveform[None] * FULL_SCALE,
            num_mel_bins=N_MELS,
            frame_length=1000 * WINDOW / SAMPLE_RATE,
            frame_shift=1000 * HOP / SAMPLE_RATE,
            sample_frequency=SAMPLE_RATE,
            dither=0.0,
        )
