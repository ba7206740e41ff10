"""What can stand at the cursor: a list beside the editor's cursor, and what the chosen thing means."""

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.geometry import Offset, Size
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from queries.sql_editing.completion import Completion, Offer

_WIDTH, _HELP = 38, 42
_ROWS = 9
_COLOURS = {
    "table": "$text-primary",
    "macro": "$text-accent",
    "parameter": "$text-warning",
    "value": "$text-success",
    "column": "$foreground",
    "function": "$text-secondary",
    "keyword": "$text-muted",
}


class Offers(Horizontal):
    """The list and the meaning; shown over the screen, below the cursor or above it."""

    DEFAULT_CSS = """
    Offers {
        display: none; position: absolute; overlay: screen; width: 80; height: auto; max-height: 9;
        background: $panel; layer: above;
    }
    Offers.-shown { display: block; }
    Offers OptionList, Offers OptionList:focus {
        width: 38; height: auto; max-height: 9; border: none; padding: 0; background: $panel;
    }
    Offers #meaning {
        width: 42; height: auto; max-height: 9; padding: 0 1; background: $panel; color: $foreground;
    }
    """

    class Taken(Message):
        """An offer was taken."""

        def __init__(self, item: Completion) -> None:
            super().__init__()
            self.item = item

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.offer: Offer | None = None
        self.wanted = False

    def compose(self) -> ComposeResult:
        """The list and the meaning."""
        found = OptionList(markup=False)
        found.can_focus = False
        yield found
        yield Static("", id="meaning", markup=False)

    @property
    def is_open(self) -> bool:
        """Whether it is shown."""
        return self.has_class("-shown")

    def open(self, offer: Offer, cursor: Offset, screen: Size) -> None:
        """Show an offer beside the cursor, both in cells of the screen."""
        self.offer = offer
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(Option(_line(item)) for item in offer.items)
        options.highlighted = 0
        self.add_class("-shown")
        rows = min(len(offer.items), _ROWS)
        below = screen.height - cursor.y - 1
        y = cursor.y + 1 if rows <= below or below >= cursor.y else cursor.y - rows
        x = max(0, min(cursor.x - len(offer.typed), screen.width - _WIDTH - _HELP))
        parent = self.parent.region.offset if self.parent is not None else Offset()  # type: ignore[attr-defined]
        self.styles.offset = Offset(x, max(0, y)) - parent
        self._tell()

    def close(self) -> None:
        """Take it away."""
        self.offer, self.wanted = None, False
        self.remove_class("-shown")

    def press(self, key: str) -> None:
        """Do what a key means here."""
        options = self.query_one(OptionList)
        if key == "escape":
            self.close()
        elif key in {"tab", "enter"}:
            self._take(options.highlighted)
        else:
            {
                "up": options.action_cursor_up,
                "down": options.action_cursor_down,
                "pageup": options.action_page_up,
                "pagedown": options.action_page_down,
            }[key]()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Say what another item means."""
        event.stop()
        self._tell()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the item that was clicked."""
        event.stop()
        self._take(event.option_index)

    def _take(self, place: int | None) -> None:
        if self.offer is not None and place is not None:
            self.post_message(self.Taken(self.offer.items[place]))

    def _tell(self) -> None:
        place = self.query_one(OptionList).highlighted
        if self.offer is None or place is None:
            return
        item = self.offer.items[place]
        said = Text()
        said.append(item.detail or item.kind, "italic")
        if item.help:
            said.append(f"\n{item.help}")
        self.query_one("#meaning", Static).update(said)


def _line(item: Completion) -> Content:
    label = item.label if len(item.label) <= _WIDTH - 12 else f"{item.label[: _WIDTH - 13]}…"
    return Content.assemble((f" {label:<{_WIDTH - 12}}", _COLOURS[item.kind]), (f"{item.kind:>9} ", "dim"))
