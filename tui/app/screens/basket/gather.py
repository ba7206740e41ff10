"""The dialog that takes a list of neurons, from any screen, into a named set."""

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.suggester import SuggestFromList
from textual.widgets import Input, Label, RadioButton, RadioSet, Static

from tui.app.asking import Asker
from tui.app.messages import Answered, Failed
from tui.app.screens.basket.dialog import Dialog, lines
from tui.app.screens.basket.messages import BasketChanged
from tui.reporting import is_expected, message_of

if TYPE_CHECKING:
    from queries import Connection
    from queries.basket import How
    from queries.masks import Mask
    from tui.app.screen import Listed

WAYS: tuple[tuple["How", str], ...] = (
    ("add", "add them to the set (union)"),
    ("intersect", "keep only those of the set that are listed (intersection)"),
    ("take away", "take them away from the set (difference)"),
)
_SHOWN = 12


class GatherScreen(Dialog):
    """Asks for the name of a set, and for what is done with it and the listed neurons."""

    TITLE_OF: ClassVar[str] = "Neurons for a set"
    DEFAULT_CSS = """
    GatherScreen RadioSet { width: 1fr; border: none; padding: 0; background: transparent; }
    GatherScreen #there { height: auto; max-height: 3; margin-left: 8; color: $text-muted; }
    """

    def __init__(self, listed: "Listed") -> None:
        super().__init__()
        self._listed = listed
        self._mask: Mask | None = None
        self._wanted = False
        self._asker: Asker | None = None

    def parts(self) -> ComposeResult:
        """What is listed, the set, what to do."""
        names = self.neurons.basket.names()
        yield Static("counting …", id="count")
        with Horizontal(classes="row"):
            yield Label("Set", classes="label")
            suggested = SuggestFromList(names, case_sensitive=False)
            yield Input(self._listed.name, id="name", compact=True, suggester=suggested)
        if names:
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            yield Static(f"there are: {', '.join(names[:_SHOWN])}{more}", id="there", markup=False)
        with Horizontal(classes="row"):
            yield Label("Do", classes="label")
            with RadioSet(id="how", compact=True):
                for place, (_, told) in enumerate(WAYS):
                    yield RadioButton(told, value=place == 0, compact=True)
        yield from lines()

    def on_mount(self) -> None:
        """Ask for the neurons."""
        self.query_one("#name", Input).focus()
        self._asker = Asker(self, self.neurons.session)
        query, model = self._listed.sql, self._listed.model

        def work(con: "Connection") -> "Mask":
            from queries.basket.neuron_set import listed

            return listed(con, query, model)

        self._asker.ask("list", work, self._counted, "listing")

    def on_unmount(self) -> None:
        """Give up what runs."""
        if self._asker is not None:
            self._asker.stop()

    def on_answered(self, message: Answered) -> None:
        """Take the neurons."""
        if self._asker is not None and self._asker.take(message.serial):
            message.then(message.answer)

    def on_failed(self, message: Failed) -> None:
        """Say why there are none."""
        if self._asker is None or not self._asker.take(message.serial):
            return
        if not isinstance(message.error, Exception) or not is_expected(message.error):
            raise message.error
        self.query_one("#count", Static).update("")
        self.wrong(message_of(message.error))

    def on_input_changed(self) -> None:
        """Tell what another name would mean."""
        self._foresee()

    def on_radio_set_changed(self) -> None:
        """Tell what another way would mean."""
        self._foresee()

    def on_input_submitted(self) -> None:
        """Do it; where the neurons are not there yet, do it once they are."""
        self._wanted = True
        self._gather()

    @property
    def _how(self) -> "How":
        return WAYS[max(self.query_one("#how", RadioSet).pressed_index, 0)][0]

    def _counted(self, mask: "Mask") -> None:
        self._mask = mask
        layers = [str(layer) for layer, neurons in mask.neurons().items() if neurons]
        where = f"layer {layers[0]}" if len(layers) == 1 else f"{len(layers)} layers"
        count = "1 neuron is" if len(mask) == 1 else f"{len(mask):,} neurons are"
        self.query_one("#count", Static).update(Text(f"{count} listed, of {self._listed.model}, {where}"))
        if self._wanted:
            self._gather()
        else:
            self._foresee()

    def _foresee(self) -> None:
        from warehouse.errors import MaskError

        if self._mask is None:
            return
        try:
            self.told(self.neurons.basket.foreseen(self.query_one("#name", Input).value, self._mask, self._how))
            self.wrong(None)
        except MaskError as error:
            self.told("")
            self.wrong(str(error))

    def _gather(self) -> None:
        from warehouse.errors import MaskError

        if self._mask is None:
            return
        name = self.query_one("#name", Input).value
        try:
            change = self.neurons.basket.gather(name, self._mask, self._how, self._listed.name)
        except MaskError as error:
            self._wanted = False
            self.wrong(str(error))
            return
        self.dismiss()
        self.neurons.notify(f"{change.said}; the basket (F7) has it", markup=False)
        self.neurons.place.post_message(BasketChanged())
