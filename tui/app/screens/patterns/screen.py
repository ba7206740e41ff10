"""The activation patterns of a layer in the plane, and how far the groups lie apart in every layer."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import DataTable, Static

from tui.app.asked import Asked
from tui.app.screen import Listed, WarehouseScreen
from tui.app.screens.patterns.help import PATTERNS
from tui.app.screens.patterns.plot import PatternPlot
from tui.app.screens.patterns.rows import NAMES, TYPES, best_of_them, rows_of
from tui.app.widgets.property_chooser import PropertyChooser
from tui.app.widgets.table import AnswerTable
from tui.reporting import message_of
from warehouse.errors import WarehouseError
from warehouse.properties import quote

if TYPE_CHECKING:
    from queries import Connection
    from queries.patterns.of_layer import LayerPatterns

KEYS = "[ ] layer   o property   arrows n pattern   + - nearer   t names"
WIDE = 120
"""Cells from which on the table has room for all of its columns."""

Computed = dict[int, "LayerPatterns"]


class PatternsScreen(WarehouseScreen):
    """MDS of the patterns of the chosen layer, and the separation of the groups layer by layer."""

    NAME = "patterns"
    AUTO_FOCUS = "#plot"
    HELP = PATTERNS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket", "layer(-1)", "Layer before", show=False),
        Binding("right_square_bracket", "layer(1)", "Layer after", show=False),
        Binding("o", "property(1)", "Next property", show=False),
        Binding("O", "property(-1)", "Property before", show=False),
    ]
    DEFAULT_CSS = """
    PatternsScreen #head { height: 1; background: $surface; }
    PatternsScreen #which { width: 1fr; padding: 0 1; text-style: bold; color: $primary; }
    PatternsScreen #prop { width: 20; }
    PatternsScreen #none { height: 1fr; padding: 1 2; display: none; }
    PatternsScreen.-empty #none { display: block; }
    PatternsScreen.-empty #head, PatternsScreen.-empty #both { display: none; }
    PatternsScreen #both { height: 1fr; }
    PatternsScreen #picture { width: 1fr; }
    PatternsScreen #legend, PatternsScreen #point { height: 1; padding: 0 1; }
    PatternsScreen #note { height: auto; max-height: 4; padding: 0 1; color: $text-warning; display: none; }
    PatternsScreen #note.-said { display: block; }
    PatternsScreen #by-layer { width: 37; border-left: solid $panel; }
    PatternsScreen.-wide #by-layer { width: 74; }
    PatternsScreen #best { height: 2; padding: 0 1; }
    PatternsScreen #layers { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._computed: dict[tuple[object, ...], Computed] = {}
        self._asked_layer = 0
        self._failed: set[int] = set()
        self._turn = 0
        self._one_fit = threading.Lock()

    def body(self) -> ComposeResult:
        """The picture to the left, the layers to the right."""
        with Horizontal(id="head"):
            yield Static("", id="which", markup=False)
            yield PropertyChooser(id="prop")
        yield Static("", id="none", markup=False)
        with Horizontal(id="both"):
            with Vertical(id="picture"):
                yield Static("", id="legend")
                yield Static("", id="note", markup=False)
                yield PatternPlot(id="plot")
                yield Static("", id="point", markup=False)
            with Vertical(id="by-layer"):
                yield AnswerTable(id="layers")
                yield Static("", id="best", markup=False)

    def on_resize(self, event: events.Resize) -> None:
        """Give the table room for all of its columns, where there is some."""
        self.set_class(event.size.width >= WIDE, "-wide")

    # What is asked.

    def asked_changed(self, asked: Asked) -> None:
        """Draw the chosen layer, and go on with those that were not computed yet."""
        self.cancel()
        self._forget_failures()
        nothing = asked.model is None or asked.property is None
        self.set_class(nothing, "-empty")
        if nothing:
            what = "No property is declared" if asked.model else "Nothing was recorded yet"
            self.query_one("#none", Static).update(f"{what}, so there are no patterns to compare. F2 says what to do.")
            self.hint("")
            return
        self._show_choice(asked)
        self._show(asked)
        self._ask_next(asked)

    def snapshot_changed(self) -> None:
        """Compute everything anew of the newer snapshot."""
        self._computed.clear()
        super().snapshot_changed()

    def _found(self, asked: Asked) -> Computed:
        """What was computed under a choice, by layer."""
        key = (asked.model, asked.property, tuple(sorted(asked.parameters.items())))
        return self._computed.setdefault(key, {})

    def _layers(self, asked: Asked) -> list[int]:
        model = self.neurons.session.model(asked.model)
        return [facts.layer for facts in model.layers] if model else []

    def _ask_next(self, asked: Asked) -> None:
        """Compute the chosen layer, or the first that is missing, and so on until all are there."""
        found, layers = self._found(asked), self._layers(asked)
        over = {*found, *self._failed}
        missing = [layer for layer in (asked.layer, *layers) if layer in layers and layer not in over]
        if not missing or asked.model is None or asked.property is None:
            return
        model, prop, layer = asked.model, asked.property, missing[0]
        given: dict[str, Any] = dict(asked.parameters)
        self._asked_layer = layer
        self._turn += 1
        turn = self._turn

        def work(con: "Connection") -> "LayerPatterns":
            from queries.patterns.of_layer import layer_patterns  # loads Polars, in this thread

            with self._alone(turn):
                return layer_patterns(con, model, layer, prop, **given)

        doing = f"patterns of layer {layer}, {len(found)} of {len(layers)} done"
        self.ask("patterns", work, partial(self._came, asked), doing=doing)

    @contextmanager
    def _alone(self, turn: int) -> Iterator[None]:
        """Wait for the fit that runs, which cannot be interrupted; in a thread.

        Raises:
            WarehouseError: something else was asked meanwhile, so that nobody is told.
        """
        while turn == self._turn:
            if self._one_fit.acquire(timeout=0.05):
                try:
                    yield
                finally:
                    self._one_fit.release()
                return
        raise WarehouseError("something else was asked meanwhile")

    def cancel(self, about: str | None = None) -> bool:
        """Give up what runs, and what waits for it to end."""
        self._turn += 1
        return super().cancel(about)

    def on_screen_resume(self) -> None:
        """Go on with the layers that are missing since something was stopped or failed."""
        asked = self.neurons.asked
        if self._told == asked and not self.waits:
            self._forget_failures()
            self._ask_next(asked)

    def _forget_failures(self) -> None:
        if self._failed:
            self._failed.clear()
            self.problem(None)

    def failed(self, about: str, error: Exception) -> None:
        """Say what was wrong with the first layer that failed, and go on with the others."""
        if not self._failed:
            self.problem(message_of(error))  # stays while other layers come
        self._failed.add(self._asked_layer)
        asked = self.neurons.asked
        self._show(asked)
        self._ask_next(asked)

    def _came(self, asked: Asked, one: "LayerPatterns") -> None:
        self._found(asked)[one.layer] = one
        self._show(asked)
        self._ask_next(asked)

    # What is shown.

    def _show_choice(self, asked: Asked) -> None:
        self.query_one("#which", Static).update(f"Patterns in layer {asked.layer} of {asked.model}", layout=False)
        self.query_one(PropertyChooser).show(self.neurons.session.properties, asked.property)
        changed = ", ".join(f"{name} = {value}" for name, value in asked.parameters.items())
        self.hint(f"{changed}   {KEYS}" if changed else KEYS)

    def _show(self, asked: Asked) -> None:
        found = self._found(asked)
        here = found.get(asked.layer)
        plot = self.query_one("#plot", PatternPlot)
        plot.show(here.points if here else (), here.groups if here else ())
        legend = Text(no_wrap=True, overflow="ellipsis")
        for group, mark, style in plot.legend():
            legend.append(f"{mark} ", style)
            legend.append(f"{group}   ")
        if here is not None and not legend:
            legend.append(f"{len(here.groups)} groups, by name")
        self.query_one("#legend", Static).update(legend, layout=False)
        note = self.query_one("#note", Static)
        note.set_class(here is not None and here.note is not None, "-said")
        note.update(_in_the_app(here.note if here else None))
        table = self.query_one("#layers", AnswerTable)
        layers = self._layers(asked)
        table.show(NAMES, TYPES, rows_of(layers, found, asked.layer, self._failed))
        if asked.layer in layers and not table.has_focus:
            table.move_cursor(row=layers.index(asked.layer))
        self._show_best(found, len(layers))

    def _show_best(self, found: Computed, n_layers: int) -> None:
        best = best_of_them(found)
        to_come = n_layers - len(self._failed | found.keys())
        rest = f" ({to_come} to come)" if to_come > 0 else ""
        if best is None:
            said = "no layer has a silhouette" if not rest and found else ""
        else:
            index = "" if best.davies_bouldin_2d is None else f", Davies-Bouldin {best.davies_bouldin_2d:.3f}"
            said = f"best: layer {best.layer}, silhouette {best.silhouette_2d:.3f}{index}"
        self.query_one("#best", Static).update(f"{said}{rest}", layout=False)

    def on_pattern_plot_pointed(self, message: PatternPlot.Pointed) -> None:
        """Tell of a pattern."""
        point = message.point
        said = "" if point is None else f"{point.phone} in {point.group}: {point.n_neurons:,} neurons respond"
        self.query_one("#point", Static).update(said, layout=False)

    # Keys.

    def action_layer(self, step: int) -> None:
        """Draw the layer before or after."""
        layers, layer = self._layers(self.neurons.asked), self.neurons.asked.layer
        if layer in layers:
            self.neurons.choose(layer=layers[min(max(layers.index(layer) + step, 0), len(layers) - 1)])

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Draw the layer of the row."""
        layers = self._layers(self.neurons.asked)
        if event.data_table.id == "layers" and event.cursor_row < len(layers):
            self.neurons.choose(layer=layers[event.cursor_row])

    # What can be taken away.

    def as_sql(self) -> str | None:
        """The patterns of the layer; where they lie is computed of them."""
        asked = self.neurons.asked
        if asked.model is None or asked.property is None:
            return None
        return (
            'SELECT layer, "group", phone, neuron, n_active, n_frames, p\n'
            f"FROM {asked.call('activation_patterns', p_layer=asked.layer)}\n"
            'ORDER BY "group", phone, neuron'
        )

    def as_python(self) -> str | None:
        """The points of the layer, and the separation of all layers."""
        asked = self.neurons.asked
        if asked.model is None or asked.property is None:
            return None
        given = {"p_model": asked.model, **asked.parameters}
        options = ", ".join(f"{name}={value!r}" for name, value in given.items())
        return (
            "from queries import connect\nfrom queries.patterns import best_layers, pattern_points, separation\n\n"
            f"with connect({str(self.neurons.session.path)!r}) as con:\n"
            f"    points = pattern_points(con, {asked.property!r}, p_layer={asked.layer}, {options})\n"
            f"    by_layer = separation(con, {asked.property!r}, {options})\n"
            "best = best_layers(by_layer)\n"
        )

    def neurons_sql(self) -> Listed | None:
        """The neurons of the pattern of the cursor; from the table, those of all patterns of the layer."""
        asked = self.neurons.asked
        if asked.model is None or asked.property is None:
            return None
        patterns = asked.call("activation_patterns", p_layer=asked.layer)
        point = self.query_one("#plot", PatternPlot).pointed
        sql = f"SELECT DISTINCT layer, neuron FROM {patterns}"
        if point is None or self.query_one("#layers", AnswerTable).has_focus:
            return Listed(sql, f"patterns of {asked.property} in layer {asked.layer}", asked.model)
        sql += f' WHERE "group" = {quote(point.group)} AND phone = {quote(point.phone)}'
        return Listed(sql, f"{point.phone} in {point.group}, layer {asked.layer}", asked.model)


def _in_the_app(note: str | None) -> str:
    """A note on patterns, with what can be done about it here."""
    said = note or ""
    return f"{said}, in the Python that F9 copies" if said.endswith("max_points") else said
