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

_WRITTEN = re.compile(r"\s*(\d+)\s*[:.,/ ]\s*(\d+)\s*")


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
        model = app.session.model(app.asked.model)
        wrong = self.query_one("#wrong", Label)
        if model is None:
            wrong.update("nothing was recorded yet: there is no neuron to go to")
            return
        if written is None:
            wrong.update(f"{event.value!r}: give layer and neuron as two numbers, such as 3:128")
            return
        layer, neuron = map(int, written.groups())
        found = next((facts for facts in model.layers if facts.layer == layer), None)
        if found is None:
            wrong.update(
                f"{model.name} has no layer {layer}; it has {model.layers[0].layer} to {model.layers[-1].layer}"
            )
        elif neuron >= found.n_neurons:
            wrong.update(f"layer {layer} has no neuron {neuron}; it has 0 to {found.n_neurons - 1}")
        else:
            self.dismiss()
            app.open_neuron(model.name, layer, neuron)
