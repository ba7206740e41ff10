"""The card of a neuron: what it responds to, its sets, its peers, and the segments that it can be heard in."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.widgets import DataTable, Static

from queries.neuron_card import (
    Alike,
    Membership,
    Neuron,
    Responses,
    Segment,
    Standing,
    alike,
    memberships,
    responses,
    standing,
    top_segments,
)
from tui.app.asked import Asked
from tui.app.player import Player, command_of, find_player
from tui.app.screen import Listed, WarehouseScreen
from tui.app.screens.neuron import words
from tui.app.screens.neuron.heatmap import Heatmap
from tui.app.screens.neuron.help import CARD
from tui.app.screens.neuron.panels import PANELS, PeersPanel, SegmentsPanel, SetsPanel
from tui.app.screens.neuron.style import CARD_CSS
from tui.app.screens.neuron.taken import given, listed_of, sql_of
from tui.app.widgets.panel_tabs import PanelPicked, PanelTabs, after
from tui.app.widgets.property_chooser import PropertyChooser
from tui.app.widgets.table import AnswerTable

if TYPE_CHECKING:
    from queries import Connection

KEYS = "w panel   s sort   p play   c its command   [ ] neuron   o property"

WIDE, HIGH = 130, 34
"""The terminal from which on the panels stand side by side."""

AT_ONCE = 4
"""Layers whose neurons are compared by one query: planning one takes as long as a layer does."""

_TABLES = {"responses": "map", "sets": "memberships", "peers": "standing", "segments": "heard"}
"""What is focused when a panel is chosen."""


class NeuronScreen(WarehouseScreen):
    """All that is known of one neuron."""

    NAME = "neuron"
    AUTO_FOCUS = "#map"
    HELP = CARD
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "panel(1)", "Panel", show=False),
        Binding("W", "panel(-1)", "Panel before", show=False),
        Binding("s", "sort", "Sort phones", show=False),
        Binding("p", "play", "Play", show=False),
        Binding("c", "command", "Copy command", show=False),
        Binding("left_square_bracket", "neighbour(-1)", "Neuron before", show=False),
        Binding("right_square_bracket", "neighbour(1)", "Neuron after", show=False),
        Binding("o", "property(1)", "Next property", show=False),
        Binding("O", "property(-1)", "Property before", show=False),
    ]
    DEFAULT_CSS = CARD_CSS

    def __init__(self) -> None:
        super().__init__()
        self._player = Player(find_player())
        self._shown: Neuron | None = None
        self._responses: Responses | None = None
        self._alike: list[Alike] = []
        self._by_strength = False
        self._panel = "responses"

    def body(self) -> ComposeResult:
        """The neuron and the property above; the panels below."""
        with Horizontal(id="head"):
            yield Static("", id="which", markup=False)
            yield Static("", id="total", markup=False)
            yield PropertyChooser(id="prop")
        yield PanelTabs(PANELS, id="panels")
        yield Static("", id="none", markup=False)
        with Container(id="card"):
            with Vertical(id="responses", classes="panel -here"):
                yield Static("", id="about-responses", classes="title", markup=False)
                yield Heatmap(id="map")
                yield Static("", id="cell", markup=False)
            yield SetsPanel(id="sets", classes="panel")
            yield PeersPanel(id="peers", classes="panel")
            yield SegmentsPanel(self._player.name, id="segments", classes="panel")

    def on_resize(self, event: events.Resize) -> None:
        """Put the panels side by side where there is room, behind each other where there is none."""
        wide = event.size.width >= WIDE and event.size.height >= HIGH
        self.set_class(wide, "-wide")
        self.set_class(not wide, "-narrow")

    # What is asked.

    @property
    def neuron(self) -> Neuron | None:
        """The neuron that all screens look at; None = none was chosen."""
        asked = self.neurons.asked
        if asked.model is None or asked.neuron is None:
            return None
        return Neuron(asked.model, asked.layer, asked.neuron)

    def asked_changed(self, asked: Asked) -> None:
        """Show another neuron, or the same under another property or other parameters."""
        neuron = self.neuron
        self.set_class(neuron is None or asked.property is None, "-empty")
        if neuron is None or asked.property is None:
            self.cancel()
            self.query_one("#none", Static).update(words.what_to_do(asked))
            self.hint("")
            return
        self._show_choice(neuron, asked.property)
        for about in ("sets", "standing", "segments", "alike"):
            self.cancel(about)  # would come under the new title
        if neuron != self._shown:
            self.cancel("named")
            self._clear()
        self._shown = neuron
        prop, parameters = asked.property, given(asked)

        def work(con: "Connection") -> Responses:
            return responses(con, neuron, prop, **parameters)

        self.ask("card", work, partial(self._show_responses, neuron, asked), doing="reading counts")

    def _show_responses(self, neuron: Neuron, asked: Asked, found: Responses) -> None:
        """Show the heatmap, and ask for the rest."""
        self._responses = found
        self.query_one("#total", Static).update(words.total_words(found), layout=False)
        self.query_one("#map", Heatmap).show(found, self._by_strength)
        self._title_map()
        prop, parameters = found.property, given(asked)

        def sets(con: "Connection") -> list[Membership]:
            return memberships(con, neuron, **parameters)

        def among(con: "Connection") -> list[Standing]:
            return standing(con, neuron, prop, **parameters)

        def heard(con: "Connection") -> list[Segment]:
            return top_segments(con, neuron, **parameters)

        self.ask("sets", sets, self.query_one(SetsPanel).show, doing="reading counts of all properties")
        self.ask(
            "standing",
            among,
            partial(self.query_one(PeersPanel).show_standing, neuron),
            doing="comparing with the layer",
        )
        self.ask("segments", heard, self.query_one(SegmentsPanel).show, doing="looking for segments")
        self._ask_named()
        self._alike = []
        self._ask_alike(neuron, asked, self._layers(neuron))

    def _ask_named(self) -> None:
        """Look up the named sets that hold the neuron."""
        neuron, app = self.neuron, self.neurons
        if neuron is None:
            return

        def named(_con: "Connection") -> list[str]:
            return [held.name for held in app.basket.holding(neuron.model, neuron.layer, neuron.number)]

        self.ask("named", named, self.query_one(SetsPanel).show_named, doing="reading named sets")

    def on_screen_resume(self) -> None:
        """Look at the named sets again, which a dialog over this screen, or another screen, may have changed."""
        if self._responses is not None:
            self._ask_named()

    def _ask_alike(self, neuron: Neuron, asked: Asked, layers: Sequence[int]) -> None:
        """Look for the most alike neuron of every layer, some layers after others, each shown as it comes."""
        prop, parameters = asked.property, given(asked)
        if not layers or prop is None:
            return

        def work(con: "Connection") -> list[Alike]:
            return alike(con, neuron, prop, layers[:AT_ONCE], **parameters)

        def then(found: list[Alike]) -> None:
            self._alike += found
            self.query_one(PeersPanel).show_alike(self._alike)
            self._ask_alike(neuron, asked, layers[AT_ONCE:])

        self.ask("alike", work, then, doing=f"comparing with layers from {layers[0]}")

    # What is shown.

    def _show_choice(self, neuron: Neuron, prop: str) -> None:
        self.query_one("#which", Static).update(f"Neuron {neuron} of {neuron.model}")
        self.query_one(PropertyChooser).show(self.neurons.session.properties, prop)
        changed = ", ".join(f"{name} = {value}" for name, value in self.neurons.asked.parameters.items())
        self.hint(f"{changed}   {KEYS}" if changed else KEYS)

    def _clear(self) -> None:
        """Take away what was of another neuron."""
        self._responses, self._alike = None, []
        self.query_one(SegmentsPanel).show(())
        self.query_one("#map", Heatmap).show(None, self._by_strength)
        for table in self.query(AnswerTable):
            table.clear()
            table.values = []
        for name in ("total", "named", "about-responses", "about-standing", "about-segments"):
            self.query_one(f"#{name}", Static).update("", layout=False)

    def _title_map(self) -> None:
        order = "by p" if self._by_strength else "by class"
        name = self._responses.property if self._responses else ""
        self.query_one("#about-responses", Static).update(
            f"p by phone and {name}; • responds; phones {order} (s)", layout=False
        )

    def on_heatmap_pointed(self, message: Heatmap.Pointed) -> None:
        """Tell of a cell: its frames, its interval, and whether the neuron responds."""
        z = self.neurons.asked.parameters.get("p_z")
        told = words.cell_words(message.cell, message.row, message.column, self._responses, float(z) if z else None)
        self.query_one("#cell", Static).update(told, layout=False)

    # Keys.

    def on_panel_picked(self, message: PanelPicked) -> None:
        """Show a panel, and put the focus there."""
        self._panel = message.panel
        for panel in PANELS:
            self.query_one(f"#{panel}").set_class(panel == message.panel, "-here")
        self.query_one(PanelTabs).show(message.panel)
        self.query_one(f"#{_TABLES[message.panel]}").focus()

    def action_panel(self, step: int) -> None:
        """Go to the next panel, or the one before."""
        self.on_panel_picked(PanelPicked(after(self._seen_panel(), step, tuple(PANELS))))

    def _seen_panel(self) -> str:
        """The panel that has the focus, or else the one that was chosen last."""
        focused = self.focused
        names = [] if focused is None else [node.id for node in focused.ancestors_with_self]
        return next((panel for panel in PANELS if panel in names), self._panel)

    def action_sort(self) -> None:
        """Sort the phones by their largest p, or by class again."""
        self._by_strength = not self._by_strength
        heatmap = self.query_one("#map", Heatmap)
        heatmap.show(self._responses, self._by_strength)
        heatmap.action_scroll_top()
        self._title_map()

    def action_neighbour(self, step: int) -> None:
        """Show the neuron before or after, around the end of the layer."""
        neuron = self.neuron
        model = self.neurons.session.model(neuron.model) if neuron else None
        if neuron is not None and model is not None:
            (width,) = (facts.n_neurons for facts in model.layers if facts.layer == neuron.layer)
            self.neurons.choose(neuron=(neuron.number + step) % width)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Play the segment of the row."""
        if event.data_table.id == "heard":
            self.action_play()

    def action_play(self) -> None:
        """Play the segment of the cursor; without a player, copy the command that would."""
        segment = self.query_one(SegmentsPanel).segment
        if segment is None:
            self.notify("there is no segment to play", severity="warning")
        elif segment.path is None:
            self.problem(f"{segment.corpus}: its audio was not told when it was ingested, so nothing can be played")
        elif self._player.name is None:
            self.action_command()
        else:
            path, start, end = segment.path, segment.start_s, segment.end_s
            self._player.stop()
            self.ask("play", lambda _con: self._player.play(path, start, end), lambda _none: None, doing="playing")

    def action_command(self) -> None:
        """Copy the command that plays the segment of the cursor."""
        segment = self.query_one(SegmentsPanel).segment
        if segment is None or segment.path is None:
            self.notify("there is no segment with a file to play", severity="warning")
            return
        self.neurons.copy(command_of(segment.path, segment.start_s, segment.end_s), "the command that plays it:")

    def action_stop(self) -> None:
        """Stop what plays and what is read."""
        self._player.stop()
        super().action_stop()

    def on_unmount(self) -> None:
        """Stop what plays."""
        self._player.stop()

    # What can be taken away.

    def as_sql(self) -> str | None:
        """The question behind the table that has the focus; behind the heatmap, where none has."""
        neuron, asked = self.neuron, self.neurons.asked
        if neuron is None or asked.property is None:
            return None
        return sql_of(neuron, asked, self._layers(neuron), self._seen_panel(), self._focused_id())

    def neurons_sql(self) -> Listed | None:
        """The neuron, or the neurons that are like it."""
        neuron = self.neuron
        if neuron is None:
            return None
        return listed_of(neuron, self.neurons.asked, self._layers(neuron), self._focused_id())

    def _focused_id(self) -> str | None:
        return None if self.focused is None else self.focused.id

    def _layers(self, neuron: Neuron) -> list[int]:
        model = self.neurons.session.model(neuron.model)
        return [facts.layer for facts in model.layers] if model else []
