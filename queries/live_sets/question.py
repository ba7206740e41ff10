"""A property under the parameters of the macros, and what is wrong with them, parameter by parameter."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import duckdb

from queries.calls import Value, call, call_part
from queries.surface import Layer
from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries.connection import Connection

COUNTED = ("p_corpus", "p_frames", "p_lambda", "p_where")
"""Parameters that decide what is counted; the others decide what is made of the counts."""

_NAMED = re.compile(r"^(?:[A-Z]\w*(?: \w+)? Error: )?(p_\w+): (.*)", re.DOTALL)
_KIND = re.compile(r"^[A-Z]\w*(?: \w+)? Error: ")


class RefusedError(QueryError):
    """A parameter that cannot be asked.

    Attributes:
        parameter: its name.
    """

    def __init__(self, parameter: str, said: str) -> None:
        super().__init__(said)
        self.parameter = parameter


@dataclass(frozen=True)
class Question:
    """One property of one model under the parameters of the macros.

    Attributes:
        model: name of the model.
        name: name of the property.
        parameters: by the names of the macros; those that have their defaults are absent.
    """

    model: str
    name: str
    parameters: Mapping[str, Value]

    @property
    def counted(self) -> dict[str, Value]:
        """The parameters that decide what is counted."""
        given = {name: self.parameters[name] for name in COUNTED if name in self.parameters}
        return {"p_model": self.model, "p_property": self.name, **given}

    @property
    def key(self) -> tuple[tuple[str, Value], ...]:
        """Equal for questions about the same counts."""
        return tuple(self.counted.items())

    @property
    def reads_facts(self) -> bool:
        """Whether the counts must be made from the activations: under a condition, or at another λ."""
        return "p_where" in self.parameters or "p_lambda" in self.parameters

    @property
    def min_frames(self) -> int:
        """A phone with fewer frames in a group counts as not seen."""
        return max(1, int(self.parameters.get("p_min_frames", 1)))

    def of_property(self, name: str) -> "Question":
        """The same question of another property."""
        return replace(self, name=name)

    def call(self, macro: str, **others: Value) -> str:
        """A call of an answer, with every parameter."""
        return call(macro, {"p_model": self.model, "p_property": self.name, **others, **self.parameters})

    def call_part(self, part: str, **others: Value) -> str:
        """A call of a part of the answers, with the parameters that decide what is counted."""
        return call_part(part, {**self.counted, **others})


def check(con: "Connection", question: Question) -> None:
    """Refuse what cannot be asked, before anything is read.

    Raises:
        RefusedError: an unknown name or a value out of range, or a condition that is none; it names the parameter
            and says what there is.
    """
    given = {"p_model": question.model, "p_property": question.name, **question.parameters}
    condition = given.pop("p_where", None)
    try:
        con.sql(f"FROM {call('checked_parameters', given)}").fetchall()
    except duckdb.Error as error:
        raise refusal(error) or error from None
    if condition is not None:
        try:
            con.sql(f"FROM {call('asked_frames', {'p_where': condition})} LIMIT 0").fetchall()
        except duckdb.Error as error:
            raise refusal(error, "p_where") or error from None


def refusal(error: duckdb.Error, parameter: str | None = None) -> RefusedError | None:
    """The parameter that an error of DuckDB is about, and what it says of it; None = it is about none.

    Args:
        error: as DuckDB raised it.
        parameter: which one it is about where the error itself names none.
    """
    if isinstance(error, duckdb.InterruptException):
        return None
    text = str(error)
    if found := _NAMED.match(text):
        return RefusedError(found[1], found[2].partition("\n")[0])
    if parameter is None:
        return None
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith(("LINE ", " "))]
    return RefusedError(parameter, " ".join(_KIND.sub("", line) for line in lines[:2]))


def layers_of(con: "Connection", question: Question) -> tuple[Layer, ...]:
    """The recorded layers of the model; their top_k is that of the asked λ."""
    rows = con.sql(
        "SELECT model, layer, n_neurons, top_k(CAST($lambda AS DOUBLE), n_neurons, top_k) FROM layers "
        "WHERE model = $model ORDER BY layer",
        params={"model": question.model, "lambda": question.parameters.get("p_lambda")},
    ).fetchall()
    return tuple(Layer(*row) for row in rows)
