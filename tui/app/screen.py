"""What all screens share: tabs above, problems and progress below, questions in threads, help, copying as SQL."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widgets import Footer, Static

from tui.app.asked import Asked
from tui.app.asking import Asker
from tui.app.messages import Answered, Failed, LayerPicked, NeuronPicked, PropertyPicked
from tui.app.widgets.table import AnswerTable
from tui.app.widgets.tabs import PlacePicked, ScreenTabs
from tui.reporting import is_expected, message_of

if TYPE_CHECKING:
    from queries import Connection
    from tui.app.app import NeuronsApp

T = TypeVar("T")

LEAST_WIDTH, LEAST_HEIGHT = 60, 16
"""A terminal that is smaller shows nothing but how large it should be."""

PATIENCE = 0.3
"""Seconds after which the status line says that something is being read."""

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


@dataclass(frozen=True)
class Listed:
    """A list of neurons on a screen, to be added to a named set.

    Attributes:
        sql: one SELECT with the columns layer and neuron.
        name: a name that a set of them could have.
        model: the model whose neurons they are.
    """

    sql: str
    name: str
    model: str


class WarehouseScreen(Screen[None]):
    """A screen of the app.

    A subclass says what stands on it (:meth:`body`), and what to do when the shared choice changed
    (:meth:`asked_changed`); what takes time it asks in threads (:meth:`ask`).
    """

    NAME: ClassVar[str] = ""
    """Name of its place in :data:`tui.app.places.PLACES`."""

    HELP: ClassVar[str | None] = ""
    """Markdown that F1 shows: what the screen shows, what its words mean, its keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "Stop", show=False),
        Binding("f8", "copy_sql", "Copy SQL", show=False),
        Binding("f9", "copy_python", "Copy Python", show=False),
        Binding("b", "gather", "To basket", show=False),
        Binding("ctrl+b", "gather", "To basket", show=False),
    ]

    DEFAULT_CSS = """
    WarehouseScreen { layout: vertical; background: $background; }
    WarehouseScreen #body { height: 1fr; }
    WarehouseScreen #too-small { display: none; height: 1fr; content-align: center middle; }
    WarehouseScreen.-too-small > * { display: none; }
    WarehouseScreen.-too-small > #too-small { display: block; }
    WarehouseScreen #problem, WarehouseScreen #lost {
        display: none; height: auto; max-height: 10; padding: 0 1; background: $error-muted; color: $text-error;
    }
    WarehouseScreen #problem.-shown, WarehouseScreen #lost.-shown { display: block; }
    WarehouseScreen #status { height: 1; padding: 0 1; color: $text-muted; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._told: Asked | None = None
        self._told_snapshot: object = None
        self._asker: Asker | None = None
        self._hint: str | Text = ""
        self._problem_of: str | None = None

    # What a subclass says.

    def body(self) -> ComposeResult:
        """The widgets of the screen, between the tabs and the lines below."""
        yield from ()

    def asked_changed(self, asked: Asked) -> None:
        """The shared choice is another one than this screen was told of last, or it is told for the first time."""

    def snapshot_changed(self) -> None:
        """The warehouse has grown since this screen was told of it last."""
        self.asked_changed(self.neurons.asked)

    def as_sql(self) -> str | None:
        """One SELECT that gives what is on the screen; None = there is nothing to ask again."""
        return None

    def as_python(self) -> str | None:
        """Python that gives what is on the screen."""
        sql = self.as_sql()
        return None if sql is None else python_of(str(self.neurons.session.path), sql)

    def neurons_sql(self) -> Listed | None:
        """The list of neurons on the screen; None = there is none."""
        return None

    # What it can call.

    @property
    def neurons(self) -> "NeuronsApp":
        """The app, by its type."""
        return cast("NeuronsApp", self.app)

    def ask(
        self, about: str, work: "Callable[[Connection], T]", then: Callable[[T], None], *, doing: str = "reading"
    ) -> None:
        """Ask a question in a thread; what it answers comes to ``then`` in the thread of the screen.

        An older question about the same is interrupted and its answer dropped. What goes wrong is a line on the
        screen, and the last answer stays.

        Args:
            about: what it is about; of each thing the newest question counts.
            work: takes a cursor on the newest snapshot, of its own.
            then: takes the answer.
            doing: what the status line says meanwhile.
        """
        if self._asker is None:
            self._asker = Asker(self, self.neurons.session)
        self._asker.ask(about, work, then, doing)

    def cancel(self, about: str | None = None) -> bool:
        """Give up the question about something, or all; whether there was one."""
        return self._asker is not None and self._asker.stop(about)

    @property
    def waits(self) -> bool:
        """Whether a question of the screen is not answered yet."""
        return self._asker is not None and bool(self._asker.running)

    @property
    def busy(self) -> bool:
        """Whether a thread still works for the screen, also on what was given up."""
        return self._asker is not None and self._asker.busy

    def waits_for(self, about: str) -> bool:
        """Whether the question about something is not answered yet."""
        return self._asker is not None and any(question.about == about for question in self._asker.running)

    def problem(self, text: str | None, about: str | None = None) -> None:
        """Say what is wrong, in a line or several; None = nothing is.

        Args:
            text: until the question ``about`` is answered, something else is chosen, or escape is pressed.
            about: the question that it is of, if it is of one.
        """
        self._problem_of = about
        line = self.query_one("#problem", Static)
        line.set_class(text is not None, "-shown")
        line.update(Text(text or ""))

    def hint(self, text: str | Text) -> None:
        """What the status line says while nothing runs."""
        self._hint = text
        self._show_status()

    # How it works.

    def compose(self) -> ComposeResult:
        """Tabs, the body, and the lines below it."""
        yield ScreenTabs(self.neurons.session.path.name, self.NAME)
        with Container(id="body"):
            yield from self.body()
        yield Static(id="lost")
        yield Static(id="problem")
        yield Static(id="status", markup=False)
        yield Static(id="too-small")
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Begin to look after the questions that run."""
        self.set_interval(0.1, self._look_after)

    def on_screen_resume(self) -> None:
        """Tell the screen what changed while another was shown."""
        self.tell()

    def on_unmount(self) -> None:
        """Give up what runs."""
        self.cancel()

    def tell(self) -> None:
        """Tell the screen of the shared choice and the snapshot, where they are others than it knows."""
        if not self.is_mounted:
            return
        lost = self.query_one("#lost", Static)
        lost.set_class(self.neurons.lost is not None, "-shown")
        lost.update(Text(self.neurons.lost or ""))
        asked, seen = self.neurons.asked, self.neurons.session.seen
        first, moved, grown = self._told is None, self._told != asked, self._told_snapshot is not seen
        self._told, self._told_snapshot = asked, seen
        if moved and self._problem_of is None:
            self.problem(None)
        if first or (moved and not grown):
            self.asked_changed(asked)
        elif grown:
            self.snapshot_changed()

    def on_resize(self, event: events.Resize) -> None:
        """Say that the terminal is too small, where it is."""
        width, height = event.size
        self.set_class(width < LEAST_WIDTH or height < LEAST_HEIGHT, "-too-small")
        self.query_one("#too-small", Static).update(
            f"This terminal has {width} x {height} cells.\n{LEAST_WIDTH} x {LEAST_HEIGHT} are needed: make it larger."
        )

    def on_answered(self, message: Answered) -> None:
        """Show an answer that is still waited for."""
        about = None if self._asker is None else self._asker.take(message.serial)
        if about is not None:
            if about == self._problem_of:
                self.problem(None)
            message.then(message.answer)
            self._show_status()

    def on_failed(self, message: Failed) -> None:
        """Say what went wrong with a question that is still waited for."""
        about = None if self._asker is None else self._asker.take(message.serial)
        if about is None:
            return
        self._show_status()
        if not isinstance(message.error, Exception) or not is_expected(message.error):
            raise message.error
        self.failed(about, message.error)

    def failed(self, about: str, error: Exception) -> None:
        """The question about something was answered by an error that is no fault of this program."""
        self.problem(message_of(error), about)

    def on_layer_picked(self, message: LayerPicked) -> None:
        """Make a layer the shared choice."""
        self.neurons.choose(layer=message.layer)

    def on_property_picked(self, message: PropertyPicked) -> None:
        """Make a property the shared choice."""
        self.neurons.choose(property=message.name)

    def action_property(self, step: int) -> None:
        """Make the next property the shared choice, or one before; for screens that have a key for it."""
        names = self.neurons.session.properties
        if self.neurons.asked.property in names:
            self.neurons.choose(property=names[(names.index(self.neurons.asked.property) + step) % len(names)])

    def on_neuron_picked(self, message: NeuronPicked) -> None:
        """Open a neuron's card, if there is such a neuron: the row that names it may be of any query."""
        asked = self.neurons.asked
        model = asked.model if message.model is None else message.model
        layer = asked.layer if message.layer is None else message.layer
        wrong = self.neurons.session.lacks(model, layer, message.neuron)
        if wrong is not None:
            self.notify(wrong, severity="warning", markup=False)
        else:
            self.neurons.open_neuron(model, int(layer), message.neuron)

    def on_answer_table_copy_wanted(self, message: AnswerTable.CopyWanted) -> None:
        """Copy a row."""
        self.neurons.copy(message.text, "row")

    def on_place_picked(self, message: PlacePicked) -> None:
        """Open another screen."""
        self.neurons.action_open(message.name)

    def action_stop(self) -> None:
        """Stop what runs, or take the problem away."""
        if self.cancel():
            self.notify("stopped", timeout=2)
            self._show_status()
        else:
            self.problem(None)

    def action_copy_sql(self) -> None:
        """Copy what is on the screen as SQL."""
        self.neurons.copy_code(self.as_sql(), "SQL")

    def action_copy_python(self) -> None:
        """Copy what is on the screen as Python."""
        self.neurons.copy_code(self.as_python(), "Python")

    def action_gather(self) -> None:
        """Add the list on the screen to a named set."""
        listed = self.neurons_sql()
        if listed is None:
            self.notify("there is no list of neurons here to add to a set", severity="warning")
        else:
            self.neurons.gather(listed)

    def _look_after(self) -> None:
        if self._asker is not None and self._asker.busy:
            self._asker.stop_again()
            self._show_status()

    def _show_status(self) -> None:
        running = [] if self._asker is None else self._asker.running
        late = [question for question in running if question.seconds > PATIENCE]
        if not late:
            self.query_one("#status", Static).update(self._hint)
            return
        seconds = max(question.seconds for question in late)
        turn = SPINNER[int(seconds * 10) % len(SPINNER)]
        doing = ", ".join(dict.fromkeys(question.doing for question in late))
        self.query_one("#status", Static).update(Text(f"{turn} {doing} … {seconds:.1f} s  (escape stops it)", "bold"))


def python_of(warehouse: str, sql: str) -> str:
    """Python that asks a warehouse something."""
    quoted = sql.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return (
        "from queries import connect\n\n"
        f"with connect({warehouse!r}) as con:\n"
        f'    answer = con.sql("""\n{quoted}\n""").pl()\n'
    )
