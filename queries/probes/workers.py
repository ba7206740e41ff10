"""Work that is spread over threads, one seed each: their results are those of one thread, whatever their number."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(work: Callable[[Item], Result], items: Sequence[Item], threads: int | None) -> Iterator[Result]:
    """Results in the order of the items.

    Steps of a probe are too small to be shared: threads of one step would wait for each other longer than they work,
    and where other programs run beside them, many times longer.

    Args:
        work: is done in torch, which lets other threads run meanwhile.
        items: such as splits.
        threads: that work at a time; None = as many as torch has.
    """
    import torch

    before = torch.get_num_threads()
    pool = ThreadPoolExecutor(threads or before, initializer=torch.set_num_threads, initargs=(1,))
    try:
        yield from pool.map(work, items)
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(before)
