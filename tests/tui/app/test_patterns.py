"""Patterns by keyboard: the points and numbers of the analyses, layer by layer, and notes where there is nothing."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import combinations
from math import hypot
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Select, Static

from queries import connect
from queries.patterns import best_layers, of_layer, pattern_points, separation
from tui.app.screens.patterns.plot import PatternPlot
from tui.app.screens.patterns.rows import rows_of
from tui.app.widgets.table import AnswerTable
from warehouse.layout import Layout
from warehouse.properties import Property, declare

Drive = Callable[..., None]


def said(screen: Any, name: str) -> str:
    return str(screen.query_one(f"#{name}", Static).content)


def test_layers_come_one_by_one_with_the_numbers_of_the_analysis(shown: Path, drive: Drive, settled: Any) -> None:
    with connect(shown) as con:
        numbers = separation(con, "gender")
        points = pattern_points(con, "gender", p_layer=4).rows(named=True)
        best = best_layers(numbers)["layer"][0]
        silhouettes = numbers.sort("layer")["silhouette_2d"].to_list()
        s_k = {
            row[0]: row[1]
            for row in con.sql(
                "SELECT \"group\" || phone, count(*) FROM S_k(p_layer := 4, p_property := 'gender') GROUP BY ALL"
            ).fetchall()
        }

    async def steps(app: Any, pilot: Any) -> None:
        app.choose(layer=4)
        await pilot.press("f5")
        await settled(app, pilot)
        screen = app.place
        table, plot = screen.query_one("#layers", AnswerTable), screen.query_one("#plot", PatternPlot)
        assert [row[1] for row in table.values] == [f"{value:.3f}" for value in silhouettes]
        assert said(screen, "best").startswith(f"best: layer {best}, silhouette {silhouettes[best - 1]:.3f}")
        assert ["◀" in row[2] for row in table.values] == [layer == best for layer in (1, 2, 3, 4)]
        assert plot.has_focus
        seen = []
        for _ in range(5):
            point = plot.pointed
            seen.append((point.group, point.phone, point.x, point.y))
            n = s_k.get(point.group + point.phone, 0)
            assert said(screen, "point") == f"{point.phone} in {point.group}: {n:,} neurons respond"
            await pilot.press("n")
        assert seen == [(row["group"], row["phone"], row["x"], row["y"]) for row in points[:5]]
        point = plot.pointed
        with connect(shown) as con:
            found = con.sql(screen.neurons_sql().sql).fetchall()
            assert len(found) == s_k.get(point.group + point.phone, 0)
            whole = con.sql(screen.as_sql()).fetchall()
        assert len(whole) == sum(s_k.values())
        while plot.pointed.x < max(row["x"] for row in points):
            before = plot.pointed.x
            await pilot.press("l")
            assert plot.pointed.x > before
        await pilot.press("left_square_bracket")
        await settled(app, pilot)
        assert app.asked.layer == 3
        assert table.values[2][0].startswith("▶")
        table.focus()
        await pilot.press("g", "enter")
        await settled(app, pilot)
        assert app.asked.layer == 1
        scope: dict[str, Any] = {}
        exec(screen.as_python(), scope)
        assert scope["by_layer"].sort("layer").equals(numbers.sort("layer"))
        assert set(scope["points"]["layer"]) == {1}

    drive(shown, steps, size=(80, 24))


def test_what_cannot_be_compared_is_said(shown: Path, drive: Drive, settled: Any) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        app.choose(property="phone")
        await pilot.press("f5")
        await settled(app, pilot)
        screen = app.place
        assert "every group has a single phone" in said(screen, "note")
        assert said(screen, "best") == "no layer has a silhouette"
        assert "12 groups, by name" in said(screen, "legend")
        plot = screen.query_one("#plot", PatternPlot)
        assert plot.pointed is not None
        with_one_scale(plot)
        await pilot.resize_terminal(140, 40)
        await pilot.pause()
        with_one_scale(plot)
        app.choose(property="gender", parameters={"p_baseline": 0.999})
        await settled(app, pilot)
        assert "no neuron of the layer responds to any phone" in said(screen, "note")
        assert plot.pointed is None
        app.choose(parameters={"p_baseline": 7.0})
        await settled(app, pilot)
        assert "p_baseline" in said(screen, "problem")
        table = screen.query_one("#layers", AnswerTable)
        assert [row[1] for row in table.values] == ["error"] * 4  # one did not end the others

    drive(shown, steps)


def test_one_layer_is_fitted_at_a_time_and_what_was_stopped_goes_on(
    shown: Path, drive: Drive, settled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit, going, let_go = of_layer.projections, [0, 0], threading.Event()

    def watched(*given: Any, **named: Any) -> Any:
        going[:] = going[0] + 1, max(going[1], going[0] + 1)
        let_go.wait(20)
        try:
            return fit(*given, **named)
        finally:
            going[0] -= 1

    monkeypatch.setattr(of_layer, "projections", watched)

    async def steps(app: Any, pilot: Any) -> None:
        await pilot.press("f5", "right_square_bracket", "right_square_bracket", "right_square_bracket")
        while going[0] == 0:
            await pilot.pause(0.01)
        await pilot.press("escape")
        screen = app.place
        assert not screen.waits
        let_go.set()
        while screen.busy:
            await pilot.pause(0.01)
        table = screen.query_one("#layers", AnswerTable)
        assert [row[1] for row in table.values] == ["…"] * 4
        await pilot.press("f2", "f5")
        await settled(app, pilot)
        assert "…" not in [row[1] for row in table.values]
        assert going == [0, 1]

    drive(shown, steps)


def test_brackets_in_the_name_of_a_property_are_no_markup(shown: Path, drive: Drive, tmp_path: Path) -> None:
    path = tmp_path / "speech.warehouse"
    shutil.copytree(shown, path)
    declare(Layout(path), Property("[/x]", "gender"))

    async def steps(app: Any, pilot: Any) -> None:
        app.choose(neuron=9, property="[/x]")
        for key in ("f4", "f5"):
            await pilot.press(key)
            chooser = app.place.query_one("#prop", Select)
            assert str(chooser.query_one("#label", Static).render()) == "[/x]"
            chooser.focus()
            await pilot.press("enter")
            assert app.place.query_one("SelectOverlay").display
            await pilot.press("escape", "escape")

    drive(path, steps)


def with_one_scale(plot: PatternPlot) -> None:
    """Distances on the terminal, whose cells are twice as high as wide, are those of the points, up to a cell."""
    places, points = plot._places(), list(plot._points)
    drawn, true = [], []
    for i, j in combinations(range(len(points)), 2):
        drawn.append(hypot(places[i][0] - places[j][0], 2 * (places[i][1] - places[j][1])))
        true.append(hypot(points[i].x - points[j].x, points[i].y - points[j].y))
    scale = sum(drawn) / sum(true)
    assert max(abs(a - scale * b) for a, b in zip(drawn, true, strict=True)) < 3.5
    width, height = plot.size
    assert all(0 <= x < width and 0 <= y < height for x, y in places)


def test_rows_of_layers_that_are_still_to_come() -> None:
    assert [row[:2] for row in rows_of([1, 2], {}, 2)] == [("   1", "…"), ("▶  2", "…")]


def test_opening_the_screens_loads_nothing_that_is_slow_to_load() -> None:
    slow = ["duckdb", "numpy", "polars", "pyarrow", "sklearn", "soundfile"]
    code = (
        "import sys\nimport tui.app.screens.neuron.screen, tui.app.screens.patterns.screen\n"
        f"print([name for name in {slow} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
