"""ctrl+g: a neuron by layer and number."""

import re
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label

if TYPE_CHECKING:
    from tui.app.app import NeuronsApp

_WRITTEN = re.compile(r"\s*(\d{1,9})\s*[:.,/ ]\s*(\d{1,9})\s*")


class GoToScreen(ModalScreen[None]):
    """Asks for ``layer:neuron`` and opens the card."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Back")]
    DEFAULT_CSS = """
    GoToScreen { align: center middle; }
    GoToScreen Vertical {
        width: 60; max-width: 96%; height: auto; background: $surface; border: round $primary; padding: 0 1;
    }
    GoToScreen #wrong { color: $text-error; height: auto; }
    """

    def compose(self) -> ComposeResult:
        """A field, and what was wrong with what stands in it."""
        with Vertical():
            yield Label("Go to a neuron: layer:neuron, such as 3:128")
            yield Input(placeholder="layer:neuron", id="wanted")
            yield Label("", id="wrong", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Open the card, or say why there is none."""
        app = cast("NeuronsApp", self.app)
        written = _WRITTEN.fullmatch(event.value)
        wrong = self.query_one("#wrong", Label)
        if written is None:
            wrong.update(f"{event.value!r}: give layer and neuron as two numbers, such as 3:128")
            return
        layer, neuron = map(int, written.groups())
        lacking = app.session.lacks(app.asked.model, layer, neuron)
        if lacking is not None:
            wrong.update(lacking)
        else:
            self.dismiss()
            app.open_neuron(app.asked.model, layer, neuron)
