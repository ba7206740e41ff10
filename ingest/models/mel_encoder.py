"""A Transformer over log-mel frames in the manner of MelHuBERT: 40 bands, two 10 ms frames stacked to one of 20 ms.

It has fairseq's names (``encoder.layers.L.fc1`` and ``.fc2``), so whatever reads those reads this. Learned on the
spectrum alone it needs no convolutional front end, and trains on a CPU.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torchaudio
from torch import Tensor, nn

SAMPLE_RATE = 16_000
WINDOW, HOP, N_MELS, STACK = 400, 160, 40, 2
"""Samples of a mel frame (25 ms) and between two (10 ms), bands, and mel frames in one frame of the encoder."""

FLOOR = 1e-6
"""Added to mel energies before the logarithm: digital silence stays finite."""

SPREAD = 2.5
"""Log-mel energies less their mean over the utterance are divided by this, about their standard deviation."""

LOUDNESS = 2.0
"""Of a feed-forward network's output before training, relative to the residual stream it is added to."""

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"gelu": nn.functional.gelu, "relu": nn.functional.relu}


@dataclass(frozen=True)
class MelEncoderConfig:
    """Sizes of a :class:`MelEncoder`.

    Attributes:
        width: d, of the residual stream.
        neurons: D, of each feed-forward network.
        blocks: Transformer blocks.
        heads: attention heads.
        kernel: frames that the positional convolution spans (odd).
        activation: ``gelu`` or ``relu``.
        dropout: share of channels that training drops.
    """

    width: int = 192
    neurons: int = 1024
    blocks: int = 4
    heads: int = 4
    kernel: int = 15
    activation: str = "gelu"
    dropout: float = 0.1


class MelEncoder(nn.Module):
    """Waveforms (batch, samples) at 16 kHz -> frames (batch, T, d), T = ⌊(samples − 400)/320⌋ + 1."""

    def __init__(self, config: MelEncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.mel = torchaudio.transforms.MelSpectrogram(
            SAMPLE_RATE, n_fft=WINDOW, win_length=WINDOW, hop_length=HOP, f_min=20.0, n_mels=N_MELS, center=False
        )
        self.pre_extract_proj = nn.Linear(N_MELS * STACK, config.width)
        self.mask_emb = nn.Parameter(0.1 * torch.randn(config.width))
        self.encoder = _Blocks(config)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Frames of waveforms of equal length."""
        return self.encode(standardized(self.log_mel(waveforms)))

    def log_mel(self, waveforms: Tensor) -> Tensor:
        """Natural logarithm of mel energies (batch, 2T, 40); an odd number of mel frames gets its last one again."""
        frames = (self.mel(waveforms) + FLOOR).log().transpose(1, 2)
        wanted = STACK * ((waveforms.shape[1] - WINDOW) // (STACK * HOP) + 1)
        return torch.cat([frames, frames[:, -1:]], 1)[:, :wanted]

    def encode(self, mel: Tensor, *, hidden: Tensor | None = None, padding: Tensor | None = None) -> Tensor:
        """Frames (batch, T, d) of standardised log-mel energies (batch, 2T, 40).

        Args:
            mel: what :func:`standardized` gives.
            hidden: (batch, T) bool, frames that a masked prediction hides.
            padding: (batch, T) bool, frames at the end that are none; they are not attended to.
        """
        x = self.pre_extract_proj(mel.reshape(mel.shape[0], -1, STACK * N_MELS))  # (B, T, d)
        if hidden is not None:
            x = torch.where(hidden[..., None], self.mask_emb.to(x.dtype), x)
        return self.encoder(x, padding)


def standardized(mel: Tensor) -> Tensor:
    """Log-mel energies (batch, frames, 40) less their mean over the utterance, which takes the channel with it."""
    return (mel - mel.mean(1, keepdim=True)) / SPREAD


class _Blocks(nn.Module):
    def __init__(self, config: MelEncoderConfig) -> None:
        super().__init__()
        groups = math.gcd(config.width, 16)
        self.pos_conv = nn.Conv1d(config.width, config.width, config.kernel, padding=config.kernel // 2, groups=groups)
        self.layer_norm = nn.LayerNorm(config.width)
        self.dropout = ChannelDropout(config.dropout)
        self.layers = nn.ModuleList(_Block(config) for _ in range(config.blocks))

    def forward(self, x: Tensor, padding: Tensor | None) -> Tensor:
        bias = None
        if padding is not None:
            x = x.masked_fill(padding[..., None], 0)
            bias = torch.zeros(padding.shape, dtype=x.dtype).masked_fill(padding, -torch.inf)[:, None, None]
        x = x + nn.functional.gelu(self.pos_conv(x.transpose(1, 2))).transpose(1, 2)
        x = self.dropout(self.layer_norm(x))
        for block in self.layers:
            x = block(x, bias)
        return x


class _Block(nn.Module):
    """Attention, then the feed-forward network, each followed by a layer norm, as in HuBERT base."""

    def __init__(self, config: MelEncoderConfig) -> None:
        super().__init__()
        self.self_attn = _Attention(config.width, config.heads)
        self.self_attn_layer_norm = nn.LayerNorm(config.width)
        self.fc1 = nn.Linear(config.width, config.neurons)
        self.fc2 = nn.Linear(config.neurons, config.width)
        self.final_layer_norm = nn.LayerNorm(config.width)
        self.activation = ACTIVATIONS[config.activation]
        # With torch's own initialisation the feed-forward network begins at a quarter of the residual's loudness, and
        # a small model learns to do without it: erasing all of its neurons in a block moved errors by 2 points.
        nn.init.kaiming_normal_(self.fc1.weight, nonlinearity="relu")
        nn.init.zeros_(self.fc1.bias)
        nn.init.normal_(self.fc2.weight, std=LOUDNESS * config.neurons**-0.5)
        self.dropout = ChannelDropout(config.dropout)

    def forward(self, x: Tensor, bias: Tensor | None) -> Tensor:
        x = self.self_attn_layer_norm(x + self.dropout(self.self_attn(x, bias)))
        return self.final_layer_norm(x + self.dropout(self.fc2(self.activation(self.fc1(x)))))


class _Attention(nn.Module):
    # Written out: for sequences this short, the backward pass of torch's fused attention takes three times as long.
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, x: Tensor, bias: Tensor | None) -> Tensor:
        batch, frames, width = x.shape
        shape = batch, frames, self.heads, width // self.heads
        q, k, v = (proj(x).view(shape).transpose(1, 2) for proj in (self.q_proj, self.k_proj, self.v_proj))
        scores = (q * shape[-1] ** -0.5) @ k.transpose(2, 3)  # (B, heads, T, T)
        if bias is not None:
            scores = scores + bias
        mixed = scores.softmax(-1).to(v.dtype) @ v
        return self.out_proj(mixed.transpose(1, 2).reshape(batch, frames, width))


class ChannelDropout(nn.Module):
    """Dropout of whole channels of an utterance: one draw a value would cost as much as a linear layer."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        """Frames (batch, T, d) with channels dropped, in training only."""
        if not self.training or not self.share:
            return x
        kept = torch.rand(x.shape[0], 1, x.shape[2], device=x.device) >= self.share
        return x * kept.to(x.dtype) / (1 - self.share)
