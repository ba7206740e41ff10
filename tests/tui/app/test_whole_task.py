"""A researcher's whole task by keyboard alone: from a property to a mask that Python reads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from queries import connect
from queries.masks import Mask, select


def test_female_neurons_of_layer_1_become_a_mask(
    shown: Path, drive: Callable[..., None], settled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def steps(app: Any, pilot: Any) -> None:
        await pilot.press("f3")
        await settled(app, pilot)
        while app.asked.layer != 1:
            await pilot.press("left_square_bracket")
        await pilot.press("f")  # the first group, F
        await settled(app, pilot)
        await pilot.press("b")
        await pilot.pause()
        await pilot.press(*"women", "enter")  # in place of the suggested name, which is selected
        for _ in range(500):
            if len(app.screen_stack) == 1:
                break
            await pilot.pause(0.02)
        await pilot.press("f7")
        await settled(app, pilot)
        await pilot.press("x")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()

    drive(shown, steps, size=(80, 24))
    mask = Mask.load(tmp_path / "erase-women.safetensors")
    with connect(shown) as con:
        expected = select(con, ["gender=F"]).neurons()
    assert expected[1]
    assert mask.neurons() == {1: expected[1], 2: [], 3: [], 4: []}
    assert (mask.kind, mask.provenance["set"], mask.provenance["model"]) == ("erase", "women", "tiny-speech")
