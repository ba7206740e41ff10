"""The table of the sets: neurons, how they fall on the layers, and where they came from."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual import events

from tui.app.widgets.sparks import sparks
from tui.app.widgets.table import AnswerTable

if TYPE_CHECKING:
    from queries.basket import NeuronSet

TEXT, NUMBER = "VARCHAR", "BIGINT"
LEAST = 12
"""Characters that the last column has at least."""


class SetsTable(AnswerTable):
    """A row a set; the cursor stays on its set when others come and go, and goes to one that is new."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.sets: tuple[NeuronSet, ...] = ()

    @property
    def chosen(self) -> "NeuronSet | None":
        """The set under the cursor; None = there is none."""
        return self.sets[self.cursor_row] if 0 <= self.cursor_row < len(self.sets) else None

    def list_sets(self, sets: "tuple[NeuronSet, ...]") -> None:
        """Show other sets."""
        before, chosen = [one.name for one in self.sets], self.chosen
        self.sets = sets
        self._list()
        names = [one.name for one in sets]
        new = [name for name in names if name not in before]
        wanted = new[0] if before and len(new) == 1 else chosen.name if chosen is not None else None
        if wanted in names:
            self.move_cursor(row=names.index(wanted), animate=False)

    def on_resize(self, event: events.Resize) -> None:
        """Give the last column what room there is."""
        if self.sets:
            self._list()

    def _list(self) -> None:
        columns, rows = columns_and_rows(self.sets, self.size.width)
        self.show(tuple(columns), tuple(columns.values()), rows)


def columns_and_rows(sets: "Sequence[NeuronSet]", width: int) -> tuple[dict[str, str], list[tuple[Any, ...]]]:
    """Columns with their types, and the rows; the model is told where there are several.

    Args:
        sets: what to list.
        width: cells of the table; the last column is cut to what is left of them.
    """
    several = len({one.model for one in sets}) > 1
    columns = {"set": TEXT, "neurons": NUMBER, "layers": TEXT, **({"model": TEXT} if several else {}), "from": TEXT}
    rows: list[tuple[Any, ...]] = []
    for one in sets:
        sizes = [int(vector.sum()) for vector in one.mask.chosen]
        told = (one.name, len(one), sparks(sizes, max(sizes, default=0)), *([one.model] if several else []), one.origin)
        rows.append(told)
    widest = [max([len(name), *(len(str(row[place])) for row in rows)]) for place, name in enumerate(columns)]
    room = max(width - sum(wide + 2 for wide in widest[:-1]) - 2, LEAST)
    return columns, [(*row[:-1], shortened(row[-1], room)) for row in rows]


def shortened(text: str, most: int = 36) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
