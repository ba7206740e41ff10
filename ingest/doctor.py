"""The doctor: runs a model on some sound and proves, one claim after another, that its neurons are read right.

A model that is read wrong gives numbers all the same. What is claimed of it when it is loaded (which modules hold the
neurons, where its frames lie, what normalises its input) is shown here by what it computes.
"""

from collections.abc import Iterator
from typing import Literal

import numpy as np

from ingest.feed_forward_findings import Seen, feed_forward_findings, run_listening
from ingest.findings import Finding, at, number
from ingest.models.base import SpeechModel
from ingest.recorder import NotRunError, Recorder, Recording
from warehouse.errors import ModelError
from warehouse.grid import Grid

__all__ = ["Finding", "examine", "made_sound"]

SECONDS = 2.0
"""Of the sound that a model is tried on where the user gives none."""

UNKNOWN = "named"
"""The family of modules whose frames nobody but the user knows."""

OTHER_SECONDS = (4.0, 8.0, 1.0, 0.5)
"""Of the sounds that follow where a model cannot be run on that one."""


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
        yield from feed_forward_findings(model, seen)
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


def _first_run(model: SpeechModel, recorder: Recorder, sound: np.ndarray | None) -> tuple[np.ndarray, Seen]:
    """The sound and what it gives: the user's, or the first of those made here that the model takes."""
    if sound is not None:
        wave = np.asarray(sound, np.float32)
        return wave, run_listening(model, recorder, wave)
    failed: NotRunError | None = None
    for seconds in (SECONDS, *OTHER_SECONDS):
        wave = made_sound(model.sample_rate, seconds)
        try:
            return wave, run_listening(model, recorder, wave)
        except NotRunError as error:
            failed = failed or error
    assert failed is not None
    raise failed


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
    said += f"; as found at {number(len(rows), 'length')} up to {max(rows)} samples"
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
                f"{at(site)} gives {found[few]} rows of {few} samples and {found[many]} of {many}, where the grid has "
                f"{frames[few]} and {frames[many]}: that is another rate, and no padding",
                "leave --hop-ms out, so that the rate is measured",
            )
        if model.family == UNKNOWN:
            return Finding(
                "frames",
                "open",
                f"{at(site)} gives {found[max(rows)]} rows whatever the length, so that nothing shows whether a frame "
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
