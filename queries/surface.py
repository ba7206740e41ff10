"""The views and macros of a warehouse over its base tables, whatever those are in a connection."""

from collections.abc import Iterator

import duckdb

from queries.constants import constants
from queries.facts import SurfaceFacts
from queries.parameters import ALL_PARAMETERS
from queries.sql_files import ASKED, TABLE_MACROS, VIEWED, Replacements, SqlFile, sql_files
from warehouse.properties import Property, group_select, phone_counts_sql, quote

_CHECKS = ("checked_parameters", "checked_probes")


def create_surface(con: duckdb.DuckDBPyConnection, facts: SurfaceFacts, comments: bool = True) -> None:
    """Create every view and macro in a connection that holds the base tables.

    Args:
        con: holds the tables of ``warehouse.schema.TABLES``, as tables or views.
        facts: what the plans depend on.
        comments: whether to register what each object means.
    """
    con.execute(";\n".join(_statements(con, facts, comments)))


def _statements(con: duckdb.DuckDBPyConnection, facts: SurfaceFacts, comments: bool) -> Iterator[str]:
    for signature, expression in constants(facts):
        yield f"CREATE MACRO {signature} AS ({expression})"
    for file in sql_files("scalars"):
        yield f"CREATE MACRO {file.name}({', '.join(file.parameters)}) AS (\n{file.body}\n)"
    properties = [_replacements(con, prop) for prop in facts.properties]
    for file in sql_files("frames"):
        yield f"CREATE VIEW {file.name} AS\n{file.sql(properties)}"
    # A view is planned when it is made, and so is a macro: over outlines of what they are made of, in no time. They are
    # completed afterwards, each while what it is made of is an outline.
    macros = [file for folder in TABLE_MACROS for file in sql_files(folder)]
    empty = [file for file in macros if facts.lack(file.needs)]
    outlined = [file for file in macros if file.types and file not in empty]
    yield from (_table_macro(file, file.outline) for file in outlined)
    bodies = ((file, _nothing(file) if file in empty else file.body) for file in macros if file not in outlined)
    yield from (_table_macro(file, body) for file, body in bodies)
    yield from (f"CREATE VIEW {file.name} AS FROM {file.name}()" for folder in VIEWED for file in sql_files(folder))
    yield from (_table_macro(file, file.body) for file in reversed(outlined))
    if comments:
        yield from _comments()


def _table_macro(file: SqlFile, body: str) -> str:
    parameters = ", ".join(f"{name} := {ALL_PARAMETERS[name].default}" for name in file.parameters)
    return f"CREATE OR REPLACE MACRO {file.name}({parameters}) AS TABLE\n{body}"


def _nothing(file: SqlFile) -> str:
    """SELECT without rows that still refuses the parameters which the file would."""
    selects = [file.outline]
    for check in sql_files("parts") if file.folder in ASKED else ():
        told = [name for name in check.parameters if name in file.parameters]
        if check.name in _CHECKS and {*told} - {"p_model"}:
            given = ", ".join(f"{name} := {name}" for name in told)
            first, column = next(iter(check.types)), next(iter(file.types))
            selects.append(f'SELECT {first} AS "{column}" FROM {check.name}({given})')
    return "\nUNION ALL BY NAME\n".join(selects)


def _comments() -> Iterator[str]:
    for file in sql_files("scalars"):
        yield f"COMMENT ON MACRO {file.name} IS {quote(file.comment)}"
    for folder in TABLE_MACROS:
        for file in sql_files(folder):
            yield f"COMMENT ON MACRO TABLE {file.name} IS {quote(file.comment)}"
    for folder in ("frames", *VIEWED):
        for file in sql_files(folder):
            yield f"COMMENT ON VIEW {file.name} IS {quote(file.comment)}"
            for column, meaning in file.columns.items():
                yield f'COMMENT ON COLUMN {file.name}."{column}" IS {quote(meaning)}'


def _replacements(con: duckdb.DuckDBPyConnection, prop: Property) -> Replacements:
    by_phone = prop.bins is None and _depends_on_the_phone_alone(con, prop)
    return {
        "property": quote(prop.name),
        "group_select": group_select(prop),
        "group": f"CAST(({prop.definition}) AS VARCHAR)" if by_phone else "CAST(NULL AS VARCHAR)",
        "any_group": "false" if by_phone else "true",
        "counts": phone_counts_sql(prop),
    }


def _depends_on_the_phone_alone(con: duckdb.DuckDBPyConnection, prop: Property) -> bool:
    """Whether a definition can be evaluated where nothing is known but the phone and its class."""
    nothing_else = "SELECT CAST(NULL AS VARCHAR) AS phone, CAST(NULL AS VARCHAR) AS phone_class"
    try:
        con.execute(f"EXPLAIN SELECT ({prop.definition}) FROM ({nothing_else})")
    except duckdb.BinderException:
        return False
    return True
