"""The screens by name: their keys, their titles, and where their classes are, which are imported when opened."""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.app.screen import WarehouseScreen


@dataclass(frozen=True)
class Place:
    """A screen of the app.

    Attributes:
        name: of the mode that shows it.
        title: as the tabs have it.
        function_key: opens it from everywhere.
        shows: what it is for, in a line.
    """

    name: str
    title: str
    function_key: str
    shows: str

    def screen(self) -> "WarehouseScreen":
        """The screen, made anew."""
        module = import_module(f"tui.app.screens.{self.name}.screen")
        made: WarehouseScreen = getattr(module, f"{self.name.capitalize()}Screen")()
        return made


PLACES: tuple[Place, ...] = (
    Place("overview", "Overview", "f2", "what the warehouse holds, and how many neurons each property has"),
    Place("property", "Property", "f3", "the neurons of one property, layer by layer, under any parameters"),
    Place("neuron", "Neuron", "f4", "the card of one neuron: probabilities, sets, peers, segments"),
    Place("patterns", "Patterns", "f5", "activation patterns in the plane, and how well they separate"),
    Place("sql", "SQL", "f6", "any question, in SQL"),
    Place("basket", "Basket", "f7", "named sets of neurons, combined and taken away as masks"),
    Place("probes", "Probes", "f10", "what probes found: accuracies by layer, minimal sets, rankings of neurons"),
)
