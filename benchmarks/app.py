r"""How fast the terminal app answers: its first screen, a changed parameter, keys while a query runs, cancel, pages.

    python benchmarks/app.py ../shared/data/dev-clean-labels ../shared/data/speechocean762/eval \
        [--dev-clean dev-clean.warehouse] [--eval eval.warehouse]

Labels are real, the activations of 12 layers of 3072 neurons are drawn. The first screen is timed in a pseudo-terminal,
from the start of the process to the names of the properties on it, beside a Textual app that says hello, in turn with
it. All else is timed inside the app, from a key to the screen that was drawn again; what the app may use of memory is
the peak of a process that did nothing else.
"""

import asyncio
import os
import pty
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from figures import figure

STARTS, CHANGES, KEYS, PAGES = 15, 9, 60, 40

EMPTY = """
from textual.app import App
from textual.widgets import Static
class Hello(App):
    def compose(self):
        yield Static("hello")
Hello().run()
"""
LONG = "SELECT a.neuron, count(*) FROM activations AS a, range(2000) GROUP BY ALL"


def first_screen(command: list[str], wanted: bytes) -> float:
    """Seconds from the start of a process in a terminal to some text on its screen."""
    began = time.perf_counter()
    process, terminal = pty.fork()
    if not process:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", COLUMNS="100", LINES="30")
        os.execv(command[0], command)
    seen = b""
    while wanted not in seen:
        if not select.select([terminal], [], [], 60)[0]:
            raise SystemExit(f"{' '.join(command)}: showed no {wanted.decode()} within a minute")
        seen += os.read(terminal, 65536)
    took = time.perf_counter() - began
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    os.close(terminal)
    return took


def time_first_screen(name: str, warehouse: Path) -> None:
    """Time the first screen in turn with an app that shows nothing."""
    neurons = str(Path(sys.executable).with_name("neurons"))
    times = [
        (
            first_screen([neurons, "tui", str(warehouse)], b"phone_class"),
            first_screen([sys.executable, "-c", EMPTY], b"hello"),
        )
        for _ in range(STARTS)
    ]
    mine, baseline = (statistics.median(column) for column in zip(*times, strict=True))
    figure(f"{name}: first screen", mine, "s", baseline, "an app that says hello")


Steps = Callable[[Any], Awaitable[None]]


def inside(warehouse: Path, steps: Steps) -> None:
    """Run the app without a terminal, and some steps in it."""
    from tui.app.app import NeuronsApp
    from tui.app.session import Session

    async def go() -> None:
        app = NeuronsApp(Session(warehouse))
        async with app.run_test(size=(120, 40)):
            await drawn_again(app, lambda: not app.place.waits)
            await steps(app)

    asyncio.run(go())


def press(app: Any, key: str, character: str | None = None) -> None:
    """Press a key, as the terminal would tell it; a pilot would first wait until the app has nothing to do."""
    from textual.events import Key

    app.post_message(Key(key, character))


async def drawn_again(app: Any, done: Callable[[], bool]) -> None:
    """Wait until something holds and the screen was drawn after it."""
    while not done():
        await asyncio.sleep(0.001)
    drawn = asyncio.Event()
    app.screen.call_after_refresh(drawn.set)
    await drawn.wait()


async def parameters(app: Any) -> None:
    """Time what a changed parameter, layer or property takes until its own numbers stand."""
    app.action_open("property")
    await asyncio.sleep(0.5)
    await drawn_again(app, lambda: not app.place.waits)
    for prop in ("gender", "phone_class", "duration", "phone", "speaker"):
        app.choose(property=prop, parameters={})
        await drawn_again(app, lambda: not app.place.waits)
        changes = [{"p_sigma": 0.5 + number / 20} for number in range(CHANGES)]
        changes += [{"p_z": 1 + number / 5} for number in range(CHANGES)]
        figure(f"{prop}: changed σ or z", await of_changes(app, [{"parameters": change} for change in changes]), "s")
        layers = [{"layer": 2 + number} for number in range(CHANGES)]
        figure(f"{prop}: changed layer", await of_changes(app, layers), "s")
    names = ["gender", "phone_class", "duration", "phone"] * 3
    app.choose(property="speaker", parameters={"p_frames": "middle"})
    await drawn_again(app, lambda: not app.place.waits)
    fresh = [{"property": name, "parameters": {"p_frames": "middle"}} for name in names[:4]]
    figure("another property, read from the sums", await of_changes(app, fresh), "s")


async def of_changes(app: Any, changes: list[dict[str, Any]]) -> float:
    """Median seconds from a change of the shared choice to the screen that shows it."""
    times = []
    for change in changes:
        began = time.perf_counter()
        app.choose(**change)
        await asyncio.sleep(0)
        await drawn_again(app, lambda: not any(map(app.place.waits_for, ("sets", "layer"))))
        times.append(time.perf_counter() - began)
        await drawn_again(app, lambda: not app.place.waits)
    return statistics.median(times)


async def editor_of(app: Any) -> Any:
    """The editor of the SQL screen, once that is open."""
    from tui.app.screens.sql.editor import SqlEditor

    app.action_open("sql")
    await asyncio.sleep(0.5)
    await drawn_again(app, lambda: not app.place.waits)
    return app.screen.query_one(SqlEditor)


def own_peak_mib() -> float:
    """Peak memory of this process, MiB; what getrusage tells also holds what it was before it was this program."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


async def keys(app: Any) -> None:
    """Time keys while a query runs, and its cancelling."""
    editor = await editor_of(app)
    cancels: list[float] = []
    answers: list[float] = []
    for _ in range(CHANGES):
        app.place.take_query(LONG)
        press(app, "ctrl+j")
        await asyncio.sleep(0.5)
        for _ in range(KEYS // CHANGES):
            before, began = editor.text, time.perf_counter()
            press(app, "space", " ")
            await drawn_again(app, lambda before=before: editor.text != before)
            answers.append(time.perf_counter() - began)
        began = time.perf_counter()
        press(app, "escape")
        while app.place.busy:
            await asyncio.sleep(0.001)
        cancels.append(time.perf_counter() - began)
    figure("a key while a query runs", 1000 * statistics.median(answers), "ms")
    figure("a key while a query runs, the slowest of 20", 1000 * statistics.quantiles(answers, n=20)[-1], "ms")
    figure("a key while a query runs, the slowest", 1000 * max(answers), "ms")
    figure("cancel", statistics.median(cancels), "s")


async def pages(app: Any) -> None:
    """Time the first page of a result of hundreds of millions of rows, and read on in it."""
    from tui.app.widgets.table import AnswerTable

    await editor_of(app)
    first: list[float] = []
    for _ in range(CHANGES):
        app.place.take_query("SELECT * FROM activations")
        began = time.perf_counter()
        press(app, "ctrl+j")
        while not app.place.waits_for("query"):
            await asyncio.sleep(0)
        await drawn_again(app, lambda: not app.place.waits_for("query"))
        first.append(time.perf_counter() - began)
    figure("SELECT * FROM activations: first page", statistics.median(first), "s")
    table = app.screen.query(AnswerTable).last()
    table.focus()
    for _ in range(PAGES):
        press(app, "G", "G")
        await asyncio.sleep(0.05)
        await drawn_again(app, lambda: not app.place.waits)
    figure("SELECT * FROM activations: rows read on", len(table.values), "rows")
    figure("SELECT * FROM activations: peak memory", own_peak_mib(), "MiB")


INSIDE: dict[str, Steps] = {"parameters": parameters, "keys": keys, "pages": pages}


def main() -> None:
    """Build the warehouses if need be, and time the app over each."""
    from drawn import both_corpora, dev_clean, evaluation  # torch, too, which the timed processes do without

    arguments = both_corpora(__doc__)
    with evaluation(arguments.speech, arguments.eval) as warehouse:
        time_over("eval", warehouse)
    with dev_clean(arguments.labels, arguments.dev_clean) as warehouse:
        time_over("dev-clean", warehouse)


def time_over(name: str, warehouse: Path) -> None:
    """Time the app over a warehouse, each part in a process of its own."""
    time_first_screen(name, warehouse)
    with tempfile.TemporaryDirectory() as state:
        for part in INSIDE:
            print(f"-- {name}: {part}", flush=True)
            command = [sys.executable, __file__, "--inside", part, str(warehouse)]
            subprocess.run(command, check=True, env={**os.environ, "XDG_STATE_HOME": state})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        inside(Path(sys.argv[3]), INSIDE[sys.argv[2]])
    else:
        main()
