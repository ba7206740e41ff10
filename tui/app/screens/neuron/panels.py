"""The panels beside the heatmap: sets, peers, segments; each a title over a table."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from queries.neuron_card import Alike, Membership, Neuron, Segment, Standing
from tui.app.screens.neuron import words
from tui.app.widgets.table import AnswerTable

PANELS = {"responses": "Phones", "sets": "Sets", "peers": "Peers", "segments": "Segments"}
"""The panels by id, with their titles."""


class SetsPanel(Vertical):
    """The sets of the properties, and the named sets below."""

    def compose(self) -> ComposeResult:
        """Title, table, line."""
        yield Static("Sets that it belongs to", classes="title", markup=False)
        yield AnswerTable(id="memberships")
        yield Static("", id="named", markup=False)

    def show(self, found: Sequence[Membership]) -> None:
        """Show the sets of the properties."""
        self.query_one("#memberships", AnswerTable).show(words.SETS, words.SET_TYPES, words.set_rows(found))

    def show_named(self, named: Sequence[str]) -> None:
        """Show the named sets."""
        said = f"Named sets: {', '.join(named)}" if named else "In no named set; b adds it to one."
        self.query_one("#named", Static).update(said, layout=False)


class PeersPanel(Vertical):
    """The neuron among its layer, and the neurons most like it."""

    def compose(self) -> ComposeResult:
        """Two titles, two tables."""
        yield Static("", id="about-standing", classes="title", markup=False)
        yield AnswerTable(id="standing")
        yield Static("", id="about-alike", classes="title", markup=False)
        yield AnswerTable(id="alike")

    def show_standing(self, neuron: Neuron, found: Sequence[Standing]) -> None:
        """Show p of each group beside that of the layer."""
        n = f"the {found[0].n_neurons:,} neurons" if found else "the neurons"
        self.query_one("#about-standing", Static).update(
            f"Among {n} of layer {neuron.layer}: p over a group's frames, percentile", layout=False
        )
        table = self.query_one("#standing", AnswerTable)
        table.styles.height = 1 + len(found)
        table.show(words.STANDING, words.STANDING_TYPES, words.standing_rows(found))

    def show_alike(self, found: Sequence[Alike]) -> None:
        """Show the most alike neurons of the layers that were compared."""
        self.query_one("#about-alike", Static).update(
            "Most like it in every layer, by p over all cells; enter opens it", layout=False
        )
        self.query_one("#alike", AnswerTable).show(words.ALIKE, words.ALIKE_TYPES, words.alike_rows(found))


class SegmentsPanel(Vertical):
    """The segments that the neuron is most active in."""

    def __init__(self, player: str | None, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._player = player
        self._segments: Sequence[Segment] = ()

    def compose(self) -> ComposeResult:
        """Title and table."""
        yield Static("", id="about-segments", classes="title", markup=False)
        yield AnswerTable(id="heard")

    @property
    def segment(self) -> Segment | None:
        """The segment of the cursor; None = there is none."""
        row = self.query_one("#heard", AnswerTable).cursor_row
        return self._segments[row] if 0 <= row < len(self._segments) else None

    def show(self, found: Sequence[Segment]) -> None:
        """Show segments, the one that activates the neuron most first."""
        self._segments = found
        how = f"p plays it with {self._player}" if self._player else "p copies a command that plays it"
        said = f"Segments it is most active in; {how}" if found else "No segment activates it"
        self.query_one("#about-segments", Static).update(said, layout=False)
        self.query_one("#heard", AnswerTable).show(words.SEGMENTS, words.SEGMENT_TYPES, words.segment_rows(found))
