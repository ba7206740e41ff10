"""What all screens share: places, the shared choice, help, palette, going to a neuron, copying; bad surroundings."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.widgets import Input, Label, Static, TextArea

from queries import connect
from tui.app.messages import NeuronPicked
from tui.app.places import PLACES
from tui.app.screens.help import HelpScreen
from tui.app.widgets.table import AnswerTable
from warehouse import create

Drive = Callable[..., None]


def text_of(app: Any) -> str:
    """What stands on the screen, line by line."""
    return "\n".join("".join(segment.text for segment in line) for line in app.screen._compositor.render_strips())


def test_every_place_opens_by_key_and_mouse_and_has_its_help(shown: Path, drive: Drive, settled: Any) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        await settled(app, pilot)
        for place in PLACES:
            await pilot.press(place.function_key)
            await settled(app, pilot)
            assert app.current_mode == place.name
            assert type(app.place) is type(place.screen())
            await pilot.press("f1")
            await pilot.pause()
            assert isinstance(app.screen, HelpScreen)
            assert app.place.HELP in app.screen._text
            assert len(re.sub(r"\W+", " ", app.place.HELP).split()) > 60
            await pilot.press("f1")
            await pilot.pause()
            assert app.screen is app.place
        await pilot.click("ScreenTabs", offset=(3, 0))
        await settled(app, pilot)
        assert app.current_mode == "overview"
        await pilot.press("2")
        await settled(app, pilot)
        assert app.current_mode == "property"

    drive(shown, steps)


def test_a_neuron_is_gone_to_by_layer_and_number(shown: Path, drive: Drive, settled: Any) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        await settled(app, pilot)
        await pilot.press("ctrl+g")
        await pilot.pause()
        field, wrong = app.screen.query_one(Input), app.screen.query_one("#wrong", Label)
        for text, said in (
            ("seven", "two numbers"),
            ("9:1", "tiny-speech has no layer 9; it has 1 to 4"),
            ("2:48", "layer 2 has no neuron 48; it has 0 to 47"),
        ):
            field.value = text
            await pilot.press("enter")
            await pilot.pause()
            assert said in str(wrong.render())
        field.value = "2:47"
        await pilot.press("enter")
        await settled(app, pilot)
        assert app.current_mode == "neuron"
        assert (app.asked.layer, app.asked.neuron) == (2, 47)

    drive(shown, steps)


def test_the_palette_lists_the_screens_and_what_they_give(shown: Path, drive: Drive, settled: Any) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        await settled(app, pilot)
        commands = {command.title for command in app.get_system_commands(app.screen)}
        assert {f"Open {place.title}" for place in PLACES} <= commands
        assert {"Copy as SQL", "Copy as Python", "Edit as SQL", "Theme", "Quit"} <= commands
        await pilot.press("ctrl+p")
        await pilot.press(*"open bask")
        await pilot.pause(0.3)
        await pilot.press("enter")
        await settled(app, pilot)
        await pilot.pause(0.2)
        assert app.current_mode == "basket"

    drive(shown, steps)


def test_what_is_on_the_screen_is_copied_as_sql_and_as_python(shown: Path, drive: Drive, settled: Any) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        await settled(app, pilot)
        await pilot.press("f8")
        await pilot.pause()
        sql = app.clipboard
        assert app.screen.query_one(TextArea).text == sql
        await pilot.press("escape", "f9")
        await pilot.pause()
        python = app.clipboard
        with connect(shown) as con:
            wanted = con.sql(sql).fetchall()
        told: dict[str, Any] = {}
        exec(python, told)
        assert told["answer"].rows() == wanted
        table = {name: n for name, n, *_ in app.place.query_one("#properties", AnswerTable).values}
        assert {name: sum(n for of, _, n in wanted if of == name) for name, _, _ in wanted} == {
            name: n for name, n in table.items() if n
        }

    drive(shown, steps)


def test_keys_of_vi_move_in_tables(shown: Path, drive: Drive, settled: Any) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        await settled(app, pilot)
        table = app.place.query_one("#properties", AnswerTable)
        table.focus()
        for keys, row in (("j", 1), ("j", 2), ("k", 1), ("G", 5), ("g", 0)):
            await pilot.press(keys)
            await pilot.pause()
            assert table.cursor_row == row
        await pilot.press("y")
        await pilot.pause()
        assert app.clipboard == "\t".join("" if value is None else str(value) for value in table.values[0])

    drive(shown, steps)


def test_a_terminal_that_is_too_small_says_so_and_grows_again(shown: Path, drive: Drive, settled: Any) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        await settled(app, pilot)
        assert "40 x 10 cells" in text_of(app)
        assert "Overview" not in text_of(app)
        await pilot.resize_terminal(80, 24)
        await settled(app, pilot)
        assert "Overview" in text_of(app)
        assert "tiny-speech" in text_of(app)

    drive(shown, steps, size=(40, 10))


def test_an_empty_warehouse_says_what_to_do_on_every_screen(drive: Drive, settled: Any, tmp_path: Path) -> None:
    create(tmp_path / "empty.warehouse")

    async def steps(app: Any, pilot: Any) -> None:
        for place in PLACES:
            app.action_open(place.name)
            await settled(app, pilot)
            assert len(text_of(app).split()) > 12, place.name
            for key in ("f8", "escape", "b", "escape"):
                await pilot.press(key)
            await settled(app, pilot)
            assert app.current_mode == place.name
        app.action_open("overview")
        await settled(app, pilot)
        assert "neurons ingest" in text_of(app)

    drive(tmp_path / "empty.warehouse", steps)


def test_a_warehouse_that_vanishes_is_said_and_looked_for_again(
    shown: Path, drive: Drive, settled: Any, tmp_path: Path
) -> None:
    path, away = tmp_path / "study.warehouse", tmp_path / "away"
    shutil.copytree(shown, path)

    async def steps(app: Any, pilot: Any) -> None:
        await settled(app, pilot)
        path.rename(away)
        while app.lost is None:
            await pilot.pause(0.05)
        await pilot.pause()
        line = app.place.query_one("#lost", Static)
        assert "study.warehouse" in str(line.render())
        assert "tiny-speech" in text_of(app)  # what was read stays
        for place in PLACES:
            app.action_open(place.name)
            await settled(app, pilot)
            assert app.place.query_one("#lost").has_class("-shown")
        away.rename(path)
        while app.lost is not None:
            await pilot.pause(0.05)
        await pilot.pause()
        assert not app.place.query_one("#lost").has_class("-shown")

    drive(path, steps)


def test_a_row_that_names_no_neuron_is_said(shown: Path, drive: Drive, settled: Any) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        await settled(app, pilot)
        for model, layer, neuron, said in (
            (None, 77, 3, "tiny-speech has no layer 77; it has 1 to 4"),
            (None, "2", 3, "tiny-speech has no layer 2; it has 1 to 4"),
            (None, [1], 3, "tiny-speech has no layer [1]; it has 1 to 4"),
            (5, 1, 3, "there is no model 5"),
            (None, 4, 48, "layer 4 has no neuron 48; it has 0 to 47"),
            (None, 4, -1, "layer 4 has no neuron -1; it has 0 to 47"),
        ):
            app.place.post_message(NeuronPicked(neuron, layer, model))
            await settled(app, pilot)
            assert app.current_mode == "overview"
            assert [note.message for note in app._notifications][-1] == said
        app.place.post_message(NeuronPicked(7, 4.0, "tiny-speech"))
        await settled(app, pilot)
        assert app.current_mode == "neuron"
        assert (app.asked.layer, app.asked.neuron) == (4, 7)

    drive(shown, steps)


def test_text_with_brackets_is_no_markup(shown: Path, drive: Drive, settled: Any) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        condition = "regexp_matches(phone, '[AEIO]') OR phone = '[/]'"
        app.choose(parameters={"p_where": condition}, neuron=3)
        for place in ("neuron", "patterns", "property", "overview"):
            app.action_open(place)
            await settled(app, pilot)
        app.place.hint("[/x] [red]")
        app.place.problem("[/y] [bold]")
        await pilot.pause()
        assert "[/x] [red]" in text_of(app)
        assert "[/y] [bold]" in text_of(app)

    drive(shown, steps)
