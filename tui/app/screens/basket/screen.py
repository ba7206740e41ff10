"""The basket: named sets of neurons, what is done with them, and what a mask of one would take."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import DataTable, Static

from queries.basket import NeuronSet, Plan, Taken, planned, scores_of, taken
from tui.app.asked import Asked
from tui.app.screen import Listed, WarehouseScreen
from tui.app.screens.basket.help import HELP
from tui.app.screens.basket.messages import BasketChanged, PlanChanged
from tui.app.screens.basket.naming import OTHER, NameScreen
from tui.app.screens.basket.plan_bar import PlanBar
from tui.app.screens.basket.sets_table import SetsTable, shortened
from tui.app.screens.basket.taken_bars import TakenBars
from warehouse.errors import MaskError

if TYPE_CHECKING:
    from queries import Connection
    from queries.basket import Basket, Change, How
    from queries.masks import Mask

_SIGNS: "dict[How, str]" = {"add": "∪", "intersect": "∩", "take away": "∖"}
_TITLES: "dict[How, str]" = {"add": "Union", "intersect": "Intersection", "take away": "Difference"}
_LOOKING = 1.0
"""Seconds between two looks for sets that another program changed."""

EMPTY = (
    "No set yet. Wherever neurons are listed (a property, a neuron's like, an answer in SQL), press b to add them to a "
    "named set. Sets stay when the app ends."
)


class BasketScreen(WarehouseScreen):
    """Sets above, what a mask of the one under the cursor takes below."""

    NAME = "basket"
    HELP = HELP

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "export", "Export"),
        Binding("u", "combine('add')", "Combine", key_display="u i d"),
        Binding("i", "combine('intersect')", "Intersection", show=False),
        Binding("d", "combine('take away')", "Difference", show=False),
        Binding("r", "rename", "Rename", show=False),
        Binding("c", "copy_set", "Copy", show=False),
        Binding("delete", "remove", "Remove", key_display="del"),
        Binding("ctrl+z", "undo", "Undo", priority=True),
        Binding("p", "plan", "Plan"),
    ]

    DEFAULT_CSS = """
    BasketScreen #sets { height: 1fr; min-height: 4; max-height: 40%; }
    BasketScreen #empty { display: none; height: 1fr; padding: 1 2; color: $text-muted; }
    BasketScreen #damaged { display: none; height: auto; max-height: 4; padding: 0 1; color: $text-warning; }
    BasketScreen #damaged.-shown { display: block; }
    BasketScreen #takes { height: auto; max-height: 2; padding: 0 1; color: $text-primary; text-style: bold; }
    BasketScreen #scroll { height: 1.5fr; }
    BasketScreen.-empty #empty { display: block; }
    BasketScreen.-empty .filled { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._plan = Plan()
        self._shown: tuple[NeuronSet, Plan, Mask] | None = None
        self._damaged: tuple[str, ...] = ()

    def body(self) -> ComposeResult:
        """Sets, plan, preview."""
        yield Static(EMPTY, id="empty")
        yield Static(id="damaged", markup=False)
        yield SetsTable(id="sets", classes="filled")
        yield PlanBar(classes="filled")
        yield Static(id="takes", classes="filled", markup=False)
        with VerticalScroll(id="scroll", classes="filled"):
            yield TakenBars(id="bars")

    def on_mount(self) -> None:
        """Watch for what other programs do to the sets."""
        self.set_interval(_LOOKING, self._look)

    @property
    def basket(self) -> "Basket":
        """The named sets of the warehouse."""
        return self.neurons.basket

    def asked_changed(self, asked: Asked) -> None:
        """Show the sets, which belong to the warehouse and not to the choice."""
        self._look(self._shown is None)

    def snapshot_changed(self) -> None:
        """Count again what the plan fills with."""
        self._shown = None
        self._look(True)

    def on_screen_resume(self) -> None:
        """Show what other screens did to the sets."""
        self._look()

    def on_basket_changed(self, message: BasketChanged) -> None:
        """Show the sets as they are now."""
        self._look()

    def on_plan_changed(self, message: PlanChanged) -> None:
        """Show what another plan takes."""
        self._plan = message.plan
        self._preview()

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Show what a mask of another set takes."""
        self._preview()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Export the set that was chosen."""
        self.action_export()

    # What can be taken from the screen.

    def as_sql(self) -> str | None:
        """The neurons of the set, as numbers."""
        chosen = self._chosen
        return None if chosen is None else chosen.sql()

    def as_python(self) -> str | None:
        """The set as a mask."""
        chosen = self._chosen
        if chosen is None:
            return None
        return (
            "from queries.basket import Basket\n\n"
            f"mask = Basket.of({str(self.neurons.session.path)!r})[{chosen.name!r}].mask\n"
        )

    def neurons_sql(self) -> Listed | None:
        """The neurons of the set, for another one."""
        chosen = self._chosen
        return None if chosen is None else Listed(chosen.sql(), f"{chosen.name} and more", chosen.model)

    # Actions.

    def action_export(self) -> None:
        """Ask for a file and write the mask."""
        from tui.app.screens.basket.export import Choice, ExportScreen

        chosen = self._chosen
        if chosen is None:
            return self._nothing()
        masks = [planned(chosen, Plan("erase")), planned(chosen, Plan("keep"))]
        place = 0 if self._plan.kind == "erase" else 1
        if self._plan.density is not None:
            if self._shown is None or self._shown[:2] != (chosen, self._plan):
                self.notify("what the prune keeps is not known yet; see the lines below the sets", severity="warning")
                return None
            masks.append(self._shown[2])
            place = 2
        choices = [Choice(_told(mask), mask) for mask in masks]
        self.app.push_screen(ExportScreen(chosen.name, choices, place, _file_name(chosen, masks[place])))
        return None

    def action_combine(self, how: "How") -> None:
        """Ask for another set, and make a new one of both."""
        chosen = self._chosen
        if chosen is None:
            return self._nothing()
        others = tuple(one.name for one in self._table.sets if one.model == chosen.model and one.name != chosen.name)
        if not others:
            self.notify(f"there is no other set of {chosen.model}; make one first", severity="warning", markup=False)
            return None
        suggested = f"{chosen.name} {_SIGNS[how]} {OTHER}"

        def do(name: str, other: str) -> "Change":
            return self.basket.combine(name, chosen.name, how, other)

        title = f"{_TITLES[how]} of {chosen.name}"
        self.app.push_screen(
            NameScreen(title, suggested.replace(OTHER, others[0]), do, others=others, suggest=suggested)
        )
        return None

    def action_rename(self) -> None:
        """Ask for another name."""
        self._ask_name("Rename", self.basket.rename)

    def action_copy_set(self) -> None:
        """Ask for the name of a copy."""
        self._ask_name("Copy", self.basket.copy)

    def action_remove(self) -> None:
        """Remove the set; nobody is asked, for it can be taken back."""
        chosen = self._chosen
        if chosen is None:
            return self._nothing()
        self._changed(partial(self.basket.remove, chosen.name), "{said}; ctrl+z takes it back")
        return None

    def action_undo(self) -> None:
        """Take the last change back."""
        if self.basket.last is None:
            self.notify("nothing was changed since the app was opened", severity="warning")
        else:
            self._changed(self.basket.undo, "taken back: {said}")

    def action_plan(self) -> None:
        """Go to the choice of what a mask takes."""
        self.query_one("#what").focus()

    def action_stop(self) -> None:
        """Go back to the sets; there, stop what runs."""
        if self._table.sets and not self._table.has_focus:
            self._table.focus()
        else:
            super().action_stop()

    # How it works.

    @property
    def _table(self) -> SetsTable:
        return self.query_one("#sets", SetsTable)

    @property
    def _chosen(self) -> NeuronSet | None:
        return self._table.chosen

    def _nothing(self) -> None:
        self.notify("there is no set yet", severity="warning")

    def _ask_name(self, title: str, do: "Callable[[str, str], Change]") -> None:
        chosen = self._chosen
        if chosen is None:
            return self._nothing()
        name = chosen.name
        self.app.push_screen(NameScreen(f"{title} {name}", name, lambda new, _: do(name, new)))
        return None

    def _changed(self, change: "Callable[[], Change | None]", told: str) -> None:
        try:
            done = change()
        except MaskError as error:
            self.problem(str(error))
        else:
            self.problem(None)
            if done is not None:
                self.notify(told.format(said=done.said), markup=False)
        self._look()

    def _look(self, anew: bool = False) -> None:
        """Show the sets where they are others than those that are shown; the cursor stays on its set."""
        table = self._table
        found, damaged = self.basket.sets(), self.basket.problems()
        if damaged != self._damaged:
            self._damaged = damaged
            line = self.query_one("#damaged", Static)
            line.set_class(bool(damaged), "-shown")
            line.update("\n".join(damaged))
        if found == table.sets and not anew:
            return
        table.list_sets(found)
        self.set_class(not found, "-empty")
        if found and self.focused is None:
            table.focus()
        self._preview(True)

    def _preview(self, anew: bool = False) -> None:
        """Show what a mask of the set and the plan takes; what it is filled with may have to be counted first."""
        chosen, plan = self._chosen, self._plan
        if chosen is None:
            self.cancel("plan")
            self._shown = None
            return
        if not anew and self._shown is not None and self._shown[:2] == (chosen, plan):
            return
        self.problem(None)
        if plan.density is None:
            self.cancel("plan")
            self._show(chosen, plan, planned(chosen, plan))
            return

        def work(con: "Connection") -> "Mask":
            return planned(chosen, plan, scores_of(con, chosen, plan))

        self.ask("plan", work, partial(self._show, chosen, plan), doing="counting how often neurons are active")

    def failed(self, about: str, error: Exception) -> None:
        """Say what went wrong, and show no numbers of another plan beside it."""
        super().failed(about, error)
        if about == "plan":
            self._shown = None
            self.query_one("#takes", Static).update("")
            self.query_one("#bars", TakenBars).show((), "erase")

    def _show(self, chosen: NeuronSet, plan: Plan, mask: "Mask") -> None:
        self._shown = chosen, plan, mask
        rows: tuple[Taken, ...] = taken(mask, chosen)
        gone, every = sum(row.taken for row in rows), mask.n_neurons
        share = 100 * gone / every if every else 0.0
        doing = "erasing" if plan.kind == "erase" else "keeping" if plan.density is None else "pruning around"
        self.query_one("#takes", Static).update(
            Text(f"{doing} {shortened(chosen.name)} takes {gone:,} of {every:,} neurons ({share:.1f}%)")
        )
        self.query_one("#bars", TakenBars).show(rows, plan.kind)


def _told(mask: "Mask") -> str:
    """What a mask does, in a line."""
    gone = sum(int(vector.sum()) for vector in mask.removed().values())
    if mask.kind == "erase":
        return f"erase the set: takes {gone:,}"
    density = mask.provenance.get("density")
    if density is None:
        return f"keep the set alone: takes {gone:,}"
    return f"prune to {density} around the set: takes {gone:,}"


def _file_name(chosen: NeuronSet, mask: "Mask") -> str:
    words = "".join(sign if sign.isalnum() else " " for sign in chosen.name).split()
    return "-".join([mask.kind, *words])
