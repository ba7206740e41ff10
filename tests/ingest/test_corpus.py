import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ingest.corpora import Corpus, PhoneSet, Rejected, Segment
from warehouse.errors import CorpusError, WarehouseError

RATE = 16_000


def speak(path: Path, seconds: float = 1.0, sample_rate: int = RATE) -> Path:
    """Writes noise of a length."""
    path.parent.mkdir(parents=True, exist_ok=True)
    wave = np.random.default_rng(0).normal(0, 0.1, round(seconds * sample_rate)).astype(np.float32)
    soundfile.write(path, wave, sample_rate)
    return path


def align(path: Path, *phones: tuple[float, float, str]) -> Path:
    """Writes a TextGrid with one phone tier."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = "".join(f'{start}\n{end}\n"{phone}"\n' for start, end, phone in phones)
    head = 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n1\n<exists>\n1\n"IntervalTier"\n"phones"\n0\n1\n'
    path.write_text(f"{head}{len(phones)}\n{rows}")
    return path


AH_B = ((0, 0.2, "sil"), (0.2, 0.5, "AH0"), (0.5, 1.0, "B"))


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Two speakers with an utterance each, aligned, and a table of genders."""
    for speaker, name in (("anna", "a1"), ("bert", "b1")):
        speak(tmp_path / "audio" / speaker / f"{name}.flac")
        align(tmp_path / "labels" / f"{name}.TextGrid", *AH_B)
    (tmp_path / "speakers.csv").write_text("speaker,gender,age\nanna,f,30\nbert,m,41\n")
    return tmp_path


def read(study: Path, **options) -> Corpus:
    wanted = {"audio": study / "audio", "labels": study / "labels", "metadata": study / "speakers.csv", "name": "study"}
    return Corpus.from_files(**{**wanted, **options})


def fails(study: Path, reason: str, **options) -> None:
    """The corpus is refused in one line that matches."""
    with pytest.raises(CorpusError, match=reason) as caught:
        read(study, **options)
    assert "\n" not in str(caught.value)


def test_audio_labels_and_metadata_come_together(study: Path) -> None:
    corpus = read(study)
    assert (corpus.name, corpus.labelled, corpus.rejected, corpus.notes) == ("study", True, [], [])
    assert corpus.phone_set.name == "arpabet"
    anna, bert = corpus.utterances
    assert anna.name == "a1"
    assert anna.audio == study / "audio" / "anna" / "a1.flac"
    assert anna.segments == (
        Segment(0, 200_000, "", None),
        Segment(200_000, 500_000, "AH", None),
        Segment(500_000, 1_000_000, "B", None),
    )
    assert anna.metadata == {"speaker": "anna", "gender": "F", "text": None, "age": 30}
    assert bert.metadata == {"speaker": "bert", "gender": "M", "text": None, "age": 41}
    assert (anna.n_samples, anna.sample_rate, anna.duration_us) == (16_000, RATE, 1_000_000)
    assert anna.given_pitch is None
    assert anna.frame_labels_hop_us is None


def test_without_labels_an_utterance_is_one_segment(study: Path) -> None:
    speak(study / "audio" / "cleo" / "c1.wav", 0.5, 44_100)
    corpus = read(study, labels=None, metadata=None)
    assert not corpus.labelled
    assert corpus.phone_set.classes == {"*": None}
    assert [each.segments for each in corpus.utterances] == [
        (Segment(0, 1_000_000, "*"),),
        (Segment(0, 1_000_000, "*"),),
        (Segment(0, 500_000, "*"),),
    ]
    assert [each.metadata["speaker"] for each in corpus.utterances] == ["anna", "bert", "cleo"]


def test_every_label_format_gives_the_same_segments(study: Path) -> None:
    corpora = [read(study)]
    lines = {
        "lab": "0 2000000 sil\n2000000 5000000 AH0\n5000000 10000000 B\n",
        "PHN": "0 3200 h#\n3200 8000 AH0\n8000 16000 B\n",
    }
    for suffix, text in lines.items():
        for name in ("a1", "b1"):
            (study / suffix).mkdir(exist_ok=True)
            (study / suffix / f"{name}.{suffix}").write_text(text)
        corpora.append(read(study, labels=study / suffix))
    ctm = study / "phones.ctm"
    ctm.write_text("".join(f"{u} 1 0.5 0.5 B\n{u} 1 0 0.2 SIL\n{u} 1 0.2 0.3 AH0\n" for u in ("b1", "a1")))
    corpora.append(read(study, labels=ctm))
    frames = {name: [0] * 10 + [1] * 15 + [2] * 25 for name in ("a1", "b1")}
    (study / "frames.json").write_text(json.dumps(frames))
    (study / "map.json").write_text(json.dumps({"": [0, 9], "AH0": [1, 9], "B": [2, 9]}))
    corpora.append(read(study, labels=study / "frames.json", label_map=study / "map.json"))
    for corpus in corpora:
        assert [each.segments for each in corpus.utterances] == [each.segments for each in corpora[0].utterances]
    assert [corpus.utterances[0].frame_labels_hop_us for corpus in corpora] == [None, None, None, None, 20_000]


def test_the_first_kind_of_labels_is_taken(study: Path) -> None:
    (study / "labels" / "a1.lab").write_text("WHAT WAS SAID\n")  # MFA's transcripts lie beside its TextGrids
    (study / "labels" / "all.ctm").write_text("a1 1 0 1 IY\n")
    assert [each.phone for each in read(study).utterances[0].segments] == ["", "AH", "B"]


def test_an_utterance_labelled_twice_is_refused(study: Path) -> None:
    align(study / "labels" / "again" / "a1.TextGrid", *AH_B)
    fails(study, r"utterance 'a1': labelled twice, in .*a1\.TextGrid and .*again/a1\.TextGrid; remove one")


@pytest.mark.parametrize("on_error", ["stop", "skip"])
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (
            lambda study: (study / "labels" / "a1.TextGrid").unlink(),
            r"labels: has no labels for utterance 'a1' \(.*a1\.flac\)",
        ),
        (lambda study: (study / "audio" / "anna" / "a1.flac").write_bytes(b""), r"a1\.flac: the file is empty"),
        (lambda study: (study / "labels" / "a1.TextGrid").write_bytes(b""), r"a1\.TextGrid: the file is empty"),
        (
            lambda study: align(study / "labels" / "a1.TextGrid", (0, 0.5, "AH"), (0.4, 1, "B")),
            r"a1\.TextGrid: tier 'phones': interval 1 \('AH', 0 s to 0\.5 s\) and interval 2 .* overlap",
        ),
        (
            lambda study: align(study / "labels" / "a1.TextGrid", (0, 0.5, "AH"), (0.5, 1, "QQ")),
            r"a1\.TextGrid: utterance 'a1': interval 2: phone 'QQ' is not in the phone set 'arpabet'; name it in a CSV",
        ),
        (
            lambda study: align(study / "labels" / "a1.TextGrid", (0, 0.5, "AH"), (0.5, 1.021, "B")),
            r"a1\.TextGrid: utterance 'a1': interval 2: phone 'B' ends at 1\.021 s, after the audio .*a1\.flac \(1 s\)",
        ),
        (
            lambda study: (study / "speakers.csv").write_text("speaker,gender\nbert,M\nanna,Q\n"),
            r"speakers\.csv: line 3: utterance 'a1': gender 'Q' is neither M nor F; write M or F",
        ),
        (
            lambda study: (study / "speakers.csv").write_text("utterance,age\nb1,3\n"),
            r"speakers\.csv: has no row for utterance 'a1'",
        ),
        (
            lambda study: speak(study / "audio" / "carl" / "a1.wav"),
            r"utterance 'a1': two audio files have this name, .*anna/a1\.flac and .*carl/a1\.wav; rename one, or",
        ),
    ],
)
def test_an_utterance_that_cannot_be_used(study: Path, spoil, reason: str, on_error: str) -> None:
    align(study / "labels" / "b1.TextGrid", *AH_B, (1.0, 1.0, "x"))
    spoil(study)
    if on_error == "stop":
        fails(study, reason)
        return
    corpus = read(study, on_error="skip")
    assert [each.name for each in corpus.utterances] == ["b1"]
    assert [each.utterance for each in corpus.rejected] == ["a1"]
    with pytest.raises(WarehouseError, match=reason):
        raise WarehouseError(corpus.rejected[0].reason)
    assert isinstance(corpus.rejected[0], Rejected)


def test_a_corpus_of_which_nothing_is_left_is_refused(study: Path) -> None:
    for name in ("a1", "b1"):
        align(study / "labels" / f"{name}.TextGrid", (0, 2, "AH"))
    fails(study, "corpus 'study': every utterance was left out, the first because: .*a1", on_error="skip")


def test_labels_may_overhang_by_a_frame_and_silence_by_more(study: Path) -> None:
    align(study / "labels" / "a1.TextGrid", (0, 0.5, "AH"), (0.5, 1.02, "B"))
    align(study / "labels" / "b1.TextGrid", (0, 0.5, "AH"), (0.5, 0.9, "B"), (0.9, 3, "sil"), (3, 4, ""))
    anna, bert = read(study).utterances
    assert anna.segments[-1] == Segment(500_000, 1_000_000, "B")
    assert bert.segments[1:] == (Segment(500_000, 900_000, "B"), Segment(900_000, 1_000_000, ""))


def test_more_labels_and_metadata_than_audio_are_fine(study: Path) -> None:
    align(study / "labels" / "z9.TextGrid", (0, 9, "ZZZ"))
    (study / "speakers.csv").write_text("speaker,gender\nanna,F\nbert,M\nzoe,what\n")
    assert len(read(study).utterances) == 2


def test_labels_of_another_corpus_say_so(study: Path) -> None:
    for name in ("a1", "b1"):
        (study / "labels" / f"{name}.TextGrid").rename(study / "labels" / f"x-{name}.TextGrid")
    fails(
        study,
        r"labels: labels none of the audio files; it labels utterances like 'x-a1', the audio is called like 'a1'",
    )


def test_timit_names_its_utterances_by_path(tmp_path: Path) -> None:
    for speaker in ("FCJF0", "MDAB0"):
        folder = tmp_path / "TRAIN" / "DR1" / speaker
        speak(folder / "SA1.WAV")
        (folder / "SA1.PHN").write_text("0 3200 h#\n3200 4800 tcl\n4800 8000 ch\n8000 12000 ix\n12000 16000 q\n")
        (folder / "SA1.WRD").write_text("3200 12000 chi\n")
        (folder / "SA1.TXT").write_text("0 16000 Chi.\n")
    with pytest.raises(CorpusError, match=r"two audio files have this name.*names='path'"):
        Corpus.from_files(tmp_path, tmp_path, name="timit")
    (tmp_path / "u.csv").write_text(
        "file,take\nTRAIN/DR1/FCJF0/SA1.WAV,1\nTRAIN\\\\DR1\\\\MDAB0\\\\SA1.WAV,2\n".replace("\\\\", "\\")
    )
    corpus = Corpus.from_files(tmp_path, tmp_path, tmp_path / "u.csv", name="timit", names="path")
    assert [each.metadata["take"] for each in corpus.utterances] == [1, 2]
    assert [each.name for each in corpus.utterances] == ["TRAIN/DR1/FCJF0/SA1", "TRAIN/DR1/MDAB0/SA1"]
    assert [each.metadata["speaker"] for each in corpus.utterances] == ["FCJF0", "MDAB0"]
    assert corpus.phone_set.name == "timit"
    assert corpus.utterances[0].segments == (
        Segment(0, 200_000, "", None),
        Segment(200_000, 500_000, "CH", "chi"),
        Segment(500_000, 750_000, "IH", "chi"),
        Segment(750_000, 1_000_000, "", None),
    )


@pytest.mark.parametrize(
    ("path", "speaker"),
    [
        ("84-12-0001.wav", "84"),
        ("anna/84-12-0001.wav", "84"),
        ("anna/u-1.wav", "anna"),
        ("u-1.wav", None),
        ("u.wav", None),
    ],
)
def test_who_speaks_when_no_metadata_say(tmp_path: Path, path: str, speaker: str | None) -> None:
    speak(tmp_path / path)
    assert Corpus.from_files(tmp_path, name="c").utterances[0].metadata["speaker"] == speaker


def test_the_authors_layout(tmp_path: Path) -> None:
    for name in ("spk1-0-x", "spk2-0-y"):
        speak(tmp_path / "audio" / f"{name}.wav", 0.1)
    files = {
        "frames": {"spk1-0-x": [0, 0, 1, 1, 1], "spk2-0-y": [1, 1, 1, 1, 1], "spk3-0-z": [0]},
        "map": {"": [0, 2], "IY": [1, 8]},
        "gender": {"spk1": "M", "spk2": "F", "spk3": "F"},
        "pitch": {"spk1-0-x": [-1, 0, 2], "spk2-0-y": [1]},
    }
    for name, value in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(value))
    corpus = Corpus.from_files(
        audio=tmp_path / "audio",
        labels=tmp_path / "frames.json",
        label_map=tmp_path / "map.json",
        metadata=tmp_path / "gender.json",
        pitch=tmp_path / "pitch.json",
        name="dev",
    )
    x, y = corpus.utterances
    assert [each.metadata for each in (x, y)] == [
        {"speaker": "spk1", "gender": "M", "text": None},
        {"speaker": "spk2", "gender": "F", "text": None},
    ]
    assert x.segments == (Segment(0, 40_000, ""), Segment(40_000, 100_000, "IY"))
    assert x.given_pitch is not None
    assert x.given_pitch.tolist() == [-1, 0, 2]
    assert x.frame_labels_hop_us == 20_000


def test_a_users_phone_map_by_path_name_or_value(study: Path) -> None:
    mine = study / "mine.csv"
    mine.write_text("phone,phone_class,rename\nAH0,central,schwa\nB,stop,\n")
    assert [each.phone for each in read(study, phones=mine).utterances[0].segments] == ["", "schwa", "B"]
    assert read(study, phones=str(mine)).phone_set.classes == {"schwa": "central", "B": "stop"}
    value = PhoneSet("v", {"AH0": None, "B": None})
    assert read(study, phones=value).phone_set is value
    assert [each.phone for each in read(study, phones="any").utterances[0].segments] == ["", "AH0", "B"]


def test_audio_may_be_a_list_or_a_wav_scp(study: Path) -> None:
    files = [study / "audio" / "anna" / "a1.flac", str(study / "audio" / "bert" / "b1.flac")]
    assert [each.name for each in read(study, audio=files, metadata=None).utterances] == ["a1", "b1"]
    scp = study / "wav.scp"
    scp.write_text(f"a1 {files[0]}\nb1 audio/bert/b1.flac\n")
    corpus = read(study, audio=scp, metadata=None)
    assert [each.audio for each in corpus.utterances] == [files[0], study / "audio/bert/b1.flac"]
    scp.write_text("a1 flac -d -c a1.flac |\n")
    fails(study, r"wav\.scp: line 1: 'a1 flac -d -c a1\.flac \|' is not an utterance and an audio file", audio=scp)


def test_linked_folders_are_searched_and_hidden_files_are_not(study: Path, tmp_path_factory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    speak(elsewhere / "c1.wav")
    (study / "audio" / "linked").symlink_to(elsewhere)
    (study / "audio" / "loop").symlink_to(study / "audio")
    (study / "audio" / "._a1.wav").write_bytes(b"")
    assert [each.name for each in read(study, labels=None, metadata=None).utterances] == ["a1", "b1", "c1"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"audio": "nowhere"}, "nowhere: there is no such audio folder"),
        ({"audio": "{}/labels"}, "labels: has no audio in it"),
        ({"audio": []}, "the list of audio files is empty"),
        ({"audio": ["a.raw"]}, r"a\.raw: is no audio file"),
        ({"labels": None, "label_map": "m.json"}, r"m\.json: a label map goes with frame labels; give them"),
        ({"labels": "nowhere"}, "nowhere: there is no such label folder or file"),
        ({"labels": "{}/audio"}, "audio: has no labels in it"),
        ({"labels": "{}/speakers.csv"}, r"speakers\.csv: is no label file"),
        ({"label_map": "m.json"}, r"m\.json: a label map goes with frame labels in JSON"),
        ({"metadata": "nowhere.csv"}, r"nowhere\.csv: cannot be read \(No such file"),
        ({"phones": "klingon"}, "klingon: is no phone set; give auto, any, arpabet"),
        ({"tier": "MAU"}, r"a1\.TextGrid: has no interval tier 'MAU'"),
        ({"names": "folder"}, "names='folder': utterances are named by 'stem' or by 'path'"),
        ({"on_error": "ignore"}, "on_error='ignore': give 'stop' or 'skip'"),
    ],
)
def test_what_was_asked_for_wrongly_is_named(study: Path, options: dict, reason: str) -> None:
    filled = {key: value.format(study) if isinstance(value, str) else value for key, value in options.items()}
    fails(study, reason, **filled)
