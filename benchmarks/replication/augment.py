"""Random channels: equalisation, noise and level that tell nothing of the speaker.

Every speaker of the corpus was recorded in one session, so the channel gives the speaker away. Utterances lose their
mean spectrum (level and fixed equalisation with it), and get a random equalisation and noise, in training and in
test: what is left to recognise a speaker by is the voice.
"""

import math

import torch
from torch import Tensor

from ingest.models.mel_encoder import N_MELS, standardized

SNR_DB = (0.0, 25.0)
"""Noise lies so far below the speech, evenly drawn."""

CURVES = 6
"""Cosines over the bands that a random equalisation is made of; the higher ones weigh less."""

_WEIGHTS = torch.tensor([1.0, 1.0, 0.7, 0.7, 0.5, 0.5])
_COSINES = torch.stack([torch.cos(math.pi * k * (torch.arange(N_MELS) + 0.5) / N_MELS) for k in range(1, CURVES + 1)])


def augmented(mel: Tensor, random: torch.Generator) -> Tensor:
    """Log-mel energies (batch, frames, 40) through a random channel each, standardised."""
    batch, frames, _ = mel.shape
    power = mel.exp()
    snr = SNR_DB[0] + torch.rand(batch, generator=random) * (SNR_DB[1] - SNR_DB[0])
    noise = (_curves(batch, random)[:, None] + 0.6 * torch.randn(batch, frames, N_MELS, generator=random)).exp()
    wanted = power.mean((1, 2)) * 10 ** (-snr / 10)
    noise = noise / noise.mean((1, 2), keepdim=True) * wanted[:, None, None]
    return standardized((power + noise).log() + _curves(batch, random)[:, None])


def _curves(batch: int, random: torch.Generator) -> Tensor:
    """Smooth curves over the bands (batch, 40), in nepers of energy; standard deviation about 1.3, or 6 dB."""
    return torch.randn(batch, CURVES, generator=random) * _WEIGHTS @ _COSINES
