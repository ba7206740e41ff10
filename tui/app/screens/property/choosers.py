"""The choosers of the property screen: what is chosen from names."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Label, Select

READINGS = ("all", "middle", "reference")
"""Which frames count."""

_LABELS = {"property": "Property", "model": "Model", "corpus": "Corpus", "frames": "Frames"}


_NOTHING = [("–", "")]


class Chooser(Select[str]):
    """A list of names, one of which is chosen; what is set by the program is no choice of the user's."""

    DEFAULT_CSS = """
    Chooser > SelectOverlay { width: auto; min-width: 16; max-width: 60; constrain: inside inside; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(_NOTHING, id=id, compact=True, allow_blank=False)
        self._names: tuple[str, ...] = ()

    def show(self, names: Sequence[str], chosen: str | None) -> None:
        """Show other names, and which is chosen; where there are no names, a dash."""
        with self.prevent(Select.Changed):
            if tuple(names) != self._names:
                self._names = tuple(names)
                self.set_options([(Content(name), name) for name in names] or _NOTHING)
            if chosen in self._names and self.value != chosen:
                self.value = chosen


class Choosers(Horizontal):
    """Property, model, corpus and reading of the frames in a line."""

    DEFAULT_CSS = """
    Choosers { height: 1; padding: 0 1; }
    Choosers Label { width: auto; margin: 0 1 0 0; color: $text-muted; }
    Choosers Chooser { width: 1fr; margin: 0 1 0 0; }
    Choosers #property { width: 15; }
    Choosers #model { width: 2fr; }
    Choosers #frames { width: 12; margin: 0; }
    """

    class Chosen(Message):
        """A name was chosen."""

        def __init__(self, what: str, name: str) -> None:
            super().__init__()
            self.what, self.name = what, name

    def compose(self) -> ComposeResult:
        """A label and a list each."""
        for name, label in _LABELS.items():
            yield Label(label, id=f"of-{name}")
            yield Chooser(id=name)

    def show(self, what: str, names: Sequence[str], chosen: str | None) -> None:
        """Show the names of one chooser."""
        self.query_one(f"#{what}", Chooser).show(names, chosen)

    def leave_out(self, what: str, out: bool) -> None:
        """Hide a chooser that has nothing to choose from, and give its room to the others."""
        self.query_one(f"#{what}", Chooser).display = self.query_one(f"#of-{what}", Label).display = not out

    def on_select_changed(self, event: Select.Changed) -> None:
        """Pass a choice on."""
        event.stop()
        if isinstance(event.value, str) and event.value and event.select.id is not None:
            self.post_message(self.Chosen(event.select.id, event.value))
