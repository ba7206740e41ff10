"""What the property screen shows of an answer: bars of the layers, the list of a layer, the overlaps."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import DataTable, Select, Static

from tui.app.messages import NeuronPicked
from tui.app.screens.property import shown
from tui.app.screens.property.choosers import Chooser
from tui.app.widgets.bars import StackedBars
from tui.app.widgets.table import AnswerTable

if TYPE_CHECKING:
    from queries.live_sets.answer import Answer
    from queries.live_sets.overlap import Overlap

EVERY_GROUP = "all groups"

PAGE = 100
"""Neurons that are added to the list at a time."""


class PropertyPanels(Container):
    """Bars on the left, the list on the right, the overlaps below one of them.

    Attributes:
        answer: what is shown; None = nothing yet.
        group: the group whose neurons are listed; None = all.
    """

    DEFAULT_CSS = """
    PropertyPanels { height: 1fr; layout: grid; grid-size: 2 2; grid-columns: 28 1fr; grid-rows: 1fr auto; }
    PropertyPanels.-old { opacity: 60%; }
    PropertyPanels #left { row-span: 2; padding: 0 1; }
    PropertyPanels #below { height: auto; max-height: 8; }
    PropertyPanels .title { height: 1; width: 1fr; text-style: bold; color: $primary; }
    PropertyPanels #head { height: 1; }
    PropertyPanels #group { width: 16; }
    PropertyPanels #listed { height: 1fr; }
    PropertyPanels #nothing { display: none; height: 1fr; padding: 1 1; }
    PropertyPanels #overlap { height: auto; max-height: 7; }
    """

    class NeuronLookedAt(Message):
        """The cursor of the list stands on a neuron; None = the list is empty."""

        def __init__(self, neuron: int | None) -> None:
            super().__init__()
            self.neuron = neuron

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.answer: Answer | None = None
        self.group: str | None = None

    def compose(self) -> ComposeResult:
        """The three panels."""
        with VerticalScroll(id="left", can_focus=False):
            yield Static("Neurons per layer", id="bars-title", classes="title", markup=False)
            yield StackedBars(id="bars")
        with Vertical(id="right"):
            with Horizontal(id="head"):
                yield Static("", id="list-title", classes="title", markup=False)
                yield Chooser(id="group")
            yield AnswerTable(id="listed")
            with VerticalScroll(id="nothing"):
                yield Static("", id="why", markup=False)
        with Vertical(id="below"):
            yield Static("", id="overlap-title", classes="title", markup=False)
            yield AnswerTable(id="overlap")

    def on_mount(self) -> None:
        """Keep the last line of the tables for rows; h and l move sideways."""
        for table in self.query(AnswerTable):
            table.styles.scrollbar_size_horizontal = 0
        self.watch(self.query_one("#listed"), "scroll_y", self._show_more, init=False)

    def show(self, answer: "Answer") -> None:
        """Show an answer; its overlaps come later."""
        self.answer = answer
        groups = answer.listing.groups
        if self.group not in groups:
            self.group = None
        chosen = EVERY_GROUP if self.group is None else self.group
        self.query_one("#group", Chooser).show([EVERY_GROUP, *groups], chosen)
        self.show_bars(answer)
        self._show_list(answer)

    def show_bars(self, answer: "Answer") -> None:
        """Show the sizes that are known by now."""
        self.answer = answer
        layers = [layer.layer for layer in answer.layers]
        self.query_one(StackedBars).show(layers, answer.here.cells.shown, answer.sizes, answer.sets, answer.layer)
        done = f" ({len(layers) - len(answer.waiting)} of {len(layers)} …)" if answer.waiting else ""
        self.query_one("#bars-title", Static).update(f"Neurons per layer{done}", layout=False)

    def show_overlaps(self, answer: "Answer", found: "Sequence[Overlap]", others: Sequence[str]) -> None:
        """Show the overlaps that are known by now, and the other properties that are still to come."""
        n = answer.here.n_property_neurons
        said = f"Overlap of {answer.question.name} in layer {answer.layer} ({n:,} neurons)"
        self.query_one("#overlap-title", Static).update(said, layout=False)
        rows = [*map(shown.overlap_row, found), *((name, *["…"] * 5) for name in others)]
        self.query_one("#overlap", AnswerTable).show(shown.OVERLAP_NAMES, shown.OVERLAP_TYPES, rows)

    def show_none(self, why: str) -> None:
        """Show that there is nothing to ask about, and what to do."""
        self.answer = None
        self.query_one(StackedBars).show((), (), {}, (), None)
        self._say(why)

    def next_group(self) -> None:
        """List the neurons of the next group, and after the last those of all."""
        if self.answer is not None and self.answer.listing.groups:
            choices: list[str | None] = [None, *self.answer.listing.groups]
            self.group = choices[(choices.index(self.group) + 1) % len(choices)]
            self.show(self.answer)

    def on_select_changed(self, event: Select.Changed) -> None:
        """List the neurons of one group."""
        event.stop()
        self.group = None if event.value in (EVERY_GROUP, "") else str(event.value)
        if self.answer is not None:
            self._show_list(self.answer)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Say which neuron the cursor stands on."""
        if event.data_table.id == "listed":
            self._look()

    def on_neuron_picked(self, event: NeuronPicked) -> None:
        """Open the neuron of the model and the layer that is listed, also while another is being asked."""
        if event.layer is None and self.answer is not None:
            event.stop()
            self.post_message(NeuronPicked(event.neuron, self.answer.layer, self.answer.question.model))

    def _show_list(self, answer: "Answer") -> None:
        table, neurons = self.query_one("#listed", AnswerTable), shown.listed(answer, self.group)
        if neurons:
            table.display, self.query_one("#nothing").display = True, False
            table.show(*shown.neuron_columns(answer), shown.neuron_rows(answer, neurons[:PAGE]))
        else:
            self._say(shown.nothing_said(answer, self.group))
        title = self.query_one("#list-title", Static)
        title.update(shown.list_title(answer, self.group, title.size.width or 30), layout=False)
        self._look()

    def _show_more(self) -> None:
        """Add rows to the list where its end comes into sight: a thousand at once would take their time."""
        answer, table = self.answer, self.query_one("#listed", AnswerTable)
        if answer is None or not table.display:
            return
        n, neurons = len(table.values), shown.listed(answer, self.group)
        if n < len(neurons) and table.scroll_y + 2 * table.size.height > n:
            table.extend(shown.neuron_rows(answer, neurons[n : n + PAGE]))

    def _say(self, why: str) -> None:
        self.query_one("#listed").display, self.query_one("#nothing").display = False, True
        self.query_one("#why", Static).update(why)

    def _look(self) -> None:
        table = self.query_one("#listed", AnswerTable)
        self.post_message(self.NeuronLookedAt(table.value("neuron") if table.display else None))
