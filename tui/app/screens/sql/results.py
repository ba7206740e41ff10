"""Results side by side: a line that names them, and below it the rows, or the plan, of the one that is looked at."""

from dataclasses import dataclass
from itertools import count, pairwise

from rich.text import Text
from textual import events
from textual.app import ComposeResult, RenderResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Static

from queries.pages import Answer, Page, Row
from tui.app.widgets.table import AnswerTable

MOST = 6
"""Results that are kept beside each other; the oldest goes first."""

AHEAD = 60
"""So many rows before the last one that was read the next page is asked for."""


@dataclass(frozen=True)
class Ran:
    """A query that was answered: its open result, its first page, and the seconds until that was there."""

    answer: Answer
    page: Page
    seconds: float


class Result(Vertical):
    """One result."""

    DEFAULT_CSS = """
    Result { height: 1fr; }
    Result AnswerTable { height: 1fr; }
    Result VerticalScroll { height: 1fr; padding: 0 1; }
    Result .plan { width: auto; height: auto; }
    Result .none { padding: 1 2; color: $text-muted; }
    """

    class PageWanted(Message):
        """The next page should be read."""

        def __init__(self, result: "Result") -> None:
            super().__init__()
            self.result = result

    def __init__(self, ran: Ran, *, id: str) -> None:
        super().__init__(id=id)
        self.answer, self.seconds = ran.answer, ran.seconds
        self.n_cut, self.more, self.truncated = ran.page.cut, ran.page.more, ran.page.truncated
        self.stopped = False
        self._first: tuple[Row, ...] = ran.page.rows
        self._asked = False

    def compose(self) -> ComposeResult:
        """The rows, or the plan as it is drawn."""
        if self.answer.is_plan:
            with VerticalScroll():
                text = "\n".join(str(drawn) for _, drawn in self._first)
                yield Static(Text(text, no_wrap=True), classes="plan", markup=False)
        else:
            yield AnswerTable()

    def on_mount(self) -> None:
        """Show the first page, and read on when its end comes into sight."""
        for table in self.query(AnswerTable):
            table.show(self.answer.columns, self.answer.types, self._first)
            self.watch(table, "scroll_y", self._near_end, init=False)
            self.watch(table, "cursor_coordinate", self._near_end, init=False)

    @property
    def table(self) -> AnswerTable | None:
        """The rows; None of a plan."""
        return next(iter(self.query(AnswerTable)), None)

    @property
    def said(self) -> str:
        """How many rows there are, as far as that is known, and what they took."""
        if self.answer.is_plan:
            return f"the plan, in {self.seconds:.2f} s"
        n = self.answer.n_rows
        if self.stopped:
            shown = self.table.row_count if self.table is not None else n  # a page may be read that nobody is shown
            rows = f"stopped after {shown:,} row{'' if shown == 1 else 's'}"
        elif self.truncated:
            rows = f"the first {n:,} of more rows; ctrl+s exports all"
        elif self.more:
            rows = f"{n:,} rows read, more follow"
        else:
            rows = f"{n:,} row{'' if n == 1 else 's'}"
        cut = f", {self.n_cut:,} long values cut" if self.n_cut else ""
        return f"{rows}{cut}, {self.seconds:.2f} s"

    def extend(self, page: Page) -> None:
        """Show a further page."""
        self._asked = False
        self.more, self.truncated = page.more, page.truncated
        self.n_cut += page.cut
        if self.table is not None and page.rows:
            self.table.extend(page.rows)

    def stop(self) -> bool:
        """Stop reading, where a further page is on its way; whether one was.

        What is read of that page is lost, so that no page can follow: it would leave a hole.
        """
        if not self._asked:
            return False
        self.answer.stop()
        self._asked, self.more, self.stopped = False, False, True
        return True

    def give_up(self) -> None:
        """A further page was asked for and does not come; it may be asked for again."""
        self._asked = False

    def _near_end(self) -> None:
        table = self.table
        if table is None or not self.more or self._asked:
            return
        seen = max(table.cursor_row, int(table.scroll_y) + table.size.height)
        if seen >= table.row_count - AHEAD:
            self._asked = True
            self.post_message(self.PageWanted(self))


class Results(Container):
    """The results of this session, one of them shown."""

    DEFAULT_CSS = """
    Results { height: 1fr; }
    Results ContentSwitcher { height: 1fr; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._numbers = count(1)

    def compose(self) -> ComposeResult:
        """The line, and the place of the results."""
        yield ResultStrip()
        with ContentSwitcher(initial="nothing-yet"), VerticalScroll(id="nothing-yet", can_focus=False):
            yield Static(
                "The answers come here.\n\n"
                "ctrl+j (or ctrl+enter) asks the statement that the cursor is in; ctrl+space offers what can stand "
                "at the cursor; ctrl+r finds what was asked earlier. F1 says more.",
                classes="none",
            )

    @property
    def all(self) -> list[Result]:
        """The results, the oldest first."""
        return list(self.query(Result))

    @property
    def active(self) -> Result | None:
        """The one that is shown."""
        name = self.query_one(ContentSwitcher).current
        return next((result for result in self.all if result.id == name), None)

    async def add(self, ran: Ran) -> Result:
        """Show a new result, in the place of one of the same query."""
        switcher = self.query_one(ContentSwitcher)
        made = Result(ran, id=f"result-{next(self._numbers)}")
        same = [result for result in self.all if result.answer.query == ran.answer.query]
        gone = same or self.all[: max(0, len(self.all) + 1 - MOST)]
        await switcher.mount(made, after=same[0] if same else None)
        switcher.current = made.id
        for result in gone:
            await self._remove(result)
        self.refresh_strip()
        return made

    async def close(self) -> None:
        """Close the result that is shown, and show the one beside it."""
        found, active = self.all, self.active
        if active is None:
            return
        place = found.index(active)
        beside = [*found[place + 1 :], *reversed(found[:place])]
        self.query_one(ContentSwitcher).current = beside[0].id if beside else "nothing-yet"
        await self._remove(active)
        self.refresh_strip()
        self.focus_rows()

    def show(self, step: int) -> None:
        """Show the next result or the one before."""
        found, active = self.all, self.active
        if active is not None:
            self.show_one(found[(found.index(active) + step) % len(found)])

    def show_one(self, result: Result) -> None:
        """Show a result."""
        had_focus = self.has_focus_within
        self.query_one(ContentSwitcher).current = result.id
        self.refresh_strip()
        if had_focus:
            self.focus_rows()

    def focus_rows(self) -> None:
        """Let the keys move over the rows that are shown."""
        if self.active is not None:
            (self.active.table or self.active.query_one(VerticalScroll)).focus()

    def refresh_strip(self) -> None:
        """Say anew what the results are."""
        self.query_one(ResultStrip).refresh()

    async def _remove(self, result: Result) -> None:
        result.answer.close()
        await result.remove()


class ResultStrip(Widget):
    """The line above the rows: the results by number, the one that is shown by what it asks, and how many rows."""

    DEFAULT_CSS = """
    ResultStrip { height: 1; width: 1fr; background: $panel; color: $text-muted; }
    """

    def render(self) -> RenderResult:
        """The line."""
        line = Text(no_wrap=True)
        results = self.parent
        if not isinstance(results, Results) or results.active is None:
            return Text(" no results yet", "dim")
        for label, shown in self._labels():
            line.append(label, "reverse" if shown else "")
        said = results.active.said
        room = self.size.width - line.cell_len - 1
        line.append(f"{said if len(said) <= room else said[: max(0, room - 1)] + '…':>{room}}")
        return line

    def on_click(self, event: events.Click) -> None:
        """Show the result whose label was clicked."""
        results, start = self.parent, 0
        if isinstance(results, Results):
            for result, (label, _) in zip(results.all, self._labels(), strict=True):
                if start <= event.x < start + len(label):
                    results.show_one(result)
                start += len(label)

    def _labels(self) -> list[tuple[str, bool]]:
        results = self.parent
        assert isinstance(results, Results)
        wide = self.size.width >= 110
        found = []
        for number, result in enumerate(results.all, start=1):
            shown = result is results.active
            title = f" {title_of(result.answer.query, 24 if wide else 16)}" if shown or wide else ""
            found.append((f" {number}{title} ", shown))
        return found


def title_of(query: str, most: int) -> str:
    """A few words of a query that tell it from others: what it reads, or how it begins."""
    words = query.split()
    after = [word for before, word in pairwise(words) if before.upper() in {"FROM", "SUMMARIZE"}]
    title = after[0] if after else " ".join(words)
    name = title.partition("(")[0].strip(";,)") or " ".join(words)
    return name if len(name) <= most else f"{name[: most - 1]}…"
