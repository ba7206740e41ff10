"""The editor with what can stand at its cursor, and the statement that is asked."""

from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

from queries.sql_editing.catalog import Catalog
from queries.sql_editing.completion import complete
from queries.sql_editing.tokens import Statement, statement_at
from tui.app.screens.sql.editor import SqlEditor
from tui.app.screens.sql.offers import Offers

LETTERS = 2
"""Letters of a word after which offers come by themselves."""


class Writing(Container):
    """An editor of statements, with offers from a catalog.

    Attributes:
        catalog: what can be named; None = it was not read yet, and nothing is offered.
    """

    DEFAULT_CSS = """
    Writing { layers: below above; }
    Writing SqlEditor, Writing SqlEditor:focus { height: 1fr; border: none; padding: 0; scrollbar-size-horizontal: 0; }
    """

    class Left(Message):
        """Escape was pressed in the editor while nothing was offered."""

    def __init__(self, text: str, *, id: str) -> None:
        super().__init__(id=id)
        self.catalog: Catalog | None = None
        self._first = text

    def compose(self) -> ComposeResult:
        """The editor, and the list over it."""
        yield SqlEditor(self._first, id="editor")
        yield Offers(id="offers")

    @property
    def editor(self) -> SqlEditor:
        """The editor."""
        return self.query_one(SqlEditor)

    @property
    def offers(self) -> Offers:
        """The list of what can stand at the cursor."""
        return self.query_one(Offers)

    @property
    def statement(self) -> Statement | None:
        """The statement that the cursor is in, or the first of the text that is selected."""
        editor = self.editor
        selected = editor.selected_text
        if not selected.strip():
            return statement_at(editor.text, editor.place)
        found = statement_at(selected, 0)
        return found and Statement(found.text, editor.place_of(min(editor.selection)) + found.start)

    def take(self, query: str) -> None:
        """Put a query after what is written, and go to it; the text that the editor began with gives way."""
        editor = self.editor
        self.close_offers()
        before = "" if editor.text == self._first else editor.text.rstrip()
        between = "" if not before else "\n\n" if before.endswith(";") else ";\n\n"
        editor.replace(f"{before}{between}{query.strip()}\n", (0, 0), editor.document.end)
        editor.go_to(len(before) + len(between))
        editor.focus()

    def close_offers(self) -> None:
        """Offer nothing."""
        self.offers.close()
        self.editor.offering = False

    def on_sql_editor_typed(self) -> None:
        """Offer what can stand here once two letters, a dot, a parenthesis or a quote ask for it."""
        self._offer(self.offers.wanted)

    def on_sql_editor_completion_wanted(self) -> None:
        """Offer what can stand here, whatever is written."""
        self._offer(True)

    def on_sql_editor_removed(self) -> None:
        """Offer again what fits the letters that are left."""
        if self.offers.is_open:
            self._offer(self.offers.wanted)

    def on_sql_editor_moved(self) -> None:
        """What was offered stood elsewhere."""
        self.close_offers()

    def on_sql_editor_offer_key_pressed(self, message: SqlEditor.OfferKeyPressed) -> None:
        """A key is for the offers."""
        if message.key == "escape":
            self.close_offers()
        else:
            self.offers.press(message.key)

    def on_sql_editor_left(self) -> None:
        """Say so to the screen."""
        self.post_message(self.Left())

    def on_offers_taken(self, message: Offers.Taken) -> None:
        """Write what was taken."""
        offer = self.offers.offer
        self.close_offers()
        if offer is not None:
            self.editor.put(offer.start, message.item.insert)
        self.editor.focus()

    def _offer(self, wanted: bool) -> None:
        if self.catalog is None:
            return
        editor = self.editor
        offer = complete(editor.text, editor.place, self.catalog)
        before = self.offers.offer
        wanted = wanted and (before is None or before.start == offer.start)  # for one word
        asked_for = wanted or offer.invited or len(offer.typed) >= LETTERS
        if not offer.items or not asked_for or (offer.is_done and not wanted):
            self.close_offers()
            return
        self.offers.open(offer, editor.cursor_screen_offset, self.screen.size)
        self.offers.wanted = wanted
        editor.offering = True
