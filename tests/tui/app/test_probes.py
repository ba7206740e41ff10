"""Probes by keyboard: the numbers of what was written, sets of the top neurons, and notes where there is nothing."""

import asyncio
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest
from drawn_probes import DrawnProbe
from textual.widgets import Input, Static

from queries import connect
from queries.basket import Basket
from tui.app.screens.probes import screen as probes_screen
from tui.app.screens.probes.rows import accuracy_table
from tui.app.widgets.table import AnswerTable
from warehouse import Layout

Drive = Callable[..., None]
Probes = tuple[DrawnProbe, ...]


def table(app: Any, name: str) -> AnswerTable:
    found = app.place.query_one(f"#{name}", AnswerTable)
    assert isinstance(found, AnswerTable)
    return found


def said(app: Any, name: str) -> str:
    return str(app.screen.query_one(f"#{name}", Static).content)


def percent(values: list[float]) -> str:
    return f"{100 * fmean(values):.1f}±{100 * stdev(values):.1f}"


async def no_neurons(app: Any, pilot: Any) -> None:
    """Coordinates of block outputs are neither taken into the basket nor opened as neurons."""
    table(app, "ranked").focus()
    for key in ("b", "enter"):
        await pilot.press(key)
        await pilot.pause()
        assert "probe with --kind ffn" in [note.message for note in app._notifications][-1]
        assert app.current_mode == "probes"
        assert len(app.screen_stack) == 1
    assert "no feed-forward neurons" in said(app, "take")
    table(app, "probes").focus()
    await pilot.pause()


def test_the_numbers_are_those_of_the_probe_under_the_cursor(
    probed: Path, probes: Probes, drive: Drive, settled: Any
) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        await pilot.press("f10")
        await settled(app, pilot)
        assert [row[0] for row in table(app, "probes").values] == ["gender", "accent", "speaker"]
        for place, probe in enumerate(probes):
            found = table(app, "accuracies")
            at: dict[str, Any] = {"architecture": "linear", "treatment": "trained"}
            assert [row[0].lstrip("▶ ") for row in found.values] == [
                "ALL" if v is None else str(v) for v in probe.views
            ]
            for row, view in enumerate(probe.views):
                assert found.value("linear", row) == percent(probe.values(**at, layer=view))
                assert found.value("control", row) == percent(probe.values(**at, layer=view, labels="control"))
                if probe.twin is not None:
                    assert found.value("twin", row) == percent(probe.values(**at, layer=view, source="twin"))
            assert ("hidden" in found.names, "twin" in found.names) == (probe.hidden, probe.twin is not None)
            last = probe.views[-1]
            ranked = [(row[1], row[2], row[3]) for row in table(app, "ranked").values]
            assert ranked == [(row["rank"], row["layer"], row["neuron"]) for row in probe.ranking(last)]
            kept = table(app, "kept")
            for row in range(len(kept.values) - 1):
                share = float(kept.value("share %", row))
                for neurons in ("top", "random", "bottom"):
                    values = probe.values(treatment="retrained", neurons=neurons, share=share, layer=last)
                    assert kept.value(neurons, row) == f"{100 * fmean(values):.1f}"
            with connect(probed) as con:
                ((paper, smallest, n),) = con.sql(
                    "SELECT paper_share, smallest_share, smallest_n FROM minimal_sets "
                    f"WHERE probe = '{probe.name}' AND layer IS NOT DISTINCT FROM {last or 'NULL'}"
                ).fetchall()
            marks = {float(row[0]): row[-1] for row in kept.values if row[-1]}
            assert set(marks) == {paper, smallest}
            assert "smallest" in marks[smallest]
            assert "paper" in marks[paper]
            assert sum(row[0] == "●" for row in table(app, "ranked").values) == n
            places = table(app, "lie").values
            in_set = [row["layer"] for row in probe.ranking(last)[:n]]
            assert [int(row[2]) for row in places] == ([in_set.count(v) for v in (1, 2, 3, 4)] if last is None else [])
            if probe.kind == "block":
                await no_neurons(app, pilot)
            if place < 2:
                await pilot.press("j")
                await settled(app, pilot)

    drive(probed, steps, size=(132, 40))


async def copied(app: Any, pilot: Any) -> None:
    """The questions behind the tables are answered, and the same as SQL and as Python."""
    with connect(app.session.path) as con:
        for name, n in (("probes", 3), ("accuracies", 10), ("ranked", 48), ("kept", 8), ("lie", 4)):
            table(app, name).focus()
            await pilot.pause()
            wanted = con.sql(app.place.as_sql()).fetchall()
            assert len(wanted) == n
    scope: dict[str, Any] = {}
    exec(app.place.as_python(), scope)
    assert scope["answer"].rows() == wanted
    await pilot.press("f8")
    await pilot.pause()
    assert "probe_localisation(p_probe := '7a1')" in app.clipboard


def test_layers_and_classes_have_rankings_of_their_own(
    probed: Path, probes: Probes, drive: Drive, settled: Any
) -> None:
    gender = probes[0]

    def ranks(view: int | None, of_class: str | None) -> list[tuple[int, int]]:
        return [(row["layer"], row["neuron"]) for row in gender.ranking(view, of_class)]

    async def steps(app: Any, pilot: Any) -> None:
        def seen() -> list[tuple[int, int]]:
            return [(row[2], row[3]) for row in table(app, "ranked").values]

        await pilot.press("f10")
        await settled(app, pilot)
        for key, view, of_class in (
            ("c", None, "F"),
            ("c", None, "M"),
            ("left_square_bracket", 4, "M"),
            ("C", 4, "F"),
            ("C", 4, None),
            ("right_square_bracket", None, None),
            ("right_square_bracket", None, None),
        ):
            await pilot.press(key)
            await settled(app, pilot)
            assert seen() == ranks(view, of_class)
        found = table(app, "accuracies")
        await pilot.press("w", "W")
        assert found.has_focus
        await pilot.press("g", "j", "enter")
        await settled(app, pilot)
        assert seen() == ranks(2, None)
        assert [row[0][0] for row in found.values] == [" ", "▶", " ", " ", " "]
        assert "no minimal set was looked for here" in said(app, "take")
        await pilot.press("b")
        await pilot.pause()
        assert "no minimal set was looked for here" in said(app, "problem")
        assert len(app.screen_stack) == 1
        await copied(app, pilot)

    drive(probed, steps, size=(132, 40))


def test_top_neurons_go_into_the_basket_and_their_cards_open(
    probed: Path, probes: Probes, drive: Drive, settled: Any
) -> None:
    gender = probes[0]

    async def steps(app: Any, pilot: Any) -> None:
        async def gathered() -> set[tuple[int, int]]:
            for _ in range(500):
                if "neurons are listed" in said(app, "count"):
                    break
                await asyncio.sleep(0.02)
            await pilot.press("enter")
            await pilot.pause()
            (one,) = Basket.of(probed).sets()
            found = {(layer, n) for layer, neurons in one.mask.neurons().items() for n in neurons}
            assert one.model == "tiny-speech"
            app.basket.remove(one.name)
            return found

        def first(n: int) -> set[tuple[int, int]]:
            return {(row["layer"], row["neuron"]) for row in gender.ranking()[:n]}

        await pilot.press("f10")
        await settled(app, pilot)
        with connect(probed) as con:
            ((n,),) = con.sql("SELECT smallest_n FROM minimal_sets WHERE probe = '7a1'").fetchall()
        await pilot.press("b")
        await pilot.pause()
        assert app.screen.query_one("#name", Input).value == f"gender-top{n}"
        assert await gathered() == first(n)
        for typed, n in (("7", 7), ("10%", 19)):
            await pilot.press("n")
            app.place.query_one("#top", Input).value = ""
            await pilot.press(*typed)
            await settled(app, pilot)
            assert said(app, "take") == f"● the top {n}: b takes them into the basket"
            assert [row[0] for row in table(app, "ranked").values].count("●") == n
            await pilot.press("enter")
            await pilot.pause()
            assert await gathered() == first(n)
        app.place.query_one("#top", Input).value = "lots"
        await pilot.press("enter")
        await pilot.pause()
        assert "'lots': give smallest, paper, a number" in said(app, "problem")
        table(app, "ranked").focus()
        await pilot.press("g", "enter")
        await settled(app, pilot)
        assert app.current_mode == "neuron"
        assert (app.asked.layer, app.asked.neuron) == next((row["layer"], row["neuron"]) for row in gender.ranking())

    drive(probed, steps, size=(80, 24))


def test_new_probes_appear_and_the_one_that_is_looked_at_stays(
    shown: Path, drive: Drive, settled: Any, tmp_path: Path
) -> None:
    path = tmp_path / "speech.warehouse"
    shutil.copytree(shown, path)

    async def until(pilot: Any, n: int, app: Any) -> None:
        for _ in range(500):
            if len(table(app, "probes").values) == n:
                break
            await pilot.pause(0.02)
        await settled(app, pilot)

    async def steps(app: Any, pilot: Any) -> None:
        await pilot.press("f10")
        await settled(app, pilot)
        assert f"neurons probe {path} --label gender" in said(app, "none")
        await pilot.press("b", "c", "n", "w", "right_square_bracket", "f8", "escape")
        DrawnProbe("5b1", "gender", ("F", "M")).commit(Layout(path))
        await until(pilot, 1, app)
        assert said(app, "which").startswith("gender (ffn)")
        DrawnProbe("5b2", "accent", ("north", "south"), age=5).commit(Layout(path))
        await until(pilot, 2, app)
        assert said(app, "which").startswith("gender (ffn)")
        assert table(app, "probes").cursor_row == 1
        table(app, "probes").focus()
        await pilot.press("k")
        await settled(app, pilot)
        assert said(app, "which").startswith("accent (ffn)")

    drive(path, steps)


def test_what_was_stopped_is_read_again(
    probed: Path, drive: Drive, settled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, asked, let_go = probes_screen.probe_card, threading.Event(), threading.Event()

    def slow(*given: Any) -> Any:
        asked.set()
        let_go.wait(20)
        return read(*given)

    monkeypatch.setattr(probes_screen, "probe_card", slow)

    async def steps(app: Any, pilot: Any) -> None:
        await pilot.press("f10")
        while not asked.is_set():
            await pilot.pause(0.01)
        await pilot.press("escape")
        assert not app.place.waits
        let_go.set()
        while app.place.busy:
            await pilot.pause(0.01)
        assert not table(app, "accuracies").values
        await pilot.press("enter")
        await settled(app, pilot)
        assert len(table(app, "accuracies").values) == 5

    drive(probed, steps)


def test_comparisons_that_no_layer_has_are_left_out() -> None:
    from queries.probe_card import Accuracy

    names, types, rows = accuracy_table([Accuracy(1, (0.75, None), majority=0.5)], None, 35)
    assert names == ["layer", "", "linear", "majority"]
    assert len(types) == 4
    assert rows == [("    1", "████│█  ", "75.0", "50.0")]
