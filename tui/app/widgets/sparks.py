"""Small bars in one line of text."""

from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"


def sparks(numbers: Sequence[int], most: int) -> str:
    """A bar for each number, all of one scale; nothing at all is a dot.

    Args:
        numbers: what to draw, none below 0.
        most: number that the highest bar stands for.
    """
    return "".join("·" if not n else _BARS[min(int(n / most * len(_BARS)), len(_BARS) - 1)] for n in numbers)
