"""What was copied, to be read, and to be taken by hand where a terminal does not know OSC 52."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer, Label, TextArea

from tui.app.themes import code_theme
from tui.app.widgets.sql_area import SqlArea


class CodeScreen(ModalScreen[None]):
    """Code behind a screen, over it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "dismiss", "Back")]
    DEFAULT_CSS = """
    CodeScreen { align: center middle; }
    CodeScreen Vertical {
        width: 100; max-width: 96%; height: auto; max-height: 90%;
        background: $surface; border: round $primary; padding: 0 1;
    }
    CodeScreen TextArea, CodeScreen TextArea:focus { height: auto; max-height: 24; border: none; padding: 1 0; }
    CodeScreen Label { color: $text-muted; }
    """

    def __init__(self, code: str, language: str) -> None:
        super().__init__()
        self._code, self._language = code, language

    def compose(self) -> ComposeResult:
        """The text and how it was copied."""
        with Vertical():
            yield Label(f"Copied as {self._language}. Where the terminal knows no OSC 52, select it:")
            if self._language == "SQL":
                yield SqlArea(self._code, read_only=True)
            else:
                colours = code_theme(self.app.current_theme.dark)
                yield TextArea(self._code, language=self._language.lower(), theme=colours, read_only=True)
        yield Footer(compact=True)
