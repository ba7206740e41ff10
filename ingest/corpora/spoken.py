"""The demo corpus: everyday English from eight synthetic speakers, with the synthesiser's own phone boundaries.

Every phone begins at the sample at which libespeak-ng began it, so a finding on this corpus is never an error
of an aligner. The phones are ARPABET without stress, all 39; the sentences keep to words that espeak makes of
phonemes that are one ARPABET phone each (no vowel with r in it as in *near*, no syllabic l or n), so that no
interval has to be split by guess.

The closure of a plosive is silent: it belongs to the plosive, as in hand-made and forced alignments, although
espeak reports the plosive where it bursts.
"""

import csv
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ingest.corpora.espeak import Speech, speak
from warehouse.errors import CorpusError

SAMPLE_RATE = 16_000  # Hz, of the files
RATES = (140, 165, 190)  # words per minute
PAUSE_US = 100_000  # silence before and after each sentence
CLOSURE = 22  # samples; a longer silence that ends a phoneme is a closure of the next one

ARPABET = {
    **{"A:": "AA", "0": "AA", "a": "AE", "aa": "AE", "V": "AH", "@": "AH", "@2": "AH", "a#": "AH"},
    **{"O:": "AO", "O2": "AO", "aU": "AW", "aI": "AY", "E": "EH", "3": "ER", "3:": "ER", "eI": "EY"},
    **{"I": "IH", "I2": "IH", "I#": "IH", "i": "IY", "i:": "IY", "oU": "OW", "OI": "OY", "U": "UH"},
    **{"u:": "UW", "b": "B", "tS": "CH", "d": "D", "D": "DH", "f": "F", "g": "G", "h": "HH", "dZ": "JH"},
    **{"k": "K", "l": "L", "m": "M", "n": "N", "N": "NG", "p": "P", "r": "R", "s": "S", "S": "SH"},
    **{"t": "T", "t2": "T", "T": "TH", "t#": "D", "v": "V", "w": "W", "j": "Y", "z": "Z", "Z": "ZH"},
}
"""espeak's American phonemes and their phones: its reduced vowels are AH or IH, its tap (``t#``) is D."""


@dataclass(frozen=True)
class Speaker:
    """A synthetic speaker: espeak's voice and variant, and the pitch (0 to 100) that tells them apart."""

    name: str
    gender: str
    accent: str
    variant: str
    pitch: int

    @property
    def voice(self) -> str:
        """What espeak calls the voice."""
        return f"{_LANGUAGES[self.accent]}+{self.variant}"


_LANGUAGES = {"general": "en-us", "new york": "en-us-nyc"}

SPEAKERS = (
    Speaker("ada", "F", "general", "aunty", 42),
    Speaker("dora", "F", "new york", "steph", 50),
    Speaker("iris", "F", "general", "f1", 60),
    Speaker("nell", "F", "new york", "Annie", 50),
    Speaker("abel", "M", "general", "m1", 50),
    Speaker("emil", "M", "new york", "m5", 58),
    Speaker("hugo", "M", "general", "m7", 66),
    Speaker("otto", "M", "new york", "m3", 86),
)
"""Variants without echo or whisper: their pauses are digital silence, so closures are exact as well."""

SENTENCES = """
The boy took a good look at the tidy garage.
She likes fresh coffee with hot milk and sugar.
We found a shiny coin under the yellow couch.
His young cousin laughed at the funny puppet show.
They watched the birds without much pleasure.
Please put the blue cushion back on the long bench.
A clever dog chased the cat around the house.
My aunt bought three cheap bananas and some juice.
The noise outside woke the baby and his mother.
Nothing in this town is both good and cheap.
He chose a beige jacket with a thick hood.
You should wash those muddy boots now.
The cook added salt, fresh ginger and thyme.
Both of them enjoy watching a movie by the lake.
I thought the music was louder than yesterday.
Her vision got much better with new glasses.
A loud crowd stood in the road and shouted.
We could join them on Thursday in the city.
Jim caught a cold and lost his voice today.
The thin judge gave a long speech at noon.
Give him a ruler so he can measure the shelf.
Ann yawned and then pulled the heavy rug down.
A young bird is singing on the wooden roof.
Leave the key with the woman who owns the shop.
""".strip().splitlines()


class SpokenCorpus(NamedTuple):
    """Where `speak_corpus` wrote: folders of audio and labels, and two tables."""

    audio: Path
    labels: Path
    utterances: Path
    speakers: Path


class Interval(NamedTuple):
    """A labelled stretch of an utterance, integer microseconds."""

    start_us: int
    end_us: int
    label: str


def speak_corpus(folder: Path, *, n_sentences: int = 8, seed: int = 0) -> SpokenCorpus:
    """Speak the demo corpus into a folder: audio, TextGrids as the Montreal Forced Aligner's, and two tables.

    The 24 sentences are shuffled and dealt round and round, `n_sentences` to each speaker. By default that is
    64 utterances, not quite three minutes, and the women, the men and each accent say them all. The same
    arguments write the same bytes.

    The tables: ``utterances.csv`` with utterance, speaker, gender, text, accent, rate (words per minute: 140,
    165 or 190) and voice; ``speakers.csv`` with speaker, gender, accent and voice.

    Args:
        folder: made when missing; files of the same names are overwritten.
        n_sentences: per speaker, from 1.
        seed: shuffles the sentences.

    Raises:
        CorpusError: libespeak-ng is not installed, or speaks otherwise than it should.
    """
    if n_sentences < 1:
        raise CorpusError(f"n_sentences = {n_sentences}: each speaker must say at least 1 sentence")
    folder = Path(folder)
    corpus = SpokenCorpus(folder / "audio", folder / "alignments", folder / "utterances.csv", folder / "speakers.csv")
    rows = []
    for name, speaker, text, rate in _utterances(n_sentences, seed):
        speech = speak(text, speaker.voice, rate, speaker.pitch)
        audio, labels = (top / speaker.name for top in (corpus.audio, corpus.labels))
        audio.mkdir(parents=True, exist_ok=True)
        labels.mkdir(parents=True, exist_ok=True)
        n_samples = _write_audio(audio / f"{name}.flac", speech)
        tiers = intervals(speech, text, n_samples * 1_000_000 // SAMPLE_RATE, name)
        (labels / f"{name}.TextGrid").write_text(textgrid(tiers), encoding="utf-8", newline="\n")
        rows.append((name, speaker.name, speaker.gender, text, speaker.accent, rate, speaker.voice))
    header = ("utterance", "speaker", "gender", "text", "accent", "rate", "voice")
    _write_table(corpus.utterances, header, rows)
    speakers = ((s.name, s.gender, s.accent, s.voice) for s in SPEAKERS)
    _write_table(corpus.speakers, ("speaker", "gender", "accent", "voice"), speakers)
    return corpus


def intervals(speech: Speech, text: str, end_us: int, name: str) -> dict[str, list[Interval]]:
    """The tiers ``words`` and ``phones`` of an utterance, silence as ``""``, without gaps from 0 to the end.

    Args:
        speech: what was spoken, `PAUSE_US` after the start of the file.
        text: what it says.
        end_us: length of the file.
        name: the utterance, for messages.

    Raises:
        CorpusError: a phoneme that is no ARPABET phone.
    """
    phones, words = [], []
    starts = [*_starts(speech), len(speech.samples)]
    for phoneme, start, end in zip(speech.phonemes, starts, starts[1:], strict=False):
        if phoneme.mnemonic.startswith("_") or start == end:
            continue
        if phoneme.mnemonic not in ARPABET:
            raise CorpusError(
                f"{name}: libespeak-ng says {phoneme.mnemonic!r}, which is no ARPABET phone: install the "
                "espeakng_loader that constraints.txt names"
            )
        start_us, stop_us = (PAUSE_US + sample * 1_000_000 // speech.sample_rate for sample in (start, end))
        phones.append(Interval(start_us, stop_us, ARPABET[phoneme.mnemonic]))
        words.append(phoneme.text_at)

    spoken: list[Interval] = []
    begins = sorted(set(words))
    for at, until in zip(begins, [*begins[1:], len(text)], strict=True):
        inside = [phone for phone, word in zip(phones, words, strict=True) if word == at]
        label = "".join(c for c in text[at:until].lower() if c.isalpha() or c in "' ").strip()
        spoken.append(Interval(inside[0].start_us, inside[-1].end_us, label))
    return {"words": _with_silence(spoken, end_us), "phones": _with_silence(phones, end_us)}


def textgrid(tiers: dict[str, list[Interval]]) -> str:
    """A TextGrid in Praat's long form, times with six decimals."""
    end = _seconds(max(tier[-1].end_us for tier in tiers.values()))
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', ""]
    lines += ["xmin = 0", f"xmax = {end}", "tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for number, (name, tier) in enumerate(tiers.items(), start=1):
        lines += [f"    item [{number}]:", '        class = "IntervalTier"', f'        name = "{name}"']
        lines += ["        xmin = 0", f"        xmax = {end}", f"        intervals: size = {len(tier)}"]
        for place, interval in enumerate(tier, start=1):
            lines += [f"        intervals [{place}]:", f"            xmin = {_seconds(interval.start_us)}"]
            lines += [f"            xmax = {_seconds(interval.end_us)}"]
            lines += [f'            text = "{interval.label}"']
    return "\n".join(lines) + "\n"


def _utterances(n_sentences: int, seed: int) -> Iterator[tuple[str, Speaker, str, int]]:
    sentences = list(SENTENCES)
    random.Random(seed).shuffle(sentences)
    for number, speaker in enumerate(SPEAKERS):
        for place in range(n_sentences):
            text = sentences[(number * n_sentences + place) % len(sentences)]
            rate = RATES[(number + place) % len(RATES)]
            yield f"{speaker.name}-{place + 1:02d}", speaker, text, rate


def _starts(speech: Speech) -> list[int]:
    """Where each phoneme begins, with the closure that precedes its event."""
    starts = [phoneme.start for phoneme in speech.phonemes]
    moved = starts.copy()
    for i in range(1, len(starts)):
        sound = np.flatnonzero(speech.samples[starts[i - 1] : starts[i]])
        if len(sound) and starts[i] - (last := starts[i - 1] + int(sound[-1]) + 1) > CLOSURE:
            moved[i] = last
    return moved


def _with_silence(tier: Sequence[Interval], end_us: int) -> list[Interval]:
    filled, at = [], 0
    for interval in tier:
        if interval.start_us > at:
            filled.append(Interval(at, interval.start_us, ""))
        filled.append(interval)
        at = interval.end_us
    return [*filled, Interval(at, end_us, "")]


def _write_audio(path: Path, speech: Speech) -> int:
    """Write 16-bit FLAC at 16 kHz, with a pause on either side; how many samples."""
    import soundfile
    from scipy.signal import resample_poly

    divisor = int(np.gcd(SAMPLE_RATE, speech.sample_rate))
    resampled = resample_poly(speech.samples.astype(np.float64), SAMPLE_RATE // divisor, speech.sample_rate // divisor)
    pause = PAUSE_US * SAMPLE_RATE // 1_000_000
    samples = np.pad(np.rint(0.9 * resampled).clip(-32768, 32767).astype(np.int16), pause)
    soundfile.write(path, samples, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    return len(samples)


def _write_table(path: Path, header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _seconds(microseconds: int) -> str:
    return f"{microseconds // 1_000_000}.{microseconds % 1_000_000:06d}"
