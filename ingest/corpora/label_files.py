"""Which label file goes with which utterance."""

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple, Protocol

from ingest.corpora.audio_files import find_files, name_of
from ingest.corpora.ctm import CtmUtterances, read_ctm
from ingest.corpora.frame_labels import HOP_US, FrameLabels, read_frame_labels
from ingest.corpora.intervals import Interval, in_order
from ingest.corpora.lab import read_lab
from ingest.corpora.phn import read_phn
from ingest.corpora.textgrid import read_textgrid
from warehouse.errors import CorpusError

_KINDS = (".textgrid", ".phn", ".lab", ".ctm")
"""The order of preference where several label one utterance; a folder of other labels may also hold a CTM."""


class Labels(NamedTuple):
    """The labels of one utterance: where they come from, and what the intervals' `place` counts there."""

    path: Path
    unit: str
    intervals: list[Interval]


class LabelSource(Protocol):
    """Labels of a corpus, by utterance."""

    hop_us: int | None

    def utterances(self) -> Collection[str]:
        """The utterances that have labels."""

    def read(self, utterance: str, sample_rate: int) -> Labels:
        """The labels of one of them; `sample_rate` is that of its audio. Raises CorpusError."""


class LabelFolder:
    """Label files, one an utterance or, for CTM, many utterances in one."""

    hop_us: int | None = None

    def __init__(self, files: list[tuple[str, Path]], tier: str | None) -> None:
        self._tier = tier
        self._files: dict[str, list[Path]] = {}
        self._ctm: dict[str, list[tuple[Path, CtmUtterances]]] = {}
        for name, path in files:
            if path.suffix.lower() != ".ctm":
                self._files.setdefault(name, []).append(path)
        for _, path in files:
            if path.suffix.lower() == ".ctm":
                utterances = read_ctm(path)
                for name in utterances:
                    self._ctm.setdefault(name, []).append((path, utterances))
        self._utterances = self._files.keys() | self._ctm.keys()

    def utterances(self) -> Collection[str]:
        """The utterances that have labels."""
        return self._utterances

    def read(self, utterance: str, sample_rate: int) -> Labels:
        """The labels of an utterance, from its file of the first kind in the order of `_KINDS`."""
        files = self._files.get(utterance, [])
        if not files:
            return self._from_ctm(utterance)
        path = min(files, key=_rank)
        if sum(_rank(other) == _rank(path) for other in files) > 1:
            raise _labelled_twice(utterance, files)
        kind = path.suffix.lower()
        if kind == ".textgrid":
            return Labels(path, "interval", read_textgrid(path, self._tier))
        if kind == ".phn":
            return Labels(path, "line", read_phn(path, sample_rate))
        return Labels(path, "line", read_lab(path))

    def _from_ctm(self, utterance: str) -> Labels:
        if len(self._ctm[utterance]) > 1:
            raise _labelled_twice(utterance, [path for path, _ in self._ctm[utterance]])
        path, utterances = self._ctm[utterance][0]
        intervals = utterances[utterance]
        if isinstance(intervals, CorpusError):
            raise intervals
        return Labels(path, "line", in_order(intervals, f"{path}: utterance {utterance!r}", "line"))


class FrameLabelFile:
    """The authors' frame labels: one JSON for all utterances."""

    hop_us: int | None = HOP_US

    def __init__(self, labels: FrameLabels) -> None:
        self._labels = labels

    def utterances(self) -> Collection[str]:
        """The utterances that have labels."""
        return self._labels.ids.keys()

    def read(self, utterance: str, sample_rate: int) -> Labels:
        """The runs of equal labels of an utterance."""
        return Labels(self._labels.path, "frame", self._labels.intervals(utterance))


def find_labels(labels: Path, label_map: Path | None, tier: str | None, names: str) -> LabelSource:
    """The labels of a folder or a file.

    Raises:
        CorpusError: there is no such folder or file, it holds no labels, or a file holding many
            utterances cannot be read. Faults of one utterance are raised when it is read.
    """
    if labels.suffix.lower() == ".json" and labels.is_file():
        return FrameLabelFile(read_frame_labels(labels, label_map))
    if label_map is not None:
        raise CorpusError(f"{label_map}: a label map goes with frame labels in JSON, not with {labels}; leave it out")
    if labels.is_file():
        if labels.suffix.lower() not in _KINDS:
            raise CorpusError(
                f"{labels}: is no label file; give {', '.join(_KINDS)}, frame labels in .json or a folder"
            )
        return LabelFolder([(labels.stem, labels)], tier)
    if not labels.is_dir():
        raise CorpusError(f"{labels}: there is no such label folder or file; check the path")
    files = find_files(labels, frozenset(_KINDS))
    if not files:
        raise CorpusError(f"{labels}: has no labels in it ({', '.join(_KINDS)}); check the folder")
    return LabelFolder([(name_of(path, labels, names), path) for path in files], tier)


def _rank(path: Path) -> int:
    return _KINDS.index(path.suffix.lower())


def _labelled_twice(utterance: str, files: list[Path]) -> CorpusError:
    return CorpusError(f"utterance {utterance!r}: labelled twice, in {files[0]} and {files[1]}; remove one")
