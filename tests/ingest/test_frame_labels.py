import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.corpora.frame_labels import FrameLabels, pitch_frames, read_frame_labels, read_pitch
from warehouse.errors import CorpusError

MAP = {"": [0, 10], "AA": [1, 4], "B": [2, 1]}


def write(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value))
    return path


def test_runs_of_equal_labels_become_intervals(tmp_path: Path) -> None:
    labels = read_frame_labels(write(tmp_path / "l.json", {"u": [0, 0, 1, 2, 2, 2]}), write(tmp_path / "m.json", MAP))
    assert [each[:4] for each in labels.intervals("u")] == [
        (0, 40_000, "", 1),
        (40_000, 60_000, "AA", 3),
        (60_000, 120_000, "B", 4),
    ]


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=60))
def test_intervals_give_the_labels_back(ids: list[int]) -> None:
    found = FrameLabels(Path("l.json"), {"u": ids}, dict(enumerate("abcd"))).intervals("u")
    assert [each.label for each in found for _ in range(each.start_us, each.end_us, 20_000)] == ["abcd"[i] for i in ids]
    assert all(before.label != after.label for before, after in pairwise(found))


def test_labels_need_their_map(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"l\.json: frame labels need their label map; give it with label_map="):
        read_frame_labels(write(tmp_path / "l.json", {}), None)


@pytest.mark.parametrize(
    ("label_map", "reason"),
    [
        ({"A": ["0", 1]}, r"phone 'A' has \['0', 1\] instead of \[id, count\]"),
        ({"A": [0, 1], "B": [0, 1]}, "phones 'A' and 'B' share the id 0"),
        ([1, 2], "holds a JSON list instead of an object"),
    ],
)
def test_a_wrong_map_is_named(tmp_path: Path, label_map: object, reason: str) -> None:
    with pytest.raises(CorpusError, match=rf"m\.json: {reason}"):
        read_frame_labels(write(tmp_path / "l.json", {}), write(tmp_path / "m.json", label_map))


def test_a_map_of_plain_ids_is_read(tmp_path: Path) -> None:
    labels = read_frame_labels(write(tmp_path / "l.json", {}), write(tmp_path / "m.json", {"A": 0, "B": 1}))
    assert labels.phones == {0: "A", 1: "B"}


@pytest.mark.parametrize("frames", [[], "AA", [0.5], [[1], [2]], [[1], 2], [True], None, ["a"]])
def test_frames_must_be_whole_numbers(frames: object) -> None:
    with pytest.raises(CorpusError, match=r"l\.json: utterance 'u': holds no list of whole numbers"):
        FrameLabels(Path("l.json"), {"u": frames}, {0: "a"}).intervals("u")  # type: ignore[dict-item]


def test_a_label_outside_the_map_is_named() -> None:
    with pytest.raises(CorpusError, match=r"l\.json: utterance 'u': label 7 is not in the label map"):
        FrameLabels(Path("l.json"), {"u": [0, 7]}, {0: "a"}).intervals("u")


def test_broken_json_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "l.json").write_text('{"u": [1,\n 2')
    with pytest.raises(CorpusError, match=r"l\.json: line 2: is no JSON"):
        read_pitch(tmp_path / "l.json")


def test_pitch_is_int8_as_in_the_file() -> None:
    found = pitch_frames({"u": [-1, 0, 1, 2]}, "u", Path("p.json"))
    assert found.dtype == np.int8
    assert found.tolist() == [-1, 0, 1, 2]


def test_wrong_or_missing_pitch_is_named() -> None:
    with pytest.raises(CorpusError, match=r"p\.json: utterance 'u': pitch 5 of frame 1 is none of -1, 0, 1, 2"):
        pitch_frames({"u": [0, 5]}, "u", Path("p.json"))
    with pytest.raises(CorpusError, match=r"p\.json: has no pitch for utterance 'v'"):
        pitch_frames({"u": [0]}, "v", Path("p.json"))
