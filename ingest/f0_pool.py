"""F0 of a corpus over several processes, in the corpus's order."""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Self, TypeVar

import numpy as np

from ingest.f0 import Track, Waveform, f0_on_grid
from ingest.f0_worker import REPLY, REQUEST
from warehouse.errors import CorpusError
from warehouse.grid import Grid

Key = TypeVar("Key")

AHEAD = 4  # utterances per process that are read before their turn: bounds the memory


class F0Pool:
    """Processes that measure F0 while the caller reads audio or runs a model.

    They load neither torch nor the caller's script, end when the pool is left, and end by themselves when
    this process dies, even by SIGKILL. Ctrl-C reaches the caller alone.

    Example:
        >>> with F0Pool(grid, 16_000) as pool:
        ...     for name, f0 in pool.map((u.name, read(u.audio)) for u in utterances):
        ...         store(name, f0)
    """

    def __init__(self, grid: Grid, sample_rate: int, n_processes: int | None = None) -> None:
        """Start the processes; they are ready after about a second, and need not be waited for.

        Args:
            grid: the frames, as in `f0_on_grid`.
            sample_rate: of all waveforms, in Hz.
            n_processes: None for one per core that this process may use; 0 to work in this process.
        """
        if n_processes is None:
            n_processes = _available_cores()
        self._grid, self._sample_rate = grid, sample_rate
        self._processes = [_start(grid) for _ in range(n_processes)]
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        for process in self._processes:
            self._idle.put(process)
        self._threads = ThreadPoolExecutor(max(1, n_processes), thread_name_prefix="f0")

    def map(self, items: Iterable[tuple[Key, Waveform]]) -> Iterator[tuple[Key, Track]]:
        """F0 of every (key, waveform), as `f0_on_grid` gives it, in the order of the items.

        Raises:
            CorpusError: names the key; a sample is NaN or infinite, or a process was killed.
        """
        pending: deque[tuple[Key, Future[Track]]] = deque()
        for key, waveform in items:
            pending.append((key, self._threads.submit(self._measure, key, waveform)))
            while pending and (len(pending) > AHEAD * len(self._processes) or pending[0][1].done()):
                done, future = pending.popleft()
                yield done, future.result()
        while pending:
            done, future = pending.popleft()
            yield done, future.result()

    def close(self) -> None:
        """End the processes; what they were working on is given up."""
        for process in self._processes:
            process.kill()
        self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            process.communicate()
        self._processes = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _measure(self, key: object, waveform: Waveform) -> Track:
        try:
            if not self._processes:
                return f0_on_grid(waveform, self._sample_rate, self._grid)
            process = self._idle.get()
            try:
                return _ask(process, waveform, self._sample_rate)
            finally:
                self._idle.put(process)
        except CorpusError as error:
            raise CorpusError(f"{key}: {error}") from None


def _available_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start(grid: Grid) -> subprocess.Popen[bytes]:
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    paths = [str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [
            sys.executable,
            "-P",
            "-m",
            "ingest.f0_worker",
            *map(str, (grid.hop_us, grid.offset_us, grid.window_us)),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | one_thread | {"PYTHONPATH": os.pathsep.join(paths)},
        start_new_session=True,  # Ctrl-C is for the parent, which then closes the pool
    )


def _ask(process: subprocess.Popen[bytes], waveform: Waveform, sample_rate: int) -> Track:
    assert process.stdin is not None
    assert process.stdout is not None
    samples = np.ascontiguousarray(waveform, "<f4")
    try:
        process.stdin.write(REQUEST.pack(len(samples), sample_rate) + samples.tobytes())
        process.stdin.flush()
    except BrokenPipeError:
        pass  # the reply will be missing too
    header = process.stdout.read(REPLY.size)
    if len(header) < REPLY.size:
        raise CorpusError(
            f"no F0: the process that measured it ended with status {process.wait()} (-9: killed, perhaps "
            "for want of memory); run the same command again"
        )
    went_well, size = REPLY.unpack(header)
    payload = process.stdout.read(size)
    if not went_well:
        raise CorpusError(payload.decode())
    return np.frombuffer(payload, "<f4")
