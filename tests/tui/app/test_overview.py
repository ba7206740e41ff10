"""The overview: its numbers are those of the warehouse, and move while an ingest writes."""

import shutil
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from queries import connect
from queries.overview import neurons_by_layer, recorded, total_bytes
from tui.app.widgets.table import AnswerTable
from warehouse import create, snapshot

Drive = Callable[..., None]


def test_recorded_are_the_counts_of_the_tables(shown: Path) -> None:
    (row,) = recorded(snapshot(shown))
    with connect(shown) as con:
        (told,) = con.sql(
            "SELECT r.model, u.corpus, count(*), sum(r.n_frames) FROM recordings AS r JOIN utterances AS u "
            "USING (utterance_id) GROUP BY ALL"
        ).fetchall()
    assert (row.model, row.corpus, row.utterances, row.frames) == told
    assert (row.planned, row.layers, row.neurons) == (30, 4, 48)
    tables = ("recordings", "activations", "utterance_means", "frame_counts", "activation_counts")
    assert row.bytes == sum(snapshot(shown).bytes(name) for name in tables)
    on_disk = sum(file.stat().st_size for file in (shown / "data").rglob("*.parquet"))
    assert total_bytes(snapshot(shown)) == on_disk


@pytest.mark.parametrize("prop", ["gender", "phone_class", "pitch"])
def test_neurons_by_layer_are_those_of_the_answer(shown: Path, prop: str) -> None:
    with connect(shown) as con:
        found = neurons_by_layer(con, "tiny-speech", prop)
        rows = con.sql(f"SELECT layer, neuron FROM property_neurons(p_property := '{prop}')").fetchall()
    assert list(found) == [1, 2, 3, 4]
    assert found == {layer: len({n for of, n in rows if of == layer}) for layer in found}
    assert sum(found.values())


def test_what_is_not_counted_yet_is_not_said_to_be_nothing(
    shown: Path, drive: Drive, settled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def late(*arguments: Any) -> dict[int, int]:
        go_on.wait(30)
        return neurons_by_layer(*arguments)

    monkeypatch.setattr("tui.app.screens.overview.screen.neurons_by_layer", late)

    async def steps(app: Any, pilot: Any) -> None:
        while not app.place.waits:
            await pilot.pause(0.02)
        rows = app.place.query_one("#properties", AnswerTable).values
        assert {row[1:4] for row in rows} == {("…", "…", "…")}
        go_on.set()
        await settled(app, pilot)
        rows = app.place.query_one("#properties", AnswerTable).values
        assert all(isinstance(row[1], int) for row in rows)
        assert not any(cell is None for row in rows for cell in row)

    drive(shown, steps)


def test_enter_opens_a_property(shown: Path, drive: Drive, settled: Any) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        await settled(app, pilot)
        table = app.place.query_one("#properties", AnswerTable)
        assert table.value("neurons", 2) == sum(
            neurons_by_layer(app.session.cursor(), "tiny-speech", "gender").values()
        )
        table.focus()
        await pilot.press("j", "j", "j", "enter")
        await settled(app, pilot)
        assert app.current_mode == "property"
        assert app.asked.property == "pitch"

    drive(shown, steps)


def test_numbers_move_while_an_ingest_writes(shown: Path, drive: Drive, settled: Any, tmp_path: Path) -> None:
    """A warehouse that is empty at first, and whose shards come one by one, as commits do."""
    growing = tmp_path / "growing.warehouse"
    create(growing)

    async def steps(app: Any, pilot: Any) -> None:
        await settled(app, pilot)
        assert app.place.query_one("#no-models").display
        shutil.copytree(shown / "data", growing / "data", dirs_exist_ok=True)
        commits = sorted((shown / "manifests").glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
        shards = [place for place, file in enumerate(commits) if file.name.startswith("shard-")]
        assert len(shards) >= 2
        for since, until in pairwise((0, shards[0], shards[1], len(commits))):
            for file in commits[since:until]:
                shutil.copy(file, growing / "manifests" / file.name)
            while app.session.snapshot.manifests != snapshot(growing).manifests:  # the app looks by itself
                await pilot.pause(0.05)
            await settled(app, pilot)
            table = app.place.query_one("#models", AnswerTable)
            seen.append(table.value("frames", 0))

    seen: list[str] = []
    drive(growing, steps)
    (row,) = recorded(snapshot(shown))
    first, second, last = (int(frames.replace(",", "")) for frames in seen)
    assert 0 == first < second < last == row.frames


def test_what_was_stopped_goes_on_when_the_screen_is_seen_again(shown: Path, drive: Drive, settled: Any) -> None:
    async def steps(app: Any, pilot: Any) -> None:
        await settled(app, pilot)
        table = app.place.query_one("#properties", AnswerTable)
        whole = [table.value("neurons", row) for row in range(6)]
        app.place._counted.clear()
        app.place._count()
        app.place.cancel()
        await settled(app, pilot)
        app.place._show_properties()
        assert "…" in [table.value("neurons", row) for row in range(6)]
        app.action_open("basket")
        await settled(app, pilot)
        app.action_open("overview")
        await pilot.pause()
        await settled(app, pilot)
        assert [table.value("neurons", row) for row in range(6)] == whole

    drive(shown, steps)
