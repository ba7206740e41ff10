"""The line that says what is to become of the set: erase it, keep it alone, or prune to a density around it."""

from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.widgets import Checkbox, Input, Label, Select, Static

from tui.app.screens.basket.messages import PlanChanged

if TYPE_CHECKING:
    from queries.basket import Plan

ERASE, KEEP, PRUNE = "erase", "keep", "prune"
WHAT = (
    ("erase the set", ERASE),
    ("keep the set alone", KEEP),
    ("prune around the set", PRUNE),
)


class PlanBar(Container):
    """Choosers for a plan; what is no plan is said beside them, and the last one stays."""

    DEFAULT_CSS = """
    PlanBar { height: auto; layout: grid; grid-size: 1; grid-rows: auto; padding: 0 1; }
    PlanBar Horizontal { height: 1; }
    PlanBar #what { width: 24; }
    PlanBar #fill { width: 16; }
    PlanBar #density { width: 6; }
    PlanBar #seed { width: 5; }
    PlanBar Label { padding: 0 1; color: $text-muted; }
    PlanBar .of-prune, PlanBar .of-lot, PlanBar #plan-wrong { display: none; }
    PlanBar.-prune .of-prune, PlanBar.-prune.-lot .of-lot, PlanBar #plan-wrong.-shown { display: block; }
    PlanBar #plan-wrong { color: $text-error; height: auto; }
    """

    def compose(self) -> ComposeResult:
        """The choosers."""
        from queries.basket.plan import FILLS

        fills = [(told, name) for name, told in FILLS.items()]
        with Horizontal():
            yield Select(WHAT, allow_blank=False, compact=True, id="what")
            yield Label("to", classes="of-prune")
            yield Input("0.5", compact=True, id="density", classes="of-prune", tooltip="share of neurons that stay")
            yield Label("fill", classes="of-prune")
            yield Select(fills, allow_blank=False, compact=True, id="fill", classes="of-prune")
            yield Label("seed", classes="of-lot")
            yield Input("0", compact=True, id="seed", type="integer", classes="of-lot")
            yield Checkbox("uniform", compact=True, id="uniform", classes="of-prune", tooltip="each layer alike")
        yield Static(id="plan-wrong", markup=False)

    def plan(self) -> "Plan":
        """What is chosen.

        Raises:
            ValueError: the density or the seed is none; a line says what to give.
        """
        from queries.basket import Plan

        what: Any = self.query_one("#what", Select).value
        if what != PRUNE:
            return Plan(what)
        fill: Any = self.query_one("#fill", Select).value
        seed = _seed(self.query_one("#seed", Input).value) if fill == "random" else 0
        density = _density(self.query_one("#density", Input).value)
        return Plan("keep", density, fill, seed, self.query_one("#uniform", Checkbox).value)

    def on_select_changed(self, event: Select.Changed) -> None:
        """Show what belongs to the choice."""
        event.stop()
        self.set_class(self.query_one("#what", Select).value == PRUNE, "-prune")
        self.set_class(self.query_one("#fill", Select).value == "random", "-lot")
        self._tell()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Take another density or seed."""
        event.stop()
        self._tell()

    def on_checkbox_changed(self, event: Checkbox.Changed) -> None:
        """Take another budget."""
        event.stop()
        self._tell()

    def _tell(self) -> None:
        line = self.query_one("#plan-wrong", Static)
        try:
            plan = self.plan()
        except ValueError as error:
            line.update(str(error))
            line.add_class("-shown")
            return
        line.remove_class("-shown")
        self.post_message(PlanChanged(plan))


def _density(text: str) -> float:
    percent = text.strip().endswith("%")
    try:
        density = float(text.strip().removesuffix("%")) / (100 if percent else 1)
    except ValueError:
        density = 0.0
    if not 0 < density <= 1:
        raise ValueError("give a share that stays, such as 0.5 or 20%")
    return density


def _seed(text: str) -> int:
    if not text.strip().isdecimal():
        raise ValueError("give a whole number as the seed")
    return int(text)
