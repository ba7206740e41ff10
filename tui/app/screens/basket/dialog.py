"""What the dialogs of the basket share: their frame, a line for what is wrong, and the way back."""

from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

if TYPE_CHECKING:
    from tui.app.app import NeuronsApp


class Dialog(ModalScreen[None]):
    """A frame over the screen, whose parts a subclass says; escape closes it and changes nothing."""

    TITLE_OF: ClassVar[str] = ""
    KEYS: ClassVar[str] = "enter does it, escape goes back"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Back")]
    DEFAULT_CSS = """
    Dialog { align: center middle; }
    Dialog #frame {
        width: 80%; min-width: 76; max-width: 100; height: auto; max-height: 100%;
        background: $surface; border: round $primary; border-title-color: $text-primary;
        border-subtitle-color: $text-muted; padding: 0 1;
    }
    Dialog .label { width: 8; height: 1; color: $text-muted; }
    Dialog .row { height: auto; width: 1fr; }
    Dialog .row > Input, Dialog .row > Select { width: 1fr; }
    Dialog #told { height: auto; margin-left: 8; color: $text-muted; }
    Dialog #wrong { height: auto; margin-left: 8; color: $text-error; display: none; }
    Dialog #wrong.-shown { display: block; }
    """

    def parts(self) -> ComposeResult:
        """The widgets in the frame."""
        yield from ()

    def compose(self) -> ComposeResult:
        """The frame."""
        with VerticalScroll(id="frame", can_focus=False) as frame:
            frame.border_title = self.TITLE_OF
            frame.border_subtitle = self.KEYS
            yield from self.parts()

    @property
    def neurons(self) -> "NeuronsApp":
        """The app, by its type."""
        return cast("NeuronsApp", self.app)

    def wrong(self, text: str | None) -> None:
        """Say what is wrong; None = nothing is."""
        line = self.query_one("#wrong", Static)
        line.set_class(text is not None, "-shown")
        line.update(Text(text or ""))

    def told(self, text: str) -> None:
        """Say what would be done."""
        self.query_one("#told", Static).update(Text(text))


def lines() -> ComposeResult:
    """The lines of a dialog that say what would be done, and what is wrong."""
    yield Static(id="told")
    yield Static(id="wrong")
