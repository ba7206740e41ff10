"""The demo corpus: all phones, eight speakers, exact boundaries, the same bytes every time."""

import csv
import hashlib
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ingest.corpora import Corpus, espeak
from ingest.corpora.espeak import Phoneme, Speech, speak
from ingest.corpora.spoken import ARPABET, PAUSE_US, SENTENCES, SPEAKERS, Interval, intervals, speak_corpus, textgrid
from ingest.corpora.textgrid import parse_tiers, read_textgrid
from ingest.f0 import f0_on_grid
from warehouse.errors import CorpusError
from warehouse.grid import Grid

PHONES = {
    *("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"),
    *("B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG", "P", "R", "S", "SH"),
    *("T", "TH", "V", "W", "Y", "Z", "ZH"),
}
VOWELS = {phone for phone in PHONES if phone[0] in "AEIOU"}
GRID = Grid(20_000, 12_500, 25_000)
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    began = time.perf_counter()
    files = speak_corpus(tmp_path_factory.mktemp("demo"))
    assert time.perf_counter() - began < 10
    return files


@pytest.fixture(scope="module")
def corpus(made):
    return Corpus.from_files(made.audio, made.labels, made.utterances, name="demo")


def digest(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_the_map_covers_the_39_phones():
    assert set(ARPABET.values()) == PHONES
    assert len(PHONES) == 39


def test_four_women_and_four_men_with_their_own_names_and_voices():
    assert [s.gender for s in SPEAKERS] == ["F"] * 4 + ["M"] * 4
    assert len({s.name for s in SPEAKERS}) == len({s.variant for s in SPEAKERS}) == 8
    assert {(s.gender, s.accent) for s in SPEAKERS} == {(g, a) for g in "FM" for a in ("general", "new york")}
    assert len(set(SENTENCES)) == 24


def test_files_are_a_corpus_for_the_reader(made, corpus):
    assert len(corpus.utterances) == 64
    assert corpus.labelled
    assert corpus.rejected == corpus.notes == []
    assert 150 < sum(u.duration_us for u in corpus.utterances) / 1e6 < 180
    for utterance in corpus.utterances:
        info = soundfile.info(utterance.audio)
        assert (info.samplerate, info.channels, info.format, info.subtype) == (16_000, 1, "FLAC", "PCM_16")
        segments = utterance.segments
        assert segments[0].start_us == 0
        assert abs(segments[-1].end_us - utterance.duration_us) <= 1
        assert all(a.end_us == b.start_us for a, b in pairwise(segments))
        assert segments[0].phone == segments[-1].phone == ""
        assert all(s.end_us - s.start_us >= PAUSE_US for s in (segments[0], segments[-1]))
        assert all(s.end_us - s.start_us > 10_000 for s in segments if s.phone)
        said = " ".join(dict.fromkeys(s.word for s in segments if s.word))
        assert set(said.split()) == set(utterance.metadata["text"].lower().rstrip(".").replace(",", "").split())
    assert corpus.phone_set.name == "arpabet"
    assert set(corpus.phone_set.classes) == PHONES


def test_tables_say_who_speaks_how(made, corpus):
    metadata = [u.metadata for u in corpus.utterances]
    assert {m["rate"] for m in metadata} == {140, 165, 190}
    assert {m["accent"] for m in metadata} == {"general", "new york"}
    assert {(m["speaker"], m["gender"]) for m in metadata} == {(s.name, s.gender) for s in SPEAKERS}
    assert {m["text"] for m in metadata} == set(SENTENCES)
    with made.speakers.open() as file:
        rows = list(csv.DictReader(file))
    assert [(r["speaker"], r["gender"], r["accent"], r["voice"]) for r in rows] == [
        (s.name, s.gender, s.accent, s.voice) for s in SPEAKERS
    ]


@pytest.mark.parametrize("column", ["gender", "accent"])
def test_every_group_says_every_sentence_and_all_phones(corpus, column):
    for group in {u.metadata[column] for u in corpus.utterances}:
        mine = [u for u in corpus.utterances if u.metadata[column] == group]
        assert {u.metadata["text"] for u in mine} == set(SENTENCES)
        assert {s.phone for u in mine for s in u.segments} - {""} == PHONES


def test_faster_speech_is_shorter(corpus):
    rates = {rate: [u for u in corpus.utterances if u.metadata["rate"] == rate] for rate in (140, 190)}
    slow, fast = (
        np.mean([u.duration_us / len(u.metadata["text"]) for u in utterances]) for utterances in rates.values()
    )
    assert fast < 0.9 * slow


def test_women_speak_higher_than_men(corpus):
    f0 = {s.name: [] for s in SPEAKERS}
    for utterance in corpus.utterances:
        samples, rate = soundfile.read(utterance.audio, dtype="float32")
        f0[utterance.metadata["speaker"]].append(f0_on_grid(samples, rate, GRID))
    medians = {name: float(np.nanmedian(np.concatenate(tracks))) for name, tracks in f0.items()}
    women, men = ([medians[s.name] for s in SPEAKERS if s.gender == gender] for gender in "FM")
    assert 140 < min(women) < max(women) < 280
    assert 80 < min(men) < max(men) < 160
    assert np.mean(women) > 1.4 * np.mean(men)
    assert len({round(median / 5) for median in medians.values()}) >= 7  # told apart


def high_energy(samples):
    """Energy above 4 kHz, every millisecond (16 samples), of 2 ms."""
    high = np.diff(samples, n=2)
    return np.convolve(high**2, np.ones(32), "same")[::16]


def test_fricatives_begin_and_end_where_the_labels_say(corpus):
    """Where S or SH meets a vowel, energy above 4 kHz falls or rises the most at the boundary, not beside it."""
    best = []
    for utterance in corpus.utterances:
        samples, _ = soundfile.read(utterance.audio)
        energy = np.log(high_energy(samples) + 1e-6)  # per ms
        for a, b in pairwise(utterance.segments):
            hiss_first, hiss_last = (a.phone in {"S", "SH"}, b.phone in {"S", "SH"})
            if not ((hiss_first and b.phone in VOWELS) or (hiss_last and a.phone in VOWELS)):
                continue
            at = round(a.end_us / 1000)
            steps = [energy[t - 12 : t].mean() - energy[t : t + 12].mean() for t in range(at - 30, at + 31)]
            best.append(int(np.argmax(steps if hiss_first else np.negative(steps))) - 30)
    assert len(best) > 40
    assert abs(np.median(best)) <= 6
    assert np.mean(np.abs(best) <= 12) > 0.8


def test_vowels_are_voiced_and_hisses_are_not(corpus):
    voiced = {"vowel": [], "hiss": [], "silence": []}
    for utterance in corpus.utterances:
        samples, rate = soundfile.read(utterance.audio, dtype="float32")
        f0 = f0_on_grid(samples, rate, GRID)
        for segment in utterance.segments:
            kind = "vowel" if segment.phone in VOWELS else {"S": "hiss", "SH": "hiss", "": "silence"}.get(segment.phone)
            # frames whose centres are at least 20 ms inside
            inside = [
                i for i in range(len(f0)) if segment.start_us + 20_000 <= GRID.centre_us(i) <= segment.end_us - 20_000
            ]
            if kind:
                voiced[kind] += (~np.isnan(f0[inside])).tolist()
    assert np.mean(voiced["vowel"]) > 0.95
    assert np.mean(voiced["hiss"]) < 0.25
    assert np.mean(voiced["silence"]) < 0.1


def test_silence_is_digital_silence_and_closures_belong_to_plosives(corpus):
    closures = []
    for utterance in corpus.utterances:
        samples, _ = soundfile.read(utterance.audio, dtype="int16")
        for segment in utterance.segments:
            start, end = (us * 16 // 1000 for us in (segment.start_us, segment.end_us))
            quiet = np.abs(samples[start + 48 : end - 48].astype(int)) <= 1  # the resampler rings for 3 ms
            if segment.phone == "":
                assert quiet.all()
            elif segment.phone in {"P", "T", "K", "CH"}:
                closures.append(quiet[:160].mean())
            elif segment.phone in VOWELS:
                assert quiet[-160:].mean() < 0.5
    assert np.mean(np.array(closures) > 0.9) > 0.5


def test_the_same_bytes_every_time_in_any_process(made, tmp_path):
    speak("Something else was said in between.", "en-us+m7", 200, 30)
    again = speak_corpus(tmp_path / "again")
    assert digest(again.utterances.parent) == digest(made.utterances.parent)
    code = "import sys; from ingest.corpora.spoken import speak_corpus; speak_corpus(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, tmp_path / "other"], cwd=ROOT, check=True)
    assert digest(tmp_path / "other") == digest(made.utterances.parent)


def test_seed_and_number_of_sentences(tmp_path):
    texts = []
    for seed in (0, 1):
        files = speak_corpus(tmp_path / str(seed), n_sentences=1, seed=seed)
        with files.utterances.open() as file:
            texts.append([row["text"] for row in csv.DictReader(file)])
        assert len(list(files.audio.rglob("*.flac"))) == len(set(texts[-1])) == 8
    assert texts[0] != texts[1]
    with pytest.raises(CorpusError, match="at least 1 sentence"):
        speak_corpus(tmp_path / "none", n_sentences=0)
    assert not (tmp_path / "none").exists()


def a_speech():
    """50 ms of noise as AH, 30 ms silent before the burst of T, then a pause."""
    rate = 22_050
    samples = np.ones(rate // 5, np.int16)
    samples[1_102:1_764] = 0  # 30 ms before the event of T
    samples[2_646:] = 0  # T ends at 120 ms, the event of the pause comes later
    names = (("a#", 0, 0), ("t", 1_764, 2), ("_:", 3_087, 2), ("_", 4_000, 2))
    return Speech(samples, rate, tuple(Phoneme(*name) for name in names))


def test_closures_go_to_the_next_phone_and_other_silence_to_the_pause():
    tiers = intervals(a_speech(), "A tea, no?", 400_000, "u")
    assert tiers["phones"] == [
        Interval(0, 100_000, ""),
        Interval(100_000, 149_977, "AH"),
        Interval(149_977, 220_000, "T"),
        Interval(220_000, 400_000, ""),
    ]
    assert tiers["words"] == [
        Interval(0, 100_000, ""),
        Interval(100_000, 149_977, "a"),
        Interval(149_977, 220_000, "tea no"),
        Interval(220_000, 400_000, ""),
    ]


def test_a_phoneme_that_is_no_arpabet_phone_is_refused():
    speech = Speech(np.ones(9, np.int16), 22_050, (Phoneme("A@", 0, 0), Phoneme("_", 9, 0)))
    with pytest.raises(CorpusError, match=r"^ada-01: .*'A@'"):
        intervals(speech, "are", 10_000, "ada-01")


def test_textgrid_is_what_the_aligner_writes():
    text = textgrid(
        {"words": [Interval(0, 100_000, "")], "phones": [Interval(0, 62_500, "AH"), Interval(62_500, 100_000, "")]}
    )
    assert (
        text
        == """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 0.100000
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 0.100000
        intervals: size = 1
        intervals [1]:
            xmin = 0.000000
            xmax = 0.100000
            text = ""
    item [2]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 0.100000
        intervals: size = 2
        intervals [1]:
            xmin = 0.000000
            xmax = 0.062500
            text = "AH"
        intervals [2]:
            xmin = 0.062500
            xmax = 0.100000
            text = ""
"""
    )
    tiers = parse_tiers(text, "here")
    assert [(tier.name, [tuple(interval)[:3] for interval in tier.intervals]) for tier in tiers] == [
        ("words", [(0, 100_000, "")]),
        ("phones", [(0, 62_500, "AH"), (62_500, 100_000, "")]),
    ]


def test_written_times_are_the_synthesisers_to_the_microsecond(made):
    with made.utterances.open() as file:
        row = next(csv.DictReader(file))
    speaker = next(s for s in SPEAKERS if s.name == row["speaker"])
    speech = speak(row["text"], row["voice"], int(row["rate"]), speaker.pitch)
    written = read_textgrid(made.labels / row["speaker"] / f"{row['utterance']}.TextGrid")
    starts = {PAUSE_US + p.start * 1_000_000 // speech.sample_rate for p in speech.phonemes if p.mnemonic[0] != "_"}
    phones = [interval for interval in written if interval.label]
    assert len(phones) == len([p for p in speech.phonemes if p.mnemonic[0] != "_"])
    assert np.mean([interval.start_us in starts for interval in phones]) > 0.7  # the others have a closure
    n_samples = soundfile.info(made.audio / row["speaker"] / f"{row['utterance']}.flac").frames
    assert abs((n_samples - 3_200) / 16_000 - len(speech.samples) / speech.sample_rate) <= 1 / 16_000


def test_speech_does_not_depend_on_what_was_said_before():
    first = speak("A loud crowd stood in the road.", "en-us+f1", 160, 50)
    speak("It is late.", "en-us+m1", 140, 40)
    again = speak("A loud crowd stood in the road.", "en-us+f1", 160, 50)
    np.testing.assert_array_equal(first.samples, again.samples)
    assert first.phonemes == again.phonemes
    assert first.sample_rate == 22_050
    assert [p.mnemonic for p in first.phonemes][:4] == ["a#", "l", "aU", "d"]
    assert [p.start for p in first.phonemes] == sorted(p.start for p in first.phonemes)


def test_voices_in_a_deep_folder_are_found(monkeypatch):
    """The library cuts long paths off, so it gets a short link."""
    expected = speak("It is late.", "en-us", 160, 50)
    monkeypatch.setattr(espeak, "LONGEST_PATH", 10)
    np.testing.assert_array_equal(speak("It is late.", "en-us", 160, 50).samples, expected.samples)


def test_an_unknown_voice_is_an_error():
    with pytest.raises(CorpusError, match="no voice 'nobody'"):
        speak("Hello.", "nobody", 160, 50)


def test_without_the_package_one_line_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(CorpusError) as error:
        speak_corpus(tmp_path)
    assert 'pip install -e ".[demo]"' in str(error.value)
    assert "\n" not in str(error.value)


def test_sentences_are_what_the_corpus_needs():
    for sentence in SENTENCES:
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert sentence.isascii()
