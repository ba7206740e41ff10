"""The dialog that writes a set as a mask file, and shows the lines that apply it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Input, Label, OptionList, Select, Static
from textual.widgets.option_list import Option

from tui.app.screens.basket.dialog import Dialog, lines

if TYPE_CHECKING:
    from queries.masks import Mask


@dataclass(frozen=True)
class Choice:
    """A mask that can be written.

    Attributes:
        told: what it does, in a line.
        mask: it.
    """

    told: str
    mask: "Mask"


class ExportScreen(Dialog):
    """Asks what to write, in which format and where; the suffix of the file follows the format."""

    KEYS: ClassVar[str] = "enter writes, ctrl+y copies the lines, escape goes back"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+y", "copy_lines", "Copy the lines", priority=True)]
    DEFAULT_CSS = """
    ExportScreen #formats {
        height: auto; max-height: 8; width: 1fr; border: none; padding: 0; background: transparent;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    ExportScreen #lines { height: auto; margin-left: 8; color: $text-secondary; }
    ExportScreen Button { margin: 0 1 0 0; }
    ExportScreen #buttons { height: auto; margin-left: 8; }
    """

    def __init__(self, title: str, choices: Sequence[Choice], chosen: int, name: str) -> None:
        super().__init__()
        self._heading = f"Export {title} as a mask"
        self._choices, self._chosen, self._file = choices, chosen, name
        self._replace = False

    def parts(self) -> ComposeResult:
        """What, which format, where, and the lines that use it."""
        from queries.basket import with_suffix_of
        from queries.masks.formats import FORMATS

        with Horizontal(classes="row"):
            yield Label("What", classes="label")
            options = [(Content(choice.told), place) for place, choice in enumerate(self._choices)]
            yield Select(options, value=self._chosen, allow_blank=False, compact=True, id="what")
        with Horizontal(classes="row"):
            yield Label("Format", classes="label")
            wide = max(map(len, FORMATS))
            yield OptionList(
                *(Option(Text(f"{entry.name:<{wide}}  {entry.meaning}"), id=name) for name, entry in FORMATS.items()),
                compact=True,
                id="formats",
            )
        with Horizontal(classes="row"):
            yield Label("File", classes="label")
            yield Input(with_suffix_of(self._file, next(iter(FORMATS))), compact=True, id="file")
        yield from lines()
        with Horizontal(id="buttons"):
            yield Button("Write", variant="primary", compact=True, id="write")
            yield Button("Copy the lines", compact=True, id="copy")
        yield Static(id="lines")

    def on_mount(self) -> None:
        """Begin with the file's name, which is what differs most."""
        self.query_one("#frame").border_title = Content(self._heading)
        self.query_one("#formats", OptionList).highlighted = 0
        self.query_one("#file", Input).focus()
        self._show_lines()

    def on_select_changed(self) -> None:
        """Show the lines of the other mask."""
        self._show_lines()

    def on_option_list_option_highlighted(self) -> None:
        """Let the suffix follow the format."""
        from queries.basket import with_suffix_of

        field = self.query_one("#file", Input)
        field.value = with_suffix_of(field.value, self._format)
        self._show_lines()

    def on_option_list_option_selected(self) -> None:
        """Go on to the file's name once the format is chosen."""
        self.query_one("#file", Input).focus()

    def on_input_changed(self) -> None:
        """Another file is asked about anew."""
        self._ask_about(False)
        self.wrong(None)
        self._show_lines()

    def on_input_submitted(self) -> None:
        """Write."""
        self._write()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Write, or copy the lines."""
        if event.button.id == "copy":
            self.action_copy_lines()
        else:
            self._write()

    def action_copy_lines(self) -> None:
        """Copy the lines that apply the file."""
        self.neurons.copy(self._usage(), "the lines")

    @property
    def _format(self) -> str:
        from queries.masks.formats import FORMATS

        return list(FORMATS)[self.query_one("#formats", OptionList).highlighted or 0]

    @property
    def _mask(self) -> "Mask":
        value = self.query_one("#what", Select).value
        return self._choices[value if isinstance(value, int) else self._chosen].mask

    def _usage(self) -> str:
        from queries.masks.formats import usage

        return usage(self._mask, self._format, self.query_one("#file", Input).value)

    def _show_lines(self) -> None:
        self.told(_folder(self.query_one("#file", Input).value))
        self.query_one("#lines", Static).update(Text(self._usage()))

    def _ask_about(self, there: bool) -> None:
        """Ask whether the file that is there may be replaced."""
        self._replace = there
        button = self.query_one("#write", Button)
        button.label = "Replace it" if there else "Write"
        button.variant = "warning" if there else "primary"

    def _write(self) -> None:
        from queries.basket import FileExistsAlreadyError, export
        from warehouse.errors import MaskError

        replacing = self._replace and self.query_one("#write", Button).has_focus
        try:
            written = export(self._mask, self.query_one("#file", Input).value, self._format, replace=replacing)
        except FileExistsAlreadyError as error:
            self.wrong(str(error))
            self._ask_about(True)
            self.query_one("#write", Button).focus()
            return
        except MaskError as error:
            self.wrong(str(error))
            return
        self.dismiss()
        self.neurons.notify(f"{written}: {len(self._mask):,} neurons to {self._mask.kind}", markup=False, timeout=8)


def _folder(path: str) -> str:
    """Where a file that is named without a folder of its own will lie."""
    if os.path.isabs(os.path.expanduser(path)):
        return ""
    try:
        return f"in {os.getcwd()}"
    except OSError:
        return "the folder that this program was started in is gone: give a path from /"
