"""A model run on noise of some lengths, and what the shapes that its modules give say of axes and frames."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache

import torch
from torch import Tensor, nn

from ingest.models.axes import tensor_of
from ingest.models.base import Site
from warehouse.errors import ModelError, first_line

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Line:
    """Frames of n samples, ``floor((n - window) / hop) + 1``, both in samples."""

    hop: int
    window: int

    def frames(self, n_samples: int) -> int:
        """Frames of so many samples; of too few, 0 or less."""
        return (n_samples - self.window) // self.hop + 1


class TooShortError(ModelError):
    """What is wrong may be the length of the noise alone."""


class NoRunError(TooShortError):
    """The model failed."""


class Probe:
    """Runs a model on noise, each length once, and keeps the shapes that the sites and their blocks give.

    Args:
        module: the whole model.
        sites: what is to be recorded.
        forward: runs waveforms through it.
        fixed: rows of an input that the family pads to a fixed length; 0 when it does not.
    """

    def __init__(
        self, module: nn.Module, sites: Sequence[Site], forward: Callable[[Tensor], object], fixed: int
    ) -> None:
        self.module, self.sites, self.forward, self.fixed = module, sites, forward, fixed
        self.like = next((p for p in module.parameters() if p.is_floating_point()), torch.zeros(()))
        self.shapes = cache(self._shapes)

    def seen(self, place: int, n: int, axes: str) -> Site:
        """A site with its axes, its width and the axes of its block."""
        site = self.sites[place]
        block_axes = None
        if site.block_module is not None:
            try:
                block_axes = self.axes(len(self.sites) + place, n)
            except ModelError:  # a block may return anything; what it returns is not needed for the neurons
                block_axes = None
        if block_axes is not None and ("t" in block_axes) != ("t" in axes):
            block_axes = None
        width = self.shapes(1, n)[place][axes.index("c")]
        return replace(site, axes=axes, n_neurons=width, block_axes=block_axes)

    def constant(self, place: int, n: int, axes: str) -> bool:
        """Whether a site gives as many rows whatever the length."""
        at = axes.index("t")
        return self.shapes(1, n)[place][at] == self.shapes(1, 2 * n)[place][at]

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
        if "t" not in axes and len(rest) == 2:
            alone = [axis for axis in rest if one[axis] == 1]
            fixed = [axis for axis in rest if self.fixed and one[axis] == self.fixed]
            if len(alone) == 1:  # (batch, 1, channel): one row, behind a pooling that keeps the axis
                axes[alone[0]] = "1"
                rest.remove(alone[0])
            elif fixed:
                at = fixed[-1 if self._convolves(place) else 0]
                axes[at] = "t"
                rest.remove(at)
            elif place < len(self.sites):
                raise self._padded(place, one, n)
        if len(rest) != 1 or axes.count("b") != 1 or axes.count("t") > 1:
            raise self._odd(place, one)
        axes[rest[0]] = "c"
        return "".join(axes)

    def line(self, place: int, n: int, axes: str) -> Line:
        """Hop and window of a site's frames."""

        def frames(n_samples: int) -> int:
            return self.shapes(1, n_samples)[place][axes.index("t")]

        first, last = frames(n), frames(2 * n)
        if last - first < 2:
            raise TooShortError(
                f"{self.named(place)} gives {first} frames of {n} samples and {last} of {2 * n}: state its rate with "
                "--hop-ms"
            )
        # Frames are added at lengths that lie a hop apart; the first and the last such length give it exactly.
        near = 2 * n // (last - first)  # more than a hop
        begin = _first_with(frames, first + 1, n, n + near if frames(n + near) > first else 2 * n)
        end = _first_with(frames, last, 2 * n - near if frames(2 * n - near) < last else begin, 2 * n)
        hop, rest = divmod(end - begin, last - first - 1)
        line = Line(hop or 1, begin - first * hop)
        tried = (n, begin - 1, begin, n + n // 3, n + n // 2, n + n // 2 + 1, end - 1, end, 2 * n)
        if rest or any(line.frames(at) != frames(at) for at in tried):
            raise ModelError(
                f"{self.named(place)} adds frames at no fixed distance ({first} of {n} samples, {last} of {2 * n}): "
                "state its rate with --hop-ms"
            )
        return line

    def _shapes(self, batch: int, n_samples: int) -> list[Shape]:
        noise = torch.randn(batch, n_samples, generator=torch.Generator().manual_seed(0)) / 10
        seen: dict[int, Shape | ModelError] = {}
        with ExitStack() as hooks:
            for place, site in enumerate(self.sites):
                target = self.module.get_submodule(site.out_module)
                if site.reads == "input":
                    handle = target.register_forward_pre_hook(_before(seen, place), with_kwargs=True)
                else:
                    handle = target.register_forward_hook(_after(seen, place, self.named(place)))
                hooks.callback(handle.remove)
                if site.block_module is not None:
                    block, at = self.module.get_submodule(site.block_module), len(self.sites) + place
                    hooks.callback(block.register_forward_hook(_after(seen, at, self.named(at))).remove)
            try:
                with torch.inference_mode():
                    self.forward(noise.to(self.like.device, self.like.dtype))
            except Exception as error:
                raise NoRunError(
                    f"{type(self.module).__name__} cannot be run on {batch} waveform(s) of {n_samples} samples to find "
                    f"its frame rates ({type(error).__name__}: {first_line(error)}): mend it, or state --hop-ms"
                ) from error
        shapes = []
        for place in range(2 * len(self.sites)):
            shape = seen.get(place, ())
            if place < len(self.sites):
                if place not in seen:
                    raise ModelError(f"{self.named(place)} was not run: name layers that the model uses")
                if isinstance(shape, ModelError):
                    raise shape
            shapes.append(() if isinstance(shape, ModelError) else shape)
        return shapes

    def _convolves(self, place: int) -> bool:
        path = self.sites[place].out_module if place < len(self.sites) else ""
        return isinstance(self.module.get_submodule(path), nn.modules.conv._ConvNd)

    def named(self, place: int) -> str:
        """A site or a block, for messages."""
        if place >= len(self.sites):
            return f"block {self.sites[place - len(self.sites)].block_module}"
        site = self.sites[place]
        return f"layer {site.layer} ({site.out_module})"

    def _odd(self, place: int, shape: Shape) -> ModelError:
        return TooShortError(
            f"{self.named(place)} gives shape {shape} for one waveform: (batch, time, channel) in some order, or "
            "(batch, channel), is wanted; name another module"
        )

    def _padded(self, place: int, shape: Shape, n: int) -> ModelError:
        if self.fixed:
            what = f"and not the {self.fixed} of the model's frames; name another module"
        else:
            what = (
                "so the model pads its input, or the module is none over time; state "
                "--hop-ms … --padding-frames N, or name another module"
            )
        return TooShortError(
            f"{self.named(place)} gives shape {shape} of {n} samples and of {2 * n}, as many rows whatever the length, "
            f"{what}"
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


def _before(seen: dict[int, Shape | ModelError], place: int) -> Callable[..., None]:
    def hook(module: nn.Module, args: tuple[object, ...], kwargs: dict[str, object]) -> None:
        value = args[0] if args else next(iter(kwargs.values()), None)
        seen[place] = tuple(value.shape) if isinstance(value, Tensor) else ()

    return hook


def _after(seen: dict[int, Shape | ModelError], place: int, at: str) -> Callable[..., None]:
    def hook(module: nn.Module, args: object, output: object) -> None:
        try:
            seen[place] = tuple(tensor_of(output, at).shape)
        except ModelError as error:
            seen[place] = error

    return hook
