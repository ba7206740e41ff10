"""Expressions over ``frame_facts`` as users write them: parsed, qualified and checked before they are stored.

A stored definition is counted shard by shard, in any order and for years, so it may use nothing but the columns of
one frame: no other rows (aggregates, windows, subqueries), no chance and no clock.
"""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

import duckdb

from warehouse.errors import QueryError

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.tokens import Token

PREFIXES = ("frame_facts", "frames", "segments", "utterances", "phones")
"""Tables whose columns ``frame_facts`` carries; their names may stand before a column."""


def qualified(text: str, columns: Mapping[str, str]) -> str:
    """An expression over the columns of ``frame_facts``, without prefixes and comments, otherwise as it was written.

    Args:
        text: an SQL expression; ``frames.``, ``segments.``, ``utterances.`` and ``phones.`` may stand before columns.
        columns: columns of ``frame_facts`` and DuckDB's names of their types.

    Raises:
        QueryError: the text is no expression of this kind; an unknown column gets the list of those that exist.
    """
    from sqlglot import exp
    from sqlglot.optimizer.qualify import qualify

    for column in _parsed(text).find_all(exp.Column):
        if column.table and column.table.lower() not in PREFIXES:
            raise QueryError(
                f"{column.sql(dialect='duckdb')}: no table {column.table!r} is known of a frame; write the column "
                f"alone, or after {', '.join(f'{name}.' for name in PREFIXES)}"
            )
    bare = _without_prefixes(text)
    expression = _parsed(bare)
    select = qualify(
        exp.select(expression.copy()).from_("frame_facts"),
        dialect="duckdb",
        schema={"frame_facts": dict(columns)},
        validate_qualify_columns=False,
    )
    for column in select.find_all(exp.Column):
        if column.table != "frame_facts":
            raise unknown_column(column.name, columns)
    _refuse_chance(expression, bare)
    return bare


def column_expression(name: str, columns: Mapping[str, str]) -> str:
    """The expression that is one column, by a name that may have a prefix and any case.

    Raises:
        QueryError: there is no such column; the message lists those that exist.
    """
    prefix, _, bare = name.rpartition(".")
    wanted = bare if prefix.lower() in PREFIXES else name
    found = {column.lower(): column for column in columns}.get(wanted.strip('"').lower())
    if found is None:
        raise unknown_column(wanted, columns)
    return found if _is_plain(found) else '"' + found.replace('"', '""') + '"'


def unknown_column(name: str, columns: Iterable[str]) -> QueryError:
    """The error for a column that frames do not have, with the nearest one and the list of all."""
    by_lower = {column.lower(): column for column in columns}
    near = get_close_matches(name.lower(), by_lower, n=1)
    guess = f"did you mean {by_lower[near[0]]}? " if near else ""
    return QueryError(f"frames have no column {name!r}; {guess}there are {', '.join(by_lower.values())}")


def _parsed(text: str) -> "exp.Expr":
    import sqlglot
    from sqlglot import exp

    try:
        found = sqlglot.parse(text, dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        raise QueryError(f"{text}: cannot be parsed ({_complaint(error)}); give one SQL expression") from None
    if len(found) != 1 or found[0] is None:
        raise QueryError(f"{text!r}: give one SQL expression, such as lower(word) or f0_hz > 200")
    expression = found[0]
    refused = (
        ((exp.Query,), "reads other tables; use the columns of the frame alone"),
        ((exp.Window,), "looks at other frames; use the columns of the frame alone"),
        ((exp.AggFunc,), "looks at many frames; use the columns of the frame alone"),
        ((exp.Star, exp.Columns), "stands for many columns; name one"),
        ((exp.Placeholder, exp.Parameter), "has a parameter; write its value"),
        ((exp.Alias, exp.DDL, exp.DML, exp.Drop, exp.Command), "is no expression; give what would follow SELECT"),
    )
    for kinds, complaint in refused:
        if expression.find(*kinds):
            raise QueryError(f"{text}: {complaint}")
    return expression


def _without_prefixes(text: str) -> str:
    """A text without table names before columns and without comments; every other character stays.

    (Writing the parsed expression anew would drop and rename what DuckDB knows and the parser does not.)
    """
    import sqlglot

    tokens = sqlglot.tokenize(text, dialect="duckdb")
    written, place, end = "", 0, 0
    while place < len(tokens):
        gap = text[end : tokens[place].start]
        if _begins_prefix(tokens[place : place + 3]):
            place += 2
        token = tokens[place]
        written += (" " if gap.strip() else gap) + text[token.start : token.end + 1]
        end = token.end + 1
        # What follows a dot is a field, whatever it is called.
        place += 1
        while place + 1 < len(tokens) and tokens[place].text == ".":
            written += "." + text[tokens[place + 1].start : tokens[place + 1].end + 1]
            end = tokens[place + 1].end + 1
            place += 2
    return written.strip()


def _begins_prefix(tokens: "Sequence[Token]") -> bool:
    from sqlglot.tokens import TokenType

    is_name = tokens[0].token_type in {TokenType.VAR, TokenType.IDENTIFIER}
    return len(tokens) == 3 and is_name and tokens[0].text.lower() in PREFIXES and tokens[1].text == "."


def _complaint(error: Exception) -> str:
    for found in getattr(error, "errors", ()):
        return f"{found['description']} at character {found['col']}".replace(". at", " at")
    return str(error).partition("\n")[0]


def _refuse_chance(expression: "exp.Expr", text: str) -> None:
    from sqlglot import exp

    names = {node.sql(dialect="duckdb").partition("(")[0].lower() for node in expression.find_all(exp.Func)}
    if names:
        with duckdb.connect() as con:
            steady = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'"
            fickle = names & {name for (name,) in con.execute(steady).fetchall()}
        if fickle:
            raise QueryError(
                f"{text}: {min(fickle)} gives another value each time; a property must give a frame the same group "
                "whenever it is counted"
            )


def _is_plain(name: str) -> bool:
    if not name.isidentifier() or not name.isascii():
        return False
    with duckdb.connect() as con:
        taken = "SELECT count(*) FROM duckdb_keywords() WHERE keyword_name = ? AND keyword_category <> 'unreserved'"
        return con.execute(taken, [name.lower()]).fetchall() == [(0,)]
