"""The editor: SQL with its colours, and what can stand at the cursor offered while it is written."""

from typing import Any, ClassVar, cast

from textual import events
from textual.binding import Binding, BindingType
from textual.document._document import Document
from textual.message import Message
from textual.widgets import TextArea

from tui.app.widgets.sql_area import SqlArea


class SqlEditor(SqlArea):
    """An editor of SQL.

    It knows nothing of what is offered: while a list of offers is open, its keys go to whoever opened it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+at,ctrl+space", "complete", "Complete", show=False),
    ]

    class Typed(Message):
        """A character was written or an offer taken, and further ones may be wanted."""

    class Removed(Message):
        """A character was taken away before the cursor."""

    class Moved(Message):
        """The cursor went elsewhere, or the text is another one."""

    class CompletionWanted(Message):
        """Somebody asked for what can stand here."""

    class OfferKeyPressed(Message):
        """A key that is for the open list of offers."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Left(Message):
        """Escape was pressed while nothing was offered."""

    OFFER_KEYS = frozenset(("up", "down", "pageup", "pagedown", "tab", "enter", "escape"))

    def __init__(self, text: str, *, id: str) -> None:
        super().__init__(
            text,
            soft_wrap=False,
            tab_behavior="indent",
            show_line_numbers=True,
            id=id,
            placeholder="SELECT …",
        )
        self.offering = False
        self._length = len(text)
        self._putting = False

    @property
    def place(self) -> int:
        """The cursor's place in the text, in characters from 0."""
        return self.place_of(self.cursor_location)

    def place_of(self, location: tuple[int, int]) -> int:
        """A row and column as a place in the text."""
        return cast(Document, self.document).get_index_from_location(location)

    def location_of(self, place: int) -> tuple[int, int]:
        """A place in the text as row and column."""
        return cast(Document, self.document).get_location_from_index(place)

    def go_to(self, place: int) -> None:
        """Put the cursor at a place of the text."""
        self.move_cursor(self.location_of(max(0, min(place, len(self.text)))))

    def put(self, start: int, text: str) -> None:
        """Put text where what is written from a place to the cursor stands."""
        self._putting = True
        self.replace(text, self.location_of(start), self.cursor_location)

    async def _on_key(self, event: events.Key) -> None:
        if self.offering and event.key in self.OFFER_KEYS:
            event.stop()
            event.prevent_default()
            self.post_message(self.OfferKeyPressed(event.key))
        elif event.key == "escape":  # and not to the next widget: it also stops what runs
            event.stop()
            event.prevent_default()
            self.post_message(self.Left())

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Tell what one character more was; whole texts and removals ask for no offers of their own."""
        event.stop()
        grown, self._length = len(self.text) - self._length, len(self.text)
        if grown == 1 or self._putting:
            self.post_message(self.Typed())
        else:
            self.post_message(self.Removed() if grown == -1 else self.Moved())
        self._putting = False

    def on_text_area_selection_changed(self, event: TextArea.SelectionChanged) -> None:
        """Tell that the cursor moved, where no character moved it."""
        event.stop()
        if len(self.text) == self._length:
            self.post_message(self.Moved())

    def action_complete(self) -> None:
        """Ask for what can stand here."""
        self.post_message(self.CompletionWanted())

    def action_cursor_up(self, select: bool = False) -> None:
        """Move up, unless the offers do."""
        self._moved_or_offered("up", super().action_cursor_up, select)

    def action_cursor_down(self, select: bool = False) -> None:
        """Move down, unless the offers do."""
        self._moved_or_offered("down", super().action_cursor_down, select)

    def action_cursor_page_up(self) -> None:
        """Move a page up, unless the offers do."""
        self._moved_or_offered("pageup", super().action_cursor_page_up)

    def action_cursor_page_down(self) -> None:
        """Move a page down, unless the offers do."""
        self._moved_or_offered("pagedown", super().action_cursor_page_down)

    def _moved_or_offered(self, key: str, move: Any, *arguments: Any) -> None:
        if self.offering:
            self.post_message(self.OfferKeyPressed(key))
        else:
            move(*arguments)
