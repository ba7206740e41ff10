"""The card of a neuron by keyboard: its numbers are those of the facts, and its segments can be heard."""

import os
import shlex
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import soundfile
from textual.widgets import Static

from queries import connect
from queries.neuron_card import Cell, Neuron, Responses, responses
from tui.app.player import Player
from tui.app.screens.neuron.heatmap import Heatmap, sides
from tui.app.screens.neuron.words import percentile_strip
from tui.app.widgets.table import AnswerTable

Drive = Callable[..., None]
MODEL, LAYER, NEURON = "tiny-speech", 3, 9

_COUNTED = """
SELECT count(*) FILTER (a.neuron IS NOT NULL), count(*)
FROM frames AS f
INNER JOIN frame_groups AS g ON f.frame_id = g.frame_id AND g.property = 'gender' AND g."group" = $group
LEFT JOIN activations AS a ON f.frame_id = a.frame_id AND a.layer = $layer AND a.neuron = $neuron
WHERE f.phone = $phone
"""


async def opened(app: Any, pilot: Any, settled: Any, **choice: Any) -> Any:
    app.choose(**{"layer": LAYER, "neuron": NEURON, **choice})
    await pilot.press("f4")
    await settled(app, pilot)
    return app.place


def said(screen: Any, name: str) -> str:
    return str(screen.query_one(f"#{name}", Static).content)


def test_a_neuron_by_its_number_with_the_numbers_of_the_facts(shown: Path, drive: Drive, settled: Any) -> None:
    with connect(shown) as con:
        truth = responses(con, Neuron(MODEL, LAYER, NEURON), "gender")

        def counted(group: str, phone: str) -> str:
            values = {"group": group, "phone": phone, "layer": LAYER, "neuron": NEURON}
            ((active, frames),) = con.sql(_COUNTED, values).fetchall()
            return f"{phone} in {group}: active in {active:,} of {frames:,} frames, p = {active / frames:.4f}"

        told = {(group, phone): counted(group, phone) for group, phone in (("F", "AA"), ("M", "AE"))}
        assert told["M", "AE"].partition(":")[2] != told["F", "AA"].partition(":")[2]

    async def steps(app: Any, pilot: Any) -> None:
        await pilot.press("f4")
        await settled(app, pilot)
        assert "ctrl+g goes to one by its layer and number" in said(app.place, "none")
        assert not app.place.query_one("#card").display
        await pilot.press("ctrl+g", *f"{LAYER}:{NEURON}", "enter")
        await settled(app, pilot)
        screen = app.place
        assert said(screen, "which") == f"Neuron {LAYER}:{NEURON} of {MODEL}"
        assert f"active in {truth.n_active / truth.n_frames:.2%}" in said(screen, "total")
        heatmap = screen.query_one("#map", Heatmap)
        assert heatmap.has_focus
        assert list(heatmap.rows[:4]) == ["AA", "AE", "IY", "UW"]  # vowels first
        assert said(screen, "cell").startswith(told["F", "AA"])
        await pilot.press("j", "l")
        assert said(screen, "cell").startswith(told["M", "AE"])
        cell = truth.cells["M", "AE"]
        assert f"{cell.p_low:.4f} to {cell.p_high:.4f} at 95 %; baseline 0.0625" in said(screen, "cell")
        assert ("does not respond" in said(screen, "cell")) != cell.responds
        await pilot.hover("#map", offset=(6, 1))
        assert said(screen, "cell").startswith(told["F", "AA"])
        await pilot.hover("#head")
        assert said(screen, "cell").startswith(told["M", "AE"])
        await pilot.press("s")
        largest = [truth.strongest(phone) for phone in heatmap.rows]
        assert largest == sorted(largest, reverse=True)
        assert heatmap.cursor[0] == 0
        assert said(screen, "cell").startswith(f"{heatmap.rows[0]} in M:")
        assert screen.as_sql() is not None
        with connect(shown) as con:
            rows = con.sql(screen.as_sql()).fetchall()
        assert {(row[0], row[1]): tuple(row[3:5]) for row in rows} == {
            key: (cell.n_active, cell.n_frames) for key, cell in truth.cells.items()
        }

    drive(shown, steps, size=(80, 24))


def test_sets_and_peers_are_those_of_the_answers(shown: Path, drive: Drive, settled: Any) -> None:
    with connect(shown) as con:

        def groups(macro: str, prop: str) -> str:
            call = f"{macro}(p_property := '{prop}', p_layer := {LAYER})"
            sql = f'SELECT "group" FROM {call} WHERE neuron = {NEURON} ORDER BY 1'
            return ", ".join(group for (group,) in con.sql(sql).fetchall()) or "–"

        expected = {
            prop: (groups("group_neurons", prop), groups("group_candidates", prop)) for prop in ("gender", "pitch")
        }
        assert expected["gender"] == ("F", "F")  # the neuron leans to women

    async def steps(app: Any, pilot: Any) -> None:
        screen = await opened(app, pilot, settled)
        sets = screen.query_one("#memberships", AnswerTable)
        found = {row[0]: (row[1], row[2]) for row in sets.values}
        assert {prop: found[prop] for prop in expected} == expected
        assert "In no named set" in said(screen, "named")
        peers, alike = screen.query_one("#standing", AnswerTable), screen.query_one("#alike", AnswerTable)
        assert [row[0] for row in peers.values] == ["F", "M"]
        assert int(peers.values[0][2]) < int(peers.values[1][2])  # its place among women's is nearer the top
        assert [row[0] for row in alike.values] == [1, 2, 3, 4]
        assert 8 <= alike.values[2][1] < 14  # the others that lean to women
        assert alike.values[2][1] != NEURON
        assert screen.neurons_sql().name == f"neuron {LAYER}:{NEURON}"
        alike.focus()
        await pilot.press("G", "k")
        listed = screen.neurons_sql()
        with connect(shown) as con:
            assert sorted(con.sql(listed.sql).fetchall()) == [(row[0], row[1]) for row in alike.values]
        wanted = alike.values[2][1]
        await pilot.press("enter")
        await settled(app, pilot)
        assert (app.asked.layer, app.asked.neuron) == (3, wanted)
        assert said(screen, "which") == f"Neuron 3:{wanted} of {MODEL}"
        await by_keys(app, pilot, settled)

    drive(shown, steps, size=(140, 40))


async def by_keys(app: Any, pilot: Any, settled: Any) -> None:
    """The panels one by one on a narrow terminal, the neuron after, the next property, and one that is not there."""
    screen = app.place
    panels = ("responses", "sets", "peers", "segments")
    came: list[int] = []
    let_go = threading.Event()

    def seen() -> list[str]:
        return [name for name in panels if screen.query_one(f"#{name}").display]

    assert seen() == list(panels)
    await pilot.resize_terminal(80, 24)
    await pilot.press("w", "w")
    assert seen() == ["responses"]
    for name in (*panels[1:], panels[0]):
        await pilot.press("w")
        assert seen() == [name]
        assert screen.focused is not None
        assert screen.query_one(f"#{name}") in screen.focused.ancestors
    names = app.session.properties
    before = app.asked.property
    app.choose(neuron=47, parameters={"p_sigma": 0.5})
    await pilot.press("right_square_bracket", "o")
    await settled(app, pilot)
    assert app.asked.neuron == 0  # around the end
    assert app.asked.property == names[(names.index(before) + 1) % len(names)]
    assert app.asked.property in said(screen, "about-responses")
    assert said(screen, "which") == f"Neuron 3:0 of {MODEL}"
    assert "p_sigma = 0.5" in said(screen, "status")
    late = ("sets", "standing", "segments", "alike", "named")
    for about in late:  # of this neuron, and still on their way
        screen.ask(about, lambda _con: let_go.wait(20), lambda _: came.append(app.asked.neuron))
    app.choose(neuron=48)
    assert not any(screen.waits_for(about) for about in late)
    let_go.set()
    await settled(app, pilot)
    assert not came
    assert "there is no 48; there are: 0 to 47" in said(screen, "problem")
    assert not screen.query_one("#map", Heatmap).rows  # nothing of another neuron stays
    app.choose(neuron=NEURON)
    await settled(app, pilot)
    assert said(screen, "problem") == ""
    assert screen.query_one("#map", Heatmap).rows


def test_a_segment_is_played_or_its_command_copied(
    shown: Path, drive: Drive, settled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = tmp_path / "heard.wav"
    player = tmp_path / "aplay"
    player.write_text(f'#!/bin/sh\ncp "$2" {shlex.quote(str(heard))}\n')
    player.chmod(player.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    async def steps(app: Any, pilot: Any) -> None:
        screen = await opened(app, pilot, settled)
        await pilot.press("W")
        table = screen.query_one("#heard", AnswerTable)
        assert table.has_focus
        await pilot.press("j")
        with connect(shown) as con:
            ((phone, start, end, path),) = con.sql(
                f"SELECT phone, start_s, end_s, path FROM top_segments(p_layer := {LAYER}, p_neuron := {NEURON}) "
                "WHERE place = 2"
            ).fetchall()
        assert table.values[1][1] == (phone or "(silence)")
        await pilot.press("enter")
        await settled(app, pilot)
        length = soundfile.info(path).duration
        expected = min(end + 0.25, length) - max(start - 0.25, 0)
        assert soundfile.info(heard).duration == pytest.approx(expected, abs=1e-3)
        player.write_text("#!/bin/sh\necho no sound card >&2\nexit 1\n")
        await pilot.press("p")
        await settled(app, pilot)
        assert "aplay could not play it (no sound card)" in said(screen, "problem")
        screen._player = Player(None)  # as on a machine without any
        await pilot.press("p")
        assert shlex.split(app.clipboard)[-2:] == ["-i", path]
        assert app.clipboard.startswith("ffplay ")

    drive(shown, steps, size=(80, 24))


def test_without_phones_groups_are_the_rows() -> None:
    cells = {(f"s{i}", "*"): Cell(f"s{i}", "*", i, 10, i / 10, 0.0, 1.0, i > 1) for i in range(3)}
    found = Responses("speaker", ("s0", "s1", "s2"), ("*",), {}, cells, 0.1)
    assert sides(found, False) == (("s0", "s1", "s2"), ("p",))
    assert list(sides(found, True)[0]) == ["s2", "s1", "s0"]


def test_a_percentile_as_a_line() -> None:
    for percentile, place in ((0, 0), (50, 10), (100, 19)):
        assert percentile_strip(percentile).index("●") == place
