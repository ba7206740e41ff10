"""Bars: their lengths are the numbers, whatever the groups; what is not counted yet is not drawn as none."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from tui.app.colours import MOST_GROUPS, group_colours, ink_on, shade
from tui.app.widgets.bars import StackedBars
from tui.app.widgets.sparks import sparks


class Bars(App[None]):
    """An app of bars alone."""

    def compose(self) -> ComposeResult:
        yield StackedBars()


async def lines_of(
    sizes: dict[tuple[int, str], int], groups: list[str], layers: list[int], counted: set[int]
) -> list[str]:
    """The bars as text, 60 cells wide."""
    app = Bars()
    async with app.run_test(size=(60, 20)) as pilot:
        bars = app.query_one(StackedBars)
        bars.show(layers, groups, sizes, counted, 1)
        await pilot.pause()
        return str(bars.render()).splitlines()


def test_a_bar_is_as_long_as_its_sum() -> None:
    sizes = {(1, "F"): 30, (1, "M"): 10, (2, "F"): 5, (2, "M"): 15, (3, "F"): 0}
    legend, first, second, third, fourth = asyncio.run(lines_of(sizes, ["F", "M"], [1, 2, 3, 4], {1, 2, 3}))
    assert legend.split() == ["█", "F", "█", "M"]
    assert first.startswith("▶1")
    assert [line.split()[-1] for line in (first, second, third, fourth)] == ["40", "20", "0", "…"]
    longest = first.count("█")
    assert longest == 52
    assert abs(second.count("█") - longest / 2) <= 1
    assert "█" not in third + fourth


def test_many_groups_are_one_bar() -> None:
    groups = [f"s{number}" for number in range(MOST_GROUPS + 1)]
    legend, bar = asyncio.run(lines_of({(1, name): 1 for name in groups}, groups, [1], {1}))
    assert legend == f"all {len(groups)} groups together"
    assert bar.split()[-1] == str(len(groups))


def test_layers_of_a_property_without_groups_are_counted() -> None:
    lines = asyncio.run(lines_of({}, [], [1, 2], {1}))
    assert [line.split()[-1] for line in lines[1:]] == ["0", "…"]


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=30))
def test_sparks_keep_the_order_of_their_numbers(numbers: list[int]) -> None:
    drawn = sparks(numbers, max(numbers))
    assert len(drawn) == len(numbers)
    assert all((mark == "·") == (n == 0) for mark, n in zip(drawn, numbers, strict=True))
    ranked = sorted((n, mark) for n, mark in zip(numbers, drawn, strict=True) if n)
    assert [mark for _, mark in ranked] == sorted(mark for _, mark in ranked)


def test_shades_move_one_way_and_can_be_read_on() -> None:
    for dark in (True, False):
        light = [_luminance(shade(step / 50, dark)) for step in range(51)]
        assert light == sorted(light, reverse=not dark)
        for step in range(51):
            colour = shade(step / 50, dark)
            assert _contrast(colour, ink_on(colour)) >= 4
        ground = "#10151c" if dark else "#fbfbf8"
        for colour in group_colours(MOST_GROUPS, dark):
            assert _contrast(colour, ground) >= 3  # WCAG 2.2, 1.4.11


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_a_click_on_a_bar_chooses_the_layer(shown: Path, drive: Callable[..., None], settled: Any) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        app.action_open("property")
        await settled(app, pilot)
        await pilot.click(StackedBars, offset=(5, 3))
        await settled(app, pilot)
        assert app.asked.layer == 3

    drive(shown, steps)
