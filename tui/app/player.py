"""Plays a piece of an audio file with whatever player the machine has, or says with which command it would."""

import shlex
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

from warehouse.errors import WarehouseError, first_line

MARGIN = 0.25
"""Seconds that are heard before and after a segment."""

_PLAYERS = {"aplay": ("-q",), "afplay": (), "ffplay": ("-nodisp", "-autoexit", "-loglevel", "error")}


def find_player() -> list[str] | None:
    """The first player at hand, with its options; None = there is none."""
    for name, options in _PLAYERS.items():
        found = shutil.which(name)
        if found is not None:
            return [found, *options]
    return None


def command_of(path: str, start_s: float | None, end_s: float | None, margin: float = MARGIN) -> str:
    """The line for a shell that plays a segment from its file; the whole file where its ends are not known."""
    words = ["ffplay", *_PLAYERS["ffplay"]]
    if start_s is not None and end_s is not None:
        start = max(0.0, start_s - margin)
        words += ["-ss", f"{start:.3f}", "-t", f"{end_s + margin - start:.3f}"]
    return shlex.join([*words, "-i", path])


def cut(path: str, start_s: float | None, end_s: float | None, to: Path, margin: float = MARGIN) -> None:
    """Write a segment of an audio file as a WAV of 16 bits, with what is said around it.

    Args:
        path: the audio file.
        start_s: start of the segment in seconds; None = the start of the file.
        end_s: its end; None = the end of the file.
        to: the file to write.
        margin: seconds before and after.

    Raises:
        WarehouseError: the file is not there, is no audio, or ends before the segment begins.
    """
    import soundfile

    if not Path(path).is_file():
        raise WarehouseError(f"{path}: the audio file is not there; bring it back to where it was when it was ingested")
    try:
        with soundfile.SoundFile(path) as file:
            rate = file.samplerate
            first = 0 if start_s is None else max(0, round((start_s - margin) * rate))
            last = file.frames if end_s is None else min(file.frames, round((end_s + margin) * rate))
            if not file.frames or (start_s is None and first >= last):
                raise WarehouseError(f"{path}: holds no sound; ingest the corpus with the file that was recorded")
            if first >= last:
                raise WarehouseError(f"{path}: is {file.frames / rate:.2f} s long and ends before {start_s:.2f} s")
            file.seek(first)
            samples = file.read(last - first)
        soundfile.write(to, samples, rate, subtype="PCM_16", format="WAV")
    except soundfile.SoundFileError as error:
        raise WarehouseError(f"{path}: cannot be read as audio ({first_line(error)})") from None


class Player:
    """Plays one segment at a time; the next one stops the one before."""

    def __init__(self, command: list[str] | None = None) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = 0
        self._lock = threading.Lock()

    @property
    def name(self) -> str | None:
        """Name of the program that plays; None = the machine has none."""
        return Path(self._command[0]).name if self._command else None

    def play(self, path: str, start_s: float | None, end_s: float | None) -> None:
        """Play a segment and wait until it ends or is stopped.

        Raises:
            WarehouseError: the file cannot be read, or the player failed.
        """
        if self._command is None:
            raise WarehouseError(f"no player was found; install one of {', '.join(_PLAYERS)}")
        turn = self.stop()
        with tempfile.TemporaryDirectory(prefix="neurons-play-") as folder:
            wav = Path(folder) / "segment.wav"
            cut(path, start_s, end_s, wav)
            with self._lock:
                if turn != self._turn:
                    return
                try:
                    self._process = process = subprocess.Popen(
                        [*self._command, str(wav)],
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.PIPE,
                    )
                except OSError as error:
                    raise WarehouseError(f"{self.name} cannot be started ({error.strerror})") from None
            _, said = process.communicate()
        with self._lock:
            stopped = turn != self._turn
        if process.returncode and not stopped:
            reason = (said.decode(errors="replace").strip().splitlines() or ["it does not say why"])[0][:200]
            raise WarehouseError(f"{self.name} could not play it ({reason}); c copies the command for another machine")

    def stop(self) -> int:
        """Stop what plays; the number of the turn that begins."""
        with self._lock:
            self._turn += 1
            if self._process is not None and self._process.poll() is None:
                self._process.terminate()
            return self._turn
