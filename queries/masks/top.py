"""How much of a ranking to take: a share of the neurons, or a number of them."""

import math
import re
from dataclasses import dataclass

from warehouse.errors import QueryError

_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*(%?)", re.ASCII)


@dataclass(frozen=True)
class Top:
    """The first neurons of a ranking.

    Attributes:
        percent: share of the neurons; None = their number is given.
        number: how many; None = their share is given.
    """

    percent: float | None
    number: int | None

    def __str__(self) -> str:
        """As it is written."""
        return str(self.number) if self.percent is None else f"{self.percent:g}%"

    def of(self, n_neurons: int) -> int:
        """How many of some neurons: the number, or max(1, floor(percent · N / 100 + 0.5))."""
        if self.number is not None:
            return self.number
        return max(1, math.floor((self.percent or 0) * n_neurons / 100 + 0.5))


def read_top(top: str | int) -> Top:
    """Read ``"10%"``, a share of the neurons, or ``300``, a number of them.

    Raises:
        QueryError: it is neither, or out of range.
    """
    found = _NUMBER.fullmatch(str(top).strip())
    if found is None or (not found[2] and "." in found[1]):
        raise QueryError(f"top {top!r}: give a share such as 10%, or a whole number of neurons")
    if found[2]:
        if not 0 < float(found[1]) <= 100:
            raise QueryError(f"top {top}: give a share of more than 0% and at most 100%")
        return Top(float(found[1]), None)
    if not int(found[1]):
        raise QueryError(f"top {top}: give a number of at least 1")
    return Top(None, int(found[1]))
