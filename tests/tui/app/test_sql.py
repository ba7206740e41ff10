"""The SQL screen, driven by keys, against the same queries asked without it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from textual import events
from textual.pilot import Pilot

from queries import connect
from queries.pages import PAGE
from tui.app.screens.sql import results as results_module
from tui.app.screens.sql.editor import SqlEditor
from tui.app.screens.sql.offers import Offers
from tui.app.screens.sql.results import Result, Results, title_of

Drive = Callable[..., None]
Settled = Callable[..., Awaitable[None]]
KEYS = {" ": "space", "\n": "enter"}


async def write(app: Any, pilot: "Pilot[None]", text: str, *, more: bool = False) -> None:
    """Put a text into the editor, instead of what is there or after it, and type its last character."""
    editor = app.place.query_one(SqlEditor)
    editor.focus()
    if not more:
        editor.load_text("")
    editor.insert(text[:-1])
    await pilot.press(KEYS.get(text[-1], text[-1]))
    await pilot.pause()


async def ask(app: Any, pilot: "Pilot[None]", settled: Settled, text: str) -> Result:
    """Ask a text as it is, and wait for what it gives."""
    editor = app.place.query_one(SqlEditor)
    editor.load_text(text)
    editor.go_to(len(text))
    editor.focus()
    await pilot.press("ctrl+j")
    await settled(app, pilot)
    active = app.place.query_one(Results).active
    assert active is not None
    return active


def said(app: Any) -> str:
    """The line of what is wrong; nothing where it is not shown."""
    line = app.place.query_one("#problem")
    return str(line.render()) if line.has_class("-shown") else ""


@pytest.fixture
def on_sql(drive: Drive, shown: Path, settled: Settled) -> Callable[..., None]:
    """Runs steps on the SQL screen."""

    def run(steps: Callable[[Any, "Pilot[None]"], Awaitable[None]], **options: Any) -> None:
        async def begin(app: Any, pilot: "Pilot[None]") -> None:
            await pilot.press("f6")
            await settled(app, pilot)
            await steps(app, pilot)

        drive(shown, begin, **options)

    return run


def test_a_query_is_written_by_offers_which_come_and_go(on_sql: Any, shown: Path, settled: Settled) -> None:
    async def steps(app: Any, pilot: "Pilot[None]") -> None:
        offers, editor = app.place.query_one(Offers), app.place.query_one(SqlEditor)
        await write(app, pilot, "from gr")
        assert offers.is_open
        labels = [item.label for item in offers.offer.items]
        await pilot.press(*["down"] * labels.index("group_neurons(…)"), "tab")
        await pilot.pause()
        assert editor.text == "from group_neurons("
        assert offers.is_open
        assert "name of a model" in str(offers.query_one("#meaning").render())  # the parameter's meaning, at once
        await write(app, pilot, "p_pro", more=True)
        await pilot.press("enter")
        await pilot.pause()
        assert editor.text == "from group_neurons(p_property := '"
        assert "gender" in [item.label for item in offers.offer.items]
        await write(app, pilot, "gen", more=True)
        await pilot.press("tab")
        await write(app, pilot, ")", more=True)
        assert editor.text == "from group_neurons(p_property := 'gender')"
        assert not offers.is_open
        await pilot.press("ctrl+j")
        await settled(app, pilot)
        with connect(shown) as con:
            wanted = con.execute(editor.text).fetchall()
        assert sorted(app.place.query_one(Results).active.table.values) == sorted(wanted)
        await write(app, pilot, "select")  # whole words need none
        assert not offers.is_open
        await write(app, pilot, "from lay")
        assert offers.is_open
        await pilot.press("escape")
        assert not offers.is_open
        assert app.focused is app.place.query_one(SqlEditor)
        await write(app, pilot, "from ")
        assert not offers.is_open
        await pilot.press("ctrl+at")
        await pilot.pause()
        assert offers.is_open
        await pilot.press("l", "a")
        await pilot.pause()
        assert [item.label for item in offers.offer.items][:2] == ["layer_profiles", "layers"]
        await write(app, pilot, "from lay")
        await pilot.press("left", "left", "left", "left", "enter")
        assert app.place.query_one(SqlEditor).text == "from\n lay"

    on_sql(steps)


def test_faults_are_said_as_duckdb_does_and_plans_as_it_draws_them(on_sql: Any, settled: Settled) -> None:
    async def steps(app: Any, pilot: "Pilot[None]") -> None:
        editor = app.place.query_one(SqlEditor)
        text = "SELECT 1;\n\nSELECT layer,\n  neurn FROM activations;\nSELECT 2"
        editor.load_text(text)
        editor.go_to(text.index("layer"))
        await pilot.press("ctrl+j")
        await settled(app, pilot)
        assert 'Candidate bindings: "neuron"' in said(app)
        quoted, carets = said(app).splitlines()[-2:]
        assert quoted[carets.index("^") : carets.rindex("^") + 1] == "neurn"
        assert editor.cursor_location == (3, 2)
        for refused in ("COPY frames TO 'x.csv'", "DELETE FROM frames", "SELECT 1; DROP TABLE frames"):
            editor.load_text(refused)
            editor.go_to(len(refused))
            await pilot.press("ctrl+j")
            await settled(app, pilot)
            assert "is refused; a query is one SELECT" in said(app)
        await pilot.press("escape")
        assert not said(app)
        result = await ask(app, pilot, settled, "EXPLAIN SELECT count(*) FROM layers")
        assert not said(app)
        assert result.table is None
        assert "│" in str(result.query_one(".plan").render())

    on_sql(steps, size=(80, 24))


def test_results_stand_beside_each_other(on_sql: Any, settled: Settled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results_module, "MOST", 3)

    async def steps(app: Any, pilot: "Pilot[None]") -> None:
        results = app.place.query_one(Results)
        for number in range(4):
            await ask(app, pilot, settled, f"SELECT {number} AS x")
        await ask(app, pilot, settled, "SELECT 2 AS x")  # again: in its old place
        assert [result.table.values for result in results.all] == [[(1,)], [(2,)], [(3,)]]
        assert results.active.table.values == [(2,)]
        await pilot.press("escape", "right_square_bracket")
        assert results.active.table.values == [(3,)]
        await pilot.press("left_square_bracket", "x")
        await pilot.pause()
        assert [result.table.values for result in results.all] == [[(1,)], [(3,)]]
        assert results.active.table.values == [(3,)]
        await pilot.press("x")
        await pilot.pause()
        await pilot.press("x")
        await pilot.pause()
        assert results.active is None
        assert app.focused is app.place.query_one(SqlEditor)

    on_sql(steps)


def test_what_runs_is_stopped_and_keys_are_answered_meanwhile(on_sql: Any, settled: Settled) -> None:
    async def steps(app: Any, pilot: "Pilot[None]") -> None:
        async def press(key: str, done: Callable[[], bool]) -> None:
            app.post_message(events.Key(key, key if len(key) == 1 else None))  # the pilot waits for an idle processor
            while not done():
                await asyncio.sleep(0.005)

        place, editor = app.place, app.place.query_one(SqlEditor)
        editor.load_text("SELECT count(*) FROM range(100_000_000_000) a WHERE a.range % 7 = 3")
        await press("ctrl+j", lambda: place.waits)
        while "escape stops it" not in str(place.query_one("#status").render()):
            await asyncio.sleep(0.02)
        await press("x", lambda: editor.text.startswith("x"))
        assert place.waits
        await press("escape", lambda: not place.waits)
        while place._asker.busy:  # its thread ends, too
            await asyncio.sleep(0.005)
        assert not said(app)
        assert (await ask(app, pilot, settled, "SELECT 1 AS x")).table.values == [(1,)]

    on_sql(steps)


def test_a_page_that_is_stopped_leaves_no_hole(on_sql: Any, settled: Settled) -> None:
    async def steps(app: Any, pilot: "Pilot[None]") -> None:
        place = app.place
        result = await ask(app, pilot, settled, "SELECT range AS i FROM range(100_000)")
        gate = result.answer._reading  # a page is on its way until the test lets go
        gate.acquire()
        await pilot.press("escape", "G")
        assert place.waits
        await pilot.press("escape")
        assert not place.waits
        gate.release()
        while place._asker.busy:
            await asyncio.sleep(0.005)
        assert result.said.startswith(f"stopped after {PAGE} rows, ")
        await pilot.press("k", "G")
        await settled(app, pilot)
        assert result.table.values == [(i,) for i in range(PAGE)]
        assert not said(app)

    on_sql(steps)


def test_what_fails_beside_a_query_leaves_the_query_alone(on_sql: Any, settled: Settled, tmp_path: Path) -> None:
    async def steps(app: Any, pilot: "Pilot[None]") -> None:
        place, editor = app.place, app.place.query_one(SqlEditor)
        result = await ask(app, pilot, settled, "SELECT range AS i FROM range(100_000)")
        editor.load_text("SELECT count(*) FROM range(100_000_000_000) a WHERE a.range % 7 = 3")
        editor.go_to(9)
        place.action_run()
        while place._in_hand.answer is None:
            await asyncio.sleep(0.005)
        result.answer._con.close()  # so that no further page can be read
        for _ in range(2):  # it may be asked for again
            place.problem(None)
            result.table.move_cursor(row=PAGE - 2 - result.table.cursor_row % 2)
            while not said(app):
                await asyncio.sleep(0.005)
            assert "No open result set" in said(app)
        place._save("SELECT nothing", tmp_path / "x.csv")
        while place.waits_for("export"):
            await asyncio.sleep(0.005)
        assert "nothing" in said(app)
        assert editor.place == 9
        assert place.waits_for("query")
        place.action_stop()
        while place._asker.busy:
            await asyncio.sleep(0.005)

    on_sql(steps)


def test_paths_that_cannot_be_are_said_and_brackets_are_no_markup(
    on_sql: Any, settled: Settled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, odd = tmp_path / "gone", tmp_path / "[" / "x].csv"
    for folder in (gone, odd.parent):
        folder.mkdir()

    async def steps(app: Any, pilot: "Pilot[None]") -> None:
        async def save(path: str) -> str:
            app.screen.query_one("Input").value = path
            await pilot.press("enter")
            await pilot.pause()
            return "" if app.screen is app.place else str(app.screen.query_one("#wrong").render())

        await ask(app, pilot, settled, "SELECT 1 AS x")
        with monkeypatch.context() as there:
            there.chdir(gone)
            gone.rmdir()
            await pilot.press("ctrl+s")
            await pilot.pause()
            assert app.screen.query_one("Input").value.startswith("~/")
            assert "folder that the app was started in is gone" in await save("x.csv")
        assert "~nobody-of-this-name" in await save("~nobody-of-this-name.csv")
        assert not await save(str(odd))
        await settled(app, pilot)
        assert odd.read_text().split() == ["x", "1"]
        assert any(str(odd) in toast.message for toast in app._notifications)

    on_sql(steps)


def test_what_was_asked_is_found_again_in_another_session(on_sql: Any, own_state: Path, settled: Settled) -> None:
    async def first(app: Any, pilot: "Pilot[None]") -> None:
        await ask(app, pilot, settled, "SELECT 'first' AS x")
        await ask(app, pilot, settled, "SELECT 'second' AS x")

    async def second(app: Any, pilot: "Pilot[None]") -> None:
        await pilot.press("ctrl+r")
        await pilot.pause()
        words = app.screen.query_one("Input")
        app.screen.on_input_changed(words.Changed(words, "second"))  # both before what the first one marks is told
        app.screen.on_input_changed(words.Changed(words, "never asked"))
        await pilot.pause()
        assert "nothing that was asked" in str(app.screen.query_one("#whole").render())
        await pilot.press(*"FIRST", "enter")
        await pilot.pause()
        assert app.place.query_one(SqlEditor).text == "SELECT 'first' AS x\n"
        await pilot.press("ctrl+j")
        await settled(app, pilot)
        assert app.place.query_one(Results).active.table.values == [("first",)]

    on_sql(first)
    assert (own_state / "neuron-warehouse" / "history.jsonl").exists()
    on_sql(second)


def test_all_rows_are_exported_and_an_old_file_is_asked_for(on_sql: Any, tmp_path: Path, settled: Settled) -> None:
    path = tmp_path / "all.parquet"

    async def steps(app: Any, pilot: "Pilot[None]") -> None:
        await ask(app, pilot, settled, "SELECT range AS i FROM range(5000)")
        for place, wrong in (("nothing/x.csv", "no such folder"), ("x.doc", "end the name"), ("x.csv", "")):
            await pilot.press("ctrl+s")
            await pilot.pause()
            app.screen.query_one("Input").value = str(tmp_path / place)
            await pilot.press("enter")
            await pilot.pause()
            if wrong:
                assert wrong in str(app.screen.query_one("#wrong").render())
                await pilot.press("escape")
        await settled(app, pilot)
        assert len((tmp_path / "x.csv").read_text().splitlines()) == 5001
        path.write_text("old")
        await pilot.press("ctrl+s")
        await pilot.pause()
        app.screen.query_one("Input").value = str(path)
        await pilot.press("enter")
        await pilot.pause()
        assert "there already" in str(app.screen.query_one("#wrong").render())
        assert path.read_text() == "old"
        await pilot.press("enter")
        await pilot.pause()
        await settled(app, pilot)
        assert pq.read_table(path)["i"].to_pylist() == list(range(5000))

    on_sql(steps)


def test_answers_are_those_of_the_queries_and_rows_open_cards(on_sql: Any, shown: Path, settled: Settled) -> None:
    with connect(shown) as con:
        women_and_men = con.execute("FROM property_neurons(p_property := 'gender')").fetchall()
        active = con.execute("SELECT * FROM activations ORDER BY ALL").fetchall()
    assert len(active) > 3 * PAGE

    async def steps(app: Any, pilot: "Pilot[None]") -> None:
        await pilot.press("ctrl+j")  # what the editor begins with
        await settled(app, pilot)
        result = app.place.query_one(Results).active
        assert sorted(result.table.values) == sorted(women_and_men)
        assert f"{len(women_and_men)} rows" in result.said
        assert app.place.as_sql() == "FROM property_neurons(p_property := 'gender')"
        assert app.place.neurons_sql().model == "tiny-speech"

        result = await ask(app, pilot, settled, "SELECT * FROM activations ORDER BY ALL")
        assert result.table.values == active[:PAGE]
        assert "more follow" in result.said
        await pilot.press("escape")
        for _ in range(3):
            await pilot.press("G")
            await settled(app, pilot)
        assert len(result.table.values) > 2 * PAGE
        assert result.table.values == active[: len(result.table.values)]

        await ask(app, pilot, settled, "SELECT 1 AS layer")
        assert app.place.neurons_sql() is None
        await ask(app, pilot, settled, "SELECT layer, neuron FROM group_neurons(p_property := 'gender') -- all\n")
        assert app.place.neurons_sql().model == "tiny-speech"  # the chosen one: no row says it
        query = "SELECT * FROM group_neurons(p_property := 'gender') ORDER BY layer DESC, neuron"
        result = await ask(app, pilot, settled, query)
        listed = app.place.neurons_sql()
        assert (listed.model, listed.name) == ("tiny-speech", "group_neurons")
        with connect(shown) as con:
            assert con.execute(listed.sql).fetchall() == sorted(
                (layer, neuron) for _, layer, _, neuron in women_and_men
            )
        second = result.table.values[1]
        await pilot.press("escape", "down", "enter")
        await pilot.pause()
        assert (app.asked.layer, app.asked.neuron) == (second[1], second[-1])
        assert app.place.NAME == "neuron"

    on_sql(steps, size=(80, 24))


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("FROM property_neurons(p_property := 'gender')", "property_neurons"),
        ("SELECT count(*)\nFROM layers;", "layers"),
        ("SELECT 1", "SELECT 1"),
        ("SELECT * FROM (SELECT 1)", "SELECT * FR…"),
    ],
)
def test_a_result_is_called_by_what_it_reads(query: str, title: str) -> None:
    assert title_of(query, 12 if title.endswith("…") else 30) == title
