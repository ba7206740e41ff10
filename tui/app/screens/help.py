"""F1: what the screen shows, what its words mean, and its keys."""

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer, Markdown

if TYPE_CHECKING:
    from tui.app.screen import WarehouseScreen

EVERYWHERE = """
## Keys everywhere

| key | what it does |
|---|---|
| F2 … F7, F10, or 1 … 7 | Overview, Property, Neuron, Patterns, SQL, Basket, Probes |
| F1 | this help, and back |
| ctrl+p | the palette: every command by name, and the theme |
| ctrl+g | go to a neuron: `layer:neuron` |
| F8, F9 | copy what is on the screen as SQL, as Python |
| b, ctrl+b | add the neurons that are listed to a named set |
| escape | stop what runs; take a message away |
| tab, shift+tab | the next field, the one before |
| ctrl+q | quit |

In tables: the arrows or h j k l, g and G for the first and last row, ctrl+d and ctrl+u for half pages,
y to copy the row, enter to open it.
"""


class HelpScreen(ModalScreen[None]):
    """The help of a screen, over it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Back"),
        Binding("j", "scroll('scroll_down')", "Down", show=False),
        Binding("k", "scroll('scroll_up')", "Up", show=False),
    ]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen VerticalScroll {
        width: 96; max-width: 96%; height: 92%; background: $surface; border: round $primary; padding: 0 1;
    }
    """

    def __init__(self, place: "WarehouseScreen") -> None:
        super().__init__()
        self._text = f"{place.HELP or ''}\n{EVERYWHERE}"

    def compose(self) -> ComposeResult:
        """The text, and the keys that close it."""
        with VerticalScroll():
            yield Markdown(self._text)
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Let the keys scroll at once."""
        self.query_one(VerticalScroll).focus()

    def action_scroll(self, way: str) -> None:
        """Scroll a line."""
        getattr(self.query_one(VerticalScroll), way)()
