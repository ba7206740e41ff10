"""The panels of a probe: accuracies, ranking, shares that are enough, and where the minimal set lies."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Label, Select, Static

from queries.probe_card import ProbeCard, Ranking
from tui.app.screens.probes import rows
from tui.app.widgets.table import AnswerTable

PANELS = {"accuracy": "Accuracy", "ranking": "Ranking", "shares": "Shares", "places": "Layers"}
"""The panels by id, with their titles."""

TABLES = {"accuracy": "accuracies", "ranking": "ranked", "shares": "kept", "places": "lie"}
"""The table of each panel, by its id."""

EVERY_CLASS = -1
"""Stands for all classes together among the places of the classes."""

_SHORT, _LONG = 10, 20


class AccuracyPanel(Vertical):
    """Accuracies layer by layer."""

    def compose(self) -> ComposeResult:
        """Title and table."""
        yield Static("Percent right, mean ± sd over seeds; │ = majority", classes="title", markup=False)
        yield AnswerTable(id="accuracies")

    def show(self, card: ProbeCard, layer: int | None) -> None:
        """Show a probe, with a layer marked."""
        room = self.size.width - 1  # without the scroll bar
        self.query_one(AnswerTable).show(*rows.accuracy_table(card.accuracies, layer, room))


class RankingPanel(Vertical):
    """The ranking of all classes or of one, and how many of its neurons would be taken."""

    def compose(self) -> ComposeResult:
        """Choices, table, and a line about what would be taken."""
        with Horizontal(id="choices"):
            yield Label("Class")
            yield Select((("all classes", EVERY_CLASS),), allow_blank=False, compact=True, id="class")
            yield Label("top")
            yield Input(placeholder="smallest", compact=True, id="top")
        yield AnswerTable(id="ranked")
        yield Static("", id="take", markup=False)

    def show_classes(self, classes: Sequence[str], chosen: int) -> None:
        """List the classes, and mark one by its place."""
        select: Select[int] = self.query_one("#class", Select)
        with self.prevent(Select.Changed):
            options = [(Content("all classes"), EVERY_CLASS), *((Content(name), at) for at, name in enumerate(classes))]
            select.set_options(options)
            select.value = chosen

    def show(self, found: Ranking, taken: int) -> None:
        """Show the first features of a ranking, and mark those that would be taken."""
        self.query_one(AnswerTable).show(rows.RANKING, rows.RANKING_TYPES, rows.ranking_rows(found, taken))

    def tell(self, said: str) -> None:
        """Say what would be taken, or why nothing can be."""
        self.query_one("#take", Static).update(said)


class SharesPanel(Vertical):
    """What probes reach that are trained on a share of the features."""

    def compose(self) -> ComposeResult:
        """Title and table."""
        yield Static("", id="about-kept", classes="title", markup=False)
        yield AnswerTable(id="kept")

    def show(self, card: ProbeCard, layer: int | None) -> None:
        """Show the shares of a layer, or of all layers together where these alone were trained on shares."""
        kept = card.kept
        of = layer if layer in kept else next(iter(kept), None)
        minimal = card.minimal.get(of)
        said = "No probe was trained anew on a share of the features"
        if kept:
            of_what = "all layers together" if of is None else f"layer {of}"
            said = f"Trained anew on a share of the features of {of_what}, % right"
        self.query_one("#about-kept", Static).update(said, layout=False)
        n = minimal.n_features if minimal else 0
        cells = _LONG if self.size.width > 74 else _SHORT
        shown = rows.kept_rows(kept.get(of, ()), minimal, n, cells)
        self.query_one(AnswerTable).show(rows.KEPT, rows.KEPT_TYPES, shown)


class PlacesPanel(Vertical):
    """Where the features of the minimal sets lie."""

    def compose(self) -> ComposeResult:
        """Title and table."""
        yield Static("", id="about-places", classes="title", markup=False)
        yield AnswerTable(id="lie")

    def show(self, card: ProbeCard) -> None:
        """Show the layers of the minimal sets."""
        said = "Minimal sets by layer, beside chance"
        if not card.places:
            said = "No minimal set of all layers together was looked for"
        self.query_one("#about-places", Static).update(said, layout=False)
        cells = _LONG if self.size.width > 74 else _SHORT // 2
        self.query_one(AnswerTable).show(rows.PLACES, rows.PLACES_TYPES, rows.place_rows(card.places, cells))


class ProbePanels(Container):
    """The four panels, side by side or one at a time."""

    def compose(self) -> ComposeResult:
        """One after the other."""
        yield AccuracyPanel(id="accuracy", classes="panel -here")
        yield RankingPanel(id="ranking", classes="panel")
        yield SharesPanel(id="shares", classes="panel")
        yield PlacesPanel(id="places", classes="panel")

    def show(self, card: ProbeCard | None, layer: int | None) -> None:
        """Show what is known of a probe, but for its ranking; None = it is still being read."""
        self.set_class(card is None, "-old")
        if card is not None:
            self.query_one(AccuracyPanel).show(card, layer)
            self.query_one(SharesPanel).show(card, layer)
            self.query_one(PlacesPanel).show(card)

    def go_to(self, panel: str) -> None:
        """Put a panel in front, and the focus on its table."""
        for one in PANELS:
            self.query_one(f"#{one}").set_class(one == panel, "-here")
        self.query_one(f"#{TABLES[panel]}").focus()
