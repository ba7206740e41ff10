"""A table of an answer: numbers to the right, keys of vi, rows that can be copied, found, and opened as neurons."""

from collections.abc import Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable

from tui.app.keys import VI_KEYS
from tui.app.messages import NeuronPicked
from tui.table import CELL, columns_of_text, is_number


class AnswerTable(DataTable[Text]):
    """Rows of an answer. A row that has a neuron and, here or on the screen, a layer opens that neuron's card."""

    BINDINGS: ClassVar[list[BindingType]] = [*VI_KEYS, Binding("y", "copy_row", "Copy row", show=False)]

    class CopyWanted(Message):
        """A row is to be copied, its values parted by tabs."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes, cursor_type="row", zebra_stripes=True, header_height=1)
        self.names: tuple[str, ...] = ()
        self.types: tuple[str, ...] = ()
        self.values: list[Sequence[Any]] = []

    def show(self, names: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Show other rows; where the columns are the same, cursor and scrolling stay as far as they can.

        Args:
            names: of the columns.
            types: DuckDB's names of their types; those of numbers stand to the right.
            rows: values, as DuckDB or Python gives them.
        """
        before = self.cursor_coordinate, self.scroll_x, self.scroll_y
        same = tuple(names) == self.names and tuple(types) == self.types
        self.names, self.types = tuple(names), tuple(types)
        self.clear(columns=not same)
        if not same:
            for place, (name, kind) in enumerate(zip(names, types, strict=True)):
                label = Text(name, justify="right" if is_number(kind) else "left", no_wrap=True)
                self.add_column(label, key=str(place), width=1)
        for column in self.ordered_columns:
            column.width = column.label.cell_len
        self.values = []
        self.extend(rows)
        if same and rows:
            where, x, y = before
            self.move_cursor(row=min(where.row, len(rows) - 1), column=where.column, animate=False, scroll=False)
            self.scroll_to(x, y, animate=False)

    def extend(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows of the same columns below the others."""
        columns = [
            [_cell(text, is_number(kind)) for text in column]
            for kind, column in zip(self.types, columns_of_text(self.types, rows), strict=True)
        ]
        # Widths are set here: measured later, as the table would do, they are those of the rows before for a moment.
        for column, cells in zip(self.ordered_columns, columns, strict=True):
            column.width = max(column.width, *(cell.cell_len for cell in cells), 0)
        self.add_rows(zip(*columns, strict=True))
        self.values.extend(rows)

    def value(self, name: str, row: int | None = None) -> Any:
        """The value of a column in a row, or in that of the cursor; None where there is none."""
        place = self.cursor_row if row is None else row
        if name not in self.names or not 0 <= place < len(self.values):
            return None
        return self.values[place][self.names.index(name)]

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Open the neuron of the row, where it has one."""
        neuron = self.value("neuron", event.cursor_row)
        if isinstance(neuron, int):
            event.stop()
            layer, model = self.value("layer", event.cursor_row), self.value("model", event.cursor_row)
            self.post_message(NeuronPicked(neuron, layer, model))

    def action_copy_row(self) -> None:
        """Copy the row of the cursor."""
        if 0 <= self.cursor_row < len(self.values):
            row = self.values[self.cursor_row]
            self.post_message(self.CopyWanted("\t".join("" if value is None else str(value) for value in row)))


def _cell(text: str, to_right: bool) -> Text:
    shown = text if len(text) <= CELL else f"{text[: CELL - 1]}…"
    return Text(shown, justify="right" if to_right else "left", no_wrap=True)
