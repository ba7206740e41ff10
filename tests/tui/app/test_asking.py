"""Questions in threads: superseded, stopped, answered and refused, with real queries on a real connection."""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.app import ComposeResult
from textual.widgets import Static

from tui.app.screen import WarehouseScreen

Drive = Callable[..., None]

LONG = "SELECT sum(hash(a.i) % 7) FROM range(100_000_000) AS a(i), range(1000) AS b(i)"
"""A query that nobody waits for to the end."""


class Probe(WarehouseScreen):
    """A screen that keeps what it was answered."""

    NAME = "overview"

    def __init__(self) -> None:
        super().__init__()
        self.got: list[Any] = []
        self.told: list[Any] = []

    def body(self) -> ComposeResult:
        yield Static("probe")

    def asked_changed(self, asked: Any) -> None:
        self.told.append(asked)

    def sql(self, about: str, query: str) -> None:
        self.ask(about, lambda con: con.execute(query).fetchall(), self.got.append, doing="probing")


@pytest.fixture
def probing(shown: Path, drive: Drive) -> Drive:
    """Runs a coroutine that takes such a screen over the small warehouse, and the pilot."""

    def run(steps: Callable[[Probe, Any], Awaitable[None]]) -> None:
        async def with_probe(app: Any, pilot: Any) -> None:
            probe = Probe()
            app.push_screen(probe)
            await pilot.pause()
            await steps(probe, pilot)

        drive(shown, with_probe)

    return run


async def answered(probe: Probe, pilot: Any) -> None:
    """Wait until every question is answered and shown."""
    while probe.waits:
        await pilot.pause(0.02)
    await pilot.pause()


def shown_text(screen: WarehouseScreen, id: str) -> str:
    return str(screen.query_one(f"#{id}", Static).render())


def test_the_newest_question_about_a_thing_is_answered(probing: Drive) -> None:
    async def steps(probe: Probe, pilot: Any) -> None:
        for query in (LONG, LONG, "SELECT 1"):
            probe.sql("a", query)
        probe.sql("b", "SELECT 2")
        await answered(probe, pilot)
        assert sorted(probe.got) == [[(1,)], [(2,)]]

    probing(steps)


def test_escape_stops_a_query_and_its_thread(probing: Drive) -> None:
    async def steps(probe: Probe, pilot: Any) -> None:
        probe.sql("a", LONG)
        await pilot.pause(0.6)
        assert "probing" in shown_text(probe, "status")
        await pilot.press("escape")
        while probe.busy:  # the thread ends, and does not only go unheard
            await pilot.pause(0.02)
        assert probe.got == []
        assert "probing" not in shown_text(probe, "status")

    probing(steps)


def test_a_question_of_many_queries_is_stopped_between_them_too(probing: Drive) -> None:
    async def steps(probe: Probe, pilot: Any) -> None:
        began: list[float] = []

        def many(con: Any) -> None:
            for _ in range(10_000):
                began.append(time.monotonic())
                con.execute("SELECT sum(i) FROM range(1_000_000) AS a(i)").fetchall()

        probe.ask("a", many, probe.got.append)
        while len(began) < 3:
            await pilot.pause(0.01)
        probe.cancel()
        while probe.busy:
            await pilot.pause(0.02)
        assert len(began) < 10_000
        assert probe.got == []

    probing(steps)


def test_what_goes_wrong_is_a_line_and_the_next_answer_takes_it_away(probing: Drive) -> None:
    async def steps(probe: Probe, pilot: Any) -> None:
        for query, said in (
            ("SELECT nothing FROM models", 'Referenced column "nothing" not found'),
            ("DELETE FROM models", "DELETE is refused"),
            ("SELECT 1", ""),
        ):
            probe.sql("a", query)
            await answered(probe, pilot)
            line = probe.query_one("#problem")
            assert line.has_class("-shown") == bool(said)
            assert said in shown_text(probe, "problem")
        assert probe.got == [[(1,)]]

    probing(steps)


def test_the_app_closes_while_a_query_runs(probing: Drive) -> None:
    async def steps(probe: Probe, pilot: Any) -> None:
        probe.sql("a", LONG)
        await pilot.pause(0.2)
        running.append(probe._asker._newest["a"])

    running: list[Any] = []
    probing(steps)
    assert running[0].ended.wait(10)
