"""What the recorder needs to know of a model: which modules to listen at, how sound goes in, and on which grid."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from warehouse import checksum
from warehouse.errors import ModelError
from warehouse.grid import Grid


@dataclass(frozen=True)
class Site:
    """One recorded layer: D neurons at one module of the model.

    Attributes:
        layer: from 1, unique in the model, as in the paper [A].
        block: the Transformer block it belongs to, from 1; two feed-forward networks of one block share it.
        site: ``ffn``; ``ffn1``, ``ffn2`` where a block has two; else the module's path.
        in_module: path of the module whose output rows are the neurons (the first linear); None when unknown.
        out_module: path of the module that is listened at: the second linear of a feed-forward network.
        block_module: path of the module whose output is the block's output; None when there is no such module.
        n_neurons: D.
        reads: which side of ``out_module`` holds the neurons.
        grid: its frames, where they are not those of the model: another rate, or one frame an utterance.
        axes: what the axes of its tensor are, in order: ``b`` utterances, ``t`` frames, ``c`` neurons; None leaves it
            to the model and to the kind of ``out_module``.
        block_axes: likewise of the block's output.
    """

    layer: int
    block: int
    site: str
    in_module: str | None
    out_module: str
    block_module: str | None
    n_neurons: int
    reads: Literal["input", "output"] = "input"
    grid: Grid | None = None
    axes: str | None = None
    block_axes: str | None = None

    @property
    def between_linears(self) -> bool:
        """Whether its neurons lie between the two linears of a feed-forward network, and not where the user said."""
        return self.reads == "input" and self.in_module is not None


@dataclass(frozen=True, eq=False)
class SpeechModel:
    """A module ready to be recorded: in ``eval`` mode, its sites found, its grid and its waveform known.

    Attributes:
        module: the whole model; every path of ``sites`` is for its ``get_submodule``.
        family: adapter that read it (``torchaudio``, ``transformers``, ``named``).
        source: where the weights come from, in words.
        sites: what is recorded, in the order of their layers.
        grid: instants of its frames; those of sites that have no grid of their own.
        sample_rate: samples per second of the waveforms it wants.
        normalize: whether each waveform is brought to zero mean and unit variance first.
        forward: runs waveforms (batch, samples) far enough that every site is reached; its result is not used.
        standardize: how this family normalises one waveform (samples,), when ``normalize`` is set.
        time_first: whether activations are (time, batch, channel) instead of (batch, time, channel).
        padding_frames: at most so many frames may follow those of the grid; they stand for padding and are dropped.
        normalize_from: who says what ``normalize`` is: ``stated`` (by the user), the file or the module that knows, or
            ``assumed: `` and why; None when nobody said anything.
        extracts: whether ``forward`` computes features of the samples, which stay float32 and on the CPU for it.
    """

    module: nn.Module
    family: str
    source: str
    sites: tuple[Site, ...]
    grid: Grid
    sample_rate: int
    normalize: bool
    forward: Callable[[Tensor], object]
    standardize: Callable[[Tensor], Tensor]
    time_first: bool = False
    padding_frames: int = 0
    normalize_from: str | None = None
    extracts: bool = False

    @property
    def normalize_known(self) -> bool:
        """Whether normalisation was stated by someone who knows, and not assumed."""
        return self.normalize_from is not None and not self.normalize_from.startswith("assumed")

    def grid_of(self, site: Site) -> Grid:
        """The frames of a site."""
        return site.grid or self.grid

    @cached_property
    def grids(self) -> tuple[Grid, ...]:
        """The different grids of its sites, in the order of their layers."""
        return tuple(dict.fromkeys(self.grid_of(site) for site in self.sites))

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of the weights: names, types, shapes and every byte, so that other weights are another model."""
        return state_checksum(self.module)

    @property
    def device(self) -> torch.device:
        """Where the weights lie, and the waveforms must go."""
        return next((p.device for p in self.module.parameters()), torch.device("cpu"))

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the weights, which the waveforms must have too."""
        return next((p.dtype for p in self.module.parameters() if p.is_floating_point()), torch.float32)

    def waveforms(self, samples: Sequence[np.ndarray]) -> Tensor:
        """Batch of equally long mono utterances (batch, samples), normalised one by one when the model wants it."""
        rows = [torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32)) for x in samples]
        if self.normalize:
            rows = [self.standardize(row) for row in rows]
        stacked = torch.stack(rows)
        return stacked if self.extracts else stacked.to(self.device, self.dtype)


def layer_norm(waveform: Tensor) -> Tensor:
    """Waveform (samples,) with zero mean and unit variance, the way torchaudio and fairseq do it (ε = 1e-5)."""
    return nn.functional.layer_norm(waveform, waveform.shape)


def zero_mean_unit_variance(waveform: Tensor) -> Tensor:
    """Waveform (samples,) with zero mean and unit variance, the way transformers does it (ε = 1e-7, in NumPy).

    The two ways differ audibly for quiet speech, and by rounding otherwise: each family keeps its own.
    """
    x = waveform.numpy()
    return torch.from_numpy((x - x.mean()) / np.sqrt(x.var() + 1e-7))


def conv_grid(layers: Sequence[tuple[int, int]], sample_rate: int) -> Grid:
    """Grid of a stack of unpadded convolutions over samples: hop = Π strides, window = receptive field.

    Args:
        layers: (kernel, stride) of each, from the waveform up.
        sample_rate: samples per second.

    Raises:
        ModelError: the hop is no whole number of microseconds.
    """
    hop, window = 1, 1
    for kernel, stride in layers:
        window += (kernel - 1) * hop
        hop *= stride
    return grid_of_samples(hop, window, sample_rate)


def grid_of_samples(hop: int, window: int, sample_rate: int) -> Grid:
    """Grid of frames that are ``hop`` samples apart and each need ``window`` of them, centred in their window.

    Args:
        hop: samples from a frame to the next.
        window: samples that a frame needs; less than it sees, and at worst negative, where a model pads its input.
        sample_rate: samples per second.

    Raises:
        ModelError: the hop is no whole number of microseconds.
    """
    hop_us, rest = divmod(hop * 1_000_000, sample_rate)
    if rest:
        raise ModelError(
            f"a hop of {hop} samples at {sample_rate} Hz is no whole number of microseconds, so its frames cannot be "
            "labelled: leave --sample-rate out where you stated it"
        )
    window_us = window * 1_000_000 // sample_rate
    return Grid(hop_us, max(0, window_us // 2), window_us)


def state_checksum(module: nn.Module) -> str:
    """SHA-256 over a module's state dict: one line per entry with its name, type, shape and the hash of its bytes."""
    return checksum.state_checksum(module.state_dict(), _stored)


def _stored(value: object) -> checksum.Stored | None:
    if not isinstance(value, Tensor):
        return None
    raw = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    return checksum.Stored(str(value.dtype), tuple(value.shape), raw.data)
