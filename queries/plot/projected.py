"""The points that several figures share: MDS runs once a connection, property and question."""

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from queries.patterns import Projection, projections
from queries.plot.question import Asked

if TYPE_CHECKING:
    from queries.connection import Connection

_KNOWN: "WeakKeyDictionary[Connection, dict[tuple[object, ...], list[Projection]]]" = WeakKeyDictionary()


def projected(asked: Asked, property: str, layers: list[int], seed: int) -> list[Projection]:
    """Patterns and their points, of every model and layer that is asked for.

    A connection sees one snapshot, so what was computed for it stays right as long as it is open.

    Args:
        asked: the question.
        property: whose patterns.
        layers: which.
        seed: of MDS.
    """
    known = _KNOWN.setdefault(asked.con, {})
    found = []
    for model in asked.models:
        for layer in layers:
            parameters: dict[str, Any] = {**asked.parameters, "p_model": model, "p_layer": layer}
            key = (property, seed, *sorted(parameters.items()))
            if key not in known:
                known[key] = (
                    list(projections(asked.con, property, seed=seed, **parameters)) if layer in asked.of(model) else []
                )
            found += known[key]
    return found
