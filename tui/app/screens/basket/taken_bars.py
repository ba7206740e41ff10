"""What a mask takes from every layer, as bars of the whole layer with the numbers beside them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import RenderResult
from textual.geometry import Size
from textual.widget import Widget

from tui.app.colours import group_colours, is_plain

if TYPE_CHECKING:
    from queries.basket import Taken
    from queries.masks import Kind


class TakenBars(Widget):
    """A line a layer: neurons taken, of how many, percent, and a bar of what is taken and what stays."""

    DEFAULT_CSS = "TakenBars { height: auto; width: 1fr; padding: 0 1; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: Sequence[Taken] = ()
        self._kind: Kind = "erase"

    def show(self, rows: "Sequence[Taken]", kind: "Kind") -> None:
        """Draw other bars; no rows = nothing."""
        self._rows, self._kind = rows, kind
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line for the legend, one for the names of the columns, one a layer, one for all."""
        return 3 + len(self._rows) if self._rows else 0

    def render(self) -> RenderResult:
        """The lines."""
        if not self._rows:
            return Text()
        total = (
            sum(row.n_neurons for row in self._rows),
            sum(row.in_set for row in self._rows),
            sum(row.taken for row in self._rows),
        )
        wide = max(len(f"{total[0]:,}"), len("neurons"))
        text = self._legend()
        text.append(f"\nlayer  {'in set':>{wide}}  {'taken':>{wide}}  {'neurons':>{wide}}  percent\n", "bold")
        room = max(self.size.width - 5 - 3 * (wide + 2) - 11, 4)
        lines = [(str(row.layer), row.n_neurons, row.in_set, row.taken) for row in self._rows]
        for name, n_neurons, in_set, taken in [*lines, ("all", *total)]:
            share = 100 * taken / n_neurons if n_neurons else 0.0
            style = "bold" if name == "all" else ""
            text.append(f"{name:>5}  {in_set:>{wide},}  {taken:>{wide},}  {n_neurons:>{wide},}  {share:>7.1f}  ", style)
            text.append_text(self._bar(n_neurons, in_set, taken, room))
            if name != "all":
                text.append("\n")
        text.no_wrap = True
        return text

    def _parts(self, n_neurons: int, in_set: int, taken: int) -> list[tuple[str, str, int]]:
        """What a layer falls into: name, style, neurons; in the order in which they are drawn."""
        colours = group_colours(8, self.app.current_theme.dark)
        stays, gone, beside = colours[0], colours[5], colours[7]
        if self._kind == "erase":
            return [("taken", gone, taken), ("stays", beside, n_neurons - taken)]
        filled = n_neurons - taken - in_set
        return [("the set, stays", stays, in_set), ("stays beside it", beside, filled), ("taken", gone, taken)]

    def _block(self, name: str) -> str:
        if not is_plain(self.app):
            return "█"
        return {"taken": "█", "the set, stays": "▒"}.get(name, "·")

    def _legend(self) -> Text:
        line = Text(no_wrap=True)
        for name, style, _ in self._parts(0, 0, 0):
            line.append(self._block(name), style)
            line.append(f" {name}   ")
        return line

    def _bar(self, n_neurons: int, in_set: int, taken: int, room: int) -> Text:
        """The whole layer; a part that has a neuron is seen, however small."""
        bar = Text()
        parts = [part for part in self._parts(n_neurons, in_set, taken) if part[2]]
        cells = [max(round(room * n / n_neurons), 1) for *_, n in parts]
        while sum(cells) > room and max(cells) > 1:
            cells[cells.index(max(cells))] -= 1
        while cells and sum(cells) < room:
            cells[cells.index(max(cells))] += 1
        for (name, style, _), n in zip(parts, cells, strict=True):
            bar.append(self._block(name) * n, style)
        return bar
