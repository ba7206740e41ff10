"""Invariants: what must hold in every warehouse, each as a SELECT that gives the rows for which it does not.

They need not fit in memory with the activations: what goes through these is asked of one layer at a time.
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import duckdb

from queries.connection import Connection
from queries.sql_files import Replacements, SqlFile, sql_files
from warehouse.properties import quote

FOUND = 5
"""Bad rows that are looked for, of each invariant."""


class Check(NamedTuple):
    """How one invariant turned out.

    Attributes:
        name: name of its file in ``queries/sql/checks``.
        title: what must hold, in one sentence.
        rows: the first rows for which it does not; none when it holds.
        columns: names of their columns.
        types: DuckDB's names of the columns' types.
    """

    name: str
    title: str
    rows: list[tuple[Any, ...]]
    columns: list[str]
    types: list[str]


def run_checks(
    con: Connection | duckdb.DuckDBPyConnection, limit: int = FOUND, names: Collection[str] | None = None
) -> list[Check]:
    """Ask the invariants.

    Args:
        con: an open warehouse, or a DuckDB connection with its tables and views.
        limit: bad rows to give of each invariant at most.
        names: those to ask; None = all.

    Returns:
        How each turned out, by name, also where it holds.
    """
    listed = con.sql("SELECT DISTINCT model, layer, n_neurons, top_k FROM layers ORDER BY ALL").fetchall()
    layers = [
        {"model": quote(model), "layer": str(layer), "n_neurons": str(width), "top_k": str(top_k)}
        for model, layer, width, top_k in listed
    ]
    files = sorted(sql_files("checks"), key=lambda file: file.name)
    return [_check(con, file, layers, limit) for file in files if names is None or file.name in names]


def _check(
    con: Connection | duckdb.DuckDBPyConnection, file: SqlFile, layers: Sequence[Replacements], limit: int
) -> Check:
    rows: list[tuple[Any, ...]] = []
    columns, types = list(file.columns), ["VARCHAR"] * len(file.columns)
    by_layer = file.sql() != file.body
    for sql in [file.sql([layer]) for layer in layers] if by_layer else [file.body]:
        found = con.sql(f"FROM (\n{sql}\n) LIMIT {limit - len(rows)}")
        columns, types = list(found.columns), [str(kind) for kind in found.types]
        rows += found.fetchall()
        if len(rows) >= limit:
            break
    return Check(file.name, file.title, rows, columns, types)
