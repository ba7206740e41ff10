"""Where a whole result is to be written: asked for, and checked before anything runs."""

from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.exporting import export_format
from warehouse.errors import QueryError


class SavingScreen(ModalScreen[Path | None]):
    """A path over the screen; gives it, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Back")]
    DEFAULT_CSS = """
    SavingScreen { align: center middle; }
    SavingScreen Vertical {
        width: 90; max-width: 96%; height: auto; background: $surface; border: round $primary;
        border-title-color: $text-primary; border-subtitle-color: $text-muted; padding: 0 1;
    }
    SavingScreen Input, SavingScreen Input:focus { border: none; height: 1; padding: 0 1; margin: 1 0; }
    SavingScreen #told { color: $text-muted; height: auto; }
    SavingScreen #wrong { color: $text-error; height: auto; }
    """

    def __init__(self, name: str, query: str) -> None:
        super().__init__()
        self._name, self._query = name, query
        self._agreed: str | None = None

    def compose(self) -> ComposeResult:
        """What is written, and where."""
        with Vertical() as frame:
            frame.border_title = "Export the whole result"
            frame.border_subtitle = "enter writes it, escape goes back"
            shown = " ".join(self._query.split())
            yield Static(Text(shown if len(shown) <= 240 else f"{shown[:239]}…"), id="query")
            yield Input(str(_here() / f"{self._name}.csv"), compact=True)
            yield Static(
                "The suffix says the format: .csv, .parquet, .json, .jsonl. The query is asked again and all of its "
                "rows are written, however many; the file appears when it is complete.",
                id="told",
            )
            yield Static("", id="wrong", markup=False)

    def on_input_changed(self) -> None:
        """Another path has to be looked at anew."""
        self._agreed = None
        self.query_one("#wrong", Static).update("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the path, unless it cannot be; a file that is there is asked for."""
        try:
            path = Path(event.value.strip()).expanduser().absolute()
            export_format(path)
            exists = path.exists()
        except FileNotFoundError:  # where the app was started
            self._say("the folder that the app was started in is gone; begin the path with / or ~")
            return
        except RuntimeError as error:  # ~somebody
            self._say(f"{event.value.strip()}: {str(error).lower().rstrip('.')}; write ~/ for your own folder")
            return
        except (QueryError, OSError) as error:
            self._say(str(error))
            return
        if exists and self._agreed != event.value:
            self._agreed = event.value
            self._say(f"{path.name} is there already; enter again replaces it")
            return
        self.dismiss(path)

    def _say(self, text: str) -> None:
        self.query_one("#wrong", Static).update(text)


def _here() -> Path:
    """The folder that the app was started in; the user's own, where that is gone."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path("~")
