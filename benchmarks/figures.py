"""How every benchmark prints: one figure a line, with its ratio to the baseline measured in the same run."""

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """A finished process: wall seconds, CPU seconds, and peak memory of the largest process in MiB."""

    wall: float
    cpu: float
    peak_mib: float


def run(command: Sequence[str], **options: object) -> Run:
    """Run a process to its end and measure it.

    Raises:
        SystemExit: the process failed; its output is printed.
    """
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)  # type: ignore[call-overload]
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        raise SystemExit(f"{' '.join(command)} failed:\n{output.decode()}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Median wall time of some work."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def peak_mib() -> float:
    """Peak memory of this process so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def figure(name: str, value: float, unit: str, baseline: float | None = None, against: str = "") -> None:
    """Print a figure, and its ratio to a baseline where there is one."""
    line = f"{name}: {value:.4g} {unit}"
    if baseline is not None:
        line += f"; {value / baseline:.3f} x {against} ({baseline:.4g} {unit})"
    print(line, flush=True)
