"""F0 over several processes: in order, the same numbers, and nobody left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ingest.f0 import f0_on_grid
from ingest.f0_pool import AHEAD, F0Pool
from warehouse.errors import CorpusError
from warehouse.grid import Grid

RATE = 16_000
GRID = Grid(20_000, 12_500, 25_000)
ROOT = Path(__file__).parents[2]


def tone(f0, seconds):
    phase = 2 * np.pi * f0 * np.arange(int(seconds * RATE)) / RATE
    return sum(0.1 * np.cos(k * phase) * np.exp(-(((k * f0 - 500) / 850) ** 2)) for k in range(1, 20)).astype("f4")


def waveforms(n):
    return [(f"u{i}", tone(100 + 3 * i, 0.2 + (i * 7 % 5) * 0.3)) for i in range(n)]


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def ended(pids, seconds=15.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not any(alive(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("n_processes", [0, 1, 2])
def test_tracks_come_in_order_and_are_those_of_one_process(n_processes):
    items = [*waveforms(12), ("silent", np.zeros(9_000, "f4")), ("short", np.zeros(10, "f4"))]
    with F0Pool(GRID, RATE, n_processes) as pool:
        tracks = list(pool.map(iter(items)))
        again = list(pool.map(items[:3]))
    assert [key for key, _ in tracks] == [key for key, _ in items]
    for (_, track), (_, waveform) in zip(tracks, items, strict=True):
        np.testing.assert_array_equal(track, f0_on_grid(waveform, RATE, GRID))
    assert [key for key, _ in again] == ["u0", "u1", "u2"]
    assert list(F0Pool(GRID, RATE, 0).map([])) == []


def test_reading_ahead_is_bounded():
    read = 0

    def endless():
        nonlocal read
        while True:
            read += 1
            yield read, tone(120, 0.3)

    with F0Pool(GRID, RATE, 2) as pool:
        tracks = pool.map(endless())
        for count in range(1, 30):
            assert next(tracks)[0] == count
            assert read <= count + 2 * AHEAD + 1


def test_views_and_other_dtypes_are_understood():
    waveform = tone(130, 0.5)
    stereo = np.stack([waveform, np.zeros_like(waveform)], axis=1)
    with F0Pool(GRID, RATE, 1) as pool:
        tracks = dict(pool.map([("column", stereo[:, 0]), ("double", waveform.astype(np.float64))]))
    for track in tracks.values():
        np.testing.assert_array_equal(track, f0_on_grid(waveform, RATE, GRID))


@pytest.mark.parametrize("n_processes", [0, 2])
def test_an_error_names_the_utterance(n_processes):
    bad = tone(130, 0.5)
    bad[1_600] = np.nan
    with F0Pool(GRID, RATE, n_processes) as pool:
        with pytest.raises(CorpusError, match=r"^broken: .*0\.100 s") as error:
            list(pool.map([*waveforms(2), ("broken", bad)]))
        assert "\n" not in str(error.value)
        assert len(list(pool.map(waveforms(3)))) == 3


def test_a_killed_process_is_an_error_that_names_the_utterance():
    with F0Pool(GRID, RATE, 1) as pool:
        tracks = pool.map(waveforms(50))
        next(tracks)
        os.kill(pool._processes[0].pid, signal.SIGKILL)
        with pytest.raises(CorpusError, match=r"^u\d+: no F0: .* status -9 "):
            list(tracks)


def test_leaving_the_pool_ends_its_processes():
    pool = F0Pool(GRID, RATE, 2)
    pids = [process.pid for process in pool._processes]

    def interrupted():
        yield from waveforms(9)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), pool:
        list(pool.map(interrupted()))
    assert ended(pids, 0.5)


PARENT = """
import sys, time, numpy as np
from ingest.f0_pool import F0Pool
from warehouse.grid import Grid

pool = F0Pool(Grid(20_000, 12_500, 25_000), 16_000, 2)
noise = np.random.default_rng(0).standard_normal(160_000).astype("f4")
with pool:
    for i, _ in pool.map((i, noise) for i in range(10**9)):
        if i == 1:
            print(*(process.pid for process in pool._processes), flush=True)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_processes_end_with_their_parent(signum):
    """A plain script without a `__main__` guard; Ctrl-C goes to its whole group, as a terminal sends it."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert all(alive(pid) for pid in pids)
        if signum == signal.SIGINT:
            os.killpg(parent.pid, signum)
        else:
            parent.send_signal(signum)
        _, narration = parent.communicate(timeout=30)
    finally:
        parent.kill()
    assert ended(pids)
    assert narration.count("Traceback") == (signum == signal.SIGINT)  # the parent's own, none of a worker's
