"""Calls of the macros as SQL text, with values written as literals: macros read theirs while the query is planned."""

from collections.abc import Mapping

from queries.parameters import PARAMETERS
from queries.sql_files import ASKED, sql_files
from warehouse.errors import QueryError
from warehouse.properties import quote

Value = str | int | float


def call(macro: str, parameters: Mapping[str, Value]) -> str:
    """``macro(p_a := 1, p_b := 'x')``; of a part of the answers, with any parameter of all answers.

    Raises:
        QueryError: a parameter that the macro does not have.
    """
    asked = (file for folder in ASKED for file in sql_files(folder))
    known = next((file.parameters for file in asked if file.name == macro), tuple(PARAMETERS))
    unknown = sorted(set(parameters) - set(known))
    if unknown:
        raise QueryError(f"there is no parameter {unknown[0]}; there are: {', '.join(known)}")
    return f"{macro}({', '.join(f'{name} := {literal(value)}' for name, value in parameters.items())})"


def call_part(macro: str, parameters: Mapping[str, Value]) -> str:
    """A call of a part of the answers, with those of a question's parameters that it takes.

    Raises:
        QueryError: a parameter that the answers do not have.
    """
    call(macro, parameters)
    (file,) = (file for file in sql_files("parts") if file.name == macro)
    return call(macro, {name: value for name, value in parameters.items() if name in file.parameters})


def literal(value: Value) -> str:
    """A value as SQL has it; infinities and NaN stay for the macros to refuse."""
    if isinstance(value, str):
        return quote(value)
    text = repr(value)
    return text if text.lstrip("-")[:1].isdigit() else f"CAST({quote(text)} AS DOUBLE)"
