"""libespeak-ng through ctypes: a sentence in, its samples and the exact start of every phoneme out.

The library and its voices come with the package `espeakng_loader`; nothing has to be on the system.
"""

import ctypes
import os
import tempfile
from contextlib import ExitStack
from ctypes import POINTER, c_char, c_char_p, c_int, c_short, c_size_t, c_uint, c_void_p
from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import numpy as np

from warehouse.errors import CorpusError

# names and values of espeak-ng/speak_lib.h
AUDIO_OUTPUT_SYNCHRONOUS, INITIALIZE_PHONEME_EVENTS, INITIALIZE_DONT_EXIT = 2, 0x0001, 0x8000
EVENT_LIST_TERMINATED, EVENT_PHONEME, CHARS_UTF8 = 0, 7, 1
RATE, PITCH = 1, 3

LONGEST_PATH = 130  # the library cuts longer ones off without a word
STRESS = "',%="


@dataclass(frozen=True)
class Phoneme:
    """A phoneme event.

    Attributes:
        mnemonic: espeak's name of the phoneme without its stress; begins with ``_`` for a pause.
        start: the sample at which it begins.
        text_at: the character at which its word begins, from 0; words that espeak joins share it.
    """

    mnemonic: str
    start: int
    text_at: int


@dataclass(frozen=True)
class Speech:
    """What was spoken: int16 samples (n,), their rate in Hz, and the phonemes in order."""

    samples: np.ndarray
    sample_rate: int
    phonemes: tuple[Phoneme, ...]


class _Identity(ctypes.Union):
    _fields_ = (("number", c_int), ("name", c_char_p), ("string", c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", c_int),
        ("unique_identifier", c_uint),
        ("text_position", c_int),
        ("length", c_int),
        ("audio_position", c_int),
        ("sample", c_int),
        ("user_data", c_void_p),
        ("id", _Identity),
    )


_SYNTH = (c_char_p, c_size_t, c_uint, c_int, c_uint, c_uint, POINTER(c_uint), c_void_p)
_Callback = ctypes.CFUNCTYPE(c_int, POINTER(c_short), c_int, POINTER(_Event))


def speak(text: str, voice: str, rate: int, pitch: int) -> Speech:
    """Speak a sentence; the same arguments give the same samples, whatever was spoken before.

    (The library is loaded and unloaded each time, 5 ms: it carries the phase of its oscillator from one
    sentence into the next.)

    Args:
        text: what to say.
        voice: an espeak voice and its variant, like ``en-us+f1``.
        rate: words per minute, from 80.
        pitch: 0 to 100; 50 is the variant's own.

    Raises:
        CorpusError: the package is not installed, there is no such voice, or the library fails.
    """
    try:
        import espeakng_loader
    except ImportError:
        raise CorpusError(
            'the demo is spoken by libespeak-ng, which is not installed: pip install -e ".[demo]"'
        ) from None
    samples: list[np.ndarray] = []
    phonemes: list[Phoneme] = []

    def receive(chunk: Any, n_samples: int, events: Any) -> int:
        if chunk and n_samples:
            samples.append(np.ctypeslib.as_array(chunk, (n_samples,)).copy())
        for event in takewhile(lambda event: event.type != EVENT_LIST_TERMINATED, (events[i] for i in count())):
            if event.type == EVENT_PHONEME:
                name = bytes(event.id.string).decode().lstrip(STRESS)
                phonemes.append(Phoneme(name, event.sample, event.text_position - 1))
        return 0

    callback = _Callback(receive)
    with ExitStack() as cleanup:
        home = _short(Path(espeakng_loader.get_data_path()), cleanup)
        library = ctypes.CDLL(espeakng_loader.get_library_path())
        cleanup.callback(_unload, library)
        library.espeak_Synth.argtypes = _SYNTH
        options = INITIALIZE_PHONEME_EVENTS | INITIALIZE_DONT_EXIT
        sample_rate = library.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, os.fsencode(home), options)
        if sample_rate <= 0:
            raise CorpusError(f"libespeak-ng does not find its voices in {home}: install espeakng_loader again")
        cleanup.callback(library.espeak_Terminate)
        library.espeak_SetSynthCallback(callback)
        _check(library.espeak_SetVoiceByName(voice.encode()), f"has no voice {voice!r}")
        _check(library.espeak_SetParameter(RATE, rate, 0), f"refuses the rate {rate}")
        _check(library.espeak_SetParameter(PITCH, pitch, 0), f"refuses the pitch {pitch}")
        data = text.encode()
        status = library.espeak_Synth(data, len(data) + 1, 0, 0, 0, CHARS_UTF8, None, None)
        _check(status, f"cannot say {text!r}")
    return Speech(np.concatenate(samples), sample_rate, tuple(phonemes))


def _short(data: Path, cleanup: ExitStack) -> Path:
    """A path short enough for the library to the folder that holds its data."""
    if len(os.fsencode(data.parent)) <= LONGEST_PATH:
        return data.parent
    short = Path(cleanup.enter_context(tempfile.TemporaryDirectory()))
    (short / data.name).symlink_to(data, target_is_directory=True)
    return short


def _unload(library: ctypes.CDLL) -> None:
    import _ctypes

    getattr(_ctypes, "dlclose" if hasattr(_ctypes, "dlclose") else "FreeLibrary")(library._handle)


def _check(status: int, what: str) -> None:
    if status:
        raise CorpusError(f"libespeak-ng {what} (status {status}): install espeakng_loader again")
