"""The titles of the panels, of which a narrow terminal shows one at a time."""

from collections.abc import Mapping, Sequence

from rich.text import Text
from textual import events
from textual.app import RenderResult
from textual.message import Message
from textual.widget import Widget


class PanelPicked(Message):
    """A panel was chosen, by its id."""

    def __init__(self, panel: str) -> None:
        super().__init__()
        self.panel = panel


class PanelTabs(Widget):
    """A line with the titles of the panels; a click chooses one, and so does the key w."""

    DEFAULT_CSS = "PanelTabs { height: 1; background: $surface; }"

    def __init__(self, panels: Mapping[str, str], *, id: str | None = None) -> None:
        """Make the line.

        Args:
            panels: id of each panel -> its title.
            id: of the line.
        """
        super().__init__(id=id)
        self._panels = panels
        self._here = next(iter(panels))

    def show(self, here: str) -> None:
        """Mark another panel as the one that is seen."""
        self._here = here
        self.refresh()

    def render(self) -> RenderResult:
        """The line."""
        line = Text(no_wrap=True)
        for panel, title in self._panels.items():
            line.append(_label(title), "reverse bold" if panel == self._here else "")
        line.append("  w the next", "dim")
        return line

    def on_click(self, event: events.Click) -> None:
        """Choose the panel whose title was clicked."""
        start = 0
        for panel, title in self._panels.items():
            end = start + len(_label(title))
            if start <= event.x < end:
                self.post_message(PanelPicked(panel))
            start = end


def after(panel: str, step: int, panels: Sequence[str]) -> str:
    """The panel that comes some steps after another, around the end."""
    return panels[(panels.index(panel) + step) % len(panels)]


def _label(title: str) -> str:
    return f" {title} "
