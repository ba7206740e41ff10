"""The neurons of a property, layer by layer, under parameters that change in place."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import DataTable

from queries.live_sets.asking import list_sql, neurons_sql, overlap_sql, profile_sql
from queries.live_sets.question import RefusedError
from tui.app.asked import Asked, Value
from tui.app.screen import Listed, WarehouseScreen
from tui.app.screens.property import help, shown
from tui.app.screens.property.choosers import READINGS, Choosers
from tui.app.screens.property.fields import ParameterFields
from tui.app.screens.property.inquiry import Inquiry
from tui.app.screens.property.panels import PropertyPanels
from tui.app.screens.property.slider import LayerSlider
from tui.app.widgets.table import AnswerTable

if TYPE_CHECKING:
    from queries.live_sets.answer import Answer

EVERY_CORPUS = "all corpora"

WIDE = 110
"""Columns from which on the fields fit in one line."""

NARROW = 70
"""Columns below which the fields stand closer."""

LOW = 22
"""Lines below which the overlaps leave their room to the list."""

LATER = 0.6
"""Seconds after which a value that is still being typed is called wrong."""


class PropertyScreen(WarehouseScreen):
    """One property: neurons per layer, those of a layer with their probabilities, what other properties share."""

    NAME = "property"
    HELP = help.TEXT
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket", "layer(-1)", "Layer −", key_display="["),
        Binding("right_square_bracket", "layer(1)", "Layer +", key_display="]"),
        Binding("f", "next_group", "Group"),
        Binding("r", "defaults", "Defaults"),
        Binding("B", "gather_all", "All layers to basket", show=False),
    ]
    DEFAULT_CSS = """
    PropertyScreen.-wide #main { grid-columns: 2fr 3fr; }
    PropertyScreen.-wide #left { row-span: 1; }
    PropertyScreen.-wide #right { row-span: 2; }
    PropertyScreen.-wide #below { padding: 0 1; max-height: 20; }
    PropertyScreen.-wide #overlap { max-height: 19; }
    PropertyScreen.-narrow #numbers ParameterInput { margin: 0 1 0 0; }
    PropertyScreen.-low #below { max-height: 4; }
    PropertyScreen.-low #overlap { max-height: 3; }
    PropertyScreen.-wide #typed { height: 1; layout: horizontal; }
    PropertyScreen.-wide #numbers { width: auto; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._inquiry = Inquiry(self)
        self._typing = False
        self._said_later: Timer | None = None

    def body(self) -> ComposeResult:
        """Choosers and fields above; the panels below them."""
        yield Choosers(id="choosers")
        yield ParameterFields(id="fields")
        yield LayerSlider(id="slider")
        yield PropertyPanels(id="main")

    @property
    def _panels(self) -> PropertyPanels:
        return self.query_one(PropertyPanels)

    # What is asked.

    def asked_changed(self, asked: Asked) -> None:
        """Ask what is not known yet; where only the layer is another one, show that."""
        self._show_choice(asked)
        if not self._inquiry.follow():
            self._show_nothing_recorded()

    def snapshot_changed(self) -> None:
        """Ask again; until that is answered, the numbers of the older snapshot stay."""
        self._show_choice(self.neurons.asked)
        self._inquiry.renew()

    @property
    def asked(self) -> Asked:
        """The shared choice."""
        return self.neurons.asked

    @property
    def properties(self) -> tuple[str, ...]:
        """Names of the declared properties."""
        return self.neurons.session.properties

    @property
    def snapshot_id(self) -> str:
        """The newest snapshot."""
        return self.neurons.session.snapshot.id

    # What is shown.

    def _show_choice(self, asked: Asked) -> None:
        session, parameters = self.neurons.session, asked.parameters
        model = session.model(asked.model)
        choosers = self.query_one(Choosers)
        choosers.show("property", session.properties, asked.property)
        choosers.show("model", [each.name for each in session.models], asked.model)
        choosers.show("corpus", [EVERY_CORPUS, *session.corpora], str(parameters.get("p_corpus", EVERY_CORPUS)))
        choosers.leave_out("corpus", len(session.corpora) < 2 and "p_corpus" not in parameters)
        choosers.show("frames", READINGS, str(parameters.get("p_frames", READINGS[0])))
        self.query_one(ParameterFields).show(parameters, model.lambda_pct if model else None)
        self.query_one(LayerSlider).show([layer.layer for layer in model.layers] if model else [], asked.layer)

    def _show_nothing_recorded(self) -> None:
        session = self.neurons.session
        self._panels.show_none(
            f"Nothing was recorded in this warehouse yet: neurons ingest … -o {session.path}\n\n"
            "What is recorded appears here by itself."
            if not session.models
            else f"No property is declared: neurons properties --help says how, for {session.path}"
        )

    def show_old(self, old: bool) -> None:
        """Dim the panels while what they show is out of date."""
        self._panels.set_class(old, "-old")

    def show_answer(self, answer: "Answer") -> None:
        """Show all of an answer."""
        with self.neurons.batch_update():
            self._panels.show(answer)
            self.show_overlaps(answer)

    def take_over(self, parameters: Mapping[str, Value]) -> None:
        """Make parameters that were answered the shared choice."""
        if dict(self.neurons.asked.parameters) != dict(parameters):
            self.neurons.choose(parameters=parameters)

    def show_layers(self, answer: "Answer") -> None:
        """Show the layers that are counted so far as bars."""
        self._panels.show_bars(answer)

    def show_overlaps(self, answer: "Answer") -> None:
        """Show what is shared with the properties that are counted so far."""
        self._panels.show_overlaps(answer, self._inquiry.overlaps, self._inquiry.others())

    def on_property_panels_neuron_looked_at(self, event: PropertyPanels.NeuronLookedAt) -> None:
        """Say in the line below what the neuron under the cursor responds to, group by group."""
        answer = self._inquiry.answer
        if answer is None or event.neuron is None or event.neuron not in answer.listing.active:
            self.hint("")
        else:
            self.hint(Text(shown.row_said(answer, event.neuron), no_wrap=True, overflow="ellipsis"))

    # What the user does.

    def on_resize(self, event: events.Resize) -> None:
        """Give the condition and the bars more room where there is any, and the list where there is little."""
        self.set_class(event.size.width >= WIDE, "-wide")
        self.set_class(event.size.width < NARROW, "-narrow")
        self.set_class(event.size.height < LOW, "-low")

    def on_choosers_chosen(self, event: Choosers.Chosen) -> None:
        """Ask for another property, model, corpus or reading."""
        parameters = dict(self.neurons.asked.parameters)
        if event.what == "property":
            self.neurons.choose(property=event.name)
        elif event.what == "model":
            self.neurons.choose(model=event.name)
        elif event.what == "corpus":
            parameters.pop("p_corpus", None)
            self._inquiry.want({**parameters, **({} if event.name == EVERY_CORPUS else {"p_corpus": event.name})})
        else:
            parameters.pop("p_frames", None)
            self._inquiry.want({**parameters, **({} if event.name == READINGS[0] else {"p_frames": event.name})})

    def on_parameter_fields_wanted(self, event: ParameterFields.Wanted) -> None:
        """Ask under what the fields say."""
        chosen = {name: value for name, value in self.neurons.asked.parameters.items() if name in CHOSEN}
        self._typing = not event.finished
        try:
            parameters = {**chosen, **self.query_one(ParameterFields).values()}
        except RefusedError as error:
            self.show_refused(error)
            return
        self._inquiry.want(parameters)

    def show_refused(self, error: RefusedError | None) -> None:
        """Say what is wrong with a parameter; of one that is being typed not before a moment has passed."""
        if self._said_later is not None:
            self._said_later.stop()
            self._said_later = None
        fields = self.query_one(ParameterFields)
        if error is not None and self._typing:
            self._said_later = self.set_timer(LATER, partial(fields.refuse, error))
        else:
            fields.refuse(error)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Look at another property of the overlaps."""
        if event.data_table.id == "overlap" and isinstance(event.data_table, AnswerTable):
            self.neurons.choose(property=event.data_table.value("also of", event.cursor_row))

    def action_layer(self, by: int) -> None:
        """Look at a layer before or after."""
        self.query_one(LayerSlider).action_move(by)

    def action_next_group(self) -> None:
        """List the neurons of the next group, and after the last those of all."""
        self._panels.next_group()

    def action_defaults(self) -> None:
        """Ask under the default parameters."""
        self.show_refused(None)
        self.query_one(ParameterFields).show({}, None)  # also what stands in them and cannot be asked
        self._inquiry.want({})

    def action_stop(self) -> None:
        """Stop what runs, and show again what the answer on the screen was asked under."""
        super().action_stop()
        stopped, answer = self._inquiry.stopped(), self._inquiry.answer
        self.show_refused(None)
        if stopped and answer is not None:
            kept = answer.question
            self.neurons.choose(model=kept.model, property=kept.name, layer=answer.layer, parameters=kept.parameters)
        self._show_choice(self.neurons.asked)

    def failed(self, about: str, error: Exception) -> None:
        """Say what went wrong; what is on the screen stays, and can be asked anew."""
        super().failed(about, error)
        self._inquiry.failed(about)

    # What can be taken away.

    def as_sql(self) -> str | None:
        """The rows of the list; where the slider or the overlaps have the focus, the numbers of these."""
        answer = self._inquiry.answer
        if answer is None:
            return None
        where = self.focused.id if self.focused is not None else None
        if where == "overlap":
            return overlap_sql(answer.question, answer.layer)
        if where == "slider" or not answer.listing.neurons:
            return profile_sql(answer.question)
        return list_sql(answer.question, answer.layer, answer.listing.groups, self._panels.group)

    def neurons_sql(self) -> Listed | None:
        """The neurons that are listed."""
        return self._listed(every_layer=False)

    def action_gather_all(self) -> None:
        """Add the neurons of all layers, of the group that is listed, to a named set."""
        listed = self._listed(every_layer=True)
        if listed is not None:
            self.neurons.gather(listed)

    def _listed(self, every_layer: bool) -> Listed | None:
        answer = self._inquiry.answer
        if answer is None or not (every_layer or answer.listing.neurons):
            return None
        layer = None if every_layer else answer.layer
        parts = [answer.question.name, self._panels.group, None if layer is None else f"layer{layer}"]
        name = "-".join(part for part in parts if part)
        return Listed(neurons_sql(answer.question, layer, self._panels.group), name, answer.question.model)


CHOSEN = ("p_corpus", "p_frames")
"""Parameters that are chosen from a list and not typed."""
