"""The readers on real data: speechocean762, and the files that the authors of *Property Neurons* publish."""

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import pytest

from ingest.corpora import Corpus, Segment
from ingest.corpora.frame_labels import pitch_frames, read_frame_labels, read_pitch
from ingest.corpora.metadata import read_table


@pytest.fixture(scope="module")
def eval_folder(shared: Path) -> Path:
    return shared / "speechocean762" / "eval"


def from_eval(folder: Path, labels: str) -> Corpus:
    return Corpus.from_files(folder / "audio", folder / labels, folder / "utterances.csv", name="speechocean762-eval")


def frame_phones(segments: Sequence[Segment], n_samples: int) -> list[str]:
    """docs/method.md word by word: the phone that overlaps [20i, 20i + 20) ms longest, the earlier on a tie.

    The authors' files label every whole 20 ms, which is up to one frame more than a model gives.
    """
    phones = []
    for frame in range(n_samples // 320):
        start, end = 20_000 * frame, 20_000 * (frame + 1)
        overlaps = [min(end, each.end_us) - max(start, each.start_us) for each in segments]
        phones.append(segments[overlaps.index(max(overlaps))].phone)
    return phones


def test_textgrids_and_ctm_give_the_same_corpus(eval_folder: Path) -> None:
    grids, ctm = from_eval(eval_folder, "alignments"), from_eval(eval_folder, "phones.ctm")
    assert len(grids.utterances) == 796
    assert grids.phone_set == ctm.phone_set
    assert len(grids.phone_set.classes) == 39
    for left, right in zip(grids.utterances, ctm.utterances, strict=True):
        assert [(s.start_us, s.end_us, s.phone) for s in left.segments] == [
            (s.start_us, s.end_us, s.phone) for s in right.segments
        ]
        assert left.metadata == right.metadata
        assert left.metadata["n_samples"] == left.n_samples
    assert {each.metadata["gender"] for each in grids.utterances} == {"M", "F"}
    assert len({each.metadata["speaker"] for each in grids.utterances}) == 40


def test_words_are_those_of_the_text(eval_folder: Path) -> None:
    for each in from_eval(eval_folder, "alignments").utterances:
        words = [segment.word.upper() for segment in each.segments if segment.word is not None]
        text = str(each.metadata["text"]).split()
        assert [word for word, _ in groupby(words)] == [word for word, _ in groupby(text)]


def test_the_frame_rule_gives_the_known_frame_labels(shared: Path, eval_folder: Path) -> None:
    inputs = shared / "known-answers" / "inputs"
    labels = json.loads((inputs / "frame-labels.json").read_text())
    ids = {phone: entry[0] for phone, entry in json.loads((inputs / "label-map.json").read_text()).items()}
    utterances = {each.name: each for each in from_eval(eval_folder, "alignments").utterances}
    assert len(labels) == 120
    for name, expected in labels.items():
        each = utterances[name.rpartition("-")[2]]
        assert [ids[phone] for phone in frame_phones(each.segments, each.n_samples)] == expected, name


def test_the_known_inputs_read_as_a_corpus(shared: Path, eval_folder: Path, tmp_path: Path) -> None:
    inputs = shared / "known-answers" / "inputs"
    names = (inputs / "utterances.txt").read_text().split()
    for name in names:
        speaker, _, utterance = name.split("-")
        (tmp_path / f"{name}.flac").symlink_to(eval_folder / "audio" / speaker / f"{utterance}.flac")
    corpus = Corpus.from_files(
        tmp_path,
        inputs / "frame-labels.json",
        inputs / "speaker-gender.json",
        name="known",
        label_map=inputs / "label-map.json",
        pitch=inputs / "pitch.json",
    )
    assert [each.name for each in corpus.utterances] == sorted(names)
    assert corpus.phone_set.name == "arpabet"
    genders = json.loads((inputs / "speaker-gender.json").read_text())
    frames = json.loads((inputs / "frame-labels.json").read_text())
    phones = {entry[0]: phone for phone, entry in json.loads((inputs / "label-map.json").read_text()).items()}
    for each in corpus.utterances:
        assert each.metadata["gender"] == genders[each.name.partition("-")[0]]
        assert frame_phones(each.segments, each.n_samples) == [phones[i] for i in frames[each.name]]
        assert each.given_pitch is not None
        assert len(each.given_pitch) <= len(frames[each.name])


def test_the_authors_files_for_dev_clean(shared: Path) -> None:
    folder = shared / "dev-clean-labels"
    labels = read_frame_labels(
        folder / "dev-clean-framewise-phone-merge-20ms.json", folder / "dev-clean-label-merge.json"
    )
    intervals = {name: labels.intervals(name) for name in labels.ids}
    assert len(intervals) == 2_703
    assert sum(each[-1].end_us // 20_000 for each in intervals.values()) == 968_842
    path = folder / "pitch-discrete-dev-clean.json"
    pitch = read_pitch(path)
    assert pitch.keys() == intervals.keys()
    for name in pitch:
        pitch_frames(pitch, name, path)
    genders = read_table(folder / "libri-dev-spk-gender.json")
    assert {row.values[1] for row in genders.rows} == {"M", "F"}
    assert {name.partition("-")[0] for name in intervals} <= {row.values[0] for row in genders.rows}
