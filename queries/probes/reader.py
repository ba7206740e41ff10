"""Models by name, and their features, of which the last ones are kept: labels often have the same rows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from queries.probes.features import Features, read_features
from queries.probes.labels import Labelled
from queries.probes.settings import Settings
from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries.connection import Connection


class Reader:
    """Reads features of models and of their twins.

    Args:
        con: an open warehouse.
        settings: what is read.
    """

    def __init__(self, con: "Connection", settings: Settings) -> None:
        self._con = con
        self._settings = settings
        self._last: dict[str, tuple[tuple[Any, ...], Labelled, Features]] = {}

    def of_model(self, rows: Labelled, model: str, layers: tuple[int, ...]) -> Features:
        """Features of a model; errors as of :func:`queries.probes.features.read_features`."""
        return self._read("model", rows, model, layers)

    def of_twin(self, rows: Labelled, model: str, twin: str | None, features: Features) -> Features | None:
        """Features of a model's twin; None where there is none, or where the model is the twin itself.

        Raises:
            QueryError: the twin has layers of other widths, or lacks an utterance.
        """
        if twin is None or twin == model:
            return None
        sums = dict(self._con.sql("SELECT model, checksum FROM models").fetchall())
        if sums[twin] == sums[model]:
            raise QueryError(f"twin {twin} has the weights of {model}; record that model with --random-init SEED")
        found = self._read("twin", rows, twin, features.layers)
        if found.slices != features.slices:
            raise QueryError(
                f"twin {twin} has layers of other widths than {model}; record that model with --random-init SEED"
            )
        return found

    def _read(self, role: str, rows: Labelled, model: str, layers: tuple[int, ...]) -> Features:
        key = (model, layers, rows.unit)
        known = self._last.get(role)
        if known is not None and known[0] == key and known[1].same_rows(rows):
            return known[2]
        self._last.pop(role, None)  # before the next are read: those of one model are in memory
        found = read_features(self._con, rows, model, self._settings, layers)
        self._last[role] = (key, rows, found)
        return found


def chosen_models(con: "Connection", wanted: str | Sequence[str] | None) -> list[str]:
    """Names of models that there are; the only one where none is named.

    Raises:
        QueryError: an unknown name, or none of several; the message lists what there is.
    """
    known = [name for (name,) in con.sql("SELECT model FROM models ORDER BY model").fetchall()]
    if wanted is None:
        if len(known) != 1:
            listed = f"; name one (--model): {', '.join(known)}" if known else "; `neurons ingest` records one"
            raise QueryError(f"there are {len(known) or 'no'} models{listed}")
        return known
    names = [wanted] if isinstance(wanted, str) else list(dict.fromkeys(wanted))
    for name in names:
        if name not in known:
            raise QueryError(f"there is no model {name}; there are: {', '.join(known) or 'none'}")
    return names
