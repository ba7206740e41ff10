"""Models by name or by hand: :func:`load` reads a SPEC, :func:`wrap` takes a module."""

from collections.abc import Sequence
from difflib import get_close_matches
from os import PathLike
from pathlib import Path

from torch import nn

from ingest.models.base import SpeechModel
from ingest.models.checkpoints import SUFFIXES, each_read_once
from ingest.models.families import FAMILIES, Family, Reading, Weights, fit
from warehouse.errors import ModelError


def wrap(
    module: nn.Module,
    *,
    source: str | None = None,
    layers: Sequence[str] | None = None,
    hop_ms: float | None = None,
    offset_ms: float | None = None,
    window_ms: float | None = None,
    sample_rate: int | None = None,
    normalize: bool | None = None,
    time_first: bool | None = None,
    padding_frames: int | None = None,
) -> SpeechModel:
    """Make a module recordable: find its feed-forward networks, its frame grid and the way to its encoder.

    What is recorded is what ``module(waveforms)`` computes: the waveform is normalised only when asked, or when the
    module is a torchaudio wrapper that does it. Whisper and w2v-BERT hear the features that transformers' extractors
    make of it. Heads above the encoder are neither run nor recorded unless their layers are named; a decoder is never
    run. The module is put in ``eval`` mode and not changed otherwise.

    Args:
        module: torchaudio's or transformers' models, with or without heads or modules of one's own around them, or
            anything that maps waveforms (batch, samples) to something.
        source: where it comes from, in words; the class's name otherwise.
        layers: patterns of what to record instead (see :mod:`ingest.models.patterns`).
        hop_ms: time from a frame to the next; where no front end is recognised it is measured unless stated.
        offset_ms: centre of frame 0; half the window unless stated.
        window_ms: span of audio that one frame needs; the hop unless stated, known or measured.
        sample_rate: 16,000 unless stated.
        normalize: bring each waveform to zero mean and unit variance.
        time_first: activations are (time, batch, channel).
        padding_frames: frames that the module may add at the end, to be dropped.

    Raises:
        ModelError: no layers are found, or the grid is neither known nor to be measured; says what to state.
    """
    reading = Reading(layers, hop_ms, offset_ms, window_ms, sample_rate, normalize, time_first, padding_frames)
    kind = type(module)
    return fit(module, source or f"{kind.__module__}.{kind.__qualname__}", reading)


def load(
    spec: str,
    *,
    weights: str | PathLike[str] | None = None,
    random_init: int | None = None,
    mean_std: str | PathLike[str] | None = None,
    layers: Sequence[str] | None = None,
    hop_ms: float | None = None,
    offset_ms: float | None = None,
    window_ms: float | None = None,
    sample_rate: int | None = None,
    normalize: bool | None = None,
    time_first: bool | None = None,
    padding_frames: int | None = None,
) -> SpeechModel:
    """Load a model by its SPEC, without touching the network.

    A SPEC is ``torchaudio:hubert_base`` (an architecture: needs weights or a seed), ``torchaudio:HUBERT_BASE`` (a
    bundle), ``transformers:FOLDER`` or ``transformers:HUB/NAME`` (also ``hf:``), ``fairseq:FILE`` or
    ``melhubert:FILE`` (published checkpoints), or ``python:module:function``. The scheme may be left out where the
    name, or what is in the file, says it all.

    Args:
        spec: what to load.
        weights: file with a state dict, instead of the named weights.
        random_init: seed; the model is what ``torch.manual_seed(seed)`` and its constructor give.
        mean_std: ``.npy`` file (2, 40) with the mean and the standard deviation of each band of MelHuBERT's input;
            the ``*mean-std.npy`` beside the checkpoint unless stated.
        layers: as for :func:`wrap`, like all that follow.
        hop_ms: time from a frame to the next.
        offset_ms: centre of frame 0.
        window_ms: span of audio that one frame needs.
        sample_rate: of the waveforms.
        normalize: overrides what the bundle or the preprocessor configuration says.
        time_first: activations are (time, batch, channel).
        padding_frames: frames that the model may add at the end, to be dropped.

    Raises:
        ModelError: an unknown name, files that are missing (says which to fetch, and where to put them), damaged or
            foreign weights, no layers.
    """
    if weights is not None and random_init is not None:
        raise ModelError("--weights and --random-init exclude each other: state one")
    wanted = Weights(_text(weights), random_init, _text(mean_std))
    reading = Reading(layers, hop_ms, offset_ms, window_ms, sample_rate, normalize, time_first, padding_frames)
    with each_read_once():
        family, name = _family(spec)
        if mean_std is not None and not family.takes_mean_std:
            raise ModelError(f"--mean-std is for MelHuBERT, and {spec!r} is read as {family.name}: leave it out")
        return family.load(name, wanted, reading)


def _text(path: str | PathLike[str] | None) -> str | None:
    return None if path is None else str(path)


def _family(spec: str) -> tuple[Family, str]:
    """The family that reads a SPEC, and what it is to read."""
    scheme, colon, name = spec.partition(":")
    for family in FAMILIES.values():
        if colon and scheme in family.schemes:
            return family, name
    for family in FAMILIES.values():
        if family.knows(spec):
            return family, spec
    names = [name for family in FAMILIES.values() for name in family.names()]
    kinds = ["torchaudio:hubert_base", *(name for name in names if ":" in name)]
    if Path(spec).is_file():
        raise ModelError(
            f"{spec} is a file that does not say which model it is: say how to read it, as one of {', '.join(kinds)}, "
            "or name an architecture and give the file as --weights"
        )
    if Path(spec).is_dir():
        raise ModelError(f"{spec} is a folder without config.json: give one that save_pretrained wrote")
    if Path(spec).suffix in (*SUFFIXES, ".safetensors", ".bin") or spec.startswith((".", "/", "~")):
        raise ModelError(f"{spec}: there is no such file or folder; give the path of one, or the name of a model")
    raise ModelError(
        f"unknown model {spec!r}: near names are {', '.join(get_close_matches(spec, names, n=3) or kinds)}"
    )
