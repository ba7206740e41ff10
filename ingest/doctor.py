"""The doctor: runs a model on some sound and proves, one claim after another, that its neurons are read right.

A model that is read wrong gives numbers all the same. What is claimed of it when it is loaded (which modules hold the
neurons, where its frames lie, what normalises its input) is shown here by what it computes.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from ingest.between_linears import (
    ACTIVATIONS,
    IDENTITY,
    TOLERANCE,
    functions_of,
    gate_of,
    is_matrix,
    reproduction_error,
)
from ingest.models.axes import tensor_of
from ingest.models.base import Site, SpeechModel
from ingest.recorder import NotRunError, Recorder, Recording
from warehouse.errors import ModelError
from warehouse.grid import Grid

Outcome = Literal["ok", "open", "wrong"]

SECONDS = 2.0
"""Of the sound that a model is tried on where the user gives none."""

UNKNOWN = "named"
"""The family of modules whose frames nobody but the user knows."""

OTHER_SECONDS = (4.0, 8.0, 1.0, 0.5)
"""Of the sounds that follow where a model cannot be run on that one."""


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


def examine(
    model: SpeechModel,
    sound: np.ndarray | None = None,
    lambda_pct: float = 1.0,
    dtype: Literal["float32", "bfloat16"] = "float32",
) -> Iterator[Finding]:
    """Try every claim about a model; one finding each, as soon as it is known.

    Args:
        model: the model, as :func:`ingest.load` or :func:`ingest.wrap` gives it.
        sound: mono samples (n,) at the model's rate, some frames long; None = seeded noise and tones.
        lambda_pct: share of the neurons that count as activated, in percent.
        dtype: arithmetic of the model, as for :class:`ingest.recorder.Recorder`.

    Yields:
        Findings on: the second linears, the activation functions, the frames, a second run, a batch, and the
        normalisation of the waveform. After a claim without which the others mean nothing, none follow.
    """
    with Recorder(model, lambda_pct, values=True, dtype=dtype) as recorder:
        try:
            wave, seen = _first_run(model, recorder, sound)
        except ModelError as error:
            yield Finding("runs", "wrong", str(error), "mend that, then ask again")
            return
        yield from _feed_forwards(model, seen)
        yield _frames(model, recorder, wave)
        again = _second_run(recorder, wave, seen.recording)
        yield again
        if again.outcome == "ok":
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
    """One run: what went into and came out of the sites' modules, by place; and its recording.

    Attributes:
        recording: what was recorded.
        before: what went into the module of a site whose neurons go into it.
        after: what came out of it.
        first: what the first linear gave, where it is known.
        linears: what the linears beside it gave, by path.
        norms: what the normalisations beside it gave, by path.
    """

    recording: Recording | None = None
    before: dict[int, Tensor] = field(default_factory=dict)
    after: dict[int, Tensor] = field(default_factory=dict)
    first: dict[int, Tensor] = field(default_factory=dict)
    linears: dict[int, dict[str, Tensor]] = field(default_factory=dict)
    norms: dict[int, dict[str, Tensor]] = field(default_factory=dict)


def _first_run(model: SpeechModel, recorder: Recorder, sound: np.ndarray | None) -> tuple[np.ndarray, _Seen]:
    """The sound and what it gives: the user's, or the first of those made here that the model takes."""
    if sound is not None:
        wave = np.asarray(sound, np.float32)
        return wave, _run(model, recorder, wave)
    failed: NotRunError | None = None
    for seconds in (SECONDS, *OTHER_SECONDS):
        wave = made_sound(model.sample_rate, seconds)
        try:
            return wave, _run(model, recorder, wave)
        except NotRunError as error:
            failed = failed or error
    assert failed is not None
    raise failed


def _run(model: SpeechModel, recorder: Recorder, wave: np.ndarray) -> _Seen:
    seen = _Seen()
    with ExitStack() as hooks:

        def listen(module: nn.Module, hook: Callable[..., None]) -> None:
            hooks.callback(module.register_forward_hook(hook, with_kwargs=True).remove)

        for place, site in enumerate(model.sites):
            if site.reads == "input":
                listen(model.module.get_submodule(site.out_module), _keep_both(seen, place, _at(site)))
                if site.in_module is not None:
                    listen(model.module.get_submodule(site.in_module), _keep(seen.first, place))
                home = site.out_module.rpartition(".")[0]
                for name, module in model.module.get_submodule(home).named_children():
                    path = f"{home}.{name}" if home else name
                    if path != site.out_module and is_matrix(module):
                        listen(module, _keep(seen.linears.setdefault(place, {}), path))
                    elif "Norm" in type(module).__name__:
                        listen(module, _keep(seen.norms.setdefault(place, {}), path))
        (seen.recording,) = recorder.record([wave])
    return seen


# What is kept is copied: models work in place (``y += x``, ``ReLU(inplace=True)``).


def _keep(found: dict[Any, Tensor], key: Any) -> Callable[..., None]:
    def hook(module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        if isinstance(output, Tensor):
            found[key] = output.detach().clone()

    return hook


def _keep_both(seen: _Seen, place: int, at: str) -> Callable[..., None]:
    def hook(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        seen.before[place] = (args[0] if args else next(iter(kwargs.values()))).detach().clone()
        if _claims_to_be_linear(module):
            seen.after[place] = tensor_of(output, at).detach().clone()

    return hook


def _claims_to_be_linear(module: nn.Module) -> bool:
    return is_matrix(module) or hasattr(module, "in_features")


def _feed_forwards(model: SpeechModel, seen: _Seen) -> Iterator[Finding]:
    places = sorted(seen.after)
    if not places:
        side = "goes into" if seen.before else "comes out of"
        yield Finding("second linear", "ok", f"nothing to show: neurons are what {side} the modules that you named")
        return
    errors: dict[int, float] = {}
    unlike = []
    for place in places:
        module = model.module.get_submodule(model.sites[place].out_module)
        error = reproduction_error(module, seen.before[place], seen.after[place])
        if error is None:
            unlike.append(model.sites[place])
        else:
            errors[place] = error
    bad = [place for place, error in errors.items() if not error <= TOLERANCE]
    if bad:
        yield Finding(
            "second linear",
            "wrong",
            f"what enters {_at(model.sites[bad[0]])} times its weight is not what it gives (relative error "
            f"{errors[bad[0]]:.1e}), and so in {len(bad)} of {_number(len(places), 'layer')}",
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
            f"captured activations times W2 give its output in {_number(len(places), 'layer')} (relative error at most "
            f"{max(errors.values()):.0e})",
        )
    yield _activation(model, seen, places)


def _activation(model: SpeechModel, seen: _Seen, places: list[int]) -> Finding:
    """Whether neurons are read behind the activation function, each from its own row of the first linear."""
    said: dict[str, int] = {}
    for place in places:
        site, y = model.sites[place], seen.before[place]
        at = _at(site)
        linears = dict(seen.linears.get(place, {}))
        if place in seen.first:
            linears = {"the first linear": seen.first[place]} | {
                path: x for path, x in linears.items() if path != site.in_module
            }
        found = next(((path, x, names) for path, x in linears.items() if (names := functions_of(x, y))), None)
        if found is None:
            norm = next((path for path, x in seen.norms.get(place, {}).items() if torch.equal(x, y)), None)
            if norm is not None:
                kind = type(model.module.get_submodule(norm)).__name__
                return Finding(
                    "activation",
                    "open",
                    f"what enters {at} comes out of a {kind} ({norm}): neurons are normalised values",
                    "name the module before it with --layers out:PATTERN, where those before the normalisation are "
                    "meant",
                )
            gate = gate_of(linears, y)
            if gate is None:
                return _no_activation_found(at)
            said[gate] = said.get(gate, 0) + 1
            continue
        path, x, names = found
        if IDENTITY in names and site.between_linears:
            if len(names) > 1 and bool((x >= 0).all()):
                return Finding(
                    "activation",
                    "open",
                    f"what {path} of {at} gives is never negative, so that {' or '.join(names)} cannot be told apart",
                    "try it on other AUDIO, or look at the model's code",
                )
            return Finding(
                "activation",
                "wrong",
                f"{at} receives what the first linear gives, without an activation function",
                "name the module behind the activation function with --layers in:PATTERN",
            )
        equal = " (the same on these values)" if len(names) > 1 else ""
        words = f"{' or '.join(names)}{equal} of {path}" if path == "the first linear" else _beside(names, equal, path)
        said[words] = said.get(words, 0) + 1
    return Finding(
        "activation",
        "ok",
        "neurons are " + " and ".join(f"{words} in {_number(n, 'layer')}" for words, n in said.items()),
    )


def _beside(names: list[str], equal: str, path: str) -> str:
    of = f"what comes out of {path.rpartition('.')[2]}"
    return of if names == [IDENTITY] else f"{' or '.join(names)}{equal} of {of}"


def _no_activation_found(at: str) -> Finding:
    return Finding(
        "activation",
        "open",
        f"what enters {at} is none of {', '.join(ACTIVATIONS)} of a first linear, nor such a one times another",
        "each neuron is read where the second linear receives it, which is right of gated networks too; look at the "
        "model's code where you do not expect one",
    )


def _frames(model: SpeechModel, recorder: Recorder, wave: np.ndarray) -> Finding:
    """Whether every site gives as many frames as its grid says, at lengths where another one is just there or not."""
    lengths = {len(wave)}
    for grid in model.grids:
        if grid != Grid.UTTERANCE:
            window, hop = (us * model.sample_rate / 1_000_000 for us in (grid.window_us, grid.hop_us))
            most = int((len(wave) - window) // hop)
            for n_hops in {1, most} | ({most // 2} if model.padding_frames else set()):
                lengths |= {int(np.ceil(window + n_hops * hop)) - short for short in (0, 1)}
    rows: dict[int, dict[int, int]] = {}
    failed: list[NotRunError] = []
    for n_samples in sorted(n for n in lengths if 0 < n <= len(wave)):
        if all(grid.n_frames(n_samples, model.sample_rate) for grid in model.grids):
            try:
                recorder.record([wave[:n_samples]])
            except NotRunError as error:
                failed.append(error)
            except ModelError as error:
                return Finding("frames", "wrong", f"of {n_samples} samples: {error}", "state the grid as it says")
            else:
                rows[n_samples] = dict(recorder.rows)
    if not rows:
        return Finding("frames", "open", f"{failed[-1]}, though it was before", "try it on other AUDIO")
    said = "; ".join(_formula(grid, model.sample_rate) for grid in model.grids)
    said += f"; as found at {_number(len(rows), 'length')} up to {max(rows)} samples"
    if failed:
        said += f"; {failed[-1]}, so that such utterances are left out with --on-error skip"
    return _padding(model, rows) or Finding("frames", "ok", said)


def _padding(model: SpeechModel, rows: dict[int, dict[int, int]]) -> Finding | None:
    """What rows that stand for padding hide of the grid; None when they hide nothing.

    Args:
        model: the model.
        rows: of each site, those for padding among them, by number of samples and place.
    """
    for place, site in enumerate(model.sites):
        grid = model.grid_of(site)
        found = {n: of_sites[place] for n, of_sites in rows.items()}
        frames = {n: grid.n_frames(n, model.sample_rate) for n in rows}
        more = [found[n] - frames[n] for n in rows]
        if grid == Grid.UTTERANCE or max(more) - min(more) <= 1:
            continue
        if len(set(found.values())) > 1:
            few, many = min(rows), max(rows)
            return Finding(
                "frames",
                "wrong",
                f"{_at(site)} gives {found[few]} rows of {few} samples and {found[many]} of {many}, where the grid has "
                f"{frames[few]} and {frames[many]}: that is another rate, and no padding",
                "leave --hop-ms out, so that the rate is measured",
            )
        if model.family == UNKNOWN:
            return Finding(
                "frames",
                "open",
                f"{_at(site)} gives {found[max(rows)]} rows whatever the length, so that nothing shows whether a frame "
                f"lasts {grid.hop_us / 1000:g} ms",
                "compare --hop-ms and --offset-ms with the model's code: rows of padding hide what is wrong with them",
            )
    return None


def _formula(grid: Grid, sample_rate: int) -> str:
    if grid == Grid.UTTERANCE:
        return str(grid)
    window, hop = (us * sample_rate / 1_000_000 for us in (grid.window_us, grid.hop_us))
    # Windows are whole numbers of samples, rounded down to microseconds.
    return f"T = floor((n - {np.ceil(window):.0f}) / {hop:.0f}) + 1"


def _second_run(recorder: Recorder, wave: np.ndarray, first: Recording | None) -> Finding:
    assert first is not None
    try:
        (again,) = recorder.record([wave])
    except ModelError as error:
        return Finding("second run", "wrong", f"the same sound again: {error}", "the model keeps a state: reset it")
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
        recorder.record(pair)  # decides whether they travel together
        together = recorder.record(pair)
        alone = [recorder.record([one])[0] for one in pair]
    except ModelError as error:
        return Finding("batch", "ok", f"refused, so use --batch 1: {error}")
    changed = [
        float(np.mean(a != b))
        for one, other in zip(together, alone, strict=True)
        for a, b in zip(one.neurons, other.neurons, strict=True)
    ]
    if any(changed):
        share = f"in a batch of two, up to {max(changed):.1%} of what is recorded differs"
        if recorder.dtype != "float32":
            return Finding("batch", "ok", f"{share}, as {recorder.dtype} moves borderline ranks")
        return Finding("batch", "wrong", share, "--batch 1")
    if recorder.batches(len(pair), len(wave)):
        return Finding("batch", "ok", "two utterances together give every bit that each gives by itself")
    if recorder.dtype != "float32":
        return Finding("batch", "ok", "two utterances together give the neurons that each gives by itself")
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


def _number(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _at(site: Site) -> str:
    return f"layer {site.layer} ({site.out_module})"
