"""The card of a neuron: what it responds to, its sets, its peers, and the segments that it can be heard in."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.widgets import DataTable, Select, Static

from queries.neuron_card import (
    Alike,
    Membership,
    Neuron,
    Responses,
    Segment,
    Standing,
    alike,
    alike_sql,
    memberships,
    memberships_sql,
    responses,
    responses_sql,
    segments_sql,
    standing,
    standing_sql,
    top_segments,
)
from tui.app.asked import Asked
from tui.app.player import Player, command_of, find_player
from tui.app.screen import Listed, WarehouseScreen
from tui.app.screens.neuron import words
from tui.app.screens.neuron.heatmap import Heatmap
from tui.app.screens.neuron.help import CARD
from tui.app.screens.neuron.panels import PANELS, PanelPicked, PanelTabs, after
from tui.app.widgets.table import AnswerTable
from warehouse.properties import quote

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
    DEFAULT_CSS = """
    NeuronScreen #head { height: 1; background: $surface; }
    NeuronScreen #which { width: auto; padding: 0 1; text-style: bold; color: $primary; }
    NeuronScreen #total { width: 1fr; color: $text-muted; }
    NeuronScreen #prop { width: 20; }
    NeuronScreen #card { height: 1fr; }
    NeuronScreen #none { height: 1fr; padding: 1 2; display: none; }
    NeuronScreen.-empty #none { display: block; }
    NeuronScreen.-empty #head, NeuronScreen.-empty #card, NeuronScreen.-empty #panels { display: none; }
    NeuronScreen .title { height: 1; padding: 0 1; color: $text-muted; }
    NeuronScreen.-wide .title { color: $primary; text-style: bold; }
    NeuronScreen .panel AnswerTable { height: 1fr; }
    NeuronScreen #cell { height: 2; padding: 0 1; }
    NeuronScreen #named { height: auto; max-height: 2; padding: 0 1; }
    NeuronScreen.-narrow .panel { display: none; height: 1fr; }
    NeuronScreen.-narrow .panel.-here { display: block; }
    NeuronScreen #standing { max-height: 50%; }
    NeuronScreen.-wide #panels { display: none; }
    NeuronScreen.-wide #card { layout: grid; grid-size: 2 3; grid-columns: 9fr 11fr; grid-rows: 10 1fr 1fr; }
    NeuronScreen.-wide #responses { row-span: 3; border-right: solid $panel; }
    NeuronScreen.-wide .panel { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._player = Player(find_player())
        self._shown: Neuron | None = None
        self._responses: Responses | None = None
        self._segments: list[Segment] = []
        self._alike: list[Alike] = []
        self._by_strength = False
        self._panel = "responses"

    def body(self) -> ComposeResult:
        """The neuron and the property above; the panels below."""
        with Horizontal(id="head"):
            yield Static("", id="which", markup=False)
            yield Static("", id="total", markup=False)
            yield Select[str]((), id="prop", prompt="property", compact=True)
        yield PanelTabs(id="panels")
        yield Static("", id="none", markup=False)
        with Container(id="card"):
            with Vertical(id="responses", classes="panel -here"):
                yield Static("", id="about-responses", classes="title", markup=False)
                yield Heatmap(id="map")
                yield Static("", id="cell", markup=False)
            with Vertical(id="sets", classes="panel"):
                yield Static("Sets that it belongs to", classes="title", markup=False)
                yield AnswerTable(id="memberships")
                yield Static("", id="named", markup=False)
            with Vertical(id="peers", classes="panel"):
                yield Static("", id="about-standing", classes="title", markup=False)
                yield AnswerTable(id="standing")
                yield Static("", id="about-alike", classes="title", markup=False)
                yield AnswerTable(id="alike")
            with Vertical(id="segments", classes="panel"):
                yield Static("", id="about-segments", classes="title", markup=False)
                yield AnswerTable(id="heard")

    def on_resize(self, event: events.Resize) -> None:
        """Put the panels side by side where there is room, behind each other where there is none."""
        wide = event.size.width >= WIDE and event.size.height >= HIGH
        self.set_class(wide, "-wide")
        self.set_class(not wide, "-narrow")
        super().on_resize(event)

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
            self._say_what_to_do(asked)
            return
        self._show_choice(neuron, asked.property)
        if neuron != self._shown:
            self._clear()
        self._shown = neuron
        prop, parameters = asked.property, given(asked)

        def work(con: "Connection") -> Responses:
            return responses(con, neuron, prop, **parameters)

        self.ask("card", work, partial(self._show_responses, neuron, asked), doing="reading counts")

    def _show_responses(self, neuron: Neuron, asked: Asked, found: Responses) -> None:
        """Show the heatmap, and ask for the rest."""
        self._responses = found
        self.query_one("#total", Static).update(words.total_words(found))
        self.query_one("#map", Heatmap).show(found, self._by_strength)
        self._title_map()
        prop, parameters = found.property, given(asked)
        basket = self.neurons.basket

        def sets(con: "Connection") -> tuple[list[Membership], list[str]]:
            named = [held.name for held in basket.holding(neuron.model, neuron.layer, neuron.number)]
            return memberships(con, neuron, **parameters), named

        def among(con: "Connection") -> list[Standing]:
            return standing(con, neuron, prop, **parameters)

        def heard(con: "Connection") -> list[Segment]:
            return top_segments(con, neuron, **parameters)

        self.ask("sets", sets, self._show_sets, doing="reading counts of all properties")
        self.ask("standing", among, partial(self._show_standing, neuron), doing="comparing with the layer")
        self.ask("segments", heard, partial(self._show_segments, neuron), doing="looking for segments")
        self._alike = []
        model = self.neurons.session.model(neuron.model)
        self._ask_alike(neuron, asked, [facts.layer for facts in model.layers] if model else [])

    def _ask_alike(self, neuron: Neuron, asked: Asked, layers: Sequence[int]) -> None:
        """Look for the most alike neuron of every layer, some layers after others, each shown as it comes."""
        prop, parameters = asked.property, given(asked)
        self.query_one("#about-alike", Static).update(
            "Most like it in every layer, by p over all cells; enter opens it"
        )
        if not layers or prop is None:
            return

        def work(con: "Connection") -> list[Alike]:
            return alike(con, neuron, prop, layers[:AT_ONCE], **parameters)

        def then(found: list[Alike]) -> None:
            self._alike += found
            self.query_one("#alike", AnswerTable).show(words.ALIKE, words.ALIKE_TYPES, words.alike_rows(self._alike))
            self._ask_alike(neuron, asked, layers[AT_ONCE:])

        self.ask("alike", work, then, doing=f"comparing with layers from {layers[0]}")

    # What is shown.

    def _say_what_to_do(self, asked: Asked) -> None:
        if asked.model is None:
            text = "Nothing was recorded yet, so there is no neuron to look at. F2 says how to record a model."
        elif asked.property is None:
            text = "No property is declared, so there are no groups to compare. neurons properties says how to."
        else:
            text = (
                "No neuron is chosen.\n\nctrl+g goes to one by its layer and number, such as 3:128.\n"
                "Enter on a row that has a neuron opens its card: in a list of Property (F3), in an answer of SQL (F6)."
            )
        self.query_one("#none", Static).update(text)
        self.hint("")

    def _show_choice(self, neuron: Neuron, prop: str) -> None:
        self.query_one("#which", Static).update(f"Neuron {neuron} of {neuron.model}")
        chooser = self.query_one("#prop", Select)
        names = self.neurons.session.properties
        with chooser.prevent(Select.Changed):
            chooser.set_options([(name, name) for name in names])
            if prop in names:
                chooser.value = prop
        changed = ", ".join(f"{name} = {value}" for name, value in self.neurons.asked.parameters.items())
        self.hint(f"{changed}   {KEYS}" if changed else KEYS)

    def _clear(self) -> None:
        """Take away what was of another neuron."""
        self._responses, self._segments, self._alike = None, [], []
        self.query_one("#map", Heatmap).show(None, self._by_strength)
        for table in self.query(AnswerTable):
            table.clear()
            table.values = []
        for name in ("total", "named", "about-responses", "about-standing", "about-segments"):
            self.query_one(f"#{name}", Static).update("")

    def _title_map(self) -> None:
        order = "by p" if self._by_strength else "by class"
        name = self._responses.property if self._responses else ""
        self.query_one("#about-responses", Static).update(f"p by phone and {name}; • responds; phones {order} (s)")

    def _show_sets(self, found: tuple[list[Membership], list[str]]) -> None:
        members, named = found
        self.query_one("#memberships", AnswerTable).show(words.SETS, words.SET_TYPES, words.set_rows(members))
        self.query_one("#named", Static).update(
            f"Named sets: {', '.join(named)}" if named else "In no named set; b adds it to one."
        )

    def _show_standing(self, neuron: Neuron, found: list[Standing]) -> None:
        n = found[0].n_neurons if found else 0
        self.query_one("#about-standing", Static).update(
            f"Among the {n:,} neurons of layer {neuron.layer}: p over a group's frames, percentile"
        )
        table = self.query_one("#standing", AnswerTable)
        table.styles.height = 1 + len(found)
        table.show(words.STANDING, words.STANDING_TYPES, words.standing_rows(found))

    def _show_segments(self, neuron: Neuron, found: list[Segment]) -> None:
        self._segments = found
        how = f"p plays it with {self._player.name}" if self._player.name else "p copies a command that plays it"
        self.query_one("#about-segments", Static).update(
            f"Segments it is most active in; {how}" if found else "No segment activates it"
        )
        self.query_one("#heard", AnswerTable).show(words.SEGMENTS, words.SEGMENT_TYPES, words.segment_rows(found))

    def on_heatmap_pointed(self, message: Heatmap.Pointed) -> None:
        """Tell of a cell: its frames, its interval, and whether the neuron responds."""
        z = self.neurons.asked.parameters.get("p_z")
        told = words.cell_words(message.cell, message.row, message.column, self._responses, float(z) if z else None)
        self.query_one("#cell", Static).update(told)

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
        self.on_panel_picked(PanelPicked(after(self._seen_panel(), step)))

    def _seen_panel(self) -> str:
        """The panel that has the focus, or else the one that was chosen last."""
        focused = self.focused
        names = [] if focused is None else [node.id for node in focused.ancestors_with_self]
        return next((panel for panel in PANELS if panel in names), self._panel)

    def action_sort(self) -> None:
        """Sort the phones by their largest p, or by class again."""
        self._by_strength = not self._by_strength
        self.query_one("#map", Heatmap).show(self._responses, self._by_strength)
        self._title_map()

    def action_neighbour(self, step: int) -> None:
        """Show the neuron before or after, around the end of the layer."""
        neuron = self.neuron
        model = self.neurons.session.model(neuron.model) if neuron else None
        if neuron is not None and model is not None:
            (width,) = (facts.n_neurons for facts in model.layers if facts.layer == neuron.layer)
            self.neurons.choose(neuron=(neuron.number + step) % width)

    def action_property(self, step: int) -> None:
        """Show the neuron under the next property, or the one before."""
        names = self.neurons.session.properties
        if self.neurons.asked.property in names:
            self.neurons.choose(property=names[(names.index(self.neurons.asked.property) + step) % len(names)])

    def on_select_changed(self, event: Select.Changed) -> None:
        """Show the neuron under another property."""
        if isinstance(event.value, str):
            self.neurons.choose(property=event.value)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Play the segment of the row."""
        if event.data_table.id == "heard":
            self.action_play()

    def _segment(self) -> Segment | None:
        row = self.query_one("#heard", AnswerTable).cursor_row
        return self._segments[row] if 0 <= row < len(self._segments) else None

    def action_play(self) -> None:
        """Play the segment of the cursor; without a player, copy the command that would."""
        segment = self._segment()
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
        segment = self._segment()
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
        super().on_unmount()

    # What can be taken away.

    def as_sql(self) -> str | None:
        """The question behind the table that has the focus; behind the heatmap, where none has."""
        neuron, asked = self.neuron, self.neurons.asked
        if neuron is None or asked.property is None:
            return None
        parameters = given(asked)
        focused = self.focused.id if self.focused is not None else None
        if self._seen_panel() == "sets":
            return memberships_sql(neuron, **parameters)
        if self._seen_panel() == "segments":
            return segments_sql(neuron, **parameters)
        if focused == "alike":
            return self._alike_sql(neuron)
        if focused == "standing":
            return standing_sql(neuron, asked.property, **parameters)
        return responses_sql(neuron, asked.property, **parameters)

    def neurons_sql(self) -> Listed | None:
        """The neurons that are like it, where their list has the focus; otherwise the neuron itself."""
        neuron = self.neuron
        if neuron is None:
            return None
        if self.focused is not None and self.focused.id == "alike":
            sql = f"SELECT layer, neuron FROM ({self._alike_sql(neuron)})"
            return Listed(sql, f"like {neuron}", neuron.model)
        sql = f"SELECT {quote(neuron.model)} AS model, {neuron.layer} AS layer, {neuron.number} AS neuron"
        return Listed(sql, f"neuron {neuron}", neuron.model)

    def _alike_sql(self, neuron: Neuron) -> str:
        asked, model = self.neurons.asked, self.neurons.session.model(neuron.model)
        layers = [facts.layer for facts in model.layers] if model else []
        return alike_sql(neuron, asked.property or "", layers, **given(asked))


def given(asked: Asked) -> dict[str, Any]:
    """The parameters that were chosen, to be handed on."""
    return dict(asked.parameters)
