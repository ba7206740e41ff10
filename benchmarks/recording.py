"""What recording costs beside the model itself: time, memory, disk, and whether the ranks are exact.

    python benchmarks/recording.py ../shared/data/speechocean762/eval [--utterances 200] [--only costs]

The baseline is a process that imports, builds a seeded HuBERT base, reads the audio and runs the model
(``forward_only.py``); the figure is the whole ``neurons ingest`` command, once with F0 to compute and once with F0
prepared already.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import polars as pl
import soundfile
import torch
import torchaudio
from figures import figure, run

from tui.huge_pages import SWITCH
from warehouse import snapshot

SEED = 872


def ingest_command(folder: Path, warehouse: Path, name: str, batch: int = 1) -> list[str]:
    """The command that a user would type."""
    neurons = str(Path(sys.executable).with_name("neurons"))
    return [
        neurons, "ingest", str(warehouse), "--audio", str(folder / "audio"), "--labels", str(folder / "alignments"),
        "--metadata", str(folder / "utterances.csv"), "--model", "torchaudio:hubert_base", "--random-init", str(SEED),
        "--name", name, "--batch", str(batch), "--corpus", "bench", "--quiet",
    ]  # fmt: skip


def subset(folder: Path, target: Path, n_utterances: int | None, times: int = 1) -> Path:
    """Links to the first utterances of a corpus, each under ``times`` names."""
    (target / "audio").mkdir(parents=True)
    (target / "alignments").mkdir()
    rows = pl.read_csv(folder / "utterances.csv", infer_schema=False)[:n_utterances]
    copies = []
    for copy in range(times):
        suffix = f"-{copy}" if copy else ""
        for name, speaker in rows.select("utterance", "speaker").iter_rows():
            (target / "audio" / f"{name}{suffix}.flac").symlink_to(folder / "audio" / speaker / f"{name}.flac")
            grid = folder / "alignments" / speaker / f"{name}.TextGrid"
            (target / "alignments" / f"{name}{suffix}.TextGrid").symlink_to(grid)
        copies.append(rows.with_columns(pl.col("utterance") + suffix))
    pl.concat(copies).write_csv(target / "utterances.csv")
    return target


def disagreement(folder: Path, warehouse: Path, model_name: str) -> tuple[int, int]:
    """Recorded ranks that differ from a plain sort of each utterance by itself: (how many, of how many)."""
    torch.manual_seed(SEED)
    model = torchaudio.models.hubert_base().eval()
    values: list[torch.Tensor] = []
    for block in model.encoder.transformer.layers:
        block.feed_forward.output_dense.register_forward_pre_hook(lambda m, x: values.append(x[0][0].abs()))
    state = snapshot(warehouse)
    recorded = pl.scan_parquet(list(state.files("activations"))).filter(pl.col("model") == model_name)
    frames = pl.read_parquet(list(state.files("frames"))).sort("frame_id")
    names = pl.concat([pl.read_parquet(f, columns=["utterance_id", "utterance"]) for f in state.files("utterances")])
    wrong = total = 0
    for number, name in names.sort("utterance_id").iter_rows():
        ids = frames.filter(utterance_id=number)["frame_id"]
        mine = (
            recorded.filter(pl.col("frame_id").is_between(ids.min(), ids.max()))
            .collect()
            .sort("layer", "frame_id", "rank")
        )
        values.clear()
        wave, _ = soundfile.read(next(folder.joinpath("audio").rglob(f"{name}.flac")), dtype="float32")
        with torch.inference_mode():
            model(torch.from_numpy(wave)[None])
        # Exact ties occur, and torch.topk leaves their order open: a stable sort takes the lower neuron first.
        plain = torch.stack([value.sort(descending=True, stable=True).indices[:, :31] for value in values]).numpy()
        wrong += int((mine["neuron"].to_numpy().reshape(plain.shape) != plain).sum())
        total += plain.size
    return wrong, total


def costs(folder: Path, scratch: Path, repeats: int) -> None:
    """Time and memory of the whole command beside a process that only runs the model; bits on disk."""
    forward_only = [sys.executable, str(Path(__file__).with_name("forward_only.py")), str(folder / "audio"), str(SEED)]
    warehouse = scratch / "w"
    baseline, tuned, with_f0, cached = [], [], [], []
    for _ in range(repeats):
        shutil.rmtree(warehouse, ignore_errors=True)
        baseline.append(run(forward_only))
        tuned.append(run(forward_only, env=os.environ | {SWITCH: "1"}))
        with_f0.append(run(ingest_command(folder, warehouse, "first")))
        cached.append(run(ingest_command(folder, warehouse, "second")))
    wall = statistics.median(r.wall for r in baseline)
    against = "import, build, read and forward"
    for name, runs in (("whole ingest command, F0 computed", with_f0), ("whole ingest command, F0 cached", cached)):
        figure(name, statistics.median(r.wall for r in runs), "s", wall, against)
        for kind, others in (("baseline", baseline), ("baseline with huge pages, as the command has them", tuned)):
            pairs = [r.wall / b.wall for r, b in zip(runs, others, strict=True)]
            figure("  pair by pair", statistics.median(pairs), f"x {kind}")
    own = statistics.median(r.peak_mib for r in baseline)
    peak = statistics.median(r.peak_mib for r in with_f0)
    figure("peak memory", peak, "MiB", own, "the model's own")
    figure("peak memory above the model's own", peak - own, "MiB")
    state = snapshot(warehouse)
    bits = 8 * state.bytes("activations") / state.rows("activations")
    figure("bits on disk per recorded activation", bits, "bits")


def memory(folder: Path, scratch: Path, n_utterances: int | None) -> None:
    """Whether memory grows with the audio."""
    peaks = []
    for times in (1, 2):
        links = subset(folder, scratch / f"audio-{times}", n_utterances, times)
        peaks.append(run(ingest_command(links, scratch / f"w-{times}", "m")).peak_mib)
    figure("peak memory for twice the audio", peaks[1], "MiB", peaks[0], "once")


def ranks(folder: Path, scratch: Path, batch: int) -> None:
    """Whether every recorded rank is that of a plain sort, one by one and in batches."""
    for name, size in (("single", 1), ("batched", batch)):
        run(ingest_command(folder, scratch / "ranks", name, size))
        wrong, total = disagreement(folder, scratch / "ranks", name)
        figure(f"recorded ranks that differ from a plain sort, batches of {size}", wrong, f"of {total}")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--utterances", type=int, help="only the first N utterances")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--batch", type=int, default=8, help="size of the batches whose ranks are checked")
    parts = ("costs", "memory", "ranks")
    parser.add_argument("--only", choices=parts, nargs="+", default=parts, help="only these parts")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch, corpus = Path(name), arguments.corpus.resolve()
        folder = subset(corpus, scratch / "once", arguments.utterances)
        if "costs" in arguments.only:
            costs(folder, scratch, arguments.repeats)
        if "memory" in arguments.only:
            memory(corpus, scratch, arguments.utterances)
        if "ranks" in arguments.only:
            ranks(folder, scratch, arguments.batch)


if __name__ == "__main__":
    main()
