"""A list to choose a property from."""

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Select

from tui.app.messages import PropertyPicked


class PropertyChooser(Select[str]):
    """The declared properties, of which one is chosen; tells :class:`PropertyPicked` when the user chose another."""

    def __init__(self, *, id: str) -> None:
        super().__init__((), id=id, prompt="property", compact=True)

    def show(self, names: Sequence[str], chosen: str | None) -> None:
        """List other properties, or mark another one, which nobody is told of."""
        with self.prevent(Select.Changed):
            self.set_options([(Content(name), name) for name in names])
            if chosen is not None and chosen in names:
                self.value = chosen

    def on_select_changed(self, event: Select.Changed) -> None:
        """Tell which one was chosen."""
        event.stop()
        if isinstance(event.value, str):
            self.post_message(PropertyPicked(event.value))
