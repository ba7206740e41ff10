"""p by phone and group of one neuron: shades of colour with their numbers, and a cursor that tells all of a cell."""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from queries.neuron_card import Cell, Responses
from tui.app.colours import MARKS, MOST_GROUPS, group_colours, ink_on, is_plain, shade
from tui.app.keys import VI_KEYS
from tui.app.screens.neuron.marks import strip

_NARROWEST, _WIDEST, _LEAST_STRIP = 8, 12, 16


class Heatmap(ScrollView, can_focus=True):
    """A row a phone, a column a group; without phones a row a group. To the right intervals, where there is room."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", "Up", show=False),
        Binding("down", "cursor_down", "Down", show=False),
        Binding("left", "cursor_left", "Left", show=False),
        Binding("right", "cursor_right", "Right", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("home", "scroll_top", "First row", show=False),
        Binding("end", "scroll_bottom", "Last row", show=False),
        *VI_KEYS,
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"heatmap--cursor", "heatmap--head", "heatmap--quiet"}
    DEFAULT_CSS = """
    Heatmap { height: 1fr; padding-left: 1; overflow: auto auto; scrollbar-size: 1 1; }
    Heatmap > .heatmap--cursor { background: $accent; color: $background; text-style: bold; }
    Heatmap > .heatmap--head { text-style: bold; }
    Heatmap > .heatmap--quiet { color: $text-muted; }
    """

    class Pointed(Message):
        """A cell was pointed at, by the cursor or the mouse; None = there is nothing."""

        def __init__(self, cell: Cell | None, row: str, column: str) -> None:
            super().__init__()
            self.cell, self.row, self.column = cell, row, column

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._found: Responses | None = None
        self._rows: Sequence[str] = ()
        self._columns: Sequence[str] = ()
        self._by_strength = False
        self.cursor = (0, 0)

    def show(self, found: Responses | None, by_strength: bool) -> None:
        """Show other responses; the cursor stays on its phone and group, where they are still there.

        Args:
            found: what to show; None = nothing.
            by_strength: whether the phones with the largest p come first, not those of a class together.
        """
        at = self._names_at(*self.cursor)
        self._found, self._by_strength = found, by_strength
        self._rows, self._columns = ((), ()) if found is None else sides(found, by_strength)
        row = self._rows.index(at[0]) if at[0] in self._rows else 0
        column = self._columns.index(at[1]) if at[1] in self._columns else 0
        self.cursor = row, column
        self._measure()
        self._point(*self.cursor)
        self.refresh()

    @property
    def rows(self) -> Sequence[str]:
        """Labels of the rows, from above."""
        return self._rows

    def cell(self, row: int, column: int) -> Cell | None:
        """The cell of a row and a column; None = there are no such frames."""
        found = self._found
        if found is None or not (0 <= row < len(self._rows) and 0 <= column < len(self._columns)):
            return None
        if found.group_follows:
            return next(cell for cell in found.cells.values() if cell.phone == self._rows[row])
        name, other = self._rows[row], self._columns[column]
        return found.cells.get((name, other) if _by_group(found) else (other, name))

    # Drawing.

    def on_resize(self, _event: events.Resize) -> None:
        """Give the columns the room that there is."""
        self._measure()

    def render_line(self, y: int) -> Strip:
        """A line of what is in view: the names of the columns above, the labels of the rows to the left."""
        width = self.size.width
        ground = self.rich_style
        if self._found is None or not self._rows:
            return Strip.blank(width, ground)
        row = y - 1 + self.scroll_offset.y
        head = self.get_component_rich_style("heatmap--head")
        if y == 0:
            label, parts = "", self._head_segments(head)
        elif row < len(self._rows):
            label, parts = self._rows[row], self._row_segments(row)
        else:
            return Strip.blank(width, ground)
        left = Segment(f"{_cut(label, self._label):<{self._label}} ", head if y and row == self.cursor[0] else ground)
        moved = Strip(parts).crop(self.scroll_offset.x, self.scroll_offset.x + width - self._label - 1)
        return Strip([left, *moved]).adjust_cell_length(width, ground)

    def _head_segments(self, head: Style) -> list[Segment]:
        parts = []
        for name in self._columns:
            mark, style = self._marks.get(name, ("", Style()))
            mark = f"{mark} " if mark and self._strip else ""
            text = f"{mark}{_cut(name, self._cell - 1 - len(mark))}"
            parts.append(Segment(f"{text:>{self._cell - 1}} ", head + style))
        if self._strip:
            quiet = self.get_component_rich_style("heatmap--quiet")
            right = f"{self._most:.{self._decimals}f}"
            legend = [] if self._columns != ("p",) else list(self._marks.items())
            room = self._strip - 4 - len(right) - sum(len(name) + 4 for name, _ in legend)
            legend = legend if room >= 0 else []
            parts.append(Segment("  0  ", quiet))
            parts += [Segment(f"{mark} {name}  ", self.rich_style + style) for name, (mark, style) in legend]
            used = 3 + sum(len(name) + 4 for name, _ in legend)
            parts.append(Segment(f"{right:>{self._strip - used}}", quiet))
        return parts

    def _row_segments(self, row: int) -> list[Segment]:
        quiet = self.get_component_rich_style("heatmap--quiet")
        pointed = self.get_component_rich_style("heatmap--cursor")
        plain, dark = is_plain(self.app), self.app.current_theme.dark
        cells = [self.cell(row, column) for column in range(len(self._columns))]
        parts = []
        for column, cell in enumerate(cells):
            if cell is None:
                text, style = "·", quiet
            else:
                text = f"{cell.p:.{self._decimals}f}{'•' if cell.responds else ' '}"
                colour = shade(cell.p / self._largest, dark)
                style = Style() if plain else Style(color=ink_on(colour), bgcolor=colour, bold=cell.responds)
                style += Style(color=quiet.color) if not cell.n_active else Style()
            here = (row, column) == self.cursor and self.has_focus
            style = (style + Style(reverse=True) if plain else pointed) if here else style
            parts += [Segment(f"{text:>{self._cell - 1}}", style), Segment(" ", self.rich_style)]
        if self._strip and self._found is not None:
            parts.append(Segment("  ", self.rich_style))
            plain_mark = (MARKS[0], Style())
            marked = [(cell, *self._marks.get(cell.group if cell else "", plain_mark)) for cell in cells]
            parts += strip(marked, quiet, self._found.baseline, self._most, self._strip)
        return parts

    @property
    def _marks(self) -> dict[str, tuple[str, Style]]:
        """Mark and style of each group; nothing where there are too many to tell apart, or one."""
        groups = () if self._found is None or _by_group(self._found) else self._found.groups
        if not 1 < len(groups) <= MOST_GROUPS:
            return {}
        colours = group_colours(len(groups), self.app.current_theme.dark)
        plain = is_plain(self.app)
        styles = [Style() if plain else Style(color=colour) for colour in colours]
        return {
            group: (MARKS[i % len(MARKS)], style) for i, (group, style) in enumerate(zip(groups, styles, strict=True))
        }

    def _measure(self) -> None:
        """Widths of labels, cells and intervals, and what is to be scrolled."""
        found = self._found
        cells = () if found is None else tuple(found.cells.values())
        self._largest = max((cell.p for cell in cells), default=0.0) or 1.0
        self._most = max((cell.p_high for cell in cells), default=0.0) or 1.0
        self._decimals = 3 if self._most >= 0.1 else 4
        self._label = min(max((len(name) for name in self._rows), default=1), 12)
        n = max(len(self._columns), 1)
        longest = max((len(name) for name in self._columns), default=1) + 3
        self._cell = min(max(longest, _NARROWEST), _WIDEST)
        rest = self.size.width - self._label - 1 - n * self._cell - 3
        self._strip = rest if rest >= _LEAST_STRIP and n <= MOST_GROUPS else 0
        used = self._label + 1 + n * self._cell + (self._strip + 2 if self._strip else 0)
        self.virtual_size = Size(used, len(self._rows) + 1 if self._rows else 0)

    # The cursor.

    def watch_has_focus(self, _value: bool) -> None:
        """Show the cursor, or hide it."""
        super().watch_has_focus(_value)
        self.refresh()

    def action_cursor_up(self) -> None:
        """A row up."""
        self._move(-1, 0)

    def action_cursor_down(self) -> None:
        """A row down."""
        self._move(1, 0)

    def action_cursor_left(self) -> None:
        """A column to the left."""
        self._move(0, -1)

    def action_cursor_right(self) -> None:
        """A column to the right."""
        self._move(0, 1)

    def action_page_up(self) -> None:
        """As many rows up as are in view."""
        self._move(-max(self.size.height - 1, 1), 0)

    def action_page_down(self) -> None:
        """As many rows down as are in view."""
        self._move(max(self.size.height - 1, 1), 0)

    def action_scroll_top(self) -> None:
        """The first row."""
        self._move(-len(self._rows), 0)

    def action_scroll_bottom(self) -> None:
        """The last row."""
        self._move(len(self._rows), 0)

    def action_scroll_home(self) -> None:
        """The first column."""
        self._move(0, -len(self._columns))

    def action_scroll_end(self) -> None:
        """The last column."""
        self._move(0, len(self._columns))

    def _move(self, rows: int, columns: int) -> None:
        if not self._rows:
            return
        row = min(max(self.cursor[0] + rows, 0), len(self._rows) - 1)
        column = min(max(self.cursor[1] + columns, 0), len(self._columns) - 1)
        self.cursor = row, column
        left = column * self._cell
        seen = Region(
            left, row, self._cell + self._label + 1, 2
        )  # the labels and the head cover one row and some columns
        self.scroll_to_region(seen, animate=False, force=True)
        self._point(row, column)
        self.refresh()

    def on_focus(self) -> None:
        """Tell of the cell of the cursor again."""
        self._point(*self.cursor)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Tell of the cell under the mouse."""
        at = self._under(event)
        self._point(*(self.cursor if at is None else at))

    def on_leave(self) -> None:
        """Tell of the cell of the cursor again."""
        self._point(*self.cursor)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is."""
        at = self._under(event)
        if at is not None:
            self.cursor = at
            self._point(*at)
            self.refresh()

    def _under(self, event: events.MouseEvent) -> tuple[int, int] | None:
        row = event.y - 1 + self.scroll_offset.y
        column = (event.x - self._label - 1 + self.scroll_offset.x) // self._cell
        inside = event.y >= 1 and row < len(self._rows) and event.x > self._label
        return (row, min(column, len(self._columns) - 1)) if inside else None

    def _names_at(self, row: int, column: int) -> tuple[str, str]:
        known = row < len(self._rows) and column < len(self._columns)
        return (self._rows[row], self._columns[column]) if known else ("", "")

    def _point(self, row: int, column: int) -> None:
        self.post_message(self.Pointed(self.cell(row, column), *self._names_at(row, column)))


def _by_group(found: Responses) -> bool:
    """Whether groups are the rows: a corpus without phones has one that stands for all."""
    return len(found.phones) == 1 and len(found.groups) > 1


def sides(found: Responses, by_strength: bool) -> tuple[Sequence[str], Sequence[str]]:
    """What the rows and the columns are: phones and groups, or where there is but one of either, groups and phones."""
    if _by_group(found):
        (phone,) = found.phones
        strength = {group: found.cells[group, phone].p for group in found.groups}
        return (sorted(found.groups, key=lambda group: -strength[group]) if by_strength else found.groups), ("p",)
    if by_strength:
        phones = sorted(found.phones, key=lambda phone: (-found.strongest(phone), phone))
    else:
        classes = list(dict.fromkeys(("vowel", "voiced", "unvoiced", *sorted(found.classes.values()))))
        place = {name: number for number, name in enumerate(classes)}
        phones = sorted(found.phones, key=lambda phone: (place.get(found.classes.get(phone, ""), len(place)), phone))
    return phones, ("p",) if found.group_follows else found.groups


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: max(most - 1, 0)]}…"
