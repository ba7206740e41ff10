"""The parameters that are typed: a field each, with what is wrong with it below."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.message import Message
from textual.widgets import Input, Label, Static

from queries.calls import Value
from queries.live_sets.question import RefusedError
from queries.live_sets.texts import FIELDS, moved, text_of, value_of

WHEN_LEFT = ("p_lambda", "p_where")
"""Fields that are asked when they are left or at enter, and not at every letter: they read the activations."""

_WIDTHS = {"p_sigma": 5, "p_baseline": 7, "p_z": 5, "p_min_frames": 5, "p_lambda": 5}


class ParameterInput(Input):
    """The field of a parameter; the arrows move a number up and down."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(1)", "More", show=False),
        Binding("down", "step(-1)", "Less", show=False),
    ]

    class Stepped(Message):
        """A key moved the number."""

    def __init__(self, parameter: str) -> None:
        field = FIELDS[parameter]
        super().__init__(placeholder=field.default, compact=True, id=parameter, tooltip=field.what)
        self.parameter = parameter
        self.start: float | None = None

    def action_step(self, by: int) -> None:
        """Move the number some steps."""
        if FIELDS[self.parameter].step:
            with self.prevent(Input.Changed):
                self.value = moved(self.parameter, self.value, by, self.start)
            self.cursor_position = len(self.value)
            self.post_message(self.Stepped())


class ParameterFields(Container):
    """All fields, and a line for the one that cannot be asked."""

    DEFAULT_CSS = """
    ParameterFields { height: auto; layout: vertical; }
    ParameterFields > #typed { height: auto; layout: vertical; }
    ParameterFields .line { height: 1; width: 1fr; padding: 0 1; }
    ParameterFields Label { width: auto; margin: 0 1 0 0; color: $text-muted; }
    ParameterFields ParameterInput { width: 8; margin: 0 2 0 0; }
    ParameterFields #p_where { width: 1fr; margin: 0; }
    ParameterFields ParameterInput.-refused { background: $error-muted; color: $text-error; }
    ParameterFields #refused { display: none; height: auto; padding: 0 1; color: $text-error; }
    ParameterFields #refused.-shown { display: block; }
    """

    class Wanted(Message):
        """The fields say something else; ``finished`` = whoever typed it has left the field, or pressed enter."""

        def __init__(self, parameter: str, finished: bool) -> None:
            super().__init__()
            self.parameter, self.finished = parameter, finished

    def compose(self) -> ComposeResult:
        """Numbers in a line, the condition in the next, or beside them where there is room."""
        with Container(id="typed"):
            with Horizontal(classes="line", id="numbers"):
                for parameter, width in _WIDTHS.items():
                    yield Label(FIELDS[parameter].label)
                    field = ParameterInput(parameter)
                    field.styles.width = width
                    yield field
            with Horizontal(classes="line"):
                yield Label(FIELDS["p_where"].label)
                yield ParameterInput("p_where")
        yield Static(id="refused")

    def show(self, parameters: Mapping[str, Value], recorded: float | None) -> None:
        """Show parameters; a field that says the same in other words stays as it was typed.

        Args:
            parameters: those that are asked.
            recorded: λ that the model was recorded at, in percent; None = there is no model.
        """
        for field in self._fields():
            if field.parameter == "p_lambda" and recorded is not None:
                field.start, field.placeholder = recorded, f"{recorded:g}"
            if field.parameter == "p_where":
                field.placeholder = "all frames; or a condition, such as  duration > 5 AND speaker <> '84'"
            try:
                same = value_of(field.parameter, field.value) == parameters.get(field.parameter)
            except RefusedError:
                same = False
            if not same:
                with field.prevent(Input.Changed):
                    field.value = text_of(parameters, field.parameter)

    def values(self) -> dict[str, Value]:
        """What the fields say; those that are empty are absent.

        Raises:
            RefusedError: what stands in one is no number.
        """
        found = ((field.parameter, value_of(field.parameter, field.value)) for field in self._fields())
        return {parameter: value for parameter, value in found if value is not None}

    def refuse(self, error: RefusedError | None) -> None:
        """Say what is wrong beside the field that it is wrong with; None = nothing is."""
        for field in self._fields():
            field.set_class(error is not None and error.parameter == field.parameter, "-refused")
        line = self.query_one("#refused", Static)
        line.set_class(error is not None, "-shown")
        label = "" if error is None else FIELDS[error.parameter].label if error.parameter in FIELDS else error.parameter
        line.update("" if error is None else Text(f"▲ {label}: {error}"))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Ask at every letter, where that is quick."""
        event.stop()
        if isinstance(event.input, ParameterInput) and event.input.parameter not in WHEN_LEFT:
            self.post_message(self.Wanted(event.input.parameter, finished=False))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Ask at enter."""
        self._finished(event)

    def on_input_blurred(self, event: Input.Blurred) -> None:
        """Ask when a field is left."""
        self._finished(event)

    def on_parameter_input_stepped(self, event: ParameterInput.Stepped) -> None:
        """Ask when a key moved a number."""
        event.stop()
        self.post_message(self.Wanted("", finished=True))

    def _finished(self, event: Input.Submitted | Input.Blurred) -> None:
        event.stop()
        if isinstance(event.input, ParameterInput):
            self.post_message(self.Wanted(event.input.parameter, finished=True))

    def _fields(self) -> Iterator[ParameterInput]:
        yield from self.query(ParameterInput)
