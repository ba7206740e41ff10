"""Whether there is something to compare: two models, and those that a question names."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING

from queries.calls import Value
from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries.connection import Connection


def check_models(con: "Connection", other: str | None, parameters: Mapping[str, Value]) -> list[str]:
    """Names of the models, alphabetically, once those that are named are among them.

    Raises:
        QueryError: there are fewer than two, or one that is named is not there or named twice.
    """
    known = [name for (name,) in con.sql("SELECT model FROM models ORDER BY model").fetchall()]
    if len(known) < 2:
        found = f"{known[0]} alone" if known else "none"
        raise QueryError(f"comparing takes two models, and there is {found}; record another one with neurons ingest")
    model = parameters.get("p_model")
    for parameter, name in (("model", model), ("other", other)):
        if name is not None and name not in known:
            near = get_close_matches(str(name), known, n=1)
            guess = f"did you mean {near[0]}? " if near else ""
            raise QueryError(f"{parameter}: there is no {name}; {guess}there are: {', '.join(known)}")
    if other is not None and model == other:
        rest = ", ".join(name for name in known if name != model)
        raise QueryError(f"other: {other} is the model itself; give one of: {rest}")
    return known
