"""Which audio files a corpus has, what their utterances are called, and who speaks when nothing else says."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ingest.corpora.encoding import read_text
from warehouse.errors import CorpusError

AUDIO_SUFFIXES = frozenset((".flac", ".wav", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".sph", ".au"))
_LIBRISPEECH = re.compile(r"\d+-\d+-\d+")


class AudioFile(NamedTuple):
    """An audio file: the name of its utterance, its path, and the folder below the root that it is in."""

    name: str
    path: Path
    folder: str | None


def find_audio(audio: str | Path | Sequence[str | Path], names: str) -> list[AudioFile]:
    """The audio files of a folder, a list or a Kaldi ``wav.scp``, in the order of their names.

    Raises:
        CorpusError: the folder is not there or holds no audio, or a line of the ``wav.scp`` is a command.
    """
    if names not in ("stem", "path"):
        raise CorpusError(f"names={names!r}: utterances are named by 'stem' or by 'path'; give one of them")
    if not isinstance(audio, (str, Path)):
        if not audio:
            raise CorpusError("the list of audio files is empty; give at least one file, or a folder")
        other = next((file for file in audio if Path(file).suffix.lower() not in AUDIO_SUFFIXES), None)
        if other is not None:
            raise CorpusError(f"{other}: is no audio file ({' '.join(sorted(AUDIO_SUFFIXES))}); take it off the list")
        return sorted(AudioFile(Path(file).stem, Path(file), None) for file in audio)
    root = Path(audio)
    if root.is_file() and root.suffix.lower() not in AUDIO_SUFFIXES:
        return _wav_scp(root)
    if root.is_file():
        return [AudioFile(root.stem, root, None)]
    if not root.is_dir():
        raise CorpusError(f"{root}: there is no such audio folder; check the path")
    found = [
        AudioFile(name_of(path, root, names), path, path.parent.name if path.parent != root else None)
        for path in find_files(root, AUDIO_SUFFIXES)
    ]
    if not found:
        raise CorpusError(f"{root}: has no audio in it ({' '.join(sorted(AUDIO_SUFFIXES))}); check the folder")
    return sorted(found)


def find_files(root: Path, suffixes: frozenset[str]) -> list[Path]:
    """The files below a folder with one of the suffixes (lower case): linked ones too, hidden ones not."""
    found = []
    entered = {os.path.realpath(root)}
    for folder, folders, files in os.walk(root, followlinks=True):
        kept = []
        for name in sorted(folders):
            real = os.path.realpath(os.path.join(folder, name))
            if not name.startswith(".") and real not in entered:  # a link upwards would never end
                entered.add(real)
                kept.append(name)
        folders[:] = kept
        for name in sorted(files):
            if os.path.splitext(name)[1].lower() in suffixes and not name.startswith("."):
                found.append(Path(folder, name))
    return found


def name_of(path: Path, root: Path, names: str) -> str:
    """What an utterance is called: its file's stem, or its path below the root without the suffix."""
    return path.stem if names == "stem" else path.relative_to(root).with_suffix("").as_posix()


def speaker_from(file: AudioFile, frame_labels: bool) -> str | None:
    """Who speaks, by the name or the folder of the file; None when neither says.

    The authors' frame labels and names like LibriSpeech's (``84-121123-0000``) begin with the speaker;
    other corpora mostly have a folder a speaker.
    """
    stem = file.name.rpartition("/")[2]
    if _LIBRISPEECH.fullmatch(stem) or (frame_labels and "-" in stem):
        return stem.partition("-")[0]
    return file.folder


def _wav_scp(path: Path) -> list[AudioFile]:
    found = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        fields = line.split(None, 1)
        if not fields:
            continue
        file = Path(fields[1].strip()) if len(fields) == 2 else None
        if file is None or file.suffix.lower() not in AUDIO_SUFFIXES:
            raise CorpusError(
                f"{path}: line {number}: {line.strip()!r} is not an utterance and an audio file; "
                f"give a folder, or a wav.scp without commands"
            )
        found.append(AudioFile(fields[0], file if file.is_file() else path.parent / file, None))
    return sorted(found)
