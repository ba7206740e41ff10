"""What the outputs of named modules are, measured: their axes, their width, and at which rate their frames come.

Modules do not say it. A ReLU has no width, a convolution with a stride of 2 halves the rate of all that follows, and
what stands behind a pooling over time has one row an utterance [B]. Running the model on noise of some lengths shows
it: the axis that grows with the length is time, the one that grows with the batch is the utterances, and the lengths at
which frames are added give the hop and the window exactly.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache

import torch
from torch import Tensor, nn

from ingest.models.axes import tensor_of
from ingest.models.base import Site, grid_of_samples
from warehouse.errors import ModelError, first_line
from warehouse.grid import Grid

FIRST_SECONDS, MOST_SECONDS = 0.25, 8.0
"""Noise that is tried first, and after which no frame rate is looked for any more."""

Shape = tuple[int, ...]


@dataclass(frozen=True)
class _Line:
    """Frames of n samples, ``floor((n - window) / hop) + 1``, both in samples."""

    hop: int
    window: int

    def frames(self, n_samples: int) -> int:
        return (n_samples - self.window) // self.hop + 1


def measured(
    module: nn.Module, sites: Sequence[Site], forward: Callable[[Tensor], object], sample_rate: int
) -> tuple[Site, ...]:
    """Sites with their axes, width and grid, as running the model on noise shows them.

    Args:
        module: the whole model, in ``eval`` mode.
        sites: what is to be recorded.
        forward: runs waveforms (batch, samples) through it.
        sample_rate: of the waveforms, Hz.

    Raises:
        ModelError: the model cannot be run, a site gives no (batch, time, channel) in any order, or its frames follow
            no hop; names the module and says what to state.
    """
    probe = _Probe(module, sites, forward)
    seconds = FIRST_SECONDS
    while True:
        n = round(seconds * sample_rate)
        try:
            axes = [probe.axes(place, n) for place in range(len(sites))]
            lines = [probe.line(place, n, of_site) if "t" in of_site else None for place, of_site in enumerate(axes)]
            break
        except _TooShortError as error:
            seconds *= 2
            if seconds > MOST_SECONDS:
                raise ModelError(str(error)) from error
    found = []
    for place, (site, of_site, line) in enumerate(zip(sites, axes, lines, strict=True)):
        grid = Grid.UTTERANCE if line is None else grid_of_samples(line.hop, line.window, sample_rate)
        width = probe.shapes(1, n)[place][of_site.index("c")]
        found.append(replace(site, axes=of_site, grid=grid, n_neurons=width))
    return tuple(found)


class _TooShortError(ModelError):
    """What is wrong may be the length of the noise alone."""


class _Probe:
    """Runs a model on noise, each length once, and keeps the shapes that the sites give."""

    def __init__(self, module: nn.Module, sites: Sequence[Site], forward: Callable[[Tensor], object]) -> None:
        self.module, self.sites, self.forward = module, sites, forward
        self.like = next((p for p in module.parameters() if p.is_floating_point()), torch.zeros(()))
        self.shapes = cache(self._shapes)

    def axes(self, place: int, n: int) -> str:
        """The axes of a site in order: ``b`` utterances, ``t`` frames, ``c`` neurons."""
        one, two, longer = self.shapes(1, n)[place], self.shapes(2, n)[place], self.shapes(1, 2 * n)[place]
        if not len(one) == len(two) == len(longer) or len(one) not in (2, 3):
            raise self._odd(place, one)
        axes = ["?"] * len(one)
        for axis, sizes in enumerate(zip(one, two, longer, strict=True)):
            if sizes[1] == 2 * sizes[0] and sizes[0] == sizes[2]:
                axes[axis] = "b"
            elif sizes[0] == sizes[1] and sizes[0] < sizes[2]:
                axes[axis] = "t"
        rest = [axis for axis, name in enumerate(axes) if name == "?"]
        if "t" not in axes and len(rest) == 2:  # (batch, 1, channel): one row, behind a pooling that keeps the axis
            single = [axis for axis in rest if one[axis] == 1]
            if len(single) == 1:
                axes[single[0]] = "1"
                rest.remove(single[0])
        if len(rest) != 1 or axes.count("b") != 1 or axes.count("t") > 1:
            raise self._odd(place, one)
        axes[rest[0]] = "c"
        return "".join(axes)

    def line(self, place: int, n: int, axes: str) -> _Line:
        """Hop and window of a site's frames."""

        def frames(n_samples: int) -> int:
            return self.shapes(1, n_samples)[place][axes.index("t")]

        first, last = frames(n), frames(2 * n)
        if last - first < 2:
            raise _TooShortError(
                f"{self._named(place)} gives {first} frames of {n} samples and {last} of {2 * n}: state its rate with "
                "--hop-ms"
            )
        # Frames are added at lengths that lie a hop apart; the first and the last such length give it exactly.
        near = 2 * n // (last - first)  # more than a hop
        begin = _first_with(frames, first + 1, n, n + near if frames(n + near) > first else 2 * n)
        end = _first_with(frames, last, 2 * n - near if frames(2 * n - near) < last else begin, 2 * n)
        hop, rest = divmod(end - begin, last - first - 1)
        line = _Line(hop or 1, begin - first * hop)
        tried = (n, begin - 1, begin, n + n // 3, n + n // 2, n + n // 2 + 1, end - 1, end, 2 * n)
        if rest or any(line.frames(at) != frames(at) for at in tried):
            raise ModelError(
                f"{self._named(place)} adds frames at no fixed distance ({first} of {n} samples, {last} of {2 * n}): "
                "state its rate with --hop-ms"
            )
        return line

    def _shapes(self, batch: int, n_samples: int) -> list[Shape]:
        noise = torch.randn(batch, n_samples, generator=torch.Generator().manual_seed(0)) / 10
        seen: dict[int, Shape] = {}
        with ExitStack() as hooks:
            for place, site in enumerate(self.sites):
                target = self.module.get_submodule(site.out_module)
                if site.reads == "input":
                    handle = target.register_forward_pre_hook(_before(seen, place), with_kwargs=True)
                else:
                    handle = target.register_forward_hook(_after(seen, place))
                hooks.callback(handle.remove)
            try:
                with torch.inference_mode():
                    self.forward(noise.to(self.like.device, self.like.dtype))
            except Exception as error:
                raise _TooShortError(
                    f"{type(self.module).__name__} cannot be run on {batch} waveform(s) of {n_samples} samples to find "
                    f"its frame rates ({type(error).__name__}: {first_line(error)}): mend it, or state --hop-ms"
                ) from error
        for place in range(len(self.sites)):
            if place not in seen:
                raise ModelError(f"{self._named(place)} was not run: name layers that the model uses")
        return [seen[place] for place in range(len(self.sites))]

    def _named(self, place: int) -> str:
        site = self.sites[place]
        return f"layer {site.layer} ({site.out_module})"

    def _odd(self, place: int, shape: Shape) -> ModelError:
        return _TooShortError(
            f"{self._named(place)} gives shape {shape} for one waveform: (batch, time, channel) in some order, or "
            "(batch, channel), is wanted; name another module"
        )


def _first_with(frames: Callable[[int], int], wanted: int, low: int, high: int) -> int:
    """The smallest length in (low, high] with that many frames, or more."""
    while high - low > 1:
        middle = (low + high) // 2
        if frames(middle) >= wanted:
            high = middle
        else:
            low = middle
    return high


def _before(seen: dict[int, Shape], place: int) -> Callable[..., None]:
    def hook(module: nn.Module, args: tuple[object, ...], kwargs: dict[str, object]) -> None:
        value = args[0] if args else next(iter(kwargs.values()))
        seen[place] = tuple(value.shape) if isinstance(value, Tensor) else ()

    return hook


def _after(seen: dict[int, Shape], place: int) -> Callable[..., None]:
    def hook(module: nn.Module, args: object, output: object) -> None:
        seen[place] = tuple(tensor_of(output).shape)

    return hook
