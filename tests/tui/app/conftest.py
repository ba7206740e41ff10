"""A small fixed warehouse whose neurons lean towards phones, genders, pitch and speakers, and the app over it."""

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from textual.pilot import Pilot

sys.path.insert(0, str(Path(__file__).parents[2] / "warehouse"))

from drawn_probes import DrawnProbe
from drawn_speech import CLASSES, Frame, Spoken
from drawn_study import Study

from warehouse import Layout

PHONES = ["AA", "AE", "IY", "UW", "B", "D", "M", "N", "P", "S", "T", "SH"]
WIDTH, TOP_K, LAYERS = 48, 3, 4


class LeaningStudy(Study):
    """Of each layer's 48 neurons, the first 32 lean: to vowels, S, women, men, high voices, and to a speaker each."""

    def strongest(self, layer: int, ids: Sequence[int], rng: np.random.Generator) -> np.ndarray:
        """The neurons whose leaning, with noise that falls with the layer, is largest."""
        scores = rng.random((len(ids), WIDTH)) * (1.6 - 0.2 * layer)
        for row, frame_id in enumerate(ids):
            scores[row] += _leaning(self.frames[frame_id], layer)
        return np.argsort(-scores, axis=1, kind="stable")[:, :TOP_K].astype(np.uint16)


def _leaning(frame: Frame, layer: int) -> np.ndarray:
    wants = np.zeros(WIDTH)
    said = frame.spoken.metadata
    wants[0:4] += 0.9 * (CLASSES.get(frame.phone) == "vowel")
    wants[4:7] += 0.9 * (CLASSES.get(frame.phone) == "unvoiced")
    wants[7] += frame.phone == "S"
    wants[8:14] += 0.25 * layer * (said["gender"] == "F")
    wants[14:20] += 0.25 * layer * (said["gender"] == "M")
    hz = frame.spoken.f0[frame.number]
    wants[20:24] += 0.5 * (hz is not None and hz > 190)
    place = int(str(said["speaker"]).removeprefix("s"))
    wants[24 + place] += 0.7
    return wants


def _said(folder: Path) -> list[Spoken]:
    """Thirty utterances of six speakers, with a second of sound or less each."""
    rng = np.random.default_rng(7)
    found = []
    for number in range(30):
        speaker = number % 6
        gender = "FM"[speaker % 2]
        phones = ["", *(str(p) for p in rng.choice(PHONES, 6)), ""]
        frames = [p for p in phones for _ in range(int(rng.integers(2, 7)))]
        middle = 200 if gender == "F" else 120
        f0 = [
            round(float(middle + rng.uniform(-40, 40)), 2) if CLASSES.get(p) in {"vowel", "voiced"} else None
            for p in frames
        ]
        name = f"u{number:02d}"
        path = folder / f"{name}.wav"
        time = np.arange(len(frames) * 320) / 16_000
        soundfile.write(path, 0.1 * np.sin(2 * np.pi * middle * time), 16_000)
        told = {"speaker": f"s{speaker}", "gender": gender, "accent": "north" if speaker < 3 else "south"}
        found.append(Spoken(name, tuple(frames), tuple(f0), {**told, "path": str(path)}))
    return found


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse: model tiny-speech, 4 layers of 48 neurons, 3 active; corpus ``read``; not to be changed."""
    folder = tmp_path_factory.mktemp("shown")
    study = LeaningStudy(folder / "speech.warehouse", (WIDTH,) * LAYERS, TOP_K, model="tiny-speech")
    study.ingest("read", _said(folder), seed=3, shard_frames=400)
    return folder / "speech.warehouse"


PROBES = (
    DrawnProbe("7a1", "gender", ("F", "M"), age=2),
    DrawnProbe("7a2", "accent", ("north", "south"), kind="block", twin=None, age=1),
    DrawnProbe("7a3", "speaker", tuple(f"s{n}" for n in range(6)), views=(2, 4), hidden=False, age=0),
)


@pytest.fixture(scope="session")
def probed(shown: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with three probes, ``PROBES``; not to be changed."""
    path = tmp_path_factory.mktemp("probed") / "speech.warehouse"
    shutil.copytree(shown, path)
    for probe in PROBES:
        probe.commit(Layout(path))
    return path


@pytest.fixture
def probes() -> tuple[DrawnProbe, ...]:
    """What they are, the newest first."""
    return PROBES


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folders of a test of its own, so that no history and no set is found or left."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    return tmp_path / "state"


@pytest.fixture
def drive() -> Callable[..., None]:
    """Runs the app over a warehouse, and a coroutine that takes the app and its pilot.

    ``drive(path, steps, size=(80, 24), theme=None)``.
    """

    def run(
        path: Path,
        steps: Callable[[Any, "Pilot[None]"], Awaitable[None]],
        size: tuple[int, int] = (100, 30),
        theme: str | None = None,
    ) -> None:
        from tui.app.app import NeuronsApp
        from tui.app.asking import all_ended
        from tui.app.session import Session

        async def go() -> None:
            app = NeuronsApp(Session(path), theme)
            async with app.run_test(size=size) as pilot:
                await pilot.pause()
                await steps(app, pilot)

        asyncio.run(go())
        assert all_ended(10), "a thread still works for a screen that is gone"

    return run


async def settled(app: Any, pilot: "Pilot[None]") -> None:
    """Wait until no question of the screen runs and everything is drawn."""
    await pilot.pause()
    while app.place.waits:
        await pilot.pause(0.02)
    await pilot.pause()


@pytest.fixture(name="settled")
def settled_fixture() -> Callable[..., Awaitable[None]]:
    """The function of that name, which tests cannot import."""
    return settled
