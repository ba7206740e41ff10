"""Progress on stderr: what is being done, how fast, and how long it will take."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Progress(Protocol):
    """Shows the stages of a run."""

    def stage(self, title: str, seconds: float) -> AbstractContextManager[Callable[[float], None]]:
        """Begin a stage over some seconds of audio; the result is told how many were done."""

    def note(self, text: str) -> None:
        """Say something beside the bar."""


class _Silent:
    @contextmanager
    def stage(self, title: str, seconds: float) -> Iterator[Callable[[float], None]]:
        yield lambda done: None

    def note(self, text: str) -> None:
        pass


@contextmanager
def bar(quiet: bool) -> Iterator[Progress]:
    """A progress bar, or nothing when ``quiet``."""
    if quiet:
        yield _Silent()
        return
    from rich.console import Console
    from rich.progress import BarColumn, ProgressColumn, SpinnerColumn, Task, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress
    from rich.table import Column
    from rich.text import Text

    class Rate(ProgressColumn):
        """Seconds of audio per second: how many times real time."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:.1f}x", style="progress.data.speed")

    class Audio(ProgressColumn):
        """Audio done, of all."""

        def render(self, task: Task) -> Text:
            return Text(f"{_clock(task.completed)}/{_clock(task.total or 0)} of audio")

    fixed = Column(no_wrap=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis")),
        BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=8)),  # what the others leave of a line
        Audio(fixed),
        Rate(fixed),
        TimeRemainingColumn(table_column=fixed),
    )
    with RichProgress(*columns, console=Console(stderr=True), expand=True) as shown:

        class _Bar:
            @contextmanager
            def stage(self, title: str, seconds: float) -> Iterator[Callable[[float], None]]:
                if not seconds:
                    yield lambda done: None
                    return
                task = shown.add_task(title, total=seconds)
                yield lambda done: shown.advance(task, done)

            def note(self, text: str) -> None:
                shown.console.print(text, highlight=False)

        yield _Bar()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
