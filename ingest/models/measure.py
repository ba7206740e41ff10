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


@dataclass(frozen=True)
class Known:
    """What a family says of the frames of its encoder.

    Attributes:
        grid: those frames; None when the family does not fix them.
        padding_frames: rows that may follow those of the grid.
    """

    grid: Grid | None = None
    padding_frames: int = 0

    def explains(self, line: "_Line", sample_rate: int) -> bool:
        """Whether rows are the known frames, and at most so many more that stand for padding, at every length."""
        if self.grid is None or line.hop * 1_000_000 != self.grid.hop_us * sample_rate:
            return False
        # Windows are whole numbers of samples, rounded down to microseconds.
        ahead = -(-self.grid.window_us * sample_rate // 1_000_000) - line.window
        return 0 <= ahead <= self.padding_frames * line.hop


def measured(
    module: nn.Module,
    sites: Sequence[Site],
    forward: Callable[[Tensor], object],
    sample_rate: int,
    known: Known = Known(),
) -> tuple[Site, ...]:
    """Sites with their axes, width and grid, as running the model on noise shows them.

    Args:
        module: the whole model, in ``eval`` mode.
        sites: what is to be recorded.
        forward: runs waveforms (batch, samples) through it.
        sample_rate: of the waveforms, Hz.
        known: frames that a site has where its rows do not contradict them.

    Raises:
        ModelError: the model cannot be run, a site gives no (batch, time, channel) in any order, or its frames follow
            no hop; names the module and says what to state.
    """
    probe = _Probe(module, sites, forward, known.padding_frames if known.grid is not None else 0)

    def look(n: int) -> list[Site]:
        axes = [probe.axes(place, n) for place in range(len(sites))]
        return [
            replace(probe.seen(place, n, of_site), grid=_grid(probe, place, n, of_site, sample_rate, known))
            for place, of_site in enumerate(axes)
        ]

    return tuple(_at_some_length(look, sample_rate))


def with_axes(
    module: nn.Module, sites: Sequence[Site], forward: Callable[[Tensor], object], sample_rate: int
) -> tuple[Site, ...]:
    """Sites with their axes and width, where the rate of their frames is stated; as they are where that cannot be seen.

    Sites without an axis of time have one frame an utterance.
    """
    probe = _Probe(module, sites, forward, 0)

    def look(n: int) -> list[Site]:
        axes = [probe.axes(place, n) for place in range(len(sites))]
        found = [probe.seen(place, n, of_site) for place, of_site in enumerate(axes)]
        return [replace(site, grid=None if "t" in (site.axes or "") else Grid.UTTERANCE) for site in found]

    try:
        return tuple(_at_some_length(look, sample_rate))
    except ModelError:
        return tuple(sites)


def _at_some_length(look: Callable[[int], list[Site]], sample_rate: int) -> list[Site]:
    """What is seen with the first length of noise that shows it; models may have a shortest and a longest one."""
    seconds = FIRST_SECONDS
    seen: ModelError | None = None
    while True:
        try:
            return look(round(seconds * sample_rate))
        except _NotRunError as error:
            last = seen or error  # where it ran before, longer noise is too long for it
            seconds = 2 * seconds if seen is None else MOST_SECONDS + 1
        except _TooShortError as error:
            last = seen = error
            seconds *= 2
        if seconds > MOST_SECONDS:
            raise ModelError(str(last)) from last


def _grid(probe: "_Probe", place: int, n: int, axes: str, sample_rate: int, known: Known) -> Grid:
    if "t" not in axes:
        return Grid.UTTERANCE
    if known.grid is not None and probe.constant(place, n, axes):
        return known.grid
    line = probe.line(place, n, axes)
    if known.explains(line, sample_rate):
        assert known.grid is not None
        return known.grid
    if line.hop * 1_000_000 % sample_rate:
        hint = "" if known.grid is not None else ", or state the rate of the model's waveforms with --sample-rate"
        raise ModelError(
            f"{probe.named(place)} gives a frame every {line.hop} samples at {sample_rate} Hz, no whole number of "
            f"microseconds: frames come too fast to be labelled; leave that layer out{hint}"
        )
    return grid_of_samples(line.hop, line.window, sample_rate)


class _TooShortError(ModelError):
    """What is wrong may be the length of the noise alone."""


class _NotRunError(_TooShortError):
    """The model failed."""


class _Probe:
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

    def line(self, place: int, n: int, axes: str) -> _Line:
        """Hop and window of a site's frames."""

        def frames(n_samples: int) -> int:
            return self.shapes(1, n_samples)[place][axes.index("t")]

        first, last = frames(n), frames(2 * n)
        if last - first < 2:
            raise _TooShortError(
                f"{self.named(place)} gives {first} frames of {n} samples and {last} of {2 * n}: state its rate with "
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
                raise _NotRunError(
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
        return _TooShortError(
            f"{self.named(place)} gives shape {shape} for one waveform: (batch, time, channel) in some order, or "
            "(batch, channel), is wanted; name another module"
        )

    def _padded(self, place: int, shape: Shape, n: int) -> ModelError:
        return _TooShortError(
            f"{self.named(place)} gives shape {shape} of {n} samples and of {2 * n}, as many rows whatever the length: "
            "the model pads its input, or the module is none over time; state --hop-ms and how many rows may follow "
            "with --padding-frames N, or name another module"
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
