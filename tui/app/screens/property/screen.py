"""The neurons of a property, layer by layer, under parameters that change in place."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import DataTable

from queries.live_sets.asking import list_sql, neurons_sql, overlap_sql, profile_sql
from queries.live_sets.question import Question, RefusedError
from tui.app.asked import Asked, Value
from tui.app.screen import Listed, WarehouseScreen
from tui.app.screens.property import help, shown
from tui.app.screens.property.choosers import READINGS, Choosers
from tui.app.screens.property.fields import ParameterFields
from tui.app.screens.property.panels import PropertyPanels
from tui.app.screens.property.slider import LayerSlider
from tui.app.widgets.table import AnswerTable

if TYPE_CHECKING:
    from queries import Connection
    from queries.live_sets.answer import Answer
    from queries.live_sets.counts import Counts
    from queries.live_sets.made import LayerSets
    from queries.live_sets.overlap import Overlap

T = TypeVar("T")

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
        self._answer: Answer | None = None
        self._asking: Question | None = None
        self._chosen: Question | None = None
        self._overlaps: list[Overlap] = []
        self._counts: Counts | None = None
        self._making = Lock()
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
        question = _question(asked, asked.parameters)
        stays, self._chosen = question == self._chosen, question
        if question is None:
            self._show_nothing_recorded()
        elif self._answer is None or self._answer.question != question:
            if self._asking != question:
                self._ask(question)
        else:
            self.cancel("layer")
            if not stays:  # where it stays, what is being asked was typed, and is still wanted
                self._unask()
            self._go_on()

    def snapshot_changed(self) -> None:
        """Ask again; until that is answered, the numbers of the older snapshot stay."""
        self._show_choice(self.neurons.asked)
        self._chosen = _question(self.neurons.asked, self.neurons.asked.parameters)
        if self._chosen is not None:
            self._ask(self._chosen)

    def _ask(self, question: Question) -> None:
        for about in ("layer", "rest", "overlap"):
            self.cancel(about)
        self._asking = question
        layer = self.neurons.asked.layer
        doing = f"counting {question.name} from the activations" if question.reads_facts else f"reading {question.name}"
        self._panels.set_class(question.reads_facts, "-old")

        def work(con: "Connection") -> "Answer | RefusedError":
            from queries.live_sets.answer import answer

            try:
                return answer(con, self._store(), question, layer)
            except RefusedError as error:
                return error

        self.ask("sets", work, partial(self._answered, question), doing=doing)

    def _answered(self, question: Question, answer: "Answer | RefusedError") -> None:
        self._asking = None
        self._panels.remove_class("-old")
        if isinstance(answer, RefusedError):
            self._refuse(answer)
            if self._answer is not None and self._answer.snapshot == self.neurons.session.snapshot.id:
                self._go_on()
            return
        self._refuse(None)
        self._overlaps = []
        self._answer = answer
        self._show_answer(self._answer)
        if dict(self.neurons.asked.parameters) != dict(question.parameters):
            self.neurons.choose(parameters=question.parameters)
        self._go_on()

    def _unask(self) -> None:
        """Give up the question on its way: what is on the screen is what is asked."""
        if self.cancel("sets"):
            self._asking = None
            self._panels.remove_class("-old")

    def _go_on(self) -> None:
        """Go on with the answer on the screen: with the layer that is chosen, and with what was stopped."""
        answer, asked = self._answer, self.neurons.asked
        if answer is None:
            return
        others = {layer.layer for layer in answer.layers} - {answer.layer}
        if asked.layer in others and answer.question == _question(asked, asked.parameters):
            self._look_at(asked.layer)
        elif not self.waits:
            self._ask_rest()

    def _ask_more(
        self, about: str, answer: "Answer", work: "Callable[[Connection], T]", then: Callable[[T], None], doing: str
    ) -> None:
        """Ask for more of an answer; where the warehouse has grown since, for all of it again."""

        def of_its_snapshot(con: "Connection") -> "tuple[T] | None":
            return (work(con),) if con.snapshot.id == answer.snapshot else None

        def told(found: "tuple[T] | None") -> None:
            if self._answer is None or self._answer.question != answer.question:
                return
            if found is not None and self._answer.snapshot == answer.snapshot:
                then(found[0])
            elif self._asking is None:
                self._ask(answer.question)

        self.ask(about, of_its_snapshot, told, doing=doing)

    def _ask_rest(self) -> None:
        """Ask for the layers that are not there yet, and for the overlaps when there are none."""
        answer = self._answer
        if answer is None:
            return
        if not answer.waiting:
            self._ask_overlap()
            return

        def work(con: "Connection") -> "dict[int, LayerSets]":
            from queries.live_sets.answer import more

            return more(con, self._store(), answer)

        n = len(answer.layers) - len(answer.waiting)
        doing = f"counting {answer.question.name}: {n} of {len(answer.layers)} layers are done"
        self._ask_more("rest", answer, work, self._more, doing)

    def _more(self, sets: "Mapping[int, LayerSets]") -> None:
        if self._answer is None:
            return
        self._answer = replace(self._answer, sets={**self._answer.sets, **sets})
        self._panels.show_bars(self._answer)
        self._ask_rest()

    def _look_at(self, layer: int) -> None:
        """Show another layer of the same answer."""
        answer = self._answer
        if answer is None:
            return

        def work(con: "Connection") -> "Answer":
            from queries.live_sets.answer import at_layer

            return at_layer(con, self._store(), answer, layer)

        self._ask_more("layer", answer, work, self._looked_at, f"counting {answer.question.name} in layer {layer}")

    def _looked_at(self, answer: "Answer") -> None:
        if self._answer is None or answer.layer != self.neurons.asked.layer:
            return
        self._answer = replace(answer, sets={**self._answer.sets, **answer.sets})
        self._overlaps = []
        self._show_answer(self._answer)
        self._ask_rest()

    def _ask_overlap(self) -> None:
        """Ask for the overlap with the next property."""
        answer = self._answer
        if answer is None:
            return
        others = self._others(answer)
        if not others:
            return

        def work(con: "Connection") -> "list[Overlap]":
            from queries.live_sets.overlap import some_overlaps

            return some_overlaps(con, self._store(), answer.question, answer.here.layer, others)

        then = partial(self._overlapped, answer)
        self._ask_more("overlap", answer, work, then, f"counting {others[0]}, for the overlap")

    def _overlapped(self, answer: "Answer", found: "list[Overlap]") -> None:
        if self._answer is not None and self._answer.here is answer.here:
            self._overlaps += found
            self._show_overlaps(answer)
            self._ask_overlap()

    def _store(self) -> "Counts":
        """The counts in memory; made in the thread that asks first, for NumPy takes its time to load."""
        from queries.live_sets.counts import Counts

        with self._making:
            if self._counts is None:
                self._counts = Counts()
            return self._counts

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
        self._answer = None
        self._panels.show_none(
            f"Nothing was recorded in this warehouse yet: neurons ingest … -o {session.path}\n\n"
            "What is recorded appears here by itself."
            if not session.models
            else f"No property is declared: neurons properties --help says how, for {session.path}"
        )

    def _show_answer(self, answer: "Answer") -> None:
        with self.neurons.batch_update():
            self._panels.show(answer)
            self._show_overlaps(answer)

    def _show_overlaps(self, answer: "Answer") -> None:
        self._panels.show_overlaps(answer, self._overlaps, self._others(answer))

    def _others(self, answer: "Answer") -> list[str]:
        """Properties whose overlap is not known yet."""
        known = {answer.question.name, *(found.other for found in self._overlaps)}
        return [name for name in self.neurons.session.properties if name not in known]

    def on_property_panels_neuron_looked_at(self, event: PropertyPanels.NeuronLookedAt) -> None:
        """Say in the line below what the neuron under the cursor responds to, group by group."""
        answer = self._answer
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
            self._want({**parameters, **({} if event.name == EVERY_CORPUS else {"p_corpus": event.name})})
        else:
            parameters.pop("p_frames", None)
            self._want({**parameters, **({} if event.name == READINGS[0] else {"p_frames": event.name})})

    def on_parameter_fields_wanted(self, event: ParameterFields.Wanted) -> None:
        """Ask under what the fields say."""
        chosen = {name: value for name, value in self.neurons.asked.parameters.items() if name in CHOSEN}
        self._typing = not event.finished
        try:
            parameters = {**chosen, **self.query_one(ParameterFields).values()}
        except RefusedError as error:
            self._refuse(error)
            return
        self._want(parameters)

    def _want(self, parameters: Mapping[str, Value]) -> None:
        question = _question(self.neurons.asked, parameters)
        if question is None or question == self._asking:
            return
        if self._answer is not None and question == self._answer.question:
            self._refuse(None)
            self._unask()
            self._go_on()
            return
        self._ask(question)

    def _refuse(self, error: RefusedError | None) -> None:
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
        self._refuse(None)
        self.query_one(ParameterFields).show({}, None)  # also what stands in them and cannot be asked
        self._want({})

    def action_stop(self) -> None:
        """Stop what runs, and show again what the answer on the screen was asked under."""
        super().action_stop()
        stopped, self._asking = self._asking, None
        self._panels.remove_class("-old")
        self._refuse(None)
        if stopped is not None and self._answer is not None:
            kept = self._answer.question
            self.neurons.choose(
                model=kept.model, property=kept.name, layer=self._answer.layer, parameters=kept.parameters
            )
        self._show_choice(self.neurons.asked)

    def failed(self, about: str, error: Exception) -> None:
        """Say what went wrong; what is on the screen stays, and can be asked anew."""
        super().failed(about, error)
        if about == "sets":
            self._asking = None
            self._panels.remove_class("-old")

    # What can be taken away.

    def as_sql(self) -> str | None:
        """The rows of the list; where the slider or the overlaps have the focus, the numbers of these."""
        answer = self._answer
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
        answer = self._answer
        if answer is None or not (every_layer or answer.listing.neurons):
            return None
        layer = None if every_layer else answer.layer
        parts = [answer.question.name, self._panels.group, None if layer is None else f"layer{layer}"]
        name = "-".join(part for part in parts if part)
        return Listed(neurons_sql(answer.question, layer, self._panels.group), name, answer.question.model)


CHOSEN = ("p_corpus", "p_frames")
"""Parameters that are chosen from a list and not typed."""


def _question(asked: Asked, parameters: Mapping[str, Any]) -> Question | None:
    if asked.model is None or asked.property is None:
        return None
    return Question(asked.model, asked.property, dict(parameters))
