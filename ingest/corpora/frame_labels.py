"""The label files that the authors of *Property Neurons* publish: JSON, one number per 20 ms frame.

Frame labels ``{utterance: [id, …]}``, their label map ``{phone: [id, count]}`` and discretised pitch
``{utterance: [-1 | 0 | 1 | 2, …]}`` (docs/method.md). Genders, ``{speaker: "M" | "F"}``, are read with the
other metadata.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ingest.corpora.encoding import read_text
from ingest.corpora.intervals import Interval
from warehouse.errors import CorpusError

HOP_US = 20_000
"""Each label stands for 20 ms."""


@dataclass(frozen=True)
class FrameLabels:
    """Frame labels of many utterances.

    Attributes:
        path: the file they come from.
        ids: utterance → one id per 20 ms.
        phones: id → phone.
    """

    path: Path
    ids: Mapping[str, list[int]]
    phones: Mapping[int, str]

    def intervals(self, utterance: str) -> list[Interval]:
        """The runs of equal labels of an utterance, as intervals; `place` is the first frame, from 1.

        Raises:
            CorpusError: the labels are no list of whole numbers, are none, or are not in the label map.
        """
        where = f"{self.path}: utterance {utterance!r}"
        ids = _whole_numbers(self.ids[utterance], where)
        starts = np.flatnonzero(np.diff(ids, prepend=ids[0] - 1))
        labels = ids[starts].tolist()
        unknown = next((label for label in labels if label not in self.phones), None)
        if unknown is not None:
            raise CorpusError(f"{where}: label {unknown} is not in the label map; give the map made with these labels")
        bounds = [*starts.tolist(), len(ids)]
        return [
            Interval(start * HOP_US, end * HOP_US, self.phones[label], start + 1)
            for start, end, label in zip(bounds, bounds[1:], labels, strict=False)
        ]


def read_frame_labels(path: Path, label_map: Path | None) -> FrameLabels:
    """Reads frame labels and their map ``{phone: [id, count]}`` (``{phone: id}`` is read too).

    Raises:
        CorpusError: a file is not JSON of that shape, no map is given, or two phones share an id.
    """
    if label_map is None:
        raise CorpusError(f"{path}: frame labels need their label map; give it with label_map=… (--label-map)")
    phones: dict[int, str] = {}
    for phone, entry in read_json_object(label_map).items():
        label = entry[0] if isinstance(entry, list) and entry else entry
        if not isinstance(label, int) or isinstance(label, bool):
            raise CorpusError(f"{label_map}: phone {phone!r} has {entry!r} instead of [id, count]; correct the entry")
        if label in phones:
            raise CorpusError(f"{label_map}: phones {phones[label]!r} and {phone!r} share the id {label}; correct one")
        phones[label] = phone
    return FrameLabels(path, read_json_object(path), phones)


def read_pitch(path: Path) -> Mapping[str, list[int]]:
    """Reads discretised pitch; `pitch_frames` checks one utterance of it."""
    return read_json_object(path)


def pitch_frames(pitch: Mapping[str, list[int]], utterance: str, path: Path) -> np.ndarray:
    """The pitch of an utterance, int8 per 20 ms: -1 none, 0 low, 1 middle, 2 high; not padded.

    Raises:
        CorpusError: the file lacks the utterance, or has another value.
    """
    if utterance not in pitch:
        raise CorpusError(
            f"{path}: has no pitch for utterance {utterance!r}; add it, "
            f"or leave such utterances out with on_error='skip' (--on-error skip)"
        )
    where = f"{path}: utterance {utterance!r}"
    frames = _whole_numbers(pitch[utterance], where)
    if frames.min() < -1 or frames.max() > 2:
        frame = int(np.flatnonzero((frames < -1) | (frames > 2))[0])
        raise CorpusError(f"{where}: pitch {frames[frame]} of frame {frame} is none of -1, 0, 1, 2; correct it")
    return frames.astype(np.int8)


def read_json_object(path: Path) -> dict:
    """Reads a JSON file that holds one object.

    Raises:
        CorpusError: the file is no JSON, or holds something else.
    """
    try:
        value = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise CorpusError(f"{path}: line {error.lineno}: is no JSON ({error.msg}); make the file again") from None
    if not isinstance(value, dict):
        raise CorpusError(f"{path}: holds a JSON {type(value).__name__} instead of an object; check which file it is")
    return value


def _whole_numbers(values: object, where: str) -> np.ndarray:
    try:
        numbers = np.asarray(values)
    except ValueError:
        numbers = np.empty(0, dtype=object)
    if not isinstance(values, list) or numbers.ndim != 1 or numbers.size == 0 or numbers.dtype.kind != "i":
        raise CorpusError(f"{where}: holds no list of whole numbers, one per frame; make the file again")
    return numbers
