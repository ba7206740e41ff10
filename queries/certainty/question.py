"""What is asked of certainty: a property under the parameters of the macros, checked by the macros themselves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from queries.calls import Value, call, call_part
from queries.facts import Layer, on_grids
from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries.connection import Connection


@dataclass(frozen=True)
class Question:
    """One property under the parameters of the macros.

    Attributes:
        name: name of the property.
        parameters: as they were given, by the names of the macros, p_property among them.
    """

    name: str
    parameters: Mapping[str, Value]

    @property
    def reading(self) -> str:
        """Which frames count: all, middle or reference."""
        return str(self.parameters.get("p_frames", "all"))

    @property
    def sigma(self) -> float:
        """Share of a group's phones that a neuron must respond to."""
        return float(self.parameters.get("p_sigma", 0.8))

    @property
    def min_frames(self) -> int:
        """A phone with fewer frames in a group counts as not seen."""
        return max(1, int(self.parameters.get("p_min_frames", 1)))

    @property
    def z(self) -> float | None:
        """Standard errors by which the Wilson lower bound lies below the estimate; None = the estimate itself."""
        return float(self.parameters["p_z"]) if "p_z" in self.parameters else None

    def baseline(self, layer: Layer) -> float:
        """Probability that must be exceeded: as asked, or chance, k/D."""
        given = self.parameters.get("p_baseline")
        return float(given) if given is not None else layer.top_k / layer.n_neurons

    def of_grid(self, layer: Layer) -> "Question":
        """The same question of the frames of one layer, which are those of all layers on its grid."""
        return Question(self.name, {**self.parameters, "p_model": layer.model, "p_layer": layer.layer})

    def call(self, part: str, **others: Value) -> str:
        """A call of a part of the answers; p_min_frames is left out, because what is rare in a unit is not dropped."""
        known = {name: value for name, value in self.parameters.items() if name != "p_min_frames"}
        return call_part(part, {**known, **others})


def ask(con: "Connection", prop: str, parameters: Mapping[str, Value]) -> Question:
    """A question, once its names and ranges are known to be right.

    Raises:
        QueryError: a parameter that the macros do not have, an unknown name or a value out of range; the message
            says what there is.
    """
    given = {**{name: value for name, value in parameters.items() if value is not None}, "p_property": prop}
    question = Question(prop, given)
    checked = {name: value for name, value in given.items() if name != "p_where"}
    try:
        con.sql(f"FROM {call('checked_parameters', checked)}").fetchall()
        con.sql(f"FROM {question.call('unit_frames')} LIMIT 0").fetchall()
    except duckdb.Error as error:
        raise QueryError(str(error).partition("\n")[0]) from None
    return question


def asked_layers(con: "Connection", question: Question) -> Iterator[Layer]:
    """The layers that a question is about, model by model; their top_k is that of the asked λ."""
    for row in con.sql(
        "SELECT model, layer, n_neurons, top_k(CAST($lambda AS DOUBLE), n_neurons, top_k), "
        "hop_us, offset_us, window_us FROM layers "
        "WHERE ($model IS NULL OR model = $model) AND ($layer IS NULL OR layer = CAST($layer AS INTEGER)) ORDER BY ALL",
        params={name: question.parameters.get(f"p_{name}") for name in ("model", "layer", "lambda")},
    ).fetchall():
        yield Layer.of(*row)


def asked_grids(con: "Connection", question: Question) -> list[tuple[Question, list[Layer]]]:
    """The layers that a question is about, by model and grid, each with the question of their frames."""
    return [(question.of_grid(layers[0]), layers) for layers in on_grids(asked_layers(con, question))]


def at_least_one(name: str, value: int) -> None:
    """Refuse a number of draws that is none.

    Raises:
        QueryError: the number is below 1.
    """
    if value < 1:
        raise QueryError(f"{name}: {value} are none; give 1 or more")
