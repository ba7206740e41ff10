"""The dialog that asks for the name of a set that is renamed, copied or made of two."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Label, Select

from tui.app.screens.basket.dialog import Dialog, lines
from tui.app.screens.basket.messages import BasketChanged

if TYPE_CHECKING:
    from queries.basket import Change

Doing = Callable[[str, str], "Change"]
"""Takes the name, and the other set where one was asked for."""

OTHER = "\0"
"""Stands for the other set in a suggested name."""


class NameScreen(Dialog):
    """Asks for a name, and with ``others`` for a second set; does what it is for, or says why it cannot."""

    def __init__(self, title: str, name: str, do: Doing, *, others: tuple[str, ...] = (), suggest: str = "") -> None:
        super().__init__()
        self._heading, self._initial, self._do = title, name, do
        self._others, self._suggest = others, suggest

    def parts(self) -> ComposeResult:
        """The other set, where one is wanted, and the name."""
        if self._others:
            with Horizontal(classes="row"):
                yield Label("with", classes="label")
                yield Select(
                    [(Content(name), name) for name in self._others], allow_blank=False, compact=True, id="other"
                )
        with Horizontal(classes="row"):
            yield Label("Name", classes="label")
            yield Input(self._initial, compact=True, id="name")
        yield from lines()

    def on_mount(self) -> None:
        """Title the frame."""
        self.query_one("#frame").border_title = Content(self._heading)
        self.query_one("#other" if self._others else "#name").focus()

    def on_select_changed(self, event: Select.Changed) -> None:
        """Suggest a name that tells both sets."""
        self.query_one("#name", Input).value = self._suggest.replace(OTHER, str(event.value))

    def on_input_submitted(self) -> None:
        """Do it, or say why not."""
        from warehouse.errors import MaskError

        other = str(self.query_one("#other", Select).value) if self._others else ""
        try:
            change = self._do(self.query_one("#name", Input).value, other)
        except MaskError as error:
            self.wrong(str(error))
            return
        self.dismiss()
        self.neurons.notify(f"{change.said}; ctrl+z takes it back", markup=False)
        self.neurons.place.post_message(BasketChanged())
