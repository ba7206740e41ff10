"""Questions about one neuron: SQL from a file each, with the neuron and the parameters of the macros in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from queries.calls import Value, call, call_part, literal
from queries.sql_files import SqlFile, parse, sql_files
from warehouse.properties import quote

if TYPE_CHECKING:
    from queries.connection import Connection

LOOKUPS = ("p_model", "p_layer", "p_corpus", "p_lambda", "p_where")
"""Parameters that a question about segments takes of those of the answers."""


@dataclass(frozen=True)
class Neuron:
    """A neuron of a model.

    Attributes:
        model: name of the model.
        layer: layer, from 1.
        number: of the neuron in the layer, from 0.
    """

    model: str
    layer: int
    number: int

    def __str__(self) -> str:
        return f"{self.layer}:{self.number}"


class Places(dict[str, str]):
    """Values of the ``$names`` of a file: the neuron, its thresholds, and calls of the macros, by their names."""

    def __init__(self, neuron: Neuron, parameters: Mapping[str, Value]) -> None:
        asked = {**parameters, "p_model": neuron.model, "p_layer": neuron.layer}
        calls = {file.name: call(file.name, asked) for file in sql_files("answers")}
        calls |= {name: call_part(name, asked) for name in ("counted_cells", "counted_groups")}
        z = parameters.get("p_z")
        super().__init__(
            {
                **calls,
                "model": quote(neuron.model),
                "layer": str(neuron.layer),
                "neuron": str(neuron.number),
                "lambda": _or_null(parameters.get("p_lambda")),
                "baseline": _or_null(parameters.get("p_baseline")),
                "z": _or_null(z),
                "interval": "1.96" if z is None else literal(z),
            }
        )


def question(name: str, places: Mapping[str, str], things: Iterable[Mapping[str, str]] = ()) -> str:
    """A question as ``neurons sql`` takes it.

    Args:
        name: of the file.
        places: values of the ``$names`` in it.
        things: values of the ``$names`` in what it repeats, once for each.
    """
    return _file(name).with_places(places, things)


def bins(con: "Connection", property: str) -> list[str] | None:
    """Names of a property's bins in their order; None = it has none."""
    (found,) = con.sql(f"SELECT labels FROM properties WHERE property = {quote(property)}").fetchall()
    labels: list[str] | None = found[0]
    return labels


def _or_null(value: Value | None) -> str:
    return "NULL" if value is None else literal(value)


@cache
def _file(name: str) -> SqlFile:
    text = files("queries").joinpath("neuron_card", "sql", f"{name}.sql").read_text(encoding="utf-8")
    return parse(name, "neuron_card", text)
