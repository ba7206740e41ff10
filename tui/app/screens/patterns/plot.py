"""Patterns as points of a plane: a mark and a colour a group, names where there is room, and a cursor.

Distances are what such a picture shows, so both directions have one scale: a cell of a terminal is twice as high as it
is wide.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.app.colours import MARKS, MOST_GROUPS, group_colours, is_plain

if TYPE_CHECKING:
    from queries.patterns.of_layer import PatternPoint

_TALL = 2.0
"""How many times as high as wide a cell is."""

_ZOOM, _MOST_ZOOM = 1.5, 20.0
_NEAR = 3.0
"""Widths of a cell within which the mouse finds a point."""


class PatternPlot(Widget, can_focus=True):
    """The points of a layer; the cursor goes from one to the nearest in a direction."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "go(-1, 0)", "Left", show=False),
        Binding("right,l", "go(1, 0)", "Right", show=False),
        Binding("up,k", "go(0, 1)", "Up", show=False),
        Binding("down,j", "go(0, -1)", "Down", show=False),
        Binding("n", "step(1)", "Next pattern", show=False),
        Binding("N", "step(-1)", "Pattern before", show=False),
        Binding("plus,equals_sign", "zoom(1)", "Nearer", show=False),
        Binding("minus", "zoom(-1)", "Farther", show=False),
        Binding("t", "names", "Names", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"plot--cursor", "plot--name"}
    DEFAULT_CSS = """
    PatternPlot { height: 1fr; width: 1fr; }
    PatternPlot > .plot--cursor { background: $accent; color: $background; text-style: bold; }
    PatternPlot > .plot--name { color: $text-muted; }
    """

    class Pointed(Message):
        """A pattern was pointed at, by the cursor or the mouse; None = there is none."""

        def __init__(self, point: "PatternPoint | None") -> None:
            super().__init__()
            self.point = point

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._points: Sequence[PatternPoint] = ()
        self._groups: Sequence[str] = ()
        self._cursor = 0
        self._zoom = 1.0
        self._names = True
        self._lines: list[Strip] | None = None

    @property
    def pointed(self) -> "PatternPoint | None":
        """The pattern of the cursor; None = there is none."""
        return self._points[self._cursor] if self._points else None

    def show(self, points: Sequence["PatternPoint"], groups: Sequence[str]) -> None:
        """Draw other points; the cursor stays on its phone and group, where they are still there."""
        before = self.pointed
        names = [(point.group, point.phone) for point in points]
        kept = (before.group, before.phone) if before else None
        self._points, self._groups = points, groups
        self._cursor = names.index(kept) if kept in names else 0
        self._redraw()
        self.post_message(self.Pointed(self.pointed))

    def legend(self) -> list[tuple[str, str, Style]]:
        """Group, mark and style of each; empty where there are too many to tell apart."""
        if len(self._groups) > MOST_GROUPS:
            return []
        colours = group_colours(len(self._groups), self.app.current_theme.dark)
        plain = is_plain(self.app)
        return [
            (group, MARKS[number % len(MARKS)], Style() if plain else Style(color=colours[number]))
            for number, group in enumerate(self._groups)
        ]

    # Drawing.

    def render_line(self, y: int) -> Strip:
        """A line of the picture, all of which is drawn at once when something changed."""
        if self._lines is None or len(self._lines) != self.size.height:
            self._lines = self._drawn()
        return self._lines[y] if y < len(self._lines) else Strip.blank(self.size.width)

    def on_resize(self) -> None:
        """Draw for another size."""
        self._redraw()

    def notify_style_update(self) -> None:
        """Draw in other colours."""
        super().notify_style_update()
        self._redraw()

    def on_focus(self) -> None:
        """Show the cursor."""
        self._redraw()
        self.post_message(self.Pointed(self.pointed))

    def on_blur(self) -> None:
        """Hide the cursor."""
        self._redraw()

    def _redraw(self) -> None:
        self._lines = None
        self.refresh()

    def _drawn(self) -> list[Strip]:
        width, height = self.size
        ground = self.rich_style
        cells: dict[tuple[int, int], Segment] = {}
        styles = {group: (mark, style) for group, mark, style in self.legend()}
        places = self._places()
        for point, at in zip(self._points, places, strict=True):
            mark, style = styles.get(point.group, ("●", Style()))
            cells[at] = Segment(mark, ground + style)
        if self._names or not styles:
            quiet = ground + self.get_component_rich_style("plot--name")
            for point, (x, y) in zip(self._points, places, strict=True):
                name = f"{point.phone}" if styles else point.group
                for start in (x + 1, x - len(name)):
                    taken = any((start + i, y) in cells for i in range(-1, len(name) + 1) if start + i != x)
                    if not taken and start >= 0 and start + len(name) <= width:
                        cells |= {(start + i, y): Segment(letter, quiet) for i, letter in enumerate(name)}
                        break
        if self._points and self.has_focus:
            at = places[self._cursor]
            pointed = self.get_component_rich_style("plot--cursor")
            cells[at] = Segment(cells[at].text, Style(reverse=True) if is_plain(self.app) else pointed)
        blank = Segment(" ", ground)
        return [Strip([cells.get((x, y), blank) for x in range(width)]) for y in range(height)]

    def _places(self) -> list[tuple[int, int]]:
        """The cell of each point; one that zooming has put outside is at a place that is not drawn."""
        width, height = self.size
        if not self._points:
            return []
        xs, ys = [point.x for point in self._points], [point.y for point in self._points]
        middle = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
        across, along = max(max(xs) - min(xs), 1e-9), max(max(ys) - min(ys), 1e-9)
        scale = min((width - 8) / across, _TALL * (height - 1) / along) * self._zoom
        if self._zoom > 1 and self.pointed is not None:
            middle = self.pointed.x, self.pointed.y
        return [
            (
                round((width - 1) / 2 + (x - middle[0]) * scale),
                round((height - 1) / 2 - (y - middle[1]) * scale / _TALL),
            )
            for x, y in zip(xs, ys, strict=True)
        ]

    # The cursor.

    def action_go(self, right: int, up: int) -> None:
        """Go to the nearest point in a direction."""
        here = self.pointed
        if here is None:
            return
        best, nearest = self._cursor, float("inf")
        for number, point in enumerate(self._points):
            ahead = (point.x - here.x) * right + (point.y - here.y) * up
            aside = abs((point.x - here.x) * up) + abs((point.y - here.y) * right)
            if ahead > 1e-9 and ahead + 2 * aside < nearest:
                best, nearest = number, ahead + 2 * aside
        self._go_to(best)

    def action_step(self, step: int) -> None:
        """Go to the next pattern by group and phone, or the one before."""
        if self._points:
            self._go_to((self._cursor + step) % len(self._points))

    def action_zoom(self, step: int) -> None:
        """Come nearer to the cursor, or go away again."""
        self._zoom = min(max(self._zoom * _ZOOM**step, 1.0), _MOST_ZOOM)
        self._redraw()

    def action_names(self) -> None:
        """Show the names of the phones, or marks alone."""
        self._names = not self._names
        self._redraw()

    def _go_to(self, number: int) -> None:
        self._cursor = number
        self._redraw()
        self.post_message(self.Pointed(self.pointed))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Tell of the point under the mouse, or near it."""
        found = self._under(event)
        self.post_message(self.Pointed(self.pointed if found is None else self._points[found]))

    def on_leave(self) -> None:
        """Tell of the point of the cursor again."""
        self.post_message(self.Pointed(self.pointed))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the point under the mouse."""
        found = self._under(event)
        if found is not None:
            self._go_to(found)

    def _under(self, event: events.MouseEvent) -> int | None:
        far = [(abs(x - event.x) + _TALL * abs(y - event.y), number) for number, (x, y) in enumerate(self._places())]
        distance, number = min(far, default=(_NEAR + 1, 0))
        return number if distance <= _NEAR else None
