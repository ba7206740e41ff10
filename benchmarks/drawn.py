"""A warehouse of real size without a model: real frame labels, drawn activations.

The labels are those of LibriSpeech dev-clean (968,842 frames), the activations are drawn: 31 of 3072 neurons a
frame and layer, without replacement, so that the counts have the size that a model's would have at most.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from ingest.corpora import Corpus, Segment, Utterance
from ingest.corpora.frame_labels import read_frame_labels
from ingest.corpora.phone_set import shipped
from ingest.models.base import Site, SpeechModel
from ingest.planning import Shard, plan
from ingest.prepare import prepare
from ingest.record import Recorded, ShardRecorder
from ingest.recorder import Recorder, Recording
from ingest.registration import declare_built_in, register_model
from ingest.settings import Settings
from warehouse import Grid, Snapshot, create, snapshot
from warehouse.compact import compact

GRID = Grid(20_000, 12_500, 25_000)
LAYERS, WIDTH, TOP_K, RATE = 12, 3072, 31, 16_000
NAMES = {
    "ids": "dev-clean-framewise-phone-merge-20ms.json",
    "map": "dev-clean-label-merge.json",
    "genders": "libri-dev-spk-gender.json",
    "pitch": "pitch-discrete-dev-clean.json",
}


def corpus_of(folder: Path) -> Corpus:
    """The corpus that the label files describe; its audio does not exist."""
    labels = read_frame_labels(folder / NAMES["ids"], folder / NAMES["map"])
    genders, pitch = (json.loads((folder / NAMES[key]).read_text()) for key in ("genders", "pitch"))
    phones = shipped("arpabet")
    utterances = []
    for name, ids in sorted(labels.ids.items()):
        speaker = name.split("-")[0]
        segments = tuple(
            Segment(i.start_us, i.end_us, phones.canonical(i.label) or "", None) for i in labels.intervals(name)
        )
        n_samples = (len(ids) - 1) * 320 + 400
        metadata = {"speaker": speaker, "gender": genders[speaker], "text": None}
        given = np.array(pitch[name], dtype=np.int8)
        utterances.append(
            Utterance(name, Path(name), segments, metadata, given, 20_000, n_samples=n_samples, sample_rate=RATE)
        )
    return Corpus("dev-clean", utterances, True, phones)


def speech_corpus(folder: Path) -> Corpus:
    """The evaluation part of speechocean762, by its files."""
    return Corpus.from_files(folder / "audio", folder / "phones.ctm", folder / "utterances.csv", name="eval")


def drawn_model(layers: int = LAYERS) -> SpeechModel:
    """Stands for a model with layers of 3072 neurons; it cannot be run."""
    sites = tuple(
        Site(n, n, "ffn", f"layers.{n - 1}.in", f"layers.{n - 1}.out", None, WIDTH) for n in range(1, layers + 1)
    )
    return SpeechModel(
        torch.nn.Identity(), "drawn", "drawn", sites, GRID, RATE, False, torch.nn.Identity(), torch.nn.Identity()
    )


class Drawing(ShardRecorder):
    """Draws what a model would have given."""

    def __init__(self, state: Snapshot, corpus: Corpus, settings: Settings, layers: int) -> None:
        by_name = {u.name: u for u in corpus.utterances}
        recorder = Recorder(drawn_model(layers), settings.lambda_pct, means=False)
        self.layers = layers
        super().__init__(state, "drawn", recorder, by_name, settings, lambda seconds: None, print)

    def _run(self, on_grids: Sequence[Shard], places: Sequence[int], rejected: list) -> Recorded:
        (shard,) = on_grids
        random = np.random.default_rng(shard.first_frames[0])
        # A thousand rows of distinct neurons, chosen at random for each frame: drawing anew is too slow.
        rows = np.argsort(random.random((1000, WIDTH)), axis=1)[:, :TOP_K].astype(np.uint16)
        recordings = []
        for place in places:
            n = shard.n_frames[place]
            shift = random.integers(0, WIDTH, (self.layers, n, 1))
            drawn = (rows[random.integers(0, len(rows), (self.layers, n))] + shift) % WIDTH
            recordings.append(Recording(n, list(drawn.astype(np.uint16)), None, None, None, None, None))
        return Recorded(list(places), recordings)


def build(folder: Path, target: Path, compacted: bool = True) -> None:
    """Make the warehouse of dev-clean's labels at ``target``."""
    build_of(corpus_of(folder), target, compacted=compacted)


def build_of(corpus: Corpus, target: Path, layers: int = LAYERS, compacted: bool = True) -> None:
    """Make a warehouse of a corpus's labels and drawn activations at ``target``, unless it is there and whole."""
    settings = Settings(means=False, f0=False)
    layout = create(target)
    register_model(layout, "drawn", drawn_model(layers), settings)
    declare_built_in(layout, has_classes=True)
    shards = plan(layout, corpus, GRID, RATE, settings.shard_minutes)
    prepare(layout, corpus, shards, RATE, settings, lambda seconds: None, print)
    drawing = Drawing(snapshot(layout), corpus, settings, layers)
    for shard in shards:
        drawing.record([shard])
    if compacted:
        compact(layout, keep_seconds=0)


@contextmanager
def dev_clean(labels: Path, kept: Path | None) -> Iterator[Path]:
    """The warehouse of dev-clean's labels; where an earlier run has kept it, that one."""
    with TemporaryDirectory() as scratch:
        path = kept or Path(scratch) / "dev-clean.warehouse"
        if not path.exists():
            build(labels, path)
        yield path


@contextmanager
def evaluation(speech: Path, kept: Path | None, layers: int = LAYERS) -> Iterator[Path]:
    """The warehouse of the evaluation part of speechocean762; where an earlier run has kept it, that one."""
    with TemporaryDirectory() as scratch:
        path = kept or Path(scratch) / "eval.warehouse"
        if not path.exists():
            build_of(speech_corpus(speech), path, layers)
        yield path


def both_corpora(description: str | None) -> argparse.Namespace:
    """Arguments of a benchmark over dev-clean and the evaluation part: labels, speech, dev_clean and eval."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path, help="folder of the dev-clean label files")
    parser.add_argument("speech", type=Path, help="folder of the evaluation part of speechocean762")
    parser.add_argument("--dev-clean", type=Path, help="where to keep the warehouse of dev-clean between runs")
    parser.add_argument("--eval", type=Path, help="where to keep the warehouse of the evaluation part between runs")
    return parser.parse_args()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labels", type=Path, help="folder of the dev-clean label files")
    parser.add_argument("target", type=Path, help="folder of the warehouse to make")
    arguments = parser.parse_args()
    build(arguments.labels, arguments.target)
