"""Work that is spread over threads, one seed each: their results are those of one thread, whatever their number."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TypeVar

from warehouse.errors import QueryError

Item = TypeVar("Item")
Result = TypeVar("Result")

_own = threading.local()


class StoppedError(QueryError):
    """Somebody interrupted the work, or another part of it failed."""


class Workers(AbstractContextManager["Workers"]):
    """Threads of one torch thread each; at the end of the block what still runs is stopped.

    Steps of a probe are too small to be shared: threads of one step would wait for each other longer than they work,
    and where other programs run beside them, many times longer.

    Args:
        threads: that work at a time; None = as many as torch has.

    Raises:
        QueryError: a number of threads below 1.
    """

    def __init__(self, threads: int | None) -> None:
        import torch

        if threads is not None and threads < 1:
            raise QueryError(f"threads {threads}: give 1 or more")
        self._torch = torch
        self._before = torch.get_num_threads()
        self._stopped = threading.Event()
        self._pool = ThreadPoolExecutor(threads or self._before, initializer=self._begin)

    def start(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Begin work on some items, and return what gives the results in their order.

        Args:
            work: is done in torch, which lets other threads run meanwhile, and calls :func:`go_on` now and then.
            items: such as splits.
        """
        return self._pool.map(work, items)

    def _begin(self) -> None:
        self._torch.set_num_threads(1)
        _own.stopped = self._stopped

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._pool.shutdown(cancel_futures=True)
        self._torch.set_num_threads(self._before)


def go_on() -> None:
    """Ask whether the work is still wanted.

    Raises:
        StoppedError: it is not.
    """
    stopped = getattr(_own, "stopped", None)
    if stopped is not None and stopped.is_set():
        raise StoppedError("the probes were stopped")
