"""The app in a real terminal: keys go in through tmux, and the text of the screen comes out."""

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from queries.masks import Mask

NEURONS = (sys.executable, "-P", "-c", "from tui.cli import main; main()")
PATIENCE = 30.0
ENDED = "the app has ended with"


class Terminal:
    """A terminal of tmux that runs a command."""

    def __init__(self, socket: Path, command: str, size: tuple[int, int], folder: Path) -> None:
        self._tmux = ("tmux", "-S", str(socket), "-f", "/dev/null")
        width, height = size
        self._run("new-session", "-d", "-x", str(width), "-y", str(height), "-c", str(folder), command)

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names, or type words."""
        self._run("send-keys", *keys)

    def resize(self, width: int, height: int) -> None:
        """Make the terminal larger or smaller."""
        self._run("resize-window", "-x", str(width), "-y", str(height))

    def shows(self, text: str, *, raw: bool = False, gone: bool = False) -> str:
        """The screen, once it shows a text, or no longer does; line ends and spaces count as one space."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            seen = self._run("capture-pane", "-p", *(["-e"] if raw else []))
            if (text in " ".join(seen.split())) != gone:
                return seen
            time.sleep(0.05)
        raise AssertionError(f"{text!r} is {'still' if gone else 'not'} on the screen:\n{seen}")

    def close(self) -> None:
        """End the terminal and what runs in it."""
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)

    def _run(self, *arguments: str) -> str:
        return subprocess.run([*self._tmux, *arguments], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def opened(shown: Path, tmp_path: Path, own_state: Path) -> Iterator[Callable[..., Terminal]]:
    """Opens the app over the small warehouse in a terminal, in an empty folder and with settings of its own."""
    if shutil.which("tmux") is None:
        pytest.skip("there is no tmux on this machine: the app in a real terminal is not checked")
    terminals = []

    def run(size: tuple[int, int], *options: str, **settings: str) -> Terminal:
        told = [f"{name}={value}" for name, value in {"XDG_STATE_HOME": str(own_state), **settings}.items()]
        command = shlex.join(["env", *("-u", "COLUMNS", "-u", "LINES"), *told, *NEURONS, "tui", str(shown), *options])
        terminals.append(
            Terminal(tmp_path / f"tmux{len(terminals)}", f"{command}; echo {ENDED} $?; sleep 60", size, tmp_path)
        )
        return terminals[-1]

    yield run
    for terminal in terminals:
        terminal.close()


def test_a_mask_is_taken_away_in_a_terminal(opened: Callable[..., Terminal], tmp_path: Path) -> None:
    terminal = opened((100, 30))
    terminal.shows("tiny-speech")
    terminal.resize(20, 5)
    terminal.shows("20 x 5")
    terminal.resize(80, 24)
    terminal.press("F3")
    terminal.shows("Overlap of gender in layer 1")
    terminal.press("f", "b")
    terminal.shows("are listed, of tiny-speech")
    terminal.press("-l", "women")
    terminal.shows("women: new")
    terminal.press("Enter")
    terminal.shows("Neurons for a set", gone=True)
    terminal.press("F7")
    terminal.shows("erasing women takes")
    assert "38;2;" in terminal.shows("erasing women", raw=True) or "38;5;" in terminal.shows("erasing women", raw=True)
    terminal.press("x")
    terminal.shows("Export women as a mask")
    written = tmp_path / "erase-women.safetensors"
    terminal.press("Enter")
    end = time.monotonic() + PATIENCE
    while not written.exists() and time.monotonic() < end:
        time.sleep(0.05)
    mask = Mask.load(written)
    assert len(mask)
    assert mask.provenance["set"] == "women"
    terminal.press("C-q")
    terminal.shows(f"{ENDED} 0")


def test_limits_that_make_no_sense_are_said_before_a_screen_opens(opened: Callable[..., Terminal]) -> None:
    terminal = opened((80, 24), "--memory", "lots")
    assert "Overview" not in terminal.shows(f"{ENDED} 1")
    terminal.shows("neurons: memory_limit 'lots'")


def test_a_terminal_without_colour_gets_none(opened: Callable[..., Terminal]) -> None:
    terminal = opened((80, 24), NO_COLOR="1", TERM="vt100")
    screen = terminal.shows("tiny-speech", raw=True)
    terminal.press("F7")
    screen += terminal.shows("press b to add", raw=True)
    assert not any(code in screen for code in ("[38;", "[48;", "[31m", "[32m", "[34m", "[36m"))
    terminal.press("C-q")
    terminal.shows(f"{ENDED} 0")


def test_quitting_while_questions_run_ends_well(opened: Callable[..., Terminal]) -> None:
    terminal = opened((80, 24))
    terminal.shows("Overview")
    terminal.press("F3", "F5", "C-q")
    screen = terminal.shows(f"{ENDED} 0")
    assert screen.strip() == f"{ENDED} 0"


def test_a_terminal_that_cannot_show_it_is_told(opened: Callable[..., Terminal]) -> None:
    terminal = opened((80, 24), TERM="dumb")
    terminal.shows("TERM is dumb")
    terminal.shows(f"{ENDED} 2")


def test_a_pipe_is_told(shown: Path) -> None:
    told = {name: value for name, value in os.environ.items() if name != "TEXTUAL_DRIVER"}
    done = subprocess.run([*NEURONS, "tui", str(shown)], capture_output=True, text=True, check=False, env=told)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the app needs a terminal" in done.stderr
