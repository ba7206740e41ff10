"""From a corpus to its plan: the rows of utterances, segments and phones, and which utterances are new."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.audio import n_samples_at
from ingest.corpora import Corpus, Utterance
from ingest.labels_on_grid import tile
from warehouse import CorpusError, Grid, Layout, Snapshot, snapshot
from warehouse.plan import CorpusPlan, FramePlan, corpus_plans, frame_plans, plan_corpus, plan_frames
from warehouse.schema import TABLES, table

FINGERPRINT = "fingerprint"


@dataclass(frozen=True)
class Shard:
    """A unit of work: some utterances of a corpus with their numbers on a grid.

    Attributes:
        name: unique name in the warehouse.
        corpus: name of the corpus.
        grid: the grid.
        names: utterances, in order.
        utterance_ids: their numbers.
        first_frames: number of each one's first frame.
        n_frames: how many frames the grid gives each.
    """

    name: str
    corpus: str
    grid: Grid
    names: tuple[str, ...]
    utterance_ids: tuple[int, ...]
    first_frames: tuple[int, ...]
    n_frames: tuple[int, ...]


def plan(layout: Layout, corpus: Corpus, grid: Grid, sample_rate: int, shard_minutes: float) -> list[Shard]:
    """Give every utterance of a corpus its place in the warehouse.

    What was planned before keeps its place, also when it was planned with other settings.

    Returns:
        All shards of the corpus on the grid.

    Raises:
        CorpusError: an utterance that the warehouse has already now has other audio, labels or metadata.
    """
    utterances = corpus.utterances
    prints = [fingerprint(utterance) for utterance in utterances]

    new_phones: dict[str, str | None] = {}

    def missing(state: Snapshot) -> list[int]:
        new_phones.clear()
        new_phones.update(_new_phones(state, corpus))
        known = _known(state, corpus.name)
        for utterance, digest in zip(utterances, prints, strict=True):
            if known.get(utterance.name, digest) != digest:
                raise CorpusError(
                    f"{utterance.name}: its audio, labels or metadata are not those that corpus {corpus.name!r} "
                    "was ingested with; restore them, or give the corpus another name"
                )
        return [i for i, utterance in enumerate(utterances) if utterance.name not in known]

    def tables(chosen: Sequence[int], first_id: int) -> dict[str, pa.Table]:
        chosen_utterances, chosen_prints = [utterances[i] for i in chosen], [prints[i] for i in chosen]
        return {
            "utterances": _utterance_rows(corpus.name, chosen_utterances, chosen_prints, first_id),
            "segments": _segment_rows(chosen_utterances, first_id),
            "phones": _phone_rows(corpus.name, new_phones),
        }

    plan_corpus(
        layout,
        corpus.name,
        missing,
        tables,
        [u.n_samples / u.sample_rate for u in utterances],
        shard_minutes * 60,
        {"labelled": corpus.labelled, "phone_set": corpus.phone_set.name},
    )
    lengths = {
        u.name: grid.n_frames(n_samples_at(u.n_samples, u.sample_rate, sample_rate), sample_rate) for u in utterances
    }
    state = snapshot(layout)
    shards = []
    for corpus_plan in corpus_plans(state, corpus.name):
        names = _names(state, corpus_plan)
        frame_plan = _frames(layout, state, corpus_plan, grid, names, lengths)
        shards += _shards(corpus_plan, frame_plan, names)
    return shards


def _frames(
    layout: Layout,
    state: Snapshot,
    corpus_plan: CorpusPlan,
    grid: Grid,
    names: Sequence[str],
    lengths: dict[str, int],
) -> FramePlan:
    while True:
        for found in frame_plans(state):
            if found.corpus_plan == corpus_plan.name and found.grid == grid:
                return found
        for name in names:
            if name not in lengths:
                raise CorpusError(
                    f"{name}: planned for corpus {corpus_plan.corpus!r}, but not among its files now; restore it, "
                    "or give the corpus another name"
                )
        plan_frames(layout, corpus_plan, grid, [lengths[name] for name in names])
        state = snapshot(layout)


def _shards(corpus_plan: CorpusPlan, frame_plan: FramePlan, names: Sequence[str]) -> list[Shard]:
    starts = frame_plan.first_frames()
    return [
        Shard(
            corpus_plan.shard_name(number),
            corpus_plan.corpus,
            frame_plan.grid,
            tuple(names[first:last]),
            tuple(range(corpus_plan.first_utterance_id + first, corpus_plan.first_utterance_id + last)),
            tuple(starts[first:last]),
            frame_plan.n_frames[first:last],
        )
        for number, (first, last) in enumerate(corpus_plan.shards)
    ]


def fingerprint(utterance: Utterance) -> str:
    """Digest of what an utterance was ingested with: length of the audio, labels, metadata, given pitch."""
    segments = [(s.start_us, s.end_us, s.phone, s.word) for s in utterance.segments]
    content = [utterance.n_samples, utterance.sample_rate, segments, sorted(utterance.metadata.items())]
    digest = hashlib.blake2b(json.dumps(content, default=str).encode(), digest_size=8)
    if utterance.given_pitch is not None:
        digest.update(utterance.given_pitch.tobytes())
    return digest.hexdigest()


def corpus_checksum(corpus: Corpus) -> str:
    """Digest of all utterances of a corpus."""
    prints = sorted((utterance.name, fingerprint(utterance)) for utterance in corpus.utterances)
    return hashlib.blake2b(json.dumps(prints).encode(), digest_size=16).hexdigest()


def _known(state: Snapshot, corpus: str) -> dict[str, str]:
    known: dict[str, str] = {}
    for manifest in state.of_kind("corpus"):
        if manifest.facts["corpus"] == corpus:
            for path in state.files("utterances", [manifest]):
                rows = pq.read_table(path, columns=["utterance", FINGERPRINT])
                known.update(zip(rows["utterance"].to_pylist(), rows[FINGERPRINT].to_pylist(), strict=True))
    return known


def _names(state: Snapshot, corpus_plan: CorpusPlan) -> list[str]:
    manifest = next(m for m in state.of_kind("corpus") if m.name == corpus_plan.name)
    return [
        name
        for path in state.files("utterances", [manifest])
        for name in pq.read_table(path, columns=["utterance"])["utterance"].to_pylist()
    ]


def _new_phones(state: Snapshot, corpus: Corpus) -> dict[str, str | None]:
    known: dict[str, str | None] = {}
    for path in state.files("phones"):
        for row in pq.read_table(path).to_pylist():
            if row["corpus"] == corpus.name:
                known[row["phone"]] = row["phone_class"]
    for phone, phone_class in corpus.phone_set.classes.items():
        if known.get(phone, phone_class) != phone_class:
            raise CorpusError(
                f"corpus {corpus.name!r}: phone {phone!r} had class {known[phone]!r} when it was ingested first, now "
                f"{phone_class!r}; use the same phone map, or give the corpus another name"
            )
    return {phone: kind for phone, kind in corpus.phone_set.classes.items() if phone not in known}


def _phone_rows(corpus: str, phones: dict[str, str | None]) -> pa.Table:
    columns = {"corpus": [corpus] * len(phones), "phone": list(phones), "phone_class": list(phones.values())}
    return table("phones", columns)


def _utterance_rows(corpus: str, utterances: Sequence[Utterance], prints: Sequence[str], first_id: int) -> pa.Table:
    own = {name for name, _, _ in TABLES["utterances"].columns}
    extra = [key for key in dict.fromkeys(k for u in utterances for k in u.metadata) if key not in own]
    columns: dict[str, object] = {
        "utterance_id": list(range(first_id, first_id + len(utterances))),
        "corpus": [corpus] * len(utterances),
        "utterance": [u.name for u in utterances],
        "duration": [u.n_samples / u.sample_rate for u in utterances],
        "path": [str(Path(u.audio).absolute()) for u in utterances],
        FINGERPRINT: list(prints),
    }
    for key in ("speaker", "gender", "text"):
        values = (u.metadata.get(key) for u in utterances)
        columns[key] = [None if value is None else str(value) for value in values]
    added = {key: _column(corpus, key, [u.metadata.get(key) for u in utterances]) for key in extra}
    fields = [pa.field(key, values.type) for key, values in added.items()]
    return table("utterances", columns | added, [*fields, pa.field(FINGERPRINT, pa.string())])


def _column(corpus: str, name: str, values: list[object]) -> pa.Array:
    try:
        return pa.array(values)
    except pa.ArrowException:
        kinds = ", ".join(sorted({type(value).__name__ for value in values if value is not None}))
        raise CorpusError(
            f"corpus {corpus!r}: metadata column {name!r} mixes {kinds}; give all its values one type"
        ) from None


def _segment_rows(utterances: Sequence[Utterance], first_id: int) -> pa.Table:
    columns: dict[str, list[object]] = {name: [] for name, _, _ in TABLES["segments"].columns}
    for number, utterance in enumerate(utterances, start=first_id):
        for index, segment in enumerate(tile(utterance.segments, utterance.duration_us)):
            row = (number, index, segment.phone, segment.word, segment.start_us / 1e6, segment.end_us / 1e6)
            for values, value in zip(columns.values(), row, strict=True):
                values.append(value)
    return table("segments", columns)
