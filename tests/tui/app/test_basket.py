"""The basket by keyboard: what is shown, written and refused is what the sets and masks say."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.text import Text
from textual.widgets import Input, RadioSet, Select, Static

from queries import connect
from queries.basket import Basket, Plan, planned, scores_of, taken
from queries.masks import Mask, mask_layers
from queries.masks.formats import FORMATS, usage
from tui.app.screen import Listed
from tui.app.screens.basket.sets_table import SetsTable
from tui.app.screens.basket.taken_bars import TakenBars

Drive = Callable[..., None]
Neurons = set[tuple[int, int]]

WOMEN = "SELECT layer, neuron FROM group_neurons(p_property := 'gender') WHERE \"group\" = 'F'"
HIGH = "SELECT layer, neuron FROM property_neurons(p_property := 'pitch')"


def neurons_of(path: Path, sql: str) -> Neurons:
    with connect(path) as con:
        return set(con.sql(sql).fetchall())


def pairs(mask: Mask) -> Neurons:
    return {(layer, neuron) for layer, neurons in mask.neurons().items() for neuron in neurons}


def text_of(app: Any, selector: str) -> str:
    return str(app.screen.query_one(selector, Static).render())


async def gather(app: Any, pilot: Any, sql: str, name: str, *keys: str) -> None:
    """Take a list into a set; ``keys`` are pressed before enter, which may come before the list is counted."""
    app.gather(Listed(sql, name, "tiny-speech"))
    await pilot.pause()
    await pilot.press(*keys, "enter")
    await until(pilot, lambda: len(app.screen_stack) == 1)
    await pilot.pause()


async def until(pilot: Any, true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen within 10 s")


def test_lists_are_gathered_and_combined_by_keyboard(shown: Path, drive: Drive, settled: Any) -> None:
    women, high = neurons_of(shown, WOMEN), neurons_of(shown, HIGH)
    first = {(layer, neuron) for layer, neuron in women if layer == 1}
    assert women & high
    assert women - high
    assert first < women

    async def steps(app: Any, pilot: Any) -> None:
        def now() -> dict[str, Neurons]:
            return {one.name: pairs(one.mask) for one in Basket.of(shown).sets()}

        await pilot.press("f7")
        await settled(app, pilot)
        assert "press b to add" in text_of(app, "#empty")
        await pilot.press("x", "u", "r", "delete", "ctrl+z")  # nothing to do it with
        assert now() == {}
        await gather(app, pilot, WOMEN, "women")
        await gather(app, pilot, HIGH, "high")
        await gather(app, pilot, HIGH, "women", "tab", "down", "space", "shift+tab")  # intersect
        assert now() == {"women": women & high, "high": high}
        await pilot.press("ctrl+z")
        await pilot.pause()
        assert now() == {"women": women, "high": high}
        table = app.place.query_one(SetsTable)
        assert [table.value("set", row) for row in range(2)] == ["high", "women"]
        assert table.value("neurons", 1) == len(women)
        await pilot.press("g", "j")
        for key, expected in {"u": women | high, "i": women & high, "d": women - high}.items():
            await pilot.press(key)
            await pilot.pause()
            assert app.screen.query_one("#other", Select).value == "high"
            await pilot.press("tab", *"new", "enter")  # the suggested name is selected, and replaced
            await until(pilot, lambda: len(app.screen_stack) == 1)
            assert now()["new"] == expected
            await pilot.pause()
            assert table.chosen is not None
            assert table.chosen.name == "new"
            await pilot.press("ctrl+z")
            await pilot.pause()
            assert now() == {"women": women, "high": high}
            await pilot.press("g", "j")
        await pilot.press("r", *"girls", "enter")
        await pilot.pause()
        await pilot.press("c", *"high", "enter")  # taken
        await pilot.pause()
        assert "there is a set 'high' already" in text_of(app, "#wrong")
        await pilot.press("escape")
        assert now() == {"girls": women, "high": high}
        await pilot.press("g", "delete")
        await pilot.pause()
        assert now() == {"high": high}

    drive(shown, steps)


def test_the_dialog_says_what_a_set_will_be_and_what_is_refused(shown: Path, drive: Drive, settled: Any) -> None:
    women = neurons_of(shown, WOMEN)

    async def steps(app: Any, pilot: Any) -> None:
        await gather(app, pilot, WOMEN, "women")
        app.gather(Listed(WOMEN, "more", "tiny-speech"))
        await pilot.pause()
        await until(pilot, lambda: f"more: new, {len(women)} neurons" in text_of(app, "#told"))
        assert f"{len(women)} neurons are listed, of tiny-speech" in text_of(app, "#count")
        assert "there are: women" in text_of(app, "#there")
        app.screen.query_one("#name", Input).value = "women"
        await pilot.pause()
        assert text_of(app, "#told") == f"women: unchanged, {len(women)} neurons now"
        await pilot.press("tab", "down", "down", "space")
        await pilot.pause()
        assert app.screen.query_one("#how", RadioSet).pressed_index == 2
        assert text_of(app, "#told") == f"women: {len(women)} fewer, 0 neurons now"
        app.screen.query_one("#name", Input).value = "nobody"
        await pilot.pause()
        assert "there is no set 'nobody' to take them away from" in text_of(app, "#wrong")
        await pilot.press("shift+tab", "enter")
        await pilot.pause()
        assert len(app.screen_stack) == 2  # still there: nothing was done
        await pilot.press("escape")
        for sql, said in {
            f"SELECT * FROM ({WOMEN}) WHERE false": "the list has no neuron",
            "SELECT 1 AS layer": "no column neuron",
            "SELECT 1 AS layer, 1000 AS neuron": "no neuron 1000",
            "DROP TABLE models": "SELECT",
            "SELECT layer, neuron FROM nothing": "nothing",
        }.items():
            app.gather(Listed(sql, "s", "tiny-speech"))
            await pilot.pause()
            await until(pilot, lambda said=said: said in text_of(app, "#wrong"))  # type: ignore[misc]
            await pilot.press("enter", "escape")
        assert [one.name for one in Basket.of(shown).sets()] == ["women"]

    drive(shown, steps, size=(80, 24))


def test_the_preview_tells_what_the_mask_takes(shown: Path, drive: Drive, settled: Any) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        def bars() -> list[list[str]]:
            lines = app.place.query_one(TakenBars).render()
            assert isinstance(lines, Text)
            return [line.split()[:5] for line in lines.plain.splitlines()[2:]]

        def expected(plan: Plan) -> list[list[str]]:
            with connect(shown) as con:
                rows = taken(planned(chosen, plan, scores_of(con, chosen, plan)), chosen)
            found = [(row.layer, row.in_set, row.taken, row.n_neurons) for row in rows]
            found.append(("all", *(sum(column) for column in list(zip(*found, strict=True))[1:])))  # type: ignore[arg-type]
            return [[*map(str, row), f"{100 * row[2] / row[3]:.1f}"] for row in found]

        await gather(app, pilot, WOMEN, "women")
        (chosen,) = Basket.of(shown).sets()
        await pilot.press("f7")
        await settled(app, pilot)
        assert bars() == expected(Plan("erase"))
        assert f"erasing women takes {len(chosen)} of 192 neurons" in text_of(app, "#takes")
        await pilot.press("p", "enter", "down", "enter")
        await settled(app, pilot)
        assert bars() == expected(Plan("keep"))
        await pilot.press("enter", "down", "enter")
        await settled(app, pilot)
        assert bars() == expected(Plan("keep", 0.5))
        await pilot.press("tab", *"25%")
        await settled(app, pilot)
        before = bars()
        assert before == expected(Plan("keep", 0.25))
        await pilot.press("0")  # 25%0 is no share: the last good answer stays
        await settled(app, pilot)
        assert "give a share that stays" in text_of(app, "#plan-wrong")
        assert bars() == before
        await pilot.press("backspace", "tab", "enter", "down", "enter", "tab", "7", "tab", "space")
        await settled(app, pilot)
        assert bars() == expected(Plan("keep", 0.25, "random", 7, True))
        await pilot.press("shift+tab", "shift+tab", "shift+tab", *"0.001")  # less than the set itself
        await settled(app, pilot)
        assert "protection alone exceeds" in text_of(app, "#problem")

    drive(shown, steps)


def test_masks_are_written_and_read_again(
    shown: Path, drive: Drive, settled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with connect(shown) as con:
        layers = mask_layers(con)

    async def steps(app: Any, pilot: Any) -> None:
        await gather(app, pilot, WOMEN, "women, all of them")
        (chosen,) = Basket.of(shown).sets()
        await pilot.press("f7")
        await settled(app, pilot)
        for form in ("paper", "prune"):
            entry, place = FORMATS[form], list(FORMATS).index(form)
            await pilot.press("x", "shift+tab", *["down"] * place, "tab")
            await pilot.pause()
            name = f"erase-women-all-of-them{entry.suffix}"
            assert app.screen.query_one("#file", Input).value == name
            assert entry.meaning in [
                str(app.screen.query_one("#formats").get_option_at_index(place).prompt).partition("  ")[2].strip()
            ]
            assert text_of(app, "#lines") == usage(chosen.mask, form, name)
            await pilot.press("enter")
            await until(pilot, lambda: len(app.screen_stack) == 1)
            mask = Mask.load(tmp_path / name, layers=layers, kind="erase")
            assert pairs(mask) == pairs(chosen.mask)
        await pilot.press("x", "shift+tab", "shift+tab", "enter", "down", "enter", "tab", "tab")  # keep the set alone
        app.screen.query_one("#file", Input).value = "kept.json"
        await pilot.pause()
        await pilot.press("tab", "enter")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        kept = Mask.load(tmp_path / "kept.json")
        assert (kept.kind, pairs(kept)) == ("keep", pairs(chosen.mask))

    drive(shown, steps, size=(80, 24))


def test_files_that_are_there_are_asked_about_and_bad_places_are_said(
    shown: Path, drive: Drive, settled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.json").write_text("mine")

    async def steps(app: Any, pilot: Any) -> None:
        async def write(path: str) -> None:
            app.screen.query_one("#file", Input).value = path
            app.screen.query_one("#file", Input).focus()
            await pilot.pause()
            await pilot.press("enter")
            await pilot.pause()

        await gather(app, pilot, WOMEN, "women")
        await pilot.press("f7")
        await settled(app, pilot)
        await pilot.press("x")
        await pilot.pause()
        await write("missing/women.json")
        assert f"{tmp_path}/missing: there is no such folder" in text_of(app, "#wrong")
        await write("/proc/women.json")
        assert "cannot be written" in text_of(app, "#wrong")
        await write("")
        assert "no file is named" in text_of(app, "#wrong")
        await write("mine.json")
        assert "is there already" in text_of(app, "#wrong")
        await write("mine.json")  # enter in the field asks again
        assert (tmp_path / "mine.json").read_text() == "mine"
        await pilot.press("enter")  # the button that says so
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert (tmp_path / "mine.json").read_text() != "mine"
        assert not (tmp_path / "missing").exists()

    drive(shown, steps)
    assert sorted(os.listdir(tmp_path)) == ["mine.json", "state"]


def test_a_set_is_copied_as_code_and_its_file_is_watched(shown: Path, drive: Drive, settled: Any) -> None:
    women = neurons_of(shown, WOMEN)

    async def steps(app: Any, pilot: Any) -> None:
        await pilot.press("f7")
        await settled(app, pilot)
        assert app.place.as_sql() is app.place.as_python() is app.place.neurons_sql() is None
        await gather(app, pilot, WOMEN, "women")
        assert neurons_of(shown, app.place.as_sql()) == women
        assert neurons_of(shown, app.place.neurons_sql().sql) == women
        found: dict[str, Any] = {}
        exec(app.place.as_python(), found)
        assert pairs(found["mask"]) == women
        table = app.place.query_one(SetsTable)
        other = Basket.of(shown)
        (path,) = other.folder.glob("*.json")
        other.copy("women", "from elsewhere")
        await until(pilot, lambda: len(table.sets) == 2)
        path.write_text("{")
        await until(pilot, lambda: len(table.sets) == 1)
        assert str(path) in text_of(app, "#damaged")
        assert path.read_text() == "{"

    drive(shown, steps)


def test_without_colour_the_bars_are_told_apart(
    shown: Path, drive: Drive, settled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def steps(app: Any, pilot: Any) -> None:
        await gather(app, pilot, WOMEN, "women")
        await pilot.press("f7")
        await settled(app, pilot)
        first = app.place.query_one(TakenBars).render().plain.splitlines()
        assert first[0].split() == ["█", "taken", "·", "stays"]
        assert {"█", "·"} <= set(first[2])

    drive(shown, steps)
