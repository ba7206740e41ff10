"""Bars of layers, one below the other: each the sum of its groups, which have no neuron in common."""

from collections.abc import Collection, Mapping, Sequence

from rich.text import Text
from textual import events
from textual.app import RenderResult
from textual.geometry import Size
from textual.widget import Widget

from tui.app.colours import BLOCKS, MOST_GROUPS, group_colours, is_plain
from tui.app.messages import LayerPicked
from tui.app.widgets.sparks import bar


class StackedBars(Widget):
    """One bar a layer, its groups in their colours, its total beside it; a click on a bar chooses the layer."""

    DEFAULT_CSS = "StackedBars { height: auto; width: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._layers: Sequence[int] = ()
        self._groups: Sequence[str] = ()
        self._sizes: Mapping[tuple[int, str], int] = {}
        self._counted: Collection[int] = ()
        self._chosen: int | None = None

    def show(
        self,
        layers: Sequence[int],
        groups: Sequence[str],
        sizes: Mapping[tuple[int, str], int],
        counted: Collection[int],
        chosen: int | None,
    ) -> None:
        """Draw other bars.

        Args:
            layers: numbers of the layers, from above.
            groups: in the order in which they are stacked; of more than eight only the sum is drawn.
            sizes: (layer, group) -> neurons; a pair that is absent has none.
            counted: layers that are counted already, also those of a property without groups.
            chosen: the layer that is marked; None = none.
        """
        as_high = len(layers) == len(self._layers)
        self._layers, self._groups, self._sizes = layers, groups, sizes
        self._counted, self._chosen = counted, chosen
        self.refresh(layout=not as_high)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line for the legend, and one a layer."""
        return 1 + len(self._layers)

    def render(self) -> RenderResult:
        """The legend and the bars."""
        totals = {layer: sum(self._sizes.get((layer, group), 0) for group in self._groups) for layer in self._layers}
        most = max(totals.values(), default=0)
        head = max((len(str(layer)) for layer in self._layers), default=1)
        tail = len(f"{most:,}")
        room = max(self.size.width - head - tail - 5, 1)
        told_apart = 1 < len(self._groups) <= MOST_GROUPS
        text = self._legend(told_apart)
        for layer in self._layers:
            text.append("\n")
            chosen = layer == self._chosen
            text.append(f"{'▶' if chosen else ' '}{layer:>{head}} ", "bold" if chosen else "")
            sizes = [self._sizes.get((layer, group), 0) for group in self._groups]
            stacked = self._bar(sizes if told_apart else [sum(sizes)], most, room)
            text.append_text(stacked)
            text.append(" " * (room - stacked.cell_len + 1))
            total = f"{totals[layer]:,}" if layer in self._counted else "…"
            text.append(f"{total:>{tail}}", "bold" if chosen else "")
        return text

    def on_click(self, event: events.Click) -> None:
        """Choose the layer whose bar was clicked."""
        place = event.y - 1
        if 0 <= place < len(self._layers):
            self.post_message(LayerPicked(self._layers[place]))

    def _styles(self, n: int) -> list[tuple[str, str]]:
        """Colour and character of each group."""
        plain = is_plain(self.app)
        colours = group_colours(n, self.app.current_theme.dark)
        return [(colour, BLOCKS[place % len(BLOCKS)] if plain else "█") for place, colour in enumerate(colours)]

    def _legend(self, told_apart: bool) -> Text:
        text = Text(no_wrap=True, overflow="ellipsis")
        if told_apart:
            for (colour, block), group in zip(self._styles(len(self._groups)), self._groups, strict=True):
                text.append(f"{block} ", colour)
                text.append(f"{group}   ")
        elif self._groups:
            text.append(
                "neurons of the layer" if len(self._groups) == 1 else f"all {len(self._groups)} groups together"
            )
        return text

    def _bar(self, sizes: Sequence[int], most: int, room: int) -> Text:
        """A stacked bar, exact to a cell at its inner borders and to an eighth of one at its end."""
        drawn_bar = Text(no_wrap=True)
        total, drawn = 0, 0
        for size, (colour, block) in zip(sizes, self._styles(len(sizes)), strict=True):
            total += size
            end = room * total / most if most else 0.0
            if total == sum(sizes) and block == "█":
                drawn_bar.append(bar(end - drawn), colour)
                break
            drawn_bar.append(block * max(round(end) - drawn, 0), colour)
            drawn = max(round(end), drawn)
        return drawn_bar
