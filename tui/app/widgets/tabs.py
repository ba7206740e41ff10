"""The line on top of every screen: the screens by number, and the warehouse."""

from rich.text import Text
from textual import events
from textual.app import RenderResult
from textual.message import Message
from textual.widget import Widget

from tui.app.places import PLACES


class PlacePicked(Message):
    """A screen was chosen, by its name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class ScreenTabs(Widget):
    """The screens and the warehouse's name; a click opens a screen, and so does its number or function key."""

    DEFAULT_CSS = """
    ScreenTabs { dock: top; height: 1; width: 1fr; background: $panel; color: $foreground; }
    """

    def __init__(self, warehouse: str, here: str) -> None:
        super().__init__()
        self._warehouse, self._here = warehouse, here

    def render(self) -> RenderResult:
        """The line; the name of the warehouse is cut where there is no room."""
        line = Text(no_wrap=True)
        for number, place in enumerate(PLACES, start=1):
            line.append(_label(number, place.title), "reverse bold" if place.name == self._here else "")
        room = self.size.width - line.cell_len - 2
        if room >= 8:
            name = self._warehouse if len(self._warehouse) <= room else f"{self._warehouse[: room - 1]}…"
            line.append(f" {name:>{room}} ", "dim")
        return line

    def on_click(self, event: events.Click) -> None:
        """Open the screen whose label was clicked."""
        start = 0
        for number, place in enumerate(PLACES, start=1):
            end = start + len(_label(number, place.title))
            if start <= event.x < end:
                self.post_message(PlacePicked(place.name))
            start = end


def _label(number: int, title: str) -> str:
    return f" {number} {title} "
