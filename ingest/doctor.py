"""The doctor: runs a model on some sound and proves, one claim after another, that its neurons are read right.

A model that is read wrong gives numbers all the same. What is claimed of it when it is loaded (which modules hold the
neurons, where its frames lie, what normalises its input) is shown here by what it computes.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ingest.models.axes import tensor_of
from ingest.models.base import Site, SpeechModel
from ingest.recorder import Recorder, Recording
from warehouse.errors import ModelError
from warehouse.grid import Grid

Outcome = Literal["ok", "open", "wrong"]

SECONDS = 2.0
"""Of the sound that a model is tried on where the user gives none."""

TOLERANCE = 1e-3
"""Largest relative error with which an output counts as reproduced: rounding of float32 in another order of adding."""

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "GELU": functional.gelu,
    "GELU (tanh)": lambda x: functional.gelu(x, approximate="tanh"),
    "ReLU": functional.relu,
    "SiLU": functional.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "leaky ReLU": functional.leaky_relu,
    "ELU": functional.elu,
}
"""Activation functions that feed-forward networks of speech models have."""


@dataclass(frozen=True)
class Finding:
    """What became of one claim.

    Attributes:
        claim: what was to be shown, in a word or two.
        outcome: ``ok``; ``open``, it could not be shown; ``wrong``, it does not hold.
        said: what was found.
        remedy: what to do, where it is not ``ok``.
    """

    claim: str
    outcome: Outcome
    said: str
    remedy: str = ""


def examine(model: SpeechModel, sound: np.ndarray | None = None, lambda_pct: float = 1.0) -> Iterator[Finding]:
    """Try every claim about a model; one finding each, as soon as it is known.

    Args:
        model: the model, as :func:`ingest.load` or :func:`ingest.wrap` gives it.
        sound: mono samples (n,) at the model's rate, some frames long; None = seeded noise and tones.
        lambda_pct: share of the neurons that count as activated, in percent.

    Yields:
        Findings on: the second linears, the activation functions, the frames, a second run, a batch, and the
        normalisation of the waveform. After a claim without which the others mean nothing, none follow.
    """
    wave = made_sound(model.sample_rate) if sound is None else np.asarray(sound, np.float32)
    with Recorder(model, lambda_pct, values=True) as recorder:
        try:
            seen = _run(model, recorder, wave)
        except ModelError as error:
            yield Finding("runs", "wrong", str(error), "mend that, then ask again")
            return
        yield from _feed_forwards(model, seen)
        yield _frames(model, recorder, wave)
        yield _second_run(recorder, wave, seen.recording)
        yield _batch(recorder, wave)
    yield _normalisation(model)


def made_sound(sample_rate: int, seconds: float = SECONDS) -> np.ndarray:
    """Sound to try a model on: a gliding voice-like tone in noise, the same every time; (n,) float32."""
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    phase = 2 * np.pi * np.cumsum(120 + 40 * np.sin(2 * np.pi * time)) / sample_rate
    tone = sum(np.sin(k * phase) / k for k in range(1, 9))
    noise = np.random.default_rng(0).standard_normal(len(time))
    return (0.1 * tone * (np.sin(5 * time) > 0) + 0.01 * noise).astype(np.float32)


@dataclass
class _Seen:
    """One run: what went into and came out of linears, by place of the site; and its recording."""

    recording: Recording
    first: dict[int, Tensor]
    before: dict[int, Tensor]
    after: dict[int, Tensor]


def _run(model: SpeechModel, recorder: Recorder, wave: np.ndarray) -> _Seen:
    first: dict[int, Tensor] = {}
    before: dict[int, Tensor] = {}
    after: dict[int, Tensor] = {}
    with ExitStack() as hooks:
        for place, site in enumerate(model.sites):
            if site.reads == "input":
                second = model.module.get_submodule(site.out_module)
                hooks.callback(second.register_forward_hook(_keep_both(before, after, place), with_kwargs=True).remove)
                if site.in_module is not None:
                    linear = model.module.get_submodule(site.in_module)
                    hooks.callback(linear.register_forward_hook(_keep(first, place)).remove)
        (recording,) = recorder.record([wave])
    return _Seen(recording, first, before, after)


def _keep(found: dict[int, Tensor], place: int) -> Callable[..., None]:
    def hook(module: nn.Module, args: Any, output: Any) -> None:
        found[place] = tensor_of(output, "a linear")

    return hook


def _keep_both(before: dict[int, Tensor], after: dict[int, Tensor], place: int) -> Callable[..., None]:
    def hook(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        before[place] = args[0] if args else next(iter(kwargs.values()))
        after[place] = tensor_of(output, "a linear")

    return hook


def _feed_forwards(model: SpeechModel, seen: _Seen) -> Iterator[Finding]:
    places = [place for place, site in enumerate(model.sites) if site.reads == "input"]
    if not places:
        yield Finding(
            "second linear", "ok", "nothing to show: neurons are what comes out of the modules that you named"
        )
        return
    errors: dict[int, float] = {}
    unlike = []
    for place in places:
        error = _reproduced(model, model.sites[place], seen.before[place], seen.after[place])
        if error is None:
            unlike.append(model.sites[place])
        else:
            errors[place] = error
    bad = [model.sites[place] for place, error in errors.items() if not error <= TOLERANCE]
    if bad:
        yield Finding(
            "second linear",
            "wrong",
            f"what enters {_at(bad[0])} times its weight is not what it gives (relative error "
            f"{errors[model.sites.index(bad[0])]:.1e}), and so in {len(bad)} of {len(places)} layers",
            "something changes the activations inside the module (a wrapper, an adapter, a quantised layer): merge it "
            "into the weight, or name the module inside it with --layers",
        )
    elif unlike:
        kind = type(model.module.get_submodule(unlike[0].out_module)).__name__
        yield Finding(
            "second linear",
            "open",
            f"{_at(unlike[0])} is a {kind}, which has no weight of {unlike[0].n_neurons} columns",
            "name the second linear itself with --layers in:PATTERN",
        )
    else:
        yield Finding(
            "second linear",
            "ok",
            f"captured activations times W2 give its output in {len(places)} layers (relative error at most "
            f"{max(errors.values()):.0e})",
        )
    yield _activation(model, seen, places)


def _reproduced(model: SpeechModel, site: Site, x: Tensor, y: Tensor) -> float | None:
    """Relative error of ``x · W2ᵀ + b`` against what the module gave; None where it has no such weight."""
    module = model.module.get_submodule(site.out_module)
    weight, bias = getattr(module, "weight", None), getattr(module, "bias", None)
    if not isinstance(weight, Tensor) or weight.ndim != 2 or weight.shape[1] != x.shape[-1]:
        return None
    made = functional.linear(x.double(), weight.detach().double(), None if bias is None else bias.detach().double())
    if made.shape != y.shape:
        return None
    size = y.double().abs().max().clamp(min=1e-12)
    return float((made - y.double()).abs().max() / size)


def _activation(model: SpeechModel, seen: _Seen, places: list[int]) -> Finding:
    """Whether neurons are read behind the activation function, each from its own row of the first linear."""
    names: dict[str | None, list[Site]] = {}
    for place in places:
        site = model.sites[place]
        if place not in seen.first or seen.first[place].shape != seen.before[place].shape:
            names.setdefault(None, []).append(site)
            continue
        x, y = seen.first[place].double(), seen.before[place].double()
        size = y.abs().max().clamp(min=1e-12)
        fits = [n for n, f in ACTIVATIONS.items() if float((f(x) - y).abs().max() / size) <= TOLERANCE]
        if not fits and torch.allclose(x, y):
            fits = ["identity"]
        names.setdefault(fits[0] if fits else None, []).append(site)
    if "identity" in names:
        return Finding(
            "activation",
            "wrong",
            f"{_at(names['identity'][0])} receives what the first linear gives, without an activation function",
            "name the module behind the activation function with --layers in:PATTERN",
        )
    if None in names:
        return Finding(
            "activation",
            "open",
            f"what enters {_at(names[None][0])} is none of {', '.join(ACTIVATIONS)} of a first linear",
            "gated networks are so: each neuron is read where the second linear receives it, which is right; look at "
            "the model's code where you do not expect one",
        )
    said = " and ".join(f"{name} of the first linear in {len(sites)} layers" for name, sites in names.items())
    return Finding("activation", "ok", f"neurons are {said}")


def _frames(model: SpeechModel, recorder: Recorder, wave: np.ndarray) -> Finding:
    """Whether every site gives as many frames as its grid says, at lengths where another one is just there or not."""
    lengths = {len(wave)}
    for grid in model.grids:
        if grid != Grid.UTTERANCE:
            window, hop = (us * model.sample_rate / 1_000_000 for us in (grid.window_us, grid.hop_us))
            for n_hops in {1, int((len(wave) - window) // hop)}:
                lengths |= {int(np.ceil(window + n_hops * hop)) - short for short in (0, 1)}
    tried = sorted(n for n in lengths if 0 < n <= len(wave))
    for n_samples in tried:
        if all(grid.n_frames(n_samples, model.sample_rate) for grid in model.grids):
            try:
                recorder.record([wave[:n_samples]])
            except ModelError as error:
                return Finding("frames", "wrong", f"of {n_samples} samples: {error}", "state the grid as it says")
    said = "; ".join(_formula(grid, model.sample_rate) for grid in model.grids)
    return Finding("frames", "ok", f"{said}; as found at {len(tried)} lengths up to {tried[-1]} samples")


def _formula(grid: Grid, sample_rate: int) -> str:
    if grid == Grid.UTTERANCE:
        return str(grid)
    window, hop = (us * sample_rate / 1_000_000 for us in (grid.window_us, grid.hop_us))
    # Windows are whole numbers of samples, rounded down to microseconds.
    return f"T = floor((n - {np.ceil(window):.0f}) / {hop:.0f}) + 1"


def _second_run(recorder: Recorder, wave: np.ndarray, first: Recording) -> Finding:
    (again,) = recorder.record([wave])
    changed = [
        float(np.mean(a != b))
        for a, b in zip([*first.neurons, *(first.values or ())], [*again.neurons, *(again.values or ())], strict=True)
    ]
    if any(changed):
        return Finding(
            "second run",
            "wrong",
            f"the same sound gives other values: up to {max(changed):.1%} of what is recorded differs",
            "something draws at random (dropout outside of eval(), a stochastic module): turn it off",
        )
    return Finding("second run", "ok", "the same neurons, and the same values to the last bit")


def _batch(recorder: Recorder, wave: np.ndarray) -> Finding:
    """Whether utterances that travel together are recorded as each by itself."""
    pair = [wave, wave[::-1].copy()]
    try:
        together = recorder.record(pair)
    except ModelError as error:
        return Finding("batch", "ok", f"refused, so use --batch 1: {error}")
    alone = [recorder.record([one])[0] for one in pair]
    same = all(
        np.array_equal(a, b)
        for one, other in zip(together, alone, strict=True)
        for a, b in zip(one.neurons, other.neurons, strict=True)
    )
    if not same:
        return Finding("batch", "wrong", "two utterances together give other neurons than each by itself", "--batch 1")
    if recorder.batches(len(pair), len(wave)):
        return Finding("batch", "ok", "two utterances together give every bit that each gives by itself")
    return Finding("batch", "ok", "refused where bits differ: such utterances go through the model one by one")


def _normalisation(model: SpeechModel) -> Finding:
    does = "each waveform is normalised first" if model.normalize else "waveforms are taken as they are"
    if model.normalize_known:
        return Finding("normalisation", "ok", f"{does} ({model.normalize_from})")
    return Finding(
        "normalisation",
        "open",
        f"{does}, but that is {model.normalize_from or 'stated nowhere'}",
        "state --normalize or --no-normalize, as the model was trained",
    )


def _at(site: Site) -> str:
    return f"layer {site.layer} ({site.out_module})"
