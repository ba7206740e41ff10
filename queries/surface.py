"""The views and macros of a warehouse over its base tables, whatever those are in a connection."""

from collections.abc import Iterator

import duckdb

from queries.constants import constants
from queries.facts import SurfaceFacts
from queries.parameters import ALL_PARAMETERS
from queries.sql_files import TABLE_MACROS, Replacements, SqlFile, sql_files
from warehouse.properties import Property, group_select, phone_counts_sql, quote


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
    # A view is planned when it is made; over outlines of the parts, which are completed afterwards, in no time.
    outlined = [file for file in sql_files("parts") if file.types]
    yield from (_table_macro(file, file.outline) for file in outlined)
    others = [file for folder in TABLE_MACROS for file in sql_files(folder) if file not in outlined]
    yield from (_table_macro(file, file.body) for file in others)
    yield from (f"CREATE VIEW {file.name} AS FROM {file.name}()" for file in sql_files("answers"))
    yield from (_table_macro(file, file.body) for file in outlined)
    if comments:
        yield from _comments()


def _table_macro(file: SqlFile, body: str) -> str:
    parameters = ", ".join(f"{name} := {ALL_PARAMETERS[name].default}" for name in file.parameters)
    return f"CREATE OR REPLACE MACRO {file.name}({parameters}) AS TABLE\n{body}"


def _comments() -> Iterator[str]:
    for file in sql_files("scalars"):
        yield f"COMMENT ON MACRO {file.name} IS {quote(file.comment)}"
    for folder in TABLE_MACROS:
        for file in sql_files(folder):
            yield f"COMMENT ON MACRO TABLE {file.name} IS {quote(file.comment)}"
    for file in (*sql_files("frames"), *sql_files("answers")):
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
