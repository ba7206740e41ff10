"""What the outputs of named modules are, measured: their axes, their width, and at which rate their frames come.

Modules do not say it. A ReLU has no width, a convolution with a stride of 2 halves the rate of all that follows, and
what stands behind a pooling over time has one row an utterance [B]. Running the model on noise of some lengths shows
it: the axis that grows with the length is time, the one that grows with the batch is the utterances, and the lengths at
which frames are added give the hop and the window exactly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from torch import Tensor, nn

from ingest.models.base import Site, grid_of_samples
from ingest.models.probe import Line, NoRunError, Probe, TooShortError
from warehouse.errors import ModelError
from warehouse.grid import Grid

FIRST_SECONDS, MOST_SECONDS = 0.25, 8.0
"""Noise that is tried first, and after which no frame rate is looked for any more."""


@dataclass(frozen=True)
class Known:
    """What a family says of the frames of its encoder.

    Attributes:
        grid: those frames; None when the family does not fix them.
        padding_frames: rows that may follow those of the grid.
    """

    grid: Grid | None = None
    padding_frames: int = 0

    @property
    def fixed(self) -> int:
        """Rows that a site may have whatever the length, where the family pads its input; 0 when none."""
        return self.padding_frames if self.grid is not None else 0

    def explains(self, line: Line, sample_rate: int) -> bool:
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
    probe = Probe(module, sites, forward, known.fixed)

    def look(n: int) -> list[Site]:
        axes = [probe.axes(place, n) for place in range(len(sites))]
        return [
            replace(probe.seen(place, n, of_site), grid=_grid(probe, place, n, of_site, sample_rate, known))
            for place, of_site in enumerate(axes)
        ]

    return tuple(_at_some_length(look, sample_rate))


def with_axes(
    module: nn.Module,
    sites: Sequence[Site],
    forward: Callable[[Tensor], object],
    sample_rate: int,
    known: Known = Known(),
) -> tuple[Site, ...]:
    """Sites with their axes and width, where the rate of their frames is stated; as they are where that cannot be seen.

    Sites without an axis of time have one frame an utterance.
    """
    probe = Probe(module, sites, forward, known.fixed)

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
        except NoRunError as error:
            last = seen or error  # where it ran before, longer noise is too long for it
            seconds = 2 * seconds if seen is None else MOST_SECONDS + 1
        except TooShortError as error:
            last = seen = error
            seconds *= 2
        if seconds > MOST_SECONDS:
            raise ModelError(str(last)) from last


def _grid(probe: Probe, place: int, n: int, axes: str, sample_rate: int, known: Known) -> Grid:
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
