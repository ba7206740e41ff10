"""The app: its screens, its keys, what they look at together, and the watch over the warehouse."""

import gc
import threading
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui.app.asked import Asked
from tui.app.messages import SnapshotTaken, WarehouseFound, WarehouseLost
from tui.app.places import PLACES
from tui.app.session import Session
from tui.app.themes import DARK, LIGHT
from warehouse.errors import WarehouseError

if TYPE_CHECKING:
    from queries.basket import Basket
    from tui.app.screen import Listed, WarehouseScreen

LOOKING = 1.0
"""Seconds between two looks for new commits."""


class NeuronsApp(App[None]):
    """Browse a warehouse.

    Attributes:
        session: the warehouse.
        asked: what the screens look at together.
        lost: why the warehouse cannot be read at present; None = it can.
    """

    TITLE = "neurons"
    CSS = "* { scrollbar-size: 1 1; }"
    ENABLE_COMMAND_PALETTE = True
    MODES: ClassVar[dict[str, Any]] = {place.name: place.screen for place in PLACES}
    DEFAULT_MODE = PLACES[0].name
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", "Help", priority=True),
        *(
            Binding(f"{place.function_key}", f"open('{place.name}')", place.title, show=False, priority=True)
            for place in PLACES
        ),
        *(
            Binding(str(number), f"open('{place.name}')", place.title, show=False)
            for number, place in enumerate(PLACES, start=1)
        ),
        Binding("ctrl+g", "go_to_neuron", "Go to neuron", show=False, priority=True),
    ]

    def __init__(self, session: Session, theme: str | None = None) -> None:
        super().__init__()
        self.session = session
        self.asked = first_choice(session)
        self.lost: str | None = None
        self._over = threading.Event()
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        # Set without a watcher, which would apply all styles once more before the first screen stands.
        self.set_reactive(App.theme, theme if theme in self.available_themes else DARK.name)

    @property
    def dark(self) -> bool:
        """Whether the theme is a dark one."""
        return self.current_theme.dark

    @cached_property
    def basket(self) -> "Basket":
        """The named sets of neurons that this user has for the warehouse; loads NumPy."""
        from queries.basket import Basket

        return Basket.of(self.session.path)

    @property
    def place(self) -> "WarehouseScreen":
        """The screen that is shown, below whatever dialog stands over it."""
        return cast("WarehouseScreen", self.screen_stack[0])

    def on_mount(self) -> None:
        """Begin to watch the warehouse."""
        threading.Thread(target=self._watch, daemon=True).start()
        if not gc.isenabled():
            self.call_after_refresh(_collect_garbage)

    def on_unmount(self) -> None:
        """End the watch."""
        self._over.set()

    # What the screens call.

    def choose(self, **changes: Any) -> None:
        """Change what the screens look at together.

        Args:
            **changes: fields of :class:`tui.app.asked.Asked`. With another model the layer and λ stay where that has
                them.
        """
        chosen = replace(self.asked, **changes)
        model = self.session.model(chosen.model)
        if model is not None and chosen.layer not in {layer.layer for layer in model.layers}:
            chosen = replace(chosen, layer=model.layers[0].layer)
        if model is not None and float(chosen.parameters.get("p_lambda", 0)) > model.lambda_pct:
            kept = {name: value for name, value in chosen.parameters.items() if name != "p_lambda"}
            chosen = replace(chosen, parameters=kept)
            self.notify(
                f"{model.name} recorded λ = {model.lambda_pct:g} %: that is asked for", severity="warning", markup=False
            )
        if chosen != self.asked:
            self.asked = chosen
            self.place.tell()

    def open_neuron(self, model: str | None, layer: int, neuron: int) -> None:
        """Open the card of a neuron."""
        self.choose(model=model or self.asked.model, layer=layer, neuron=neuron)
        self.action_open("neuron")

    def copy(self, text: str, what: str) -> None:
        """Put text into the clipboard, by OSC 52, and say so."""
        self.copy_to_clipboard(text)
        self.notify(f"{what} copied", timeout=2, markup=False)

    def copy_code(self, code: str | None, language: str) -> None:
        """Copy what a screen shows as SQL or Python, and show the text, for terminals that know no OSC 52."""
        if code is None:
            self.notify(f"there is nothing here to copy as {language}", severity="warning")
            return
        from tui.app.screens.code import CodeScreen

        self.copy_to_clipboard(code)
        self.push_screen(CodeScreen(code, language))

    def edit_sql(self, sql: str) -> None:
        """Open the SQL screen with a query."""
        from tui.app.screens.sql.screen import SqlScreen

        def take() -> None:
            if isinstance(self.place, SqlScreen):
                self.place.take_query(sql)

        self.action_open("sql")
        self.call_after_refresh(take)

    def gather(self, listed: "Listed") -> None:
        """Ask for the name of a set, and add a list of neurons to it."""
        from tui.app.screens.basket.gather import GatherScreen

        self.push_screen(GatherScreen(listed))

    # Actions and commands.

    def action_open(self, name: str) -> None:
        """Show a screen."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.switch_mode(name)

    def action_help(self) -> None:
        """Show the help of the screen."""
        from tui.app.screens.help import HelpScreen

        if isinstance(self.screen, HelpScreen):
            self.pop_screen()
        else:
            self.push_screen(HelpScreen(self.place))

    def action_go_to_neuron(self) -> None:
        """Ask for a neuron as ``layer:neuron``, and open its card."""
        from tui.app.screens.go_to import GoToScreen

        if not isinstance(self.screen, GoToScreen):
            self.push_screen(GoToScreen())

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Commands of the palette: the screens, what can be taken from this one, and Textual's own."""
        for place in PLACES:
            yield SystemCommand(f"Open {place.title}", place.shows, partial(self.action_open, place.name))
        yield SystemCommand("Go to neuron", "open the card of layer:neuron (ctrl+g)", self.action_go_to_neuron)
        yield SystemCommand("Copy as SQL", "the query behind this screen (F8)", self.place.action_copy_sql)
        yield SystemCommand("Copy as Python", "the same, for a script (F9)", self.place.action_copy_python)
        yield SystemCommand("Edit as SQL", "the query behind this screen, in the SQL screen", self._edit_this)
        yield SystemCommand("Add to set", "the neurons listed here, to a named set (b)", self.place.action_gather)
        yield SystemCommand("Help", "what this screen shows, and its keys (F1)", self.action_help)
        yield SystemCommand("Light or dark", "the other of the two grounds", self.action_toggle_ground)
        yield from super().get_system_commands(screen)

    def action_toggle_ground(self) -> None:
        """Change from dark to light or back."""
        self.theme = LIGHT.name if self.dark else DARK.name

    def _edit_this(self) -> None:
        sql = self.place.as_sql()
        if sql is None:
            self.notify("there is nothing here to ask in SQL", severity="warning")
        else:
            self.edit_sql(sql)

    # The watch.

    def _watch(self) -> None:
        """Look for new commits until the app closes; in a thread, for a disk may be slow."""
        gone = False
        while not self._over.wait(LOOKING):
            try:
                grown = self.session.look()
            except WarehouseError as error:
                gone = True
                self.post_message(WarehouseLost(str(error)))
                continue
            if gone:
                gone = False
                self.post_message(WarehouseFound())
            if grown:
                self.post_message(SnapshotTaken())

    def on_snapshot_taken(self) -> None:
        """Show what the warehouse holds now."""
        if self.asked.model is None or self.asked.property is None:
            first = first_choice(self.session)
            self.asked = replace(
                self.asked, model=self.asked.model or first.model, property=self.asked.property or first.property
            )
        self.place.tell()

    def on_warehouse_lost(self, message: WarehouseLost) -> None:
        """Say that the warehouse cannot be read; what is on the screens stays."""
        self.lost = f"{message.reason}\nWhat you see was read before; the warehouse is looked for again every second."
        self.place.tell()

    def on_warehouse_found(self) -> None:
        """Take the message away."""
        self.lost = None
        self.place.tell()
        self.notify("the warehouse is back")


def _collect_garbage() -> None:
    """Begin to collect garbage, but for what was loaded until now."""
    gc.freeze()
    gc.enable()


def first_choice(session: Session) -> Asked:
    """What is looked at before anybody chose: the first model, and gender where it is declared."""
    names = session.properties
    prop = "gender" if "gender" in names else next(iter(names), None)
    if not session.models:
        return Asked(property=prop)
    model = session.models[0]
    return Asked(model.name, prop, model.layers[0].layer)
