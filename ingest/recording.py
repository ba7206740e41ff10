"""What a pass of a model over some utterances leaves: gathered by hooks, handed out as one recording an utterance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from ingest.means import Segments, segment_means
from ingest.models.base import Site
from warehouse.errors import ModelError
from warehouse.grid import Grid


@dataclass(frozen=True, eq=False)
class Recording:
    """What one utterance activates; every list has one entry a site, in the order of the layers.

    Attributes:
        n_frames: T on the model's grid; a site that has a grid of its own has as many as its neurons have rows.
        neurons: (T, k) unsigned integers, strongest first.
        values: (T, k) float32, signed, of those neurons; None unless asked for.
        ffn_mean: (D,) float32, mean over frames of the signed values at the site; None unless asked for.
        ffn_std: (D,) float32, their population standard deviation.
        block_mean: (d,) float32 of the block's output; an entry is None where the site has no block of its own.
        block_std: likewise.
        segment_means: ``block`` and ``ffn``, where asked for -> (S, d) or (S, D) float32, mean over the frames of each
            segment; an entry is None where the site has no block of its own, or one row an utterance.
    """

    n_frames: int
    neurons: list[np.ndarray]
    values: list[np.ndarray] | None
    ffn_mean: list[np.ndarray] | None
    ffn_std: list[np.ndarray] | None
    block_mean: list[np.ndarray | None] | None
    block_std: list[np.ndarray | None] | None
    segment_means: Mapping[str, list[np.ndarray | None]] = field(default_factory=dict)


@dataclass
class Pass:
    """What the hooks have seen of one forward pass; every mapping is by the site's place in the model.

    Attributes:
        batch: utterances.
        n_frames: of each on the model's grid.
        n_frames_at: of each at each site.
        digests: hashes of each utterance's activations, when they are to be compared; else None.
        segments: on each grid those of each utterance; None = its means are not wanted.
        neurons: (batch · frames, k) strongest neurons.
        finite: (batch · frames,) whether a frame's activations are finite.
        values: (batch, frames, k) signed values of those neurons.
        ffn: mean and standard deviation (batch, D) at the site.
        block: mean and standard deviation (batch, d) of the block's output.
        of_segments: kind -> means over segments, (S, d) or (S, D) of each utterance.
    """

    batch: int
    n_frames: int
    n_frames_at: list[int]
    digests: dict[int, list[bytes]] | None = None
    segments: Mapping[Grid, Sequence[Segments | None]] = field(default_factory=dict)
    neurons: dict[int, Tensor | np.ndarray] = field(default_factory=dict)
    finite: dict[int, Tensor | np.ndarray] = field(default_factory=dict)
    values: dict[int, Tensor] = field(default_factory=dict)
    ffn: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)
    block: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)
    of_segments: dict[str, dict[int, list[Tensor | None]]] = field(default_factory=dict)

    def average(self, kind: str, place: int, grid: Grid, x: Tensor) -> None:
        """Take the means over segments of a site's activations (batch, frames, channels), where it has segments."""
        if grid in self.segments:
            self.of_segments.setdefault(kind, {})[place] = segment_means(x, self.segments[grid])

    def recordings(self, sites: Sequence[Site]) -> list[Recording]:
        """One recording an utterance, on the CPU.

        Raises:
            ModelError: a site was not reached, or its activations are not finite.
        """
        for place, site in enumerate(sites):
            if place not in self.neurons:
                raise ModelError(f"layer {site.layer} ({site.out_module}) was not run: name layers that the model uses")
            if isinstance(self.finite[place], Tensor):
                check_finite(site, _array(self.finite[place]), self.n_frames_at[place])
        places = range(len(sites))
        neurons = [self._neurons(place, sites[place].n_neurons) for place in places]
        values = [_array(self.values[place]) for place in places] if self.values else None
        ffn = [_arrays(self.ffn[place]) for place in places] if self.ffn else None
        block = [_arrays(self.block[place]) if place in self.block else None for place in places]
        return [
            Recording(
                n_frames=self.n_frames,
                neurons=[of_site[i] for of_site in neurons],
                values=None if values is None else [of_site[i] for of_site in values],
                ffn_mean=None if ffn is None else [mean[i] for mean, _ in ffn],
                ffn_std=None if ffn is None else [std[i] for _, std in ffn],
                block_mean=None if ffn is None else [None if of is None else of[0][i] for of in block],
                block_std=None if ffn is None else [None if of is None else of[1][i] for of in block],
                segment_means={
                    kind: [_array_of(found.get(place), i) for place in places]
                    for kind, found in self.of_segments.items()
                },
            )
            for i in range(self.batch)
        ]

    def _neurons(self, place: int, n_neurons: int) -> np.ndarray:
        narrow = np.uint16 if n_neurons <= 1 << 16 else np.uint32
        return _array(self.neurons[place]).astype(narrow).reshape(self.batch, self.n_frames_at[place], -1)


def check_finite(site: Site, finite: np.ndarray, n_frames: int) -> None:
    """Refuse activations that are NaN or infinite.

    Args:
        site: where they were found.
        finite: (batch · frames,) whether a frame's activations are finite.
        n_frames: frames of an utterance.

    Raises:
        ModelError: names the layer and the first such frame.
    """
    if not finite.all():
        raise ModelError(
            f"layer {site.layer} ({site.out_module}) gives NaN or infinite activations, first in frame "
            f"{int(np.argmin(finite)) % n_frames}: check the weights and the audio"
        )


def _array(x: Tensor | np.ndarray) -> np.ndarray:
    return x.cpu().numpy() if isinstance(x, Tensor) else x


def _array_of(means: Sequence[Tensor | None] | None, utterance: int) -> np.ndarray | None:
    mean = None if means is None else means[utterance]
    return None if mean is None else _array(mean)


def _arrays(moments: tuple[Tensor, Tensor]) -> tuple[np.ndarray, np.ndarray]:
    return _array(moments[0]), _array(moments[1])
