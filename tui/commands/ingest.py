"""``neurons ingest``: record a model over a corpus."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.arguments import Quiet, Warehouse
from tui.huge_pages import ask_for_huge_pages
from tui.model_options import NOTHING, Given, files_of, with_model_options
from tui.registering import add
from tui.reporting import KEPT, MisuseError, reported, say

if TYPE_CHECKING:
    from ingest import Corpus, Ingested

SHOWN = 3
"""Rejected utterances named in the summary."""

MERE_FOLDERS = ("audio", "wav", "wavs", "flac", "mp3")
"""Audio folders that do not name a corpus; the folder around them does."""

PHONE_SETS = ("auto", "any", "arpabet", "timit", "mfa-ipa")


def register(app: typer.Typer) -> None:
    """Add the command."""
    add(app, ingest)


@reported(KEPT)
@with_model_options
def ingest(
    warehouse: Warehouse,
    audio: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Audio: a folder, searched through, or a Kaldi wav.scp.", show_default=False),
    ],
    model: Annotated[
        str,
        typer.Option(
            metavar="SPEC",
            help="torchaudio:NAME, transformers:FOLDER|HUB/NAME, fairseq:FILE, melhubert:FILE, mel:tiny|FILE or "
            "python:MODULE:FUNCTION.",
            show_default=False,
        ),
    ],
    labels: Annotated[
        Path | None,
        typer.Option(metavar="DIR|FILE", help="Phone labels: TextGrid, CTM, .PHN, .lab, or frame labels in JSON."),
    ] = None,
    metadata: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="CSV, TSV, Parquet, SPEAKERS.TXT, spk2gender, …; repeatable."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the model in the warehouse. [default: from SPEC]")
    ] = None,
    corpus: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Name of the corpus. [default: the folder's, or of the one around it if that is called audio]",
        ),
    ] = None,
    reading: Given = NOTHING,
    lambda_pct: Annotated[
        float, typer.Option("--lambda", metavar="PERCENT", help="Share of a layer's neurons that a frame activates.")
    ] = 1.0,
    shard_minutes: Annotated[
        float, typer.Option(metavar="MIN", help="Most audio in a shard, the unit of commits; at most 10.")
    ] = 10.0,
    batch: Annotated[
        int,
        typer.Option(metavar="N", min=1, help="Most utterances of equal length that go through the model together."),
    ] = 1,
    values: Annotated[bool, typer.Option("--values", help="Keep the signed values of recorded neurons too.")] = False,
    no_means: Annotated[bool, typer.Option("--no-means", help="Leave out means and deviations per utterance.")] = False,
    segment_means: Annotated[
        str | None,
        typer.Option(
            metavar="KINDS",
            help="block, ffn or block,ffn: keep the mean over the frames of every phone segment, of block outputs or "
            "feed-forward neurons; in HuBERT base about 1.4 GB (block) and 5.6 GB (ffn) an hour. [default: none]",
            show_default=False,
        ),
    ] = None,
    no_f0: Annotated[bool, typer.Option("--no-f0", help="Leave out F0, and with it pitch.")] = False,
    on_error: Annotated[
        str,
        typer.Option(metavar="stop|skip", help="Stop at the first unusable utterance, or leave it out and say why."),
    ] = "stop",
    phones: Annotated[
        str,
        typer.Option(
            metavar="SET|FILE", help="auto, any, arpabet, timit, mfa-ipa or a CSV map (phone, phone_class, rename)."
        ),
    ] = "auto",
    label_map: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JSON {phone: [id, count]}, for frame labels.")
    ] = None,
    pitch: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JSON of discretised pitch, taken as it is.")
    ] = None,
    tier: Annotated[
        str | None, typer.Option(metavar="NAME", help="Phone tier of the TextGrids, where it is not plain.")
    ] = None,
    names: Annotated[
        str, typer.Option(metavar="stem|path", help="Name utterances by file name, or by path below DIR.")
    ] = "stem",
    device: Annotated[str, typer.Option(metavar="cpu|cuda", help="Where the model runs.")] = "cpu",
    dtype: Annotated[
        str, typer.Option(metavar="float32|bfloat16", help="Arithmetic of the model; bfloat16 moves borderline ranks.")
    ] = "float32",
    threads: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="torch threads. [default: one per core]", show_default=False)
    ] = None,
    rank: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="This process among those that share the work. [default: RANK, SLURM_PROCID or 0]",
            show_default=False,
        ),
    ] = None,
    world: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="How many processes share the work. [default: WORLD_SIZE, SLURM_NTASKS or 1]",
            show_default=False,
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Record a model over a corpus, every layer in one pass.

    Ctrl-C leaves a good warehouse, and the same command goes on where it stopped.

    Example:
      neurons ingest study.warehouse --audio LibriSpeech/dev-clean --labels alignments --model torchaudio:HUBERT_BASE
      neurons ingest study.warehouse --audio clips --model torchaudio:hubert_base --random-init 0
    """
    _check(
        [audio, labels, *(metadata or ()), label_map, pitch, *files_of(reading)], phones, on_error, names, device, dtype
    )
    settings = _settings(
        lambda_pct=lambda_pct,
        shard_minutes=shard_minutes,
        batch=batch,
        values=values,
        means=not no_means,
        segment_means=segment_means,
        f0=not no_f0,
        on_error=on_error,
        dtype=dtype,
        rank=rank,
        world=world,
    )
    ask_for_huge_pages()
    from ingest import Corpus

    if warehouse.exists():
        from warehouse import create

        create(warehouse)  # a folder that is something else is refused before the work
    read = Corpus.from_files(
        audio,
        labels,
        metadata or None,
        name=corpus or _name_of(audio),
        label_map=label_map,
        pitch=pitch,
        phones=phones,
        tier=tier,
        names=names,  # type: ignore[arg-type]
        on_error=on_error,  # type: ignore[arg-type]
    )
    _run(
        warehouse,
        read,
        {"spec": model, **reading},
        name or _model_name(model, reading.get("random_init")),
        settings,
        device,
        threads,
        quiet,
    )


def _run(
    warehouse: Path,
    corpus: "Corpus",
    model: dict[str, Any],
    model_name: str,
    settings: dict[str, Any],
    device: str,
    threads: int | None,
    quiet: bool,
) -> None:
    import torch

    from ingest import ingest as record
    from ingest import load
    from queries import write_catalog

    if threads is not None:
        torch.set_num_threads(threads)
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise MisuseError(f"--device {device}: torch finds no such device on this machine; use cpu")
    loaded = load(**model)
    loaded.module.to(device)
    done = record(loaded, corpus, warehouse, model_name=model_name, quiet=quiet, **settings)
    write_catalog(warehouse)
    for line in summary(done, warehouse, quiet):
        say(line)


def summary(done: "Ingested", warehouse: Path, quiet: bool = False) -> list[str]:
    """What a run did, what it left out, and what to try next."""
    lines = []
    if not quiet:
        lines.append(
            f"{warehouse}: {done.model} has seen {done.utterances} utterances of {done.corpus}"
            + (f", {done.seconds:.1f} s of audio in this run" if done.seconds else "; nothing was left to do")
        )
    if done.rejected:
        lines.append(f"{len(done.rejected)} utterances were left out:")
        lines += [f"  {utterance}: {reason}" for utterance, reason in done.rejected[:SHOWN]]
        listed = f'neurons sql {shlex.quote(str(warehouse))} "SELECT unnest(rejected, recursive := true) FROM ingests"'
        lines.append(f"  all of them: {listed}" if len(done.rejected) > SHOWN else f"  again: {listed}")
    if not quiet:
        lines.append(f"next: neurons properties {shlex.quote(str(warehouse))}")
    return lines


def _check(paths: Sequence[Path | None], phones: str, on_error: str, names: str, device: str, dtype: str) -> None:
    """Refuse in an instant what would fail after the models and libraries are loaded."""
    needed = [path for path in paths if path is not None]
    if phones not in PHONE_SETS:
        needed.append(Path(phones))
    for path in needed:
        if not path.exists():
            raise MisuseError(f"{path}: there is no such file or folder; check the path")
    choices = (
        ("--on-error", on_error, ("stop", "skip")),
        ("--names", names, ("stem", "path")),
        ("--device", device.partition(":")[0], ("cpu", "cuda")),
        ("--dtype", dtype, ("float32", "bfloat16")),
    )
    for option, value, allowed in choices:
        if value not in allowed:
            raise MisuseError(f"{option} {value}: give {' or '.join(allowed)}")


def _settings(**given: Any) -> dict[str, Any]:
    """The settings that the user gave, checked before anything slow; the environment says the others."""
    from ingest.settings import Settings

    known = {key: value for key, value in given.items() if value is not None}
    Settings(**known)
    return known


def _name_of(audio: Path) -> str:
    """A corpus in ``dev-clean`` or ``dev-clean/audio`` is dev-clean."""
    resolved = audio.resolve()
    if resolved.is_file():
        return resolved.stem
    return (resolved.parent if resolved.name.lower() in MERE_FOLDERS else resolved).name


def _model_name(spec: str, seed: int | None) -> str:
    """``torchaudio:hubert_base`` and ``hubert_base.pt`` are hubert_base, ``hf:a/hubert`` hubert; a seed is told."""
    name = spec.rstrip("/").rpartition("/")[2].rpartition(":")[2]
    for suffix in (".pt", ".pth", ".ckpt"):
        name = name.removesuffix(suffix)
    return name if seed is None else f"{name}-random{seed}"
