"""Reads audio of any common format as the mono float32 waveform a model wants, or says why it cannot.

libsndfile decodes FLAC, WAV, OGG and MP3. It passes over some damage in silence, so what it gives is
checked against what the file promised. Resampling is scipy's polyphase filter: unlike a convolution in
torch it gives the same bits whatever the number of threads, which the recorded ranks depend on.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import gcd
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from warehouse.errors import CorpusError

Note = Callable[[str], None]

_SHORTENED = re.compile(r"^\s*(?:data|SSND)\s*:\s*(\d+)\s*\(should be (\d+)\)", re.MULTILINE)
_UNKNOWN_SIZE = 0x7FFF_F000  # what programs that write to a pipe put where the size belongs, or more
_UNKNOWN_LENGTH = 1 << 62  # what libsndfile gives for a FLAC that does not say
_OGG_PAGE = 65_307  # bytes of the longest Ogg page


class AudioHeader(NamedTuple):
    """What an audio file says of itself.

    Attributes:
        n_samples: per channel, at the file's own rate.
        sample_rate: Hz.
        channels: how many.
    """

    n_samples: int
    sample_rate: int
    channels: int


def probe(path: Path) -> AudioHeader:
    """Reads an audio file's header, without decoding it.

    Raises:
        CorpusError: the file cannot be opened, is no audio, is empty, or ends before its header says.
    """
    with _opened(path) as file:
        return AudioHeader(file.frames, file.samplerate, file.channels)


def n_samples_at(n_samples: int, sample_rate: int, wanted_rate: int) -> int:
    """How many samples `read_audio` gives at a rate: ``ceil(n_samples · wanted_rate / sample_rate)``."""
    return -(-n_samples * wanted_rate // sample_rate)


def read_audio(path: Path, sample_rate: int, note: Note | None = None) -> np.ndarray:
    """Decodes an audio file to one channel at the rate a model wants.

    Args:
        path: FLAC, WAV, OGG, MP3 or what else libsndfile reads.
        sample_rate: wanted, Hz. Another rate is resampled.
        note: called with a line for each change made (mixed, resampled); the lines name no file, so
            that `once` can say each a single time for a whole corpus.

    Returns:
        float32 of shape (n,), n = `n_samples_at` of the header; full scale is 1. Channels are averaged.

    Raises:
        CorpusError: as `probe`, or the file is truncated or damaged, or holds NaN or infinite samples.
    """
    with _opened(path) as file:
        header = AudioHeader(file.frames, file.samplerate, file.channels)
        wave = file.read(dtype="float32")
    if len(wave) != header.n_samples:
        raise CorpusError(
            f"{path}: ends after {len(wave)} of the {header.n_samples} samples its header promises "
            f"(truncated or damaged); copy the file again"
        )
    if not np.isfinite(wave).all():
        at = int(np.flatnonzero(~np.isfinite(wave).reshape(len(wave), -1).all(axis=1))[0])
        raise CorpusError(
            f"{path}: sample {at} ({at / header.sample_rate:.3f} s) is NaN or infinite; export the file again"
        )
    if header.channels > 1:
        wave = wave.mean(axis=1, dtype=np.float32)
        if note:
            note(f"audio of {header.channels} channels is mixed to one")
    if header.sample_rate != sample_rate:
        wave = resample(wave, header.sample_rate, sample_rate)
        if note:
            note(f"audio of {header.sample_rate} Hz is resampled to {sample_rate} Hz")
    return wave


def resample(wave: np.ndarray, sample_rate: int, wanted_rate: int) -> np.ndarray:
    """Resamples a waveform of shape (n,) to ``ceil(n · wanted_rate / sample_rate)`` float32 samples.

    A polyphase Kaiser-windowed filter; the same bits on any number of threads.
    """
    from scipy.signal import resample_poly

    common = gcd(sample_rate, wanted_rate)
    resampled = resample_poly(wave, wanted_rate // common, sample_rate // common)
    return np.ascontiguousarray(resampled, dtype=np.float32)


def once(say: Note) -> Note:
    """Wraps a function that takes a line so that equal lines pass only the first time.

    >>> note = once(print)
    >>> note("audio of 2 channels is mixed to one"); note("audio of 2 channels is mixed to one")
    audio of 2 channels is mixed to one
    """
    said: set[str] = set()

    def say_once(line: str) -> None:
        if line not in said:
            said.add(line)
            say(line)

    return say_once


@contextmanager
def _opened(path: Path) -> Iterator[soundfile.SoundFile]:
    """An audio file that has samples and is as long as it says; libsndfile's errors become CorpusErrors."""
    try:
        if path.stat().st_size == 0:
            raise CorpusError(f"{path}: the file is empty; copy it again")
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions") from None
    try:
        with soundfile.SoundFile(path) as file:
            _check_whole(path, file)
            yield file
    except soundfile.LibsndfileError as error:
        reason = error.error_string.strip().rstrip(".").removeprefix("Error : ")
        raise CorpusError(
            f"{path}: cannot be decoded ({reason}): truncated, damaged or no audio; copy the file again"
        ) from None


def _check_whole(path: Path, file: soundfile.SoundFile) -> None:
    """Finds the truncations that libsndfile mends in silence, and files without samples."""
    promised = next(
        (int(match[1]) for match in _SHORTENED.finditer(file.extra_info) if int(match[1]) > int(match[2])), 0
    )
    if 0 < promised < _UNKNOWN_SIZE:
        raise CorpusError(f"{path}: ends before its header says (truncated); copy the file again")
    if file.format == "OGG" and not _last_page_is_marked(path):
        raise CorpusError(f"{path}: ends before its last page (truncated); copy the file again")
    if file.frames >= _UNKNOWN_LENGTH:
        raise CorpusError(f"{path}: its header does not say how long it is (it was written to a pipe); encode it again")
    if file.frames == 0:
        raise CorpusError(f"{path}: holds no samples; record or copy the file again")


def _last_page_is_marked(path: Path) -> bool:
    """Whether the last page of an Ogg file carries the flag that ends a stream."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _OGG_PAGE))
        tail = file.read()
    at = tail.rfind(b"OggS")
    return at >= 0 and len(tail) > at + 5 and bool(tail[at + 5] & 4)
