"""What a report is about: the models, properties and parameters that every part of it shares."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import duckdb

from queries.calls import Value, call, call_part
from queries.parameters import PARAMETERS
from queries.sql_files import sql_files
from warehouse.errors import QueryError, first_line

if TYPE_CHECKING:
    from queries.connection import Connection

OWN = ("p_model", "p_property", "p_layer")
"""Parameters that a report gives by itself."""


@dataclass(frozen=True)
class Settings:
    """How much is computed.

    Attributes:
        permutations: of the labels, for what chance gives; 0 leaves that out.
        resamples: of the speakers, for intervals of sizes; 0 leaves them out.
        quick: whether everything slow is left out.
        seed: of everything that is drawn at random.
    """

    permutations: int
    resamples: int
    quick: bool
    seed: int


@dataclass(frozen=True)
class Scope:
    """What a report is about.

    Attributes:
        con: the open warehouse.
        models: names of the models, in the order of their sections.
        properties: names of the properties, in the order of the declarations.
        twin: an untrained model that the others are compared with; None = none.
        settings: how much is computed.
        parameters: of the macros, for every answer in the report.
        tell: is told what is being computed.
        of_one_model: whether this is the part that is about one model, which its heading names.
    """

    con: "Connection"
    models: tuple[str, ...]
    properties: tuple[str, ...]
    twin: str | None
    settings: Settings
    parameters: Mapping[str, Value] = field(default_factory=dict)
    tell: Callable[[str], None] = lambda text: None
    of_one_model: bool = False

    def call(self, macro: str, **own: Value) -> str:
        """A macro's call with the parameters of the report that it takes, and some of its own."""
        given = {**self._names, **own, **self.parameters}
        is_part = any(file.name == macro for file in sql_files("parts"))
        return call_part(macro, given) if is_part else call(macro, given)

    def options(self, **own: Any) -> dict[str, Any]:
        """Keyword arguments of an analysis of one model: the parameters of the report and some of its own."""
        return {**own, "p_model": self.models[0], **self.parameters}

    def of_model(self, model: str) -> "Scope":
        """The part that is about one model."""
        return replace(self, models=(model,), of_one_model=True)

    @property
    def _names(self) -> dict[str, Value]:
        single = {"p_model": self.models, "p_property": self.properties}
        return {name: names[0] for name, names in single.items() if len(names) == 1}


def scope(
    con: "Connection",
    models: Sequence[str] | None,
    properties: Sequence[str] | None,
    twin: str | None,
    settings: Settings,
    parameters: Mapping[str, Value],
    tell: Callable[[str], None],
) -> Scope:
    """Check what is asked for against what there is.

    Raises:
        QueryError: an unknown name, a parameter that is no parameter, or a value out of range.
    """
    recorded = [name for (name,) in con.sql("SELECT model FROM models ORDER BY ALL").fetchall()]
    declared = [name for (name,) in con.sql("SELECT property FROM properties").fetchall()]
    if not recorded:
        raise QueryError("the warehouse holds no model yet; run neurons ingest first")
    for name in OWN:
        if name in parameters:
            raise QueryError(
                f"{name} cannot be given to a report, which sets it part by part; name models and properties"
            )
    for what, n in (("permutations", settings.permutations), ("resamples", settings.resamples)):
        if n < 0:
            raise QueryError(f"{what} {n}: give a number of at least 0")
    chosen = _known("model", recorded, models)
    if twin is not None:
        _known("model", recorded, [twin])
        chosen = tuple(name for name in chosen if name != twin) if models is None else chosen
        if twin in chosen:
            raise QueryError(f"{twin} cannot be its own twin; name another model")
    found = Scope(con, chosen, _known("property", declared, properties), twin, settings, parameters, tell)
    try:
        con.sql(f"FROM {found.call('checked_parameters')}").fetchall()
        con.sql(f"FROM {found.call('counted_cells')} LIMIT 0").fetchall()
    except duckdb.Error as error:
        kind, _, said = first_line(error).partition(": ")
        raise QueryError(said or kind) from None
    return found


def _known(what: str, there: Sequence[str], asked: Sequence[str] | None) -> tuple[str, ...]:
    if not asked:
        return tuple(there)
    for name in asked:
        if name not in there:
            raise QueryError(f"there is no {what} {name!r}; there are: {', '.join(there)}")
    return tuple(dict.fromkeys(asked))


def parameter_rows(found: Scope) -> Iterator[tuple[str, str, str, str]]:
    """(parameter, value, default, meaning) of every parameter that a report takes."""
    for name, parameter in PARAMETERS.items():
        if name not in OWN:
            value = found.parameters.get(name)
            yield name, parameter.default if value is None else str(value), parameter.default, parameter.meaning
