"""The ingest job: run a model once over a corpus and leave everything that can be asked in a warehouse.

The steps, each of them committed by itself and skipped when it is done already: register the model, give the
corpus its numbers, prepare labels and F0, record shard after shard.
"""

import json
import os
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import torch

from ingest.audio import once
from ingest.corpora import Corpus
from ingest.means import check_kinds
from ingest.models import SpeechModel, wrap
from ingest.planning import Shard, corpus_checksum, plan
from ingest.prepare import Rejection, prepare, prepared
from ingest.progress import Progress, bar
from ingest.record import ShardRecorder, recorded
from ingest.recorder import Recorder
from ingest.registration import declare_built_in, register_model
from ingest.settings import Settings
from warehouse import Commit, CorpusError, Grid, Layout, create, snapshot
from warehouse.schema import table


@dataclass(frozen=True)
class Ingested:
    """What a run did.

    Attributes:
        model: name of the model.
        corpus: name of the corpus.
        utterances: how many utterances of the corpus the model has seen now.
        seconds: audio recorded by this run.
        rejected: utterances left out, and why.
    """

    model: str
    corpus: str
    utterances: int
    seconds: float
    rejected: tuple[Rejection, ...]


def ingest(
    model: torch.nn.Module | SpeechModel,
    corpus: Corpus,
    path: str | os.PathLike[str],
    *,
    model_name: str,
    quiet: bool = False,
    **settings: Any,
) -> Ingested:
    """Record a model over a corpus into a warehouse.

    Run again with the same arguments, it goes on where it stopped, and does nothing when all is done.

    Args:
        model: any module whose feed-forward layers are found (see :func:`ingest.models.wrap`), or one that was
            wrapped already.
        corpus: audio, labels and metadata.
        path: folder of the warehouse, made when it is not there.
        model_name: name of the model in the warehouse.
        quiet: show no progress on stderr.
        **settings: see :class:`ingest.settings.Settings`.

    Returns:
        What was done.

    Raises:
        WarehouseError: what is wrong with the input, the model or the warehouse, in one line.
    """
    chosen = Settings(**settings)
    speech_model = model if isinstance(model, SpeechModel) else wrap(model)
    check_kinds(speech_model, chosen.segment_means)
    layout = create(path)
    register_model(layout, model_name, speech_model, chosen)
    declare_built_in(layout, any(kind is not None for kind in corpus.phone_set.classes.values()))
    run = _Run(layout, model_name, speech_model, corpus, chosen)
    with bar(quiet) as progress:
        return run.work(progress)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass
class _Run:
    layout: Layout
    model_name: str
    model: SpeechModel
    corpus: Corpus
    settings: Settings
    started: datetime = field(default_factory=_now)
    identifier: str = field(default_factory=lambda: os.urandom(6).hex())

    def work(self, progress: Progress) -> Ingested:
        model, corpus, settings = self.model, self.corpus, self.settings
        rejected = [(r.utterance, r.reason) for r in corpus.rejected]
        # The same shards on each grid of the model, and each shard on all of them.
        on_grids = [plan(self.layout, corpus, grid, model.sample_rate, settings.shard_minutes) for grid in model.grids]
        shards = on_grids[0]
        state = snapshot(self.layout)
        own = [on_all for i, on_all in enumerate(zip(*on_grids, strict=True)) if i % settings.world == settings.rank]
        seconds = {u.name: u.n_samples / u.sample_rate for u in corpus.utterances}
        unprepared = [_missing(on_grid, lambda shard: prepared(state, shard), seconds) for on_grid in on_grids]
        missing = _missing([s for s, *_ in own], lambda shard: recorded(state, self.model_name, shard), seconds)
        total = sum(missing.values())
        if not total and not rejected:
            return self._summary(shards, 0.0, rejected)
        started = self._log(None, rejected, None)
        note = once(progress.note)
        for line in corpus.notes:
            note(line)
        if settings.segment_means and not corpus.labelled:
            note(f"corpus {corpus.name!r} has no phone labels: segment means are those of whole utterances")
        # Whole utterances have no F0, which is what takes time.
        to_prepare = sum(
            sum(lacking.values())
            for grid, lacking in zip(model.grids, unprepared, strict=True)
            if grid != Grid.UTTERANCE
        )
        with progress.stage("labels and F0" if settings.f0 else "labels", to_prepare) as advance:
            # Whole utterances at the end: quantile properties cut them where their frames are.
            for _, on_grid in sorted(zip(model.grids, on_grids, strict=True), key=lambda pair: pair[0].is_whole):
                found = prepare(self.layout, corpus, on_grid, model.sample_rate, settings, advance, note)
                known = {utterance for utterance, _ in rejected}
                rejected += [(utterance, reason) for utterance, reason in found if utterance not in known]
        by_name = {u.name: u for u in corpus.utterances}
        kept = settings.values, settings.means, settings.dtype, settings.segment_means
        listening = Recorder(model, settings.lambda_pct, *kept)
        with listening, progress.stage(f"recording {self.model_name}", total) as advance:
            recorder = ShardRecorder(
                snapshot(self.layout), self.model_name, listening, by_name, settings, advance, note
            )
            for on_all in own:
                if on_all[0].name in missing:
                    rejected += recorder.record(on_all)
        self._log(_now(), rejected, started)
        return self._summary(shards, total, rejected)

    def _summary(self, shards: list[Shard], seconds: float, rejected: list[Rejection]) -> Ingested:
        state = snapshot(self.layout)
        seen = sum(len(recorded(state, self.model_name, shard)) for shard in shards)
        return Ingested(self.model_name, self.corpus.name, seen, seconds, tuple(dict.fromkeys(rejected)))

    def _log(self, finished: datetime | None, rejected: list[Rejection], replaces: str | None) -> str:
        """Enter the run in ``ingests``: once when it starts, and once in place of that when it ends."""
        names = ("neuron-warehouse", "torch", "torchaudio", "numpy", "duckdb", "pyarrow", "AMFM_decompy")
        versions = {"python": platform.python_version(), **{name: version(name) for name in names}}
        row = {
            "run": self.identifier,
            "started": self.started,
            "finished": finished,
            "model": self.model_name,
            "corpus": self.corpus.name,
            "versions": json.dumps(versions),
            "settings": json.dumps(asdict(self.settings)),
            "checksums": json.dumps({"model": self.model.checksum, "corpus": corpus_checksum(self.corpus)}),
            "threads": torch.get_num_threads(),
            "rejected": [{"utterance": u, "reason": r} for u, r in dict.fromkeys(rejected)],
        }
        name = f"run-{self.identifier}-{'started' if finished is None else 'finished'}"
        with Commit(self.layout) as commit:
            commit.add("ingests", table("ingests", {key: [value] for key, value in row.items()}))
            commit.publish(name, "run", {"run": self.identifier}, [replaces] if replaces else [])
        return name


def _missing(shards: list[Shard], done: Callable[[Shard], set[int]], seconds: dict[str, float]) -> dict[str, float]:
    """Seconds of audio that each unfinished shard still lacks."""
    missing = {}
    for shard in shards:
        there = done(shard)
        names = [name for name, number in zip(shard.names, shard.utterance_ids, strict=True) if number not in there]
        for name in names:
            if name not in seconds:
                raise CorpusError(
                    f"{name}: planned for corpus {shard.corpus!r}, but not among its files now; restore it, or give "
                    "the corpus another name"
                )
        if names:
            missing[shard.name] = sum(seconds[name] for name in names)
    return missing
