"""The property screen by keyboard: what it shows is what the SQL gives, whatever is changed."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from drawn_study import Study, draw
from textual.app import App, ComposeResult
from textual.widgets import Input, Static

from tui.app.screens.property.choosers import Chooser
from tui.app.screens.property.slider import LayerSlider
from tui.app.widgets.bars import StackedBars
from tui.app.widgets.table import AnswerTable
from warehouse import create

Drive = Callable[..., None]


def rows_of(app: Any, sql: str) -> list[tuple[Any, ...]]:
    with app.session.cursor() as con:
        return list(con.sql(sql).fetchall())


def listed(app: Any) -> list[tuple[Any, ...]]:
    """(neuron, group) of the list, as a set would have them."""
    table = app.place.query_one("#listed", AnswerTable)
    return sorted(row[:2] for row in table.values) if table.display else []


def text_of(app: Any, what: str) -> str:
    return str(app.place.query_one(what, Static).render())


async def opened(app: Any, pilot: Any, settled: Any, focus: str | None = None) -> Any:
    await pilot.press("f3")
    await settled(app, pilot)
    if focus is not None:
        app.place.query_one(focus).focus()
        await pilot.pause()
    return app.place


def test_it_shows_what_the_sql_gives(shown: Path, drive: Drive, settled: Any) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        await opened(app, pilot, settled)
        await pilot.press("right_square_bracket", "right_square_bracket")
        await settled(app, pilot)
        assert app.asked.layer == 3
        asked = "p_property := 'gender', p_layer := 3"
        assert listed(app) == sorted(rows_of(app, f'SELECT neuron, "group" FROM group_neurons({asked})')) != []
        sizes = rows_of(
            app, "SELECT layer, \"group\", count(*) FROM group_neurons(p_property := 'gender') GROUP BY ALL"
        )
        drawn = str(app.place.query_one(StackedBars).render()).split("\n")
        totals = {layer: sum(n for of, _, n in sizes if of == layer) for layer in (1, 2, 3, 4)}
        assert [int(line.split()[-1]) for line in drawn[1:5]] == list(totals.values())
        overlaps = rows_of(
            app,
            "SELECT CASE property_a WHEN 'gender' THEN property_b ELSE property_a END, n_both "
            f"FROM property_overlap({asked})",
        )
        table = app.place.query_one("#overlap", AnswerTable)
        assert sorted((row[0], row[2]) for row in table.values) == sorted(overlaps)
        assert rows_of(app, app.place.as_sql())[0][1] == app.place.query_one("#listed", AnswerTable).values[0][0]

    drive(shown, steps, size=(80, 24))


def test_typing_changes_everything_in_place(shown: Path, drive: Drive, settled: Any) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        place = await opened(app, pilot, settled, "#p_sigma")
        await pilot.press(*"0.3")
        await settled(app, pilot)
        assert dict(app.asked.parameters) == {"p_sigma": 0.3}
        asked = "p_property := 'gender', p_layer := 1, p_sigma := 0.3"
        assert listed(app) == sorted(rows_of(app, f'SELECT neuron, "group" FROM group_neurons({asked})'))
        await pilot.press("up")
        await settled(app, pilot)
        assert place.query_one("#p_sigma", Input).value == "0.35"
        assert app.asked.parameters["p_sigma"] == 0.35
        place.query_one(LayerSlider).focus()
        await pilot.press("end", "r")
        await settled(app, pilot)
        assert (app.asked.layer, dict(app.asked.parameters)) == (4, {})
        assert place.query_one("#p_sigma", Input).value == ""

    drive(shown, steps)


def test_a_bad_value_is_said_and_the_answer_stays(shown: Path, drive: Drive, settled: Any) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        place = await opened(app, pilot, settled, "#p_sigma")
        before = listed(app)
        await pilot.press(*"7", "tab")
        await settled(app, pilot)
        assert "σ: 7.0 is no share of the phones" in text_of(app, "#refused")
        assert place.query_one("#p_sigma").has_class("-refused")
        assert listed(app) == before
        assert dict(app.asked.parameters) == {}
        await pilot.press("escape")
        await settled(app, pilot)
        assert not place.query_one("#refused").display
        assert place.query_one("#p_sigma", Input).value == ""
        await pilot.press(*"abc", "tab")
        assert "'abc' is no number" in text_of(app, "#refused")
        place.query_one(LayerSlider).focus()
        await pilot.press("r")
        await settled(app, pilot)
        assert not place.query_one("#refused").display
        assert place.query_one("#p_sigma", Input).value == ""
        place.query_one("#p_where").focus()
        await pilot.press(*"nobody > 3", "enter")
        await settled(app, pilot)
        assert "where: " in text_of(app, "#refused")
        assert "nobody" in text_of(app, "#refused")
        assert listed(app) == before

    drive(shown, steps)


def test_what_is_stopped_before_it_is_answered_was_not_chosen(shown: Path, drive: Drive, settled: Any) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        place = await opened(app, pilot, settled, "#p_sigma")
        before = listed(app)
        app.choose(property="phone_class", layer=3, parameters={"p_sigma": 0.5})
        place.action_stop()  # at once: no answer can have come
        await settled(app, pilot)
        assert (app.asked.property, app.asked.layer, dict(app.asked.parameters)) == ("gender", 1, {})
        assert "'gender'" in place.as_sql()
        assert listed(app) == before

    drive(shown, steps)


def test_a_condition_counts_from_the_activations(shown: Path, drive: Drive, settled: Any) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        await opened(app, pilot, settled, "#p_where")
        await pilot.press(*"f0_hz > 150", "enter")
        while "p_where" not in app.place.as_sql():
            await pilot.pause(0.02)
        await pilot.press("escape")  # what is left to count is given up, and what was counted stays
        await settled(app, pilot)
        asked = "p_property := 'gender', p_layer := 1, p_where := 'f0_hz > 150'"
        assert listed(app) == sorted(rows_of(app, f'SELECT neuron, "group" FROM group_neurons({asked})'))
        assert app.asked.parameters == {"p_where": "f0_hz > 150"}
        assert len(rows_of(app, app.place.as_sql())) == len(listed(app))
        await pilot.press("enter")  # and is counted after all
        await settled(app, pilot)
        assert text_of(app, "#bars-title") == "Neurons per layer"
        app.place.query_one(LayerSlider).focus()
        await pilot.pause()
        sizes = rows_of(app, f"SELECT sum(n_group_neurons) FROM ({app.place.as_sql()}) GROUP BY layer ORDER BY layer")
        drawn = str(app.place.query_one(StackedBars).render()).split("\n")
        assert [int(line.split()[-1]) for line in drawn[1:5]] == [n for (n,) in sizes]

    drive(shown, steps)


def test_the_list_of_a_group_can_be_gathered_and_opened(shown: Path, drive: Drive, settled: Any) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        place = await opened(app, pilot, settled, "#listed")
        await pilot.press("right_square_bracket", "right_square_bracket", "f")
        await settled(app, pilot)
        assert {group for _, group in listed(app)} == {"F"}
        gathered = place.neurons_sql()
        assert (gathered.name, gathered.model) == ("gender-F-layer3", "tiny-speech")
        assert sorted(rows_of(app, gathered.sql)) == [(3, neuron) for neuron, _ in listed(app)]
        assert place.query_one("#group", Chooser).value == "F"
        await pilot.press("j", "enter")
        neuron = place.query_one("#listed", AnswerTable).value("neuron", 1)
        assert (app.current_mode, app.asked.layer, app.asked.neuron) == ("neuron", 3, neuron)

    drive(shown, steps)


def test_a_chosen_property_with_many_groups(shown: Path, drive: Drive, settled: Any) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        place = await opened(app, pilot, settled, "#property")
        await pilot.press("enter", "home", "down", "enter")
        await settled(app, pilot)
        assert app.asked.property == "phone"
        assert "all 12 groups together" in str(place.query_one(StackedBars).render())
        assert place.query_one("#listed", AnswerTable).names[4:] == ("p", "next group", "its p", "responds to")
        place.query_one("#overlap").focus()
        await pilot.press("j")
        assert [row[1] for row in rows_of(app, place.as_sql())] == sorted(
            {"phone", *app.session.properties} - {"phone"}
        )
        await pilot.press("enter")
        await settled(app, pilot)
        assert app.asked.property == "gender"
        assert "F" in {group for _, group in listed(app)}

    drive(shown, steps)


def test_a_choice_taken_back_at_once_is_not_shown(shown: Path, drive: Drive, settled: Any) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        place = await opened(app, pilot, settled, "#listed")
        before = listed(app)
        for change, back in (({"property": "phone_class"}, {"property": "gender"}), ({"layer": 3}, {"layer": 1})):
            app.choose(**change)
            app.choose(**back)
            await settled(app, pilot)
            assert listed(app) == before
            assert place.neurons_sql().name == "gender-layer1"
            assert not place.query_one("#main").has_class("-old")
            assert "…" not in {row[1] for row in place.query_one("#overlap", AnswerTable).values}
        app.choose(layer=3)
        place.cancel("layer")  # the list is of layer 1 until that is answered
        neuron = place.query_one("#listed", AnswerTable).value("neuron")
        await pilot.press("enter")
        assert (app.current_mode, app.asked.layer, app.asked.neuron) == ("neuron", 1, neuron)

    drive(shown, steps)


def test_an_answer_is_of_one_snapshot(tmp_path: Path, drive: Drive, settled: Any) -> None:
    study = Study(tmp_path / "grows.warehouse")
    study.ingest("c", draw(np.random.default_rng(1), 20), seed=1)

    async def steps(app: Any, pilot: Any) -> None:
        app._over.set()  # so that nothing but the question below finds the newer snapshot
        app.choose(parameters={"p_sigma": 0.4})
        place = await opened(app, pilot, settled)
        study.ingest("d", draw(np.random.default_rng(2), 20, prefix="v"), seed=2)
        cursor = app.session.cursor

        def newer() -> Any:
            app.session.look()
            return cursor()

        app.session.cursor = newer  # the layer is asked of a newer snapshot than the screen was told of
        app.choose(layer=2)
        await settled(app, pilot)
        named = "group_neurons(p_property := 'gender', p_layer := 2, p_sigma := 0.4)"
        assert listed(app) == sorted(rows_of(app, f'SELECT neuron, "group" FROM {named}')) != []
        sizes = rows_of(
            app,
            "SELECT sum(n_group_neurons) FROM layer_profiles(p_property := 'gender', p_sigma := 0.4) "
            "GROUP BY layer ORDER BY layer",
        )
        drawn = str(place.query_one(StackedBars).render()).split("\n")
        assert [int(line.split()[-1]) for line in drawn[1:3]] == [n for (n,) in sizes]

    drive(study.layout.root, steps)


class Named(App[None]):
    """An app of a chooser alone."""

    def compose(self) -> ComposeResult:
        yield Chooser(id="chooser")


def test_names_are_no_markup() -> None:
    async def chosen() -> str:
        app = Named()
        async with app.run_test(size=(60, 12)) as pilot:
            app.query_one(Chooser).show(["[unknown]", "[/x]"], "[unknown]")
            await pilot.press("tab", "enter")
            await pilot.pause()
            return "".join(segment.text for line in app.screen._compositor.render_strips() for segment in line)

    seen = asyncio.run(chosen())
    assert "[unknown]" in seen
    assert "[/x]" in seen


def test_an_empty_list_says_what_to_do(shown: Path, drive: Drive, settled: Any) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        app.choose(property="pitch")
        await opened(app, pilot, settled)
        for baseline, said in ((0.99, "Lower σ or the baseline"), (0.0, "Raise σ")):
            app.choose(parameters={"p_baseline": baseline, "p_sigma": 0.05})
            await settled(app, pilot)
            assert listed(app) == []
            assert said in text_of(app, "#why")
            assert app.place.neurons_sql() is None

    drive(shown, steps)


def test_an_empty_warehouse_says_what_to_do(tmp_path: Path, drive: Drive, settled: Any) -> None:
    create(tmp_path / "empty.warehouse")

    async def steps(app: Any, pilot: Any) -> None:
        place = await opened(app, pilot, settled, "#p_sigma")
        assert "neurons ingest" in text_of(app, "#why")
        await pilot.press("up", "tab", "escape", "f8")
        place.query_one(LayerSlider).focus()
        await pilot.press("right", "f", "r", "b", "B", "left_square_bracket")
        await settled(app, pilot)
        assert (place.as_sql(), place.neurons_sql()) == (None, None)

    drive(tmp_path / "empty.warehouse", steps)
