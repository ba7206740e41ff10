"""Work that is spread over threads, one seed each: their results are those of one thread, whatever their number."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from warehouse.errors import QueryError

Item = TypeVar("Item")
Result = TypeVar("Result")

_own = threading.local()


class StoppedError(QueryError):
    """Somebody interrupted the work, or another part of it failed."""


def in_threads(work: Callable[[Item], Result], items: Sequence[Item], threads: int | None) -> Iterator[Result]:
    """Results in the order of the items.

    Steps of a probe are too small to be shared: threads of one step would wait for each other longer than they work,
    and where other programs run beside them, many times longer.

    Args:
        work: is done in torch, which lets other threads run meanwhile, and calls :func:`go_on` now and then.
        items: such as splits.
        threads: that work at a time; None = as many as torch has.

    Raises:
        QueryError: a number of threads below 1.
    """
    import torch

    if threads is not None and threads < 1:
        raise QueryError(f"threads {threads}: give 1 or more")
    before = torch.get_num_threads()
    stopped = threading.Event()

    def begin() -> None:
        torch.set_num_threads(1)
        _own.stopped = stopped

    pool = ThreadPoolExecutor(threads or before, initializer=begin)
    try:
        yield from pool.map(work, items)
    finally:
        stopped.set()
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(before)


def go_on() -> None:
    """Ask whether the work is still wanted.

    Raises:
        StoppedError: it is not.
    """
    stopped = getattr(_own, "stopped", None)
    if stopped is not None and stopped.is_set():
        raise StoppedError("the probes were stopped")
