"""Bars in one line of text."""

from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"
_EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(cells: float) -> str:
    """A bar of a length in cells, exact to an eighth; of more than none at least an eighth."""
    eighths = max(round(cells * 8), 1) if cells > 0 else 0
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")


def sparks(numbers: Sequence[int], most: int) -> str:
    """A bar for each number, all of one scale; nothing at all is a dot.

    Args:
        numbers: what to draw, none below 0.
        most: number that the highest bar stands for.
    """
    return "".join("·" if not n else _BARS[min(int(n / most * len(_BARS)), len(_BARS) - 1)] for n in numbers)
