"""The registry of model families: what an adapter provides, and how a module becomes a :class:`SpeechModel`."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from torch import Tensor, nn

from ingest.models.base import SpeechModel, layer_norm
from ingest.models.measure import Known, measured, with_axes
from ingest.models.patterns import find_sites, with_width
from warehouse.errors import ModelError
from warehouse.grid import Grid

T = TypeVar("T")

MOST_HZ = 1_000_000
"""Sample rates above it are mistakes, and noise at them would fill the memory."""


@dataclass(frozen=True)
class Reading:
    """What the user says about a model; None leaves it to the family. Milliseconds, hertz.

    Attributes:
        layers: patterns of the modules to record (see :mod:`ingest.models.patterns`).
        hop_ms: time from a frame to the next.
        offset_ms: centre of frame 0.
        window_ms: span of audio that one frame needs.
        sample_rate: of the waveforms.
        normalize: bring each waveform to zero mean and unit variance.
        time_first: activations are (time, batch, channel).
        padding_frames: frames that the model may add at the end, to be dropped.
    """

    layers: Sequence[str] | None = None
    hop_ms: float | None = None
    offset_ms: float | None = None
    window_ms: float | None = None
    sample_rate: int | None = None
    normalize: bool | None = None
    time_first: bool | None = None
    padding_frames: int | None = None


@dataclass(frozen=True)
class Weights:
    """Where the user wants weights from: a file, a seed, or (both None) what the name stands for.

    Attributes:
        file: with a state dict.
        seed: of random weights.
        mean_std: file with the normalisation of a model's input, where that is a file of its own.
    """

    file: str | None = None
    seed: int | None = None
    mean_std: str | None = None


@dataclass(frozen=True)
class FrontEnd:
    """How sound gets into a module, as an adapter knows it.

    Attributes:
        encoder: path of the part that ``forward`` runs ('' = all): its feed-forward networks are recorded unless the
            user names layers, and sites outside it need the whole module.
        forward: runs that part on waveforms (batch, samples).
        grid: frames for a sample rate; None when the family does not fix one.
        normalize: what the module or its files say about normalisation.
        normalize_from: which of them says it, or ``assumed: `` and why; None when none does.
        standardize: the family's way to do it.
        padding_frames: frames that may follow those of the grid.
        extracts: whether ``forward`` computes features of the samples.
        whole: runs the whole module on waveforms; None where it takes them as they are.
    """

    encoder: str
    forward: Callable[[Tensor], object]
    grid: Callable[[int], Grid] | None = None
    sample_rate: int = 16_000
    normalize: bool = False
    normalize_from: str | None = None
    standardize: Callable[[Tensor], Tensor] = layer_norm
    padding_frames: int = 0
    extracts: bool = False
    whole: Callable[[Tensor], object] | None = None


@dataclass(frozen=True)
class Family:
    """One adapter.

    Attributes:
        name: as recorded in ``models.family``.
        schemes: what may stand before the colon of a SPEC.
        knows: whether a SPEC without a scheme is this family's.
        load: builds a model from what stands behind the colon.
        recognise: how sound gets into a module of this family; None for a module of another one.
        names: what can be loaded, for messages about unknown names.
        takes_mean_std: whether the normalisation of its input is a file that the user may name.
        any_module: whether it recognises every module, and so is asked when no other family does.
    """

    name: str
    schemes: tuple[str, ...]
    knows: Callable[[str], bool]
    load: Callable[[str, Weights, Reading], SpeechModel]
    recognise: Callable[[nn.Module], FrontEnd | None]
    names: Callable[[], Sequence[str]]
    takes_mean_std: bool = False
    any_module: bool = False


FAMILIES: dict[str, Family] = {}


def register(family: Family) -> None:
    """Enter a family; modules are offered to families in the order of registration, those that take any at the end.

    Raises:
        ValueError: another family has its name or one of its schemes.
    """
    taken = {family.name} & FAMILIES.keys() | {
        scheme for other in FAMILIES.values() for scheme in other.schemes if scheme in family.schemes
    }
    if taken:
        raise ValueError(f"family {family.name!r}: {', '.join(sorted(taken))} is registered already")
    FAMILIES[family.name] = family


def fit(module: nn.Module, source: str, reading: Reading) -> SpeechModel:
    """The model that the first family to recognise a module makes of it.

    Raises:
        ModelError: no layers, or no grid.
    """
    for family in sorted(FAMILIES.values(), key=lambda family: family.any_module):
        front = family.recognise(module)
        if front is not None:
            return assemble(module, family.name, front, source, reading)
    raise ModelError(f"no family reads a {type(module).__name__}")


def assemble(module: nn.Module, family: str, front: FrontEnd, source: str, reading: Reading) -> SpeechModel:
    """The model that an adapter's knowledge and the user's wishes give; puts the module in ``eval`` mode.

    Raises:
        ModelError: no layers, no grid, or a stated one that contradicts the family's.
    """
    module.eval()
    sites = find_sites(module, reading.layers, front.encoder)
    inside = f"{front.encoder}." if front.encoder else ""
    reached = all(site.out_module.startswith(inside) for site in sites)
    forward = front.forward if reached else front.whole or module
    sample_rate = front.sample_rate if reading.sample_rate is None else reading.sample_rate
    if not 0 < sample_rate <= MOST_HZ:
        raise ModelError(f"--sample-rate {sample_rate}: give samples per second, above 0 and at most {MOST_HZ}")
    known = front.grid(sample_rate) if front.grid is not None else None
    padding_frames = front.padding_frames if reading.padding_frames is None else reading.padding_frames
    if reading.hop_ms is None and (known is None or not all(site.between_linears for site in sites)):
        sites = tuple(
            replace(site, grid=_stated(site.grid, known, reading))
            for site in measured(module, sites, forward, sample_rate, Known(known, padding_frames))
        )
        rates = [site.grid for site in sites if site.grid is not None]
        grid = next((rate for rate in rates if rate != Grid.UTTERANCE), Grid.UTTERANCE)
        sites = tuple(replace(site, grid=None if site.grid == grid else site.grid) for site in sites)
    else:
        grid = _grid(known, reading)
        if reading.hop_ms is not None and reading.layers:
            sites = with_axes(module, sites, forward, sample_rate, Known(known, padding_frames))
        with_width(module, sites)
    axes = [site.axes for site in sites if site.axes is not None and "t" in site.axes]
    return SpeechModel(
        module=module,
        family=family,
        source=source,
        sites=sites,
        grid=grid,
        sample_rate=sample_rate,
        normalize=front.normalize if reading.normalize is None else reading.normalize,
        forward=forward,
        standardize=front.standardize,
        time_first=bool(reading.time_first) or (bool(axes) and all(of_site == "tbc" for of_site in axes)),
        padding_frames=padding_frames,
        normalize_from=front.normalize_from if reading.normalize is None else "stated",
        extracts=front.extracts and forward is not module,
    )


def seeded(build: Callable[[], T], seed: int) -> T:
    """What ``torch.manual_seed(seed); build()`` gives; the caller's random state stays as it was.

    Raises:
        ModelError: torch takes no such seed.
    """
    if not -(1 << 63) <= seed < 1 << 64:
        raise ModelError(f"--random-init {seed}: a seed is a whole number of at most 64 bits")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def _stated(found: Grid | None, known: Grid | None, reading: Reading) -> Grid:
    """A measured grid, centred where the family or the user says that its frames are."""
    assert found is not None
    if found == Grid.UTTERANCE:
        return found
    return _grid(found, reading)


def _grid(known: Grid | None, reading: Reading) -> Grid:
    hop = _us(reading.hop_ms, "--hop-ms")
    window = _us(reading.window_ms, "--window-ms")
    offset = _us(reading.offset_ms, "--offset-ms")
    if hop == 0:
        raise ModelError("--hop-ms must be above 0")
    if known is not None:
        if hop is not None and hop != known.hop_us:
            raise ModelError(
                f"--hop-ms {reading.hop_ms:g}: the frames of this model lie {known.hop_us / 1000:g} ms apart; leave it "
                "out, and layers of another rate are measured"
            )
        hop = known.hop_us if hop is None else hop
        window = known.window_us if window is None else window
    assert hop is not None
    window = hop if window is None else window
    if offset is None:
        offset = known.offset_us if known is not None and reading.window_ms is None else window // 2
    return Grid(hop, offset, window)


def _us(milliseconds: float | None, option: str) -> int | None:
    if milliseconds is None:
        return None
    value = round(milliseconds * 1000) if math.isfinite(milliseconds) else -1
    if value < 0 or abs(milliseconds * 1000 - value) > 1e-6:
        raise ModelError(f"{option} {milliseconds}: must be 0 or more and a whole number of microseconds")
    return value
