"""A slider over the layers of a model."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import RenderResult
from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.app.messages import LayerPicked

_HEAD = "Layer  ◂ "


class LayerSlider(Widget, can_focus=True):
    """The layers as a line with a knob; arrows, a click or dragging choose one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h,k,down", "move(-1)", "Layer before", show=False),
        Binding("right,l,j,up", "move(1)", "Next layer", show=False),
        Binding("home,g", "move(-1000000)", "First layer", show=False),
        Binding("end,G", "move(1000000)", "Last layer", show=False),
    ]
    DEFAULT_CSS = """
    LayerSlider { height: 1; width: 1fr; padding: 0 1; }
    LayerSlider:focus { background-tint: $foreground 8%; text-style: bold; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._layers: Sequence[int] = ()
        self._place = 0

    def show(self, layers: Sequence[int], layer: int) -> None:
        """Show the layers of a model, and which is chosen."""
        self._layers = layers
        self._place = next((place for place, each in enumerate(layers) if each == layer), 0)
        self.refresh()

    def render(self) -> RenderResult:
        """The line, and the number of the layer beside it."""
        n = len(self._layers)
        if not n:
            return Text("no layer was recorded yet", "dim")
        said = f" ▸  {self._layers[self._place]} of {self._layers[-1]}"
        room = self._room()
        knob = round(self._place * (room - 1) / max(n - 1, 1))
        line = Text(_HEAD, no_wrap=True)
        line.append("━" * knob, "bold")
        line.append("●", "bold")
        line.append("─" * (room - knob - 1), "dim")
        return line.append(said)

    def action_move(self, by: int) -> None:
        """Choose another layer, so many further on."""
        self.pick(self._place + by)

    def pick(self, place: int) -> None:
        """Choose a layer by its place; beyond an end, the last there is."""
        if self._layers:
            place = min(max(place, 0), len(self._layers) - 1)
            if place != self._place:
                self._place = place
                self.refresh()
                self.post_message(LayerPicked(self._layers[place]))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Choose the layer under the mouse, and follow it while the button is held."""
        self.capture_mouse()
        self._at(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the mouse."""
        if self.app.mouse_captured is self:
            self._at(event.x)

    def on_mouse_up(self) -> None:
        """Let the mouse go."""
        self.release_mouse()

    def _room(self) -> int:
        widest = len(f" ▸  {self._layers[-1]} of {self._layers[-1]}")
        return max(min(self.content_size.width - len(_HEAD) - widest, 6 * len(self._layers)), len(self._layers), 2)

    def _at(self, x: int) -> None:
        if self._layers:
            along = (x - self.styles.padding.left - len(_HEAD)) / max(self._room() - 1, 1)
            self.pick(round(along * (len(self._layers) - 1)))
