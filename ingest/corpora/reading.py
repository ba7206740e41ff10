"""Reads a corpus: joins audio, labels and metadata, checks that they fit, and settles the phones."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ingest.audio import AudioHeader, probe
from ingest.corpora.audio_files import AudioFile, find_audio, speaker_from
from ingest.corpora.corpus import Corpus, PathLike, Rejected, Segment, Utterance
from ingest.corpora.frame_labels import pitch_frames, read_pitch
from ingest.corpora.joining import Metadata
from ingest.corpora.label_files import Labels, LabelSource, find_labels
from ingest.corpora.metadata import Value, read_table
from ingest.corpora.phn import with_whole_stops
from ingest.corpora.phone_set import SILENCE, UNLABELLED, PhoneSet, phone_set_for, unlabelled
from ingest.corpora.times import samples_to_us, seconds
from warehouse.errors import CorpusError

OVERHANG_US = 20_000
"""Labels may end this much after the audio: aligners round the end up to their frame."""


@dataclass(frozen=True)
class _Draft:
    """An utterance whose labels have been read but whose phones have not been settled."""

    file: AudioFile
    header: AudioHeader
    labels: Labels | None
    metadata: Mapping[str, Value]
    pitch: np.ndarray | None


def read_corpus(
    audio: PathLike | Sequence[PathLike],
    labels: PathLike | None,
    metadata: PathLike | Iterable[PathLike] | None,
    *,
    name: str,
    label_map: PathLike | None,
    pitch: PathLike | None,
    phones: str | Path | PhoneSet,
    tier: str | None,
    names: str,
    on_error: str,
) -> Corpus:
    """What `Corpus.from_files` does, which describes the arguments and the errors."""
    if on_error not in ("stop", "skip"):
        raise CorpusError(f"on_error={on_error!r}: give 'stop' or 'skip'")
    rejected: list[Rejected] = []

    def reject(utterance: str, error: CorpusError) -> None:
        if on_error == "stop":
            raise error
        rejected.append(Rejected(utterance, str(error)))

    if labels is None and label_map is not None:
        raise CorpusError(f"{label_map}: a label map goes with frame labels; give them with labels=… (--labels)")
    files = _unique(find_audio(audio, names), reject)
    source = None
    if labels is not None:
        source = find_labels(Path(labels), None if label_map is None else Path(label_map), tier, names)
        _check_match(source, files, Path(labels))
    frame_labels = source is not None and source.hop_us is not None
    speakers = {file.name: speaker_from(file, frame_labels) for file in files}
    given = [metadata] if isinstance(metadata, (str, Path)) else metadata or []
    tables = Metadata([read_table(Path(path)) for path in given], speakers)
    pitch_file = None if pitch is None else Path(pitch)
    pitch_of = {} if pitch_file is None else read_pitch(pitch_file)

    def draft(file: AudioFile) -> _Draft:
        header = probe(file.path)
        return _Draft(
            file,
            header,
            None if source is None else _labels_of(source, file, header, Path(str(labels))),
            tables.of(file.name),
            None if pitch_file is None else pitch_frames(pitch_of, file.name, pitch_file),
        )

    drafts = []
    for file in files:
        try:
            drafts.append(draft(file))
        except CorpusError as error:
            reject(file.name, error)
    seen = {interval.label for each in drafts if each.labels for interval in each.labels.intervals}
    phone_set = phone_set_for(phones, seen) if source is not None else unlabelled()
    settle = _Settler(phone_set, {label: phone_set.canonical(label) for label in seen})
    utterances = []
    drafts.reverse()
    while drafts:  # taken off one by one: the intervals of a large corpus are not held twice
        drafted = drafts.pop()
        try:
            utterances.append(_utterance(drafted, settle.segments(drafted), source.hop_us if source else None))
        except CorpusError as error:
            reject(drafted.file.name, error)
    if not utterances:
        raise CorpusError(f"corpus {name!r}: every utterance was left out, the first because: {rejected[0].reason}")
    return Corpus(name, utterances, source is not None, phone_set, rejected, tables.notes)


def _unique(files: list[AudioFile], reject: Callable[[str, CorpusError], None]) -> list[AudioFile]:
    by_name: dict[str, list[AudioFile]] = {}
    for file in files:
        by_name.setdefault(file.name, []).append(file)
    for name, same in by_name.items():
        if len(same) > 1:
            reject(
                name,
                CorpusError(
                    f"utterance {name!r}: two audio files have this name, {same[0].path} and {same[1].path}; "
                    f"rename one, or name utterances by their path with names='path' (--names path)"
                ),
            )
    return [same[0] for same in by_name.values() if len(same) == 1]


def _check_match(source: LabelSource, files: list[AudioFile], labels: Path) -> None:
    labelled = source.utterances()
    if labelled and files and not any(file.name in labelled for file in files):
        raise CorpusError(
            f"{labels}: labels none of the audio files; it labels utterances like {min(labelled)!r}, "
            f"the audio is called like {files[0].name!r}; give files the same name"
        )


def _labels_of(source: LabelSource, file: AudioFile, header: AudioHeader, labels: Path) -> Labels:
    if file.name not in source.utterances():
        raise CorpusError(
            f"{labels}: has no labels for utterance {file.name!r} ({file.path}); add them, "
            f"or leave such utterances out with on_error='skip' (--on-error skip)"
        )
    return source.read(file.name, header.sample_rate)


@dataclass(frozen=True)
class _Settler:
    """Turns labels into phones: the phone set, and the phone of each label of the corpus (None: unknown)."""

    phone_set: PhoneSet
    phones: Mapping[str, str | None]

    def segments(self, draft: _Draft) -> tuple[Segment, ...]:
        """The canonical segments of an utterance, within its audio.

        Raises:
            CorpusError: a label is no phone of the set, or lies beyond the end of the audio.
        """
        end_us = samples_to_us(draft.header.n_samples, draft.header.sample_rate)
        if draft.labels is None:
            return (Segment(0, end_us, UNLABELLED, None),)
        path, unit, intervals = draft.labels
        if self.phone_set.name == "timit":
            intervals = with_whole_stops(intervals)
        segments = []
        for interval in intervals:
            phone = self.phones[interval.label]
            if phone is None or (interval.end_us > end_us + OVERHANG_US and phone != SILENCE):
                where = f"{path}: utterance {draft.file.name!r}: {unit} {interval.place}: phone {interval.label!r}"
                if phone is None:
                    raise CorpusError(
                        f"{where} is not in the phone set {self.phone_set.name!r}; name it in a CSV map "
                        f"(columns phone, phone_class, rename) given with phones=… (--phones)"
                    )
                raise CorpusError(
                    f"{where} ends at {seconds(interval.end_us)}, after the audio {draft.file.path} "
                    f"({seconds(end_us)}); check that the two belong together"
                )
            if interval.start_us < end_us:
                segments.append(Segment(interval.start_us, min(interval.end_us, end_us), phone, interval.word))
        return tuple(segments)


def _utterance(draft: _Draft, segments: tuple[Segment, ...], hop_us: int | None) -> Utterance:
    return Utterance(
        draft.file.name,
        draft.file.path,
        segments,
        draft.metadata,
        draft.pitch,
        hop_us,
        n_samples=draft.header.n_samples,
        sample_rate=draft.header.sample_rate,
    )
