"""Playing a segment: what is cut, what a player is given, and what is said when it cannot be done."""

import os
import shlex
import stat
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tui.app.player import Player, command_of, cut, find_player
from warehouse.errors import WarehouseError

RATE = 8000


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    """Two seconds in which the sample at t seconds has the value t / 4."""
    path = tmp_path / "a ramp.wav"
    soundfile.write(path, np.arange(2 * RATE) / RATE / 4, RATE, subtype="PCM_16")
    return path


def script(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [(1.0, 1.1, 0.75, 1.35), (0.1, 0.2, 0.0, 0.45), (1.8, 2.0, 1.55, 2.0), (None, None, 0.0, 2.0)],
)
def test_a_segment_is_cut_with_what_is_around_it(
    audio: Path, tmp_path: Path, start: float | None, end: float | None, first: float, last: float
) -> None:
    cut(str(audio), start, end, tmp_path / "cut.wav")
    samples, rate = soundfile.read(tmp_path / "cut.wav")
    assert rate == RATE
    assert len(samples) == round((last - first) * RATE)
    assert samples[0] == pytest.approx(first / 4, abs=1e-3)
    assert samples[-1] == pytest.approx(last / 4, abs=1e-3)


def test_what_cannot_be_cut(audio: Path, tmp_path: Path) -> None:
    noise = tmp_path / "noise.flac"
    noise.write_bytes(b"this is no audio")
    empty = tmp_path / "empty.wav"
    soundfile.write(empty, np.zeros(0), RATE)
    for path, start, message in (
        (empty, None, "empty.wav: holds no sound; "),
        (empty, 0.0, "empty.wav: holds no sound; "),
        (tmp_path / "gone.flac", 0.0, "gone.flac: the audio file is not there; bring it back"),
        (noise, 0.0, "noise.flac: cannot be read as audio"),
        (audio, 5.0, "is 2.00 s long and ends before 5.00 s"),
    ):
        with pytest.raises(WarehouseError, match=message):
            cut(str(path), start, None if start is None else start + 0.1, tmp_path / "cut.wav")


def test_the_command_is_one_that_a_shell_takes_apart_again() -> None:
    words = shlex.split(command_of("/a b/it's.flac", 1.0, 1.5))
    assert words[0] == "ffplay"
    assert words[words.index("-i") + 1] == "/a b/it's.flac"
    assert (words[words.index("-ss") + 1], words[words.index("-t") + 1]) == ("0.750", "1.000")
    assert "-ss" not in shlex.split(command_of("x.flac", None, None))
    assert shlex.split(command_of("x.flac", 0.1, 0.2))[-6:-2] == ["-ss", "0.000", "-t", "0.450"]


def test_the_first_player_on_the_path_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_player() is None
    assert Player(find_player()).name is None
    script(tmp_path, "ffplay", "exit 0")
    assert find_player() == [str(tmp_path / "ffplay"), "-nodisp", "-autoexit", "-loglevel", "error"]
    script(tmp_path, "aplay", "exit 0")
    assert find_player() == [str(tmp_path / "aplay"), "-q"]


def test_a_player_is_given_the_segment_and_nothing_stays(audio: Path, tmp_path: Path) -> None:
    heard = tmp_path / "heard.wav"
    player = script(tmp_path, "player", f'cp "$2" {shlex.quote(str(heard))}; echo "$2" > {tmp_path}/where')
    Player([str(player), "-q"]).play(str(audio), 1.0, 1.1)
    assert soundfile.info(heard).frames == round(0.6 * RATE)
    assert not os.path.exists((tmp_path / "where").read_text().strip())


def test_a_failure_is_one_line(audio: Path, tmp_path: Path) -> None:
    broken = script(tmp_path, "aplay", "echo 'no sound card' >&2; echo more >&2; exit 1")
    with pytest.raises(WarehouseError, match=r"^aplay could not play it \(no sound card\); c copies the command"):
        Player([str(broken)]).play(str(audio), 0.0, 0.1)
    with pytest.raises(WarehouseError, match="nowhere cannot be started"):
        Player([str(tmp_path / "nowhere")]).play(str(audio), 0.0, 0.1)
    with pytest.raises(WarehouseError, match="no player was found; install one of aplay, afplay, ffplay"):
        Player(None).play(str(audio), 0.0, 0.1)


def test_what_plays_can_be_stopped(audio: Path, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    os.mkfifo(begun)
    endless = script(tmp_path, "player", f"echo on > {begun}; exec sleep 600")
    player = Player([str(endless)])
    thread = threading.Thread(target=player.play, args=(str(audio), 0.0, 0.1))
    thread.start()
    begun.read_text()  # returns when the player has begun
    player.stop()
    thread.join(timeout=20)
    assert not thread.is_alive()
