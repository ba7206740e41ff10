"""Queries that were asked earlier, found by words, to be asked again."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from queries.sql_editing.history import AskedQuery, History

LISTED = 200
"""Most queries that are listed; words find the others."""


class EarlierScreen(ModalScreen[str | None]):
    """The history over the screen; gives the text of the query that was chosen, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back"),
        Binding("down", "move('down')", "Down", show=False),
        Binding("up", "move('up')", "Up", show=False),
        Binding("pagedown", "move('page_down')", "Page down", show=False),
        Binding("pageup", "move('page_up')", "Page up", show=False),
    ]
    DEFAULT_CSS = """
    EarlierScreen { align: center middle; }
    EarlierScreen Vertical {
        width: 110; max-width: 96%; height: 90%; background: $surface; border: round $primary;
        border-title-color: $text-primary; border-subtitle-color: $text-muted; padding: 0 1;
    }
    EarlierScreen Input, EarlierScreen Input:focus { border: none; height: 1; padding: 0 1; margin-bottom: 1; }
    EarlierScreen OptionList, EarlierScreen OptionList:focus {
        height: 1fr; text-wrap: nowrap; text-overflow: ellipsis; border: none; padding: 0; background: $surface;
    }
    EarlierScreen #whole {
        height: auto; max-height: 8; margin-top: 1; padding: 0 1; background: $panel; color: $foreground;
    }
    """

    def __init__(self, history: History) -> None:
        super().__init__()
        self._history = history
        self._found: list[AskedQuery] = []

    def compose(self) -> ComposeResult:
        """The words, the queries, and the chosen one in full."""
        with Vertical() as frame:
            frame.border_title = "Asked earlier"
            frame.border_subtitle = "type to find, enter takes it into the editor, escape goes back"
            yield Input(placeholder="words of the query", compact=True)
            found = OptionList(markup=False)
            found.can_focus = False
            yield found
            yield Static("", id="whole", markup=False)

    def on_mount(self) -> None:
        """List them all."""
        self._list("")

    def on_input_changed(self, event: Input.Changed) -> None:
        """List those that have the words."""
        self._list(event.value)

    def on_input_submitted(self) -> None:
        """Take the one that is marked."""
        self._take(self.query_one(OptionList).highlighted)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the one that was clicked."""
        self._take(event.option_index)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show all of it."""
        self._tell(event.option_index)

    def action_move(self, where: str) -> None:
        """Move the mark."""
        getattr(self.query_one(OptionList), f"action_{'cursor_' if '_' not in where else ''}{where}")()

    def _list(self, words: str) -> None:
        self._found = self._history.queries(words)[:LISTED]
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(Option(_line(asked)) for asked in self._found)
        options.highlighted = 0 if self._found else None
        if self._found:
            self._tell(0)
        else:
            nothing = "nothing that was asked has these words" if words.strip() else "nothing was asked yet"
            self.query_one("#whole", Static).update(nothing)

    def _tell(self, place: int) -> None:
        if place >= len(self._found):
            return  # of a list that has given way to a shorter one
        asked = self._found[place]
        said = Content.assemble(asked.query, (f"\n{asked.error}" if asked.error else "", "$text-error"))
        self.query_one("#whole", Static).update(said)

    def _take(self, place: int | None) -> None:
        if place is not None and place < len(self._found):
            self.dismiss(self._found[place].query)


def _line(asked: AskedQuery) -> Content:
    """When it was asked, what it took, and its words in one line."""
    when = asked.at[:16].replace("T", " ")
    took = "failed" if asked.error else "" if asked.seconds is None else f"{asked.seconds:.2f} s"
    return Content.assemble((f" {when} {took:>8}  ", "$text-muted"), " ".join(asked.query.split())[:300])
