"""The SQL screen: an editor, results beside each other, what was asked earlier, and whole results as files."""

from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from queries.pages import Answer, Page, StoppedError
from queries.sql_editing.catalog import Catalog, read_catalog
from queries.sql_editing.faults import fault_of, narrowed
from queries.sql_editing.history import AskedQuery, now, user_history
from queries.sql_editing.tokens import Statement
from tui.app.asked import Asked
from tui.app.screen import Listed, WarehouseScreen
from tui.app.screens.sql.help import HELP
from tui.app.screens.sql.in_hand import InHand
from tui.app.screens.sql.results import Ran, Result, Results, title_of
from tui.app.screens.sql.writing import Writing
from tui.exporting import Export
from warehouse.errors import first_line
from warehouse.properties import quote

if TYPE_CHECKING:
    from queries import Connection

FIRST_QUERY = """\
-- ctrl+j asks the statement under the cursor, ctrl+space completes
FROM property_neurons(p_property := {property})
"""


class SqlScreen(WarehouseScreen):
    """Any question, in SQL."""

    NAME = "sql"
    HELP = HELP
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+j,ctrl+enter", "run", "Run", priority=True, key_display="^j"),
        Binding("ctrl+r", "earlier", "Earlier"),
        Binding("ctrl+s", "export", "Export"),
        Binding("left_square_bracket", "show(-1)", "Result before", show=False),
        Binding("right_square_bracket", "show(1)", "Next result", show=False),
        Binding("x", "close_result", "Close result", show=False),
        Binding("i", "edit", "Edit", show=False),
    ]
    DEFAULT_CSS = """
    SqlScreen Writing { height: 40%; min-height: 4; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.history = user_history()
        self._in_hand: InHand | None = None
        self._asked_statement: Statement | None = None
        self._export: Export | None = None
        self._stopping: list[InHand | Export | Answer] = []

    def body(self) -> ComposeResult:
        """The editor above, the results below."""
        yield Writing(FIRST_QUERY.format(property=quote(self.neurons.asked.property or "gender")), id="writing")
        yield Results(id="results")

    def on_mount(self) -> None:
        """Begin in the editor, at the statement."""
        editor = self.query_one(Writing).editor
        editor.focus()
        editor.go_to(len(editor.text) - 1)

    def asked_changed(self, asked: Asked) -> None:
        """The text is the user's own; only what can be named is looked up."""
        if self.query_one(Writing).catalog is None:
            self._read_catalog()

    def snapshot_changed(self) -> None:
        """There may be new names; results stay those of their moment."""
        self._read_catalog()

    def _read_catalog(self) -> None:
        self.ask("catalog", read_catalog, self._take_catalog, doing="reading what can be named")

    def _take_catalog(self, catalog: Catalog) -> None:
        self.query_one(Writing).catalog = catalog

    # Asking.

    def action_run(self) -> None:
        """Ask the statement that the cursor is in, or the text that is selected."""
        writing = self.query_one(Writing)
        writing.close_offers()
        statement = writing.statement
        if statement is None:
            self.problem("there is nothing to ask; write a query, such as FROM property_neurons")
            return
        self._stop_asking()
        self._asked_statement = statement
        self._in_hand = InHand()
        self.ask("query", partial(self._asking, statement.text, self._in_hand), self._answered, doing="asking")

    def _asking(self, query: str, in_hand: InHand, _: "Connection") -> Ran:
        """Ask a query until its first page is there; in a thread, on a cursor that outlives the question."""
        answer = Answer(self.neurons.session.cursor(), query)
        in_hand.begin(answer)
        began = monotonic()
        try:
            answer.ask()
            page = answer.read()
        except Exception as error:
            answer.close()
            if not isinstance(error, StoppedError):
                self._keep(query, None, first_line(error))
            raise
        self._keep(query, monotonic() - began, None)
        return Ran(answer, page, monotonic() - began)

    def _keep(self, query: str, seconds: float | None, error: str | None) -> None:
        self.history.add(AskedQuery(query, now(), str(self.neurons.session.path), seconds, error))

    async def _shown(self, ran: Ran) -> None:
        results = self.query_one(Results)
        await results.add(ran)
        if self.history.trouble:
            self.notify(self.history.trouble, severity="warning", markup=False)

    def _answered(self, ran: Ran) -> None:
        self._in_hand = None
        self.call_next(self._shown, ran)

    def failed(self, about: str, error: Exception) -> None:
        """Say what was wrong; of the query as DuckDB does, and go where it points."""
        if about == "query":
            self._in_hand = None
        elif about == "export":
            self._export = None
        for result in self.query(Result):
            if about == f"page of {result.id}":
                result.give_up()
        if isinstance(error, StoppedError):
            return
        if about != "query":
            super().failed(about, error)
            return
        self.problem(narrowed(str(error), self.size.width - 4), about)
        editor, statement = self.query_one(Writing).editor, self._asked_statement
        if statement is None or editor.text[statement.start : statement.end] != statement.text:
            return
        fault = fault_of(str(error), statement.text)
        if fault is not None:
            editor.go_to(statement.start + fault.start)

    def on_result_page_wanted(self, message: Result.PageWanted) -> None:
        """Read the next page of a result."""
        result = message.result

        def read(_: "Connection") -> Page:
            return result.answer.read()

        self.ask(f"page of {result.id}", read, partial(self._extend, result), doing="reading on")

    def _extend(self, result: Result, page: Page) -> None:
        if result.is_mounted:
            result.extend(page)
            self.query_one(Results).refresh_strip()

    def on_writing_left(self) -> None:
        """Escape: stop what runs, take the problem away, or go to the rows."""
        if self.waits or self.query_one("#problem").has_class("-shown"):
            self.action_stop()
        else:
            self.query_one(Results).focus_rows()

    # Stopping: what runs belongs to cursors of its own, which must be interrupted until they heed it.

    def cancel(self, about: str | None = None) -> bool:
        """Give up what runs."""
        if about is None:
            self._stop_asking()
            if self._export is not None:
                self._stop(self._export)
            for result in self.query(Result):
                if result.stop():
                    self._stopping.append(result.answer)
                    self.query_one(Results).refresh_strip()
        return super().cancel(about)

    def _stop_asking(self) -> None:
        if self._in_hand is not None:
            self._stop(self._in_hand)
            self._in_hand = None

    def _stop(self, what: InHand | Export | Answer) -> None:
        what.stop()
        self._stopping.append(what)

    def _look_after(self) -> None:
        for what in self._stopping:
            what.stop()
        if self._asker is not None and not self._asker.busy:
            self._stopping = []
        if self._export is not None and self._asker is not None:
            for question in self._asker.running:
                if question.about == "export":
                    question.doing = f"writing {self._export.path.name}: {self._export.n_rows:,} rows"
        super()._look_after()

    # Going back, and away.

    def action_earlier(self) -> None:
        """Look through what was asked earlier."""
        from tui.app.screens.sql.earlier import EarlierScreen

        self.neurons.push_screen(EarlierScreen(self.history), self._take_earlier)

    def _take_earlier(self, query: str | None) -> None:
        if query is not None:
            self.take_query(query)

    def take_query(self, sql: str) -> None:
        """Put a query into the editor, after what is written there, and go to it."""
        self.query_one(Writing).take(sql)

    def action_export(self) -> None:
        """Write all of the result that is shown, or of the statement under the cursor, to a file."""
        from tui.app.screens.sql.saving import SavingScreen

        query = self.as_sql()
        if query is None:
            self.notify("there is nothing to export; ask something first", severity="warning")
        else:
            self.neurons.push_screen(SavingScreen(title_of(query, 40), query), partial(self._save, query))

    def _save(self, query: str, path: Path | None) -> None:
        if path is None:
            return
        if self._export is not None:
            self._stop(self._export)
        export = self._export = Export(query, path)
        self.ask("export", export.write, partial(self._saved, export), doing=f"writing {path.name}")

    def _saved(self, export: Export, n_rows: int) -> None:
        self._export = None
        self.notify(
            f"{n_rows:,} row{'' if n_rows == 1 else 's'} written to {export.path}", title="Exported", markup=False
        )

    def action_show(self, step: int) -> None:
        """Show the next result or the one before."""
        self.query_one(Results).show(step)

    async def action_close_result(self) -> None:
        """Close the result that is shown."""
        await self.query_one(Results).close()
        if self.query_one(Results).active is None:
            self.query_one(Writing).editor.focus()

    def action_edit(self) -> None:
        """Go to the editor."""
        self.query_one(Writing).editor.focus()

    # What is on the screen.

    def as_sql(self) -> str | None:
        """The query of the result that is shown; before there is one, the statement under the cursor."""
        active = self.query_one(Results).active
        if active is not None:
            return active.answer.query
        statement = self.query_one(Writing).statement
        return None if statement is None else statement.text

    def neurons_sql(self) -> Listed | None:
        """The neurons of the result that is shown: of the model of the row under the cursor, where rows say one."""
        active = self.query_one(Results).active
        if active is None or active.table is None or not {"layer", "neuron"} <= set(active.answer.columns):
            return None
        query = active.answer.query
        model: Any = active.table.value("model")
        if not isinstance(model, str):
            model, of_model = self.neurons.asked.model or "", ""
        else:
            of_model = f"\nWHERE model = {quote(model)}"
        name = title_of(query, 30)
        return Listed(f"SELECT DISTINCT layer, neuron\nFROM (\n{query}\n){of_model}\nORDER BY ALL", name, model)
