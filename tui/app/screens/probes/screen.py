"""The probes of the warehouse, and of one of them accuracies, minimal sets and rankings."""

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Input, Select, Static

from queries.probe_card import ListedProbe, ProbeCard, Ranked, Ranking, how_many, listed_probes, probe_card, ranking
from tui.app.asked import Asked
from tui.app.messages import NeuronPicked
from tui.app.screen import Listed, WarehouseScreen
from tui.app.screens.probes import rows, words
from tui.app.screens.probes.help import PROBES
from tui.app.screens.probes.panels import EVERY_CLASS, PANELS, ProbePanels, RankingPanel
from tui.app.screens.probes.style import PROBES_CSS
from tui.app.screens.probes.taken import listed_of, sql_of
from tui.app.widgets.panel_tabs import PanelPicked, PanelTabs, after
from tui.app.widgets.table import AnswerTable
from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries import Connection

KEYS = "w panel   [ ] layer   c class   n how many   b to the basket"
WIDE, HIGH = 130, 34
SHOWN = 500
"""Features of a ranking that are listed; F8 copies the question of all."""


class ProbesScreen(WarehouseScreen):
    """A list of probes, and four panels about the one that the cursor stands on."""

    NAME = "probes"
    AUTO_FOCUS = "#probes"
    HELP = PROBES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "panel(1)", "Panel", show=False),
        Binding("W", "panel(-1)", "Panel before", show=False),
        Binding("left_square_bracket", "layer(-1)", "Layer before", show=False),
        Binding("right_square_bracket", "layer(1)", "Layer after", show=False),
        Binding("c", "class(1)", "Next class", show=False),
        Binding("C", "class(-1)", "Class before", show=False),
        Binding("n", "top", "How many", show=False),
    ]
    DEFAULT_CSS = PROBES_CSS

    def __init__(self) -> None:
        super().__init__()
        self._probes: list[ListedProbe] | None = None
        self._chosen: ListedProbe | None = None
        self._layer: int | None = None
        self._class = EVERY_CLASS
        self._card: ProbeCard | None = None
        self._ranking: Ranking | None = None
        self._panel = next(iter(PANELS))

    def body(self) -> ComposeResult:
        """The list above; the panels below."""
        yield AnswerTable(id="probes")
        yield Static("", id="none", markup=False)
        yield Static("", id="which", markup=False)
        yield PanelTabs(PANELS, id="panels")
        yield ProbePanels(id="card")

    def on_mount(self) -> None:
        """Keep the last line of the tables for rows; h and l move sideways."""
        for table in self.query(AnswerTable):
            table.styles.scrollbar_size_horizontal = 0

    def on_resize(self, event: events.Resize) -> None:
        """Put the panels side by side where there is room, behind each other where there is none."""
        wide = event.size.width >= WIDE and event.size.height >= HIGH
        self.set_class(wide, "-wide")
        self.set_class(not wide, "-narrow")
        self.call_after_refresh(self._show_card)  # bars are as long as there is room

    # What is asked.

    def asked_changed(self, asked: Asked) -> None:
        """List the probes, when the screen is shown first: what other screens look at is no matter here."""
        if self._probes is None and not self.waits_for("probes"):
            self._ask_list()

    def snapshot_changed(self) -> None:
        """List the probes of the newer snapshot; what is known of a probe stays, for it never changes."""
        self._ask_list()

    def on_screen_resume(self) -> None:
        """Go on with what was stopped."""
        if self._told is None or self.waits:
            return
        if self._probes is None:
            self._ask_list()
        elif self._chosen is not None and self._card is None:
            self._ask_card(self._chosen)

    def _ask_list(self) -> None:
        self.ask("probes", listed_probes, self._listed, doing="reading the list of probes")

    def _listed(self, found: list[ListedProbe]) -> None:
        self._probes = found
        self.set_class(not found, "-empty")
        if not found:
            self._chosen = None
            self.query_one("#none", Static).update(
                words.what_to_do(self.neurons.session.path, [model.name for model in self.neurons.session.models])
            )
            self.hint("")
            return
        self.hint(KEYS)
        table = self.query_one("#probes", AnswerTable)
        table.styles.height = 1 + min(len(found), 4)
        table.show(rows.LISTED, rows.LISTED_TYPES, rows.listed_rows(found))
        names = [probe.probe for probe in found]
        place = names.index(self._chosen.probe) if self._chosen and self._chosen.probe in names else 0
        table.move_cursor(row=place)
        self._choose(found[place])
        if self.focused is None:
            table.focus()

    def _choose(self, probe: ListedProbe) -> None:
        """Look at another probe; at its layers together, where they were probed."""
        if self._chosen == probe:
            return
        self._chosen, self._layer, self._class = probe, probe.layers[-1], EVERY_CLASS
        self._card = self._ranking = None
        self.query_one(RankingPanel).show_classes(probe.classes, EVERY_CLASS)
        self._ask_card(probe)

    def _ask_card(self, probe: ListedProbe) -> None:
        self.query_one(ProbePanels).show(None, None)

        def work(con: "Connection") -> ProbeCard:
            return probe_card(con, probe.probe)

        self.ask("card", work, partial(self._came, probe), doing=f"reading what the probe of {probe.label} found")
        self._ask_ranking()

    def _came(self, probe: ListedProbe, card: ProbeCard) -> None:
        if probe == self._chosen:
            self._card = card
            self._show_card()
            self._show_ranking()

    @property
    def _about(self) -> Ranked | None:
        """The ranking that is looked at."""
        probe = self._chosen
        if probe is None:
            return None
        return Ranked(probe.probe, self._layer, None if self._class == EVERY_CLASS else probe.classes[self._class])

    def _ask_ranking(self) -> None:
        about = self._about
        if about is None:
            return

        def work(con: "Connection") -> Ranking:
            return ranking(con, about, SHOWN)

        self.ask("ranking", work, self._ranked, doing="reading a ranking")

    def _ranked(self, found: Ranking) -> None:
        self._ranking = found
        self._show_ranking()

    # What is shown.

    def _show_card(self) -> None:
        if self._card is not None:
            self.query_one(ProbePanels).show(self._card, self._layer)

    def _show_ranking(self) -> None:
        probe, found = self._chosen, self._ranking
        if probe is None or found is None:
            return
        self.query_one("#which", Static).update(words.which_ranking(probe, found), layout=False)
        panel = self.query_one(RankingPanel)
        try:
            n = self._wanted(found)
        except QueryError as error:
            panel.show(found, 0)
            panel.tell(words.NO_NEURONS if probe.kind != "ffn" else str(error))
            return
        panel.show(found, n)
        panel.tell(words.would_be_taken(probe, n))

    def _wanted(self, found: Ranking) -> int:
        minimal = self._card.minimal.get(found.about.layer) if self._card else None
        return how_many(self.query_one("#top", Input).value, minimal, found)

    # What the user does.

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Look at the probe of the cursor."""
        if event.data_table.id == "probes" and self._probes and event.data_table.cursor_row < len(self._probes):
            self._choose(self._probes[event.data_table.cursor_row])

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Look at the rankings of the layer of a row; in the list, read again what was stopped."""
        if event.data_table.id == "accuracies" and self._card is not None:
            self._look_at(self._card.accuracies[event.cursor_row].layer)
        elif event.data_table.id == "probes" and self._chosen is not None and self._card is None:
            self._ask_card(self._chosen)

    def _look_at(self, layer: int | None) -> None:
        if layer != self._layer:
            self._layer = layer
            self._show_card()
            self._ask_ranking()

    def on_select_changed(self, event: Select.Changed) -> None:
        """Look at the ranking of a class."""
        if event.select.id == "class" and isinstance(event.value, int) and event.value != self._class:
            self._class = event.value
            self._ask_ranking()

    def on_input_changed(self) -> None:
        """Mark another number of neurons."""
        self._show_ranking()

    def on_input_submitted(self) -> None:
        """Take them."""
        self.action_gather()

    def action_layer(self, step: int) -> None:
        """Look at the layer before or after."""
        if self._chosen is not None:
            layers = self._chosen.layers
            self._look_at(layers[min(max(layers.index(self._layer) + step, 0), len(layers) - 1)])

    def action_class(self, step: int) -> None:
        """Look at the next class, or the one before; all classes together come first."""
        if self._chosen is not None:
            n = len(self._chosen.classes) + 1
            self.query_one("#class", Select).value = (self._class + 1 + step) % n - 1

    def action_top(self) -> None:
        """Say how many neurons are to be taken."""
        if self._chosen is not None:
            self.on_panel_picked(PanelPicked("ranking"))
            self.query_one("#top").focus()

    def on_panel_picked(self, message: PanelPicked) -> None:
        """Show a panel, and go to its table."""
        self._panel = message.panel
        self.query_one(PanelTabs).show(message.panel)
        self.query_one(ProbePanels).go_to(message.panel)

    def action_panel(self, step: int) -> None:
        """Go to the next panel, or the one before."""
        if self._chosen is not None:
            self.on_panel_picked(PanelPicked(after(self._panel, step, tuple(PANELS))))

    def on_neuron_picked(self, message: NeuronPicked) -> None:
        """Open the card of a neuron of the probe's model."""
        probe = self._chosen
        if probe is not None and probe.kind != "ffn":
            self.notify(words.NO_NEURONS, severity="warning", markup=False)
            message.prevent_default()
        elif probe is not None:
            message.model = probe.model

    # What can be taken away.

    def as_sql(self) -> str | None:
        """The question behind the table that has the focus."""
        about = self._about
        if about is None:
            return None
        return sql_of(about, None if self.focused is None else self.focused.id)

    def neurons_sql(self) -> Listed | None:
        """The top neurons of the ranking; None where there are none to take."""
        probe, found = self._chosen, self._ranking
        if probe is None or found is None or probe.kind != "ffn" or found.about != self._about:
            return None
        return listed_of(probe, found.about, self._wanted(found))

    def action_gather(self) -> None:
        """Add the top neurons to a named set, or say why there are none to take."""
        if self._chosen is not None and self._chosen.kind != "ffn":
            self.notify(words.NO_NEURONS, severity="warning", markup=False)
            return
        try:
            super().action_gather()
        except QueryError as error:
            self.problem(str(error))
