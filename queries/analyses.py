"""The analyses by name: what Python computes of a warehouse beside the answers in SQL, each as one table."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from warehouse.errors import QueryError

if TYPE_CHECKING:
    import polars as pl

    from queries.connection import Connection


@dataclass(frozen=True)
class Analysis:
    """A function that gives a table; its module, which may be slow to load, is loaded when it is asked for.

    Attributes:
        name: of the function, and of its table.
        module: where it is.
        shows: what the table has a row of, in a sentence.
    """

    name: str
    module: str
    shows: str

    @property
    def function(self) -> Callable[..., "pl.DataFrame"]:
        """The function."""
        found: Callable[..., pl.DataFrame] = getattr(import_module(self.module), self.name)
        return found

    @property
    def options(self) -> tuple[str, ...]:
        """Names of what the function takes beside connection, property, model and the parameters of the macros."""
        return tuple(name for name in self._parameters() if name not in ("property", "model"))

    def _parameters(self) -> dict[str, inspect.Parameter]:
        found = list(inspect.signature(self.function).parameters.values())[1:]
        return {parameter.name: parameter for parameter in found if parameter.kind is not parameter.VAR_KEYWORD}

    def table(
        self, con: "Connection", properties: Sequence[str], model: str | None, given: Mapping[str, Any]
    ) -> "pl.DataFrame":
        """The table, one property below the other.

        Args:
            con: an open warehouse.
            properties: names, where the analysis is of a property.
            model: name of a model; None = every model.
            given: options by name, and parameters of the macros.

        Raises:
            QueryError: an option that the analysis does not have, or one or a property that it needs is missing.
            duckdb.Error: an unknown name or a value out of range; the message lists what exists.
        """
        known = self._parameters()
        for name in given:
            if not name.startswith("p_") and name not in self.options:
                raise QueryError(
                    f"{self.name} has no option {name}; it has: {', '.join(self.options) or 'none of its own'}"
                )
        asked = dict(given)
        if model is not None:
            asked["model" if "model" in known else "p_model"] = model
        for name, parameter in known.items():
            if name != "property" and parameter.default is parameter.empty and name not in asked:
                raise QueryError(f"{self.name} needs {name}; give it")
        if "property" not in known:
            if properties:
                raise QueryError(f"{self.name} is not of a property; leave {properties[0]} out")
            return self.function(con, **asked)
        if not properties:
            if known["property"].default is inspect.Parameter.empty:
                raise QueryError(f"{self.name} is of a property; name one, such as gender")
            return self.function(con, **asked)
        import polars as pl

        return pl.concat([self.function(con, name, **asked) for name in properties])


ANALYSES: dict[str, Analysis] = {
    found.name: found
    for found in (
        Analysis("separation", "queries.patterns", "layer: how far apart the patterns of a property's groups lie"),
        Analysis("pattern_points", "queries.patterns", "pattern: its place in the plane"),
        Analysis("neuron_clusters", "queries.patterns", "neuron: the cluster of those active in the same frames"),
        Analysis("sizes_by_lambda", "queries.curves", "layer, group and λ: the size of the set"),
        Analysis("sizes_by_sigma", "queries.curves", "layer, group and σ: the size of the set"),
        Analysis(
            "permutation_null", "queries.certainty", "layer and group: the size of the set, and what chance gives"
        ),
        Analysis(
            "null_neurons", "queries.certainty", "neuron of a set: how often it is in one when labels are permuted"
        ),
        Analysis(
            "bootstrap_probabilities", "queries.certainty", "phone, group and neuron: p with its interval over speakers"
        ),
        Analysis(
            "bootstrap_sets", "queries.certainty", "layer and group: the size of the set when speakers are drawn anew"
        ),
        Analysis(
            "bootstrap_membership", "queries.certainty", "neuron: how often it is in a set when speakers are drawn anew"
        ),
        Analysis(
            "stability", "queries.certainty", "layer and group: how alike the sets of two halves of the speakers are"
        ),
        Analysis("stability_by_amount", "queries.certainty", "share of the data: how like all of it its sets are"),
        Analysis("against_twin", "queries.certainty", "layer and group: the sets of a model beside those of a twin"),
        Analysis("standing_out", "queries.certainty", "layer and group: whether the set is beyond chance and a twin's"),
        Analysis("confounds", "queries.confounds", "condition: the neurons of a property that remain under it"),
        Analysis("models_by_layer", "queries.comparison", "model and layer: property neurons, side by side"),
        Analysis("pairs_by_layer", "queries.comparison", "pair of models and layer: neurons that joined, left, moved"),
        Analysis("ranking_overlap", "queries.rankings", "pair of rankings: how far they agree"),
    )
}


def analysis(name: str) -> Analysis:
    """An analysis by its name.

    Raises:
        QueryError: there is none; the message lists what there is.
    """
    found = ANALYSES.get(name.lower().replace("-", "_"))
    if found is None:
        raise QueryError(f"there is no analysis {name}; there are: {', '.join(ANALYSES)}")
    return found
