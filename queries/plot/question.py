"""What a figure is asked for: models, frames and thresholds, checked, and in the words of a subtitle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from queries.calls import Value, call, call_part, literal
from queries.group_order import group_order
from queries.sql_files import sql_files
from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries.connection import Connection

T = TypeVar("T")

PAPER = ("phone_class", "gender", "pitch")
"""The properties of [A]'s figures 4 to 8, which figures of several properties show unless others are asked for."""


@dataclass(frozen=True)
class Asked:
    """A question that figures draw the answer to.

    Attributes:
        con: an open warehouse.
        parameters: of the macros, as the user gave them; ``p_property`` and ``p_layer`` excepted.
        models: the models that are asked for, alphabetically.
    """

    con: "Connection"
    parameters: Mapping[str, Value]
    models: tuple[str, ...]

    @property
    def model(self) -> str:
        """The one model that is asked for.

        Raises:
            QueryError: there are several.
        """
        if len(self.models) > 1:
            raise QueryError(f"model: this figure shows one model; give one of: {', '.join(self.models)}")
        return self.models[0]

    def macro(self, name: str, **more: Value) -> str:
        """Call of an answer, or of a part of the answers, with what is asked."""
        part = any(file.name == name for file in sql_files("parts"))
        return (call_part if part else call)(name, {**self.parameters, **more})

    def ask(self, sql: str, **values: object) -> pl.DataFrame:
        """Rows of a query; ``values`` are those of its ``$names``."""
        return self.con.sql(sql, values or None).pl()

    def layers(self, wanted: Sequence[int] | None = None) -> list[int]:
        """Recorded layers of the models, or those of them that are wanted.

        Raises:
            QueryError: one that is not there.
        """
        sql = "SELECT DISTINCT layer FROM layers WHERE model IN (SELECT unnest($models)) ORDER BY layer"
        known: list[int] = self.ask(sql, models=list(self.models))["layer"].to_list()
        return known if wanted is None else [one_of("layer", layer, known) for layer in sorted(set(wanted))]

    def of(self, model: str) -> list[int]:
        """Recorded layers of one of the models."""
        sql = "SELECT layer FROM layers WHERE model = $model ORDER BY layer"
        return self.ask(sql, model=model)["layer"].to_list()

    def layer(self, wanted: int | None, property: str) -> int:
        """The layer that is wanted, or the one with the most neurons of a property.

        Raises:
            QueryError: it is not there.
        """
        if wanted is not None:
            return self.layers([wanted])[0]
        asked = self.macro("property_neurons", p_property=property)
        most = self.ask(f"SELECT layer FROM {asked} GROUP BY layer ORDER BY count(*) DESC, layer LIMIT 1")
        return int(most["layer"][0]) if len(most) else self.layers()[0]

    def width(self, layer: int) -> int:
        """Neurons of a layer of the one model."""
        sql = "SELECT n_neurons FROM layers WHERE model = $model AND layer = $layer"
        return int(self.ask(sql, model=self.model, layer=layer)["n_neurons"][0])

    def property(self, wanted: str | None, default: str = "phone_class") -> str:
        """The property that is wanted, or a default, or the first that is declared.

        Raises:
            QueryError: it is not declared.
        """
        known = self._declared()
        if wanted is not None:
            return str(one_of("property", wanted, known))
        if not known:
            raise QueryError("no property is declared; declare one with neurons properties add")
        return default if default in known else known[0]

    def properties(self, wanted: Sequence[str] | None) -> list[str]:
        """The properties that are wanted; by default those of the paper's figures, or all where there are none of them.

        Raises:
            QueryError: one that is not declared.
        """
        known = self._declared()
        if wanted is not None:
            return [str(one_of("property", name, known)) for name in dict.fromkeys(wanted)]
        return [name for name in PAPER if name in known] or known or [self.property(None)]

    def _declared(self) -> list[str]:
        return self.ask("SELECT property FROM properties")["property"].to_list()

    def groups(self, property: str) -> list[str]:
        """The groups that a property has in the frames of the models: bins in their order, others alphabetically."""
        labels = self.ask("SELECT labels FROM properties WHERE property = $name", name=property)["labels"].to_list()
        cells = self.macro("counted_cells", p_property=property)
        found = self.ask(f'SELECT DISTINCT "group" FROM {cells}')["group"].to_list()
        return sorted(found, key=group_order(labels[0] if labels else None))

    def baselines(self, layers: Sequence[int]) -> list[float]:
        """The probabilities that must be exceeded in some layers, each once: chance k/D, or what was asked for."""
        if "p_baseline" in self.parameters:
            return [float(self.parameters["p_baseline"])]
        lambda_pct = literal(self.parameters["p_lambda"]) if "p_lambda" in self.parameters else "NULL"
        sql = f"""
            SELECT DISTINCT chance_level(model, layer, {lambda_pct}) AS chance FROM layers
            WHERE model IN (SELECT unnest($models)) AND layer IN (SELECT unnest($layers)) ORDER BY chance
        """
        return self.ask(sql, models=list(self.models), layers=list(layers))["chance"].to_list()

    def no_group(self, property: str) -> str:
        """What to say where no frame has a group of a property."""
        found = self.ask("SELECT definition FROM properties WHERE property = $name", name=property)
        definition = found["definition"][0]
        return (
            f"no frame that counts has a group of {property}: {definition} is NULL in all of them, or the question "
            "leaves none"
        )

    def setting(self, *parts: str, sets: bool = True) -> str:
        """What was asked, for a subtitle.

        Args:
            *parts: what the figure adds, such as the layer.
            sets: whether the figure shows sets of neurons, for which σ matters.
        """
        said = [self.models[0] if len(self.models) == 1 else f"{len(self.models)} models", *parts]
        given = self.parameters
        if sets:
            said.append(f"σ = {given.get('p_sigma', 0.8):g}")
        said.append(f"λ = {self._lambda()} %")
        words = {
            "p_baseline": "p > {}",
            "p_z": "z = {}",
            "p_min_frames": "≥ {} frames a phone",
            "p_frames": "{} frames",
            "p_corpus": "corpus {}",
            "p_where": "where {}",
        }
        said += [text.format(given[name]) for name, text in words.items() if name in given]
        return " · ".join(part.replace(" ", "\N{NO-BREAK SPACE}") if len(part) < 40 else part for part in said)

    def _lambda(self) -> str:
        if "p_lambda" in self.parameters:
            return f"{self.parameters['p_lambda']:g}"
        sql = "SELECT DISTINCT lambda_pct FROM models WHERE model IN (SELECT unnest($models)) ORDER BY ALL"
        return " or ".join(f"{value:g}" for value in self.ask(sql, models=list(self.models))["lambda_pct"].to_list())


def one_of(what: str, wanted: T, known: Sequence[T]) -> T:
    """A name that exists.

    Raises:
        QueryError: it does not; the message lists what does.
    """
    if wanted not in known:
        raise QueryError(f"{what}: there is no {wanted}; there are: {', '.join(map(str, known)) or 'none yet'}")
    return wanted
