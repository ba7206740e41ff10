"""Intervals and points of several groups on one line of text."""

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style

from queries.neuron_card import Cell


def strip(
    marked: Sequence[tuple[Cell | None, str, Style]], ground: Style, baseline: float | None, most: float, width: int
) -> list[Segment]:
    """Every group's p with its interval, on a scale from 0 to the right end.

    Args:
        marked: a cell with its mark and style for each group; None = the group has no frames of the phone.
        ground: style of what is empty.
        baseline: where a dotted line stands; None = nowhere.
        most: what the right end stands for, above 0.
        width: cells of the terminal.
    """

    def place(p: float) -> int:
        return min(max(round(p / most * (width - 1)), 0), width - 1)

    drawn = [Segment(" ", ground)] * width
    if baseline is not None and baseline <= most:
        drawn[place(baseline)] = Segment("┊", ground)
    for cell, _, style in marked:
        if cell is not None:
            for x in range(place(cell.p_low), place(cell.p_high) + 1):
                if drawn[x].text in " ┊":
                    drawn[x] = Segment("─", ground + style)
    for cell, mark, style in marked:
        if cell is not None:
            drawn[place(cell.p)] = Segment(mark, ground + style)
    return drawn
