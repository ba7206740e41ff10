"""What is wrong with a question, parameter by parameter, as the macros say it."""

import re
from typing import TYPE_CHECKING

import duckdb

from queries.calls import call
from queries.facts import Layer
from queries.live_sets.question import Question, RefusedError

if TYPE_CHECKING:
    from queries.connection import Connection

_NAMED = re.compile(r"^(?:[A-Z]\w*(?: \w+)? Error: )?(p_\w+): (.*)", re.DOTALL)
_KIND = re.compile(r"^[A-Z]\w*(?: \w+)? Error: ")


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
        "SELECT model, layer, n_neurons, top_k(CAST($lambda AS DOUBLE), n_neurons, top_k), "
        "hop_us, offset_us, window_us FROM layers "
        "WHERE model = $model ORDER BY layer",
        params={"model": question.model, "lambda": question.parameters.get("p_lambda")},
    ).fetchall()
    return tuple(Layer.of(*row) for row in rows)
