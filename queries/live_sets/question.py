"""A property under the parameters of the macros; this module loads neither DuckDB nor NumPy."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from queries.calls import Value, call, call_part
from warehouse.errors import QueryError

COUNTED = ("p_corpus", "p_frames", "p_lambda", "p_where")
"""Parameters that decide what is counted; the others decide what is made of the counts."""


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
