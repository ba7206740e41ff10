"""``neurons doctor``: whether a model is read right, shown by running it."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui.model_options import NOTHING, Given, files_of, with_model_options
from tui.registering import add
from tui.reporting import FAILED, UNCHANGED, MisuseError, reported

if TYPE_CHECKING:
    import numpy as np

    from ingest.doctor import Finding
    from ingest.models import Site, SpeechModel

MOST_SECONDS = 20.0
"""Of the audio that a model is run on; Whisper hears 30 at most."""

MARKS = {"ok": "ok", "open": "??", "wrong": "NO"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    add(app, doctor)


@reported(UNCHANGED)
@with_model_options
def doctor(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="As `neurons ingest --model`.", show_default=False)],
    audio: Annotated[
        Path | None,
        typer.Argument(metavar="AUDIO", help="Sound to run it on. [default: tones in noise]", show_default=False),
    ] = None,
    reading: Given = NOTHING,
    lambda_pct: Annotated[
        float, typer.Option("--lambda", metavar="PERCENT", help="Share of a layer's neurons that a frame activates.")
    ] = 1.0,
    device: Annotated[str, typer.Option(metavar="cpu|cuda", help="Where the model runs.")] = "cpu",
    dtype: Annotated[
        str, typer.Option(metavar="float32|bfloat16", help="Arithmetic of the model; bfloat16 moves borderline ranks.")
    ] = "float32",
    threads: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="torch threads. [default: one per core]", show_default=False)
    ] = None,
) -> None:
    """Find the neurons of a model, and prove that they are read right.

    Prints its feed-forward networks, or the modules that --layers names, and then shows by running it: that captured
    activations times the second linear reproduce its output, that the number of frames follows the grid, that a second
    run and a batch agree with the first, and that it is known whether the waveform is normalised. Ends with OK, or
    with what to do and exit code 1.

    Example:
      neurons doctor torchaudio:HUBERT_BASE
      neurons doctor my_checkpoint.pt speech.flac
      neurons doctor python:my_models:cnn --layers "cnn.*" "fc*" --no-normalize
    """
    for path in (audio, *files_of(reading)):
        if path is not None and not path.exists():
            raise MisuseError(f"{path}: there is no such file; check the path")
    _check(lambda_pct, device, dtype)
    import torch

    from ingest import load
    from ingest.doctor import examine

    if threads is not None:
        torch.set_num_threads(threads)
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise MisuseError(f"--device {device}: torch finds no such device on this machine; use cpu")
    loaded = load(model, **reading)
    loaded.module.to(device)
    typer.echo(f"{loaded.source}\n{_summary(loaded)}")
    for line in site_lines(loaded, lambda_pct):
        typer.echo(line)
    typer.echo("")
    found = []
    for finding in examine(loaded, _sound(audio, loaded.sample_rate), lambda_pct, dtype):  # type: ignore[arg-type]
        typer.echo(f"{MARKS[finding.outcome]}  {finding.claim + ':':15}{finding.said}")
        found.append(finding)
    _conclude(found)


def _check(lambda_pct: float, device: str, dtype: str) -> None:
    if not 0 < lambda_pct <= 100:
        raise MisuseError(f"--lambda {lambda_pct:g}: give a percentage above 0, at most 100")
    for option, value, allowed in (
        ("--device", device.partition(":")[0], ("cpu", "cuda")),
        ("--dtype", dtype, ("float32", "bfloat16")),
    ):
        if value not in allowed:
            raise MisuseError(f"{option} {value}: give {' or '.join(allowed)}")


def _conclude(found: "list[Finding]") -> None:
    todo = [finding for finding in found if finding.outcome != "ok"]
    if not todo:
        typer.echo("OK")
        return
    typer.echo("to do:")
    for finding in todo:
        typer.echo(f"  {finding.claim}: {finding.remedy}")
    raise typer.Exit(FAILED)


def _sound(audio: Path | None, sample_rate: int) -> "np.ndarray | None":
    if audio is None:
        return None
    from ingest.audio import read_audio

    return read_audio(audio, sample_rate)[: round(MOST_SECONDS * sample_rate)]


def _summary(model: "SpeechModel") -> str:
    parameters = sum(parameter.numel() for parameter in model.module.parameters())
    summary = f"{model.family}, {parameters / 1e6:.1f} million parameters, checksum {model.checksum[:12]}"
    return f"{summary}; {model.grid}" if len(model.grids) == 1 else summary


def site_lines(model: "SpeechModel", lambda_pct: float) -> Iterator[str]:
    """What is recorded, a line for all layers that are alike."""
    from ingest.models.patterns import shape_of
    from ingest.strongest import top_k

    alike: dict[tuple[object, ...], list[Site]] = {}
    for site in model.sites:
        key = shape_of(site.site), site.n_neurons, model.grid_of(site), shape_of(_where(site))
        alike.setdefault(key, []).append(site)
    for sites in alike.values():
        one = sites[0]
        kind, where = one.site, _where(one)
        if len(sites) > 1:
            kind, where = shape_of(kind), shape_of(where)
        hop_ms = model.grid_of(one).hop_us / 1000
        said = [f"{one.n_neurons} neurons, {top_k(lambda_pct, one.n_neurons)} active in a frame", where]
        if len(model.grids) > 1:
            said.append(f"a frame every {hop_ms:g} ms" if hop_ms else "one frame an utterance")
        yield f"{_numbered([site.layer for site in sites])}: {kind}, {'; '.join(said)}"


def _where(site: "Site") -> str:
    """``encoder.layers.3, fc1 to fc2``: the linears between which the neurons lie, or the module that gives them."""
    if site.reads == "output":
        return f"what comes out of {site.out_module}"
    if site.in_module is None:
        return f"what goes into {site.out_module}"
    first, second = (path.split(".") for path in (site.in_module, site.out_module))
    n = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), len(first) - 1)
    inside, pair = ".".join(first[:n]), f"{'.'.join(first[n:])} to {'.'.join(second[n:])}"
    return f"{inside}, {pair}" if inside else pair


def _numbered(layers: Sequence[int]) -> str:
    """``layers 1 to 12``; every second one as ``layers 1, 3 … 23``."""
    if len(layers) == 1:
        return f"layer {layers[0]}"
    steps = {b - a for a, b in pairwise(layers)}
    if len(layers) == 2 or len(steps) > 1 or (steps != {1} and len(layers) < 5):
        return f"layers {', '.join(map(str, layers))}"
    if steps == {1}:
        return f"layers {layers[0]} to {layers[-1]}"
    return f"layers {layers[0]}, {layers[1]} … {layers[-1]}"
