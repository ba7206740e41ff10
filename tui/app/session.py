"""The warehouse that the app shows: its newest snapshot, and connections to it."""

import os
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from queries.facts import Layer, layers_of
from warehouse.errors import WarehouseError
from warehouse.properties import declared
from warehouse.snapshot import Snapshot, snapshot

if TYPE_CHECKING:
    from queries import Connection


@dataclass(frozen=True)
class ModelFacts:
    """A recorded model: its name, its layers in their order, and the recorded λ in percent."""

    name: str
    layers: tuple[Layer, ...]
    lambda_pct: float


@dataclass(frozen=True)
class Seen:
    """A snapshot, and the names that choosers list; all from manifests."""

    snapshot: Snapshot

    @cached_property
    def models(self) -> tuple[ModelFacts, ...]:
        """The models in the order of their names."""
        found = (_model(facts) for facts in self.snapshot.facts("model"))
        return tuple(sorted(found, key=lambda model: model.name))

    @cached_property
    def properties(self) -> tuple[str, ...]:
        """Names of the declared properties."""
        return tuple(declared(self.snapshot))

    @cached_property
    def corpora(self) -> tuple[str, ...]:
        """Names of the corpora, alphabetically."""
        return tuple(sorted({facts["corpus"] for facts in self.snapshot.facts("corpus")}))


class Session:
    """The warehouse that the app shows.

    Queries are asked of cursors, one for each that runs; all cursors of one snapshot share a connection, which is
    opened by the first that asks.

    Attributes:
        path: the warehouse.
        seen: its newest snapshot that was looked at.
    """

    def __init__(self, path: str | os.PathLike[str], *, memory: str | None = None, threads: int | None = None) -> None:
        self.path = Path(path).absolute()
        self.seen = Seen(snapshot(path))
        self._limits: dict[str, Any] = {"memory": memory, "threads": threads}
        self._opening = threading.Lock()
        self._open: tuple[Snapshot, Connection] | None = None

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot that was looked at."""
        return self.seen.snapshot

    @property
    def models(self) -> tuple[ModelFacts, ...]:
        """The models in the order of their names."""
        return self.seen.models

    @property
    def properties(self) -> tuple[str, ...]:
        """Names of the declared properties."""
        return self.seen.properties

    @property
    def corpora(self) -> tuple[str, ...]:
        """Names of the corpora, alphabetically."""
        return self.seen.corpora

    def model(self, name: str | None) -> ModelFacts | None:
        """The model of a name, or None."""
        return next((model for model in self.models if model.name == name), None)

    def lacks(self, model: object, layer: object, neuron: object) -> str | None:
        """Why there is no such neuron, in a line; None = there is."""
        if not self.models:
            return "nothing was recorded yet: there is no neuron to go to"
        of_model = next((facts for facts in self.models if facts.name == model), None)
        if of_model is None:
            return f"there is no model {model}"
        found = next((facts for facts in of_model.layers if facts.layer == layer), None)
        if found is None:
            return f"{model} has no layer {layer}; it has {of_model.layers[0].layer} to {of_model.layers[-1].layer}"
        if not isinstance(neuron, int) or not 0 <= neuron < found.n_neurons:
            return f"layer {layer} has no neuron {neuron}; it has 0 to {found.n_neurons - 1}"
        return None

    def look(self) -> bool:
        """Take a snapshot anew, from any thread; whether it differs from the last.

        Raises:
            WarehouseError: the warehouse is no longer there, or cannot be read.
        """
        try:
            found = snapshot(self.path)
        except OSError as error:
            raise WarehouseError(f"{self.path}: cannot be read ({error.strerror}); it is looked for again") from None
        if found.manifests == self.snapshot.manifests:
            return False
        self.seen = Seen(found)
        return True

    def cursor(self) -> "Connection":
        """A cursor of its own on the newest snapshot, from any thread.

        Raises:
            WarehouseError: the files of the snapshot cannot be read.
        """
        from queries import connect

        with self._opening:
            state = self.snapshot
            if self._open is None or self._open[0] is not state:
                # An older connection is not closed: cursors of it that still run keep it, and it ends with them.
                self._open = state, connect(state, **self._limits)
            return self._open[1].cursor()


def _model(facts: dict[str, Any]) -> ModelFacts:
    return ModelFacts(facts["model"], layers_of(facts), float(facts["lambda_pct"]))
