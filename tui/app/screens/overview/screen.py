"""The overview: what the warehouse holds, and how many neurons each property has."""

from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.widgets import DataTable, Static

from queries.overview import Recorded, definitions, neurons_by_layer, recorded, total_bytes
from tui.app.asked import Asked
from tui.app.screen import WarehouseScreen
from tui.app.widgets.sparks import sparks
from tui.app.widgets.table import AnswerTable
from tui.sizes import size_text
from warehouse.properties import quote

if TYPE_CHECKING:
    from queries import Connection

_MODELS = ("model", "corpus", "layers", "neurons", "λ %", "utterances", "frames", "size")
_MODEL_TYPES = ("VARCHAR", "VARCHAR", *("BIGINT",) * 2, "DOUBLE", *("BIGINT",) * 3)  # numbers stand to the right
_PROPERTIES = ("property", "neurons", "most in", "by layer", "defined as")
_PROPERTY_TYPES = ("VARCHAR", "BIGINT", "BIGINT", "VARCHAR", "VARCHAR")


class OverviewScreen(WarehouseScreen):
    """Models by corpora, and the properties with their neurons per layer."""

    NAME = "overview"
    HELP = """
# Overview

**Models** has a row for each model and corpus: layers, neurons of a layer, λ (the percent of a layer's neurons that a
frame activates), utterances and frames recorded, and the size on disk. While an ingest writes, the numbers move by
themselves. *Enter* on a row makes its model the one that all screens look at.

**Properties** has a row for each declared property: how many *property neurons* it has (P, the union of the group
neurons of its groups; [A] eq. 5) in the chosen model under the default parameters, the layer that has most of them, and
a small bar for each layer. *Enter* opens the property.
"""
    DEFAULT_CSS = """
    OverviewScreen .title { height: 1; padding: 0 1; text-style: bold; color: $primary; }
    OverviewScreen #models { max-height: 40%; }
    OverviewScreen #properties { height: 1fr; }
    OverviewScreen .none { padding: 1 2; height: auto; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._counted: dict[tuple[str, str], dict[int, int]] = {}
        self._order: list[str] = []
        self._left = 0

    def body(self) -> ComposeResult:
        """The two tables, and what to do where they are empty."""
        yield Static("", id="warehouse", classes="title", markup=False)
        yield AnswerTable(id="models")
        yield Static("", id="no-models", classes="none", markup=False)
        yield Static("", id="properties-title", classes="title", markup=False)
        yield AnswerTable(id="properties")

    def asked_changed(self, asked: Asked) -> None:
        """Show another model's numbers."""
        self._show_models()
        self._show_properties()
        self.call_after_refresh(self._count)  # which loads DuckDB: the screen shows first

    def snapshot_changed(self) -> None:
        """Show the numbers of the newer snapshot, the older ones until they are there."""
        self._show_models()
        self._show_properties()
        self._count()

    def as_sql(self) -> str | None:
        """The sizes of every property's set in the chosen model, layer by layer."""
        model = self.neurons.asked.model
        if model is None:
            return None
        return (
            "SELECT property, layer, count(*) AS n_neurons\n"
            f"FROM property_neurons(p_model := {quote(model)})\nGROUP BY ALL\nORDER BY ALL"
        )

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Choose the model of a row, or open its property."""
        table = event.data_table
        if not isinstance(table, AnswerTable):
            return
        if table.id == "models":
            self.neurons.choose(model=table.value("model", event.cursor_row))
        else:
            self.neurons.choose(property=table.value("property", event.cursor_row))
            self.neurons.action_open("property")

    def _show_models(self) -> None:
        state = self.neurons.session.snapshot
        rows = recorded(state)
        chosen = self.neurons.asked.model
        session = self.neurons.session
        held = ((session.models, "model"), (session.corpora, "corpus"), (state.manifests, "commit"))
        self.query_one("#warehouse", Static).update(
            f"{state.layout.root.name}   {size_text(total_bytes(state))} on disk   "
            f"{', '.join(_many(len(things), word) for things, word in held)}   snapshot {state.id[:8]}"
        )
        self.query_one("#models").display = bool(rows)
        self.query_one("#no-models").display = not rows
        self.query_one("#no-models", Static).update(
            "Nothing was recorded in this warehouse yet. Record a model on a corpus, in another terminal:\n\n"
            f"  neurons ingest --help\n  neurons ingest … -o {self.neurons.session.path}\n\n"
            "or make a warehouse to try things on: neurons demo. What is recorded appears here by itself."
        )
        table = self.query_one("#models", AnswerTable)
        table.styles.height = 1 + len(rows)
        first = not table.values
        table.show(_MODELS, _MODEL_TYPES, [_row(row) for row in rows])
        if first and rows:
            models = [row.model for row in rows]
            table.move_cursor(row=models.index(chosen) if chosen in models else 0)

    def _show_properties(self) -> None:
        asked, session = self.neurons.asked, self.neurons.session
        named = definitions(session.snapshot)
        title = f"Properties: neurons of {asked.model}" if asked.model else "Properties"
        self.query_one("#properties-title", Static).update(title)
        model = session.model(asked.model)
        layers = [layer.layer for layer in model.layers] if model else []
        most = max((max(c.values(), default=0) for (m, _), c in self._counted.items() if m == asked.model), default=0)
        rows: list[tuple[Any, ...]] = []
        for name, definition in named.items():
            counted = self._counted.get((asked.model or "", name))
            if counted is None:
                rows.append((name, *["…" if model else ""] * 3, definition))
                continue
            numbers = [counted.get(layer, 0) for layer in layers]
            total = sum(numbers)
            best = layers[numbers.index(max(numbers))] if total else ""
            rows.append((name, total, best, sparks(numbers, most), definition))
        self.query_one("#properties", AnswerTable).show(_PROPERTIES, _PROPERTY_TYPES, rows)

    def _count(self) -> None:
        """Count the neurons, a property after the other, each shown as it comes, the longest not counted first."""
        names = list(self.neurons.session.properties)
        self._order = [name for name in self._order if name in names]
        self._order = [name for name in names if name not in self._order] + self._order
        self._left = len(names) if self.neurons.asked.model is not None else 0
        self._count_next()

    def _count_next(self) -> None:
        model = self.neurons.asked.model
        if not self._left or model is None:
            return
        name = self._order[0]

        def work(con: "Connection") -> dict[int, int]:
            return neurons_by_layer(con, model, name)

        self.ask("neurons", work, partial(self._counted_one, model, name), doing=f"counting neurons of {name}")

    def _counted_one(self, model: str, name: str, found: dict[int, int]) -> None:
        self._counted[model, name] = found
        self._show_properties()
        self._go_on()

    def _go_on(self) -> None:
        self._order.append(self._order.pop(0))
        self._left -= 1
        self._count_next()

    def failed(self, about: str, error: Exception) -> None:
        """Say what went wrong, and count the next property."""
        super().failed(about, error)
        if about == "neurons":
            self._go_on()

    def on_screen_resume(self) -> None:
        """Go on with what was stopped."""
        if self._left and not self.waits_for("neurons"):
            self.call_after_refresh(self._count_next)


def _row(row: Recorded) -> tuple[Any, ...]:
    corpus = row.corpus if row.corpus is not None else "(nothing recorded yet)"
    seen = f"{row.utterances:,} of {row.planned:,}" if row.utterances < row.planned else f"{row.utterances:,}"
    size = size_text(row.bytes)
    return row.model, corpus, row.layers, row.neurons, row.lambda_pct, seen, f"{row.frames:,}", size


def _many(n: int, word: str) -> str:
    plural = {"corpus": "corpora"}.get(word, f"{word}s")
    return f"{n} {word if n == 1 else plural}"
