"""What a query connection accepts: one SELECT, or EXPLAIN of it, that can do nothing but read.

An allowed directory stays writable in DuckDB's sandbox, and a statement that the parser calls SELECT may still write:
``WITH x AS (COPY … TO …)`` does, and so does SQL text inside the functions that execute it. So the syntax tree is
read, not the text, and only table functions that are known to read are accepted.
"""

import json
from collections.abc import Collection, Iterator
from typing import Any

import duckdb

from warehouse.errors import QueryError

READING_FUNCTIONS = frozenset(
    [
        "range",
        "generate_series",
        "unnest",
        "repeat",
        "repeat_row",
        "json_each",
        "json_tree",
        "query_table",
        "summary",
        "read_parquet",
        "parquet_scan",
        "parquet_metadata",
        "parquet_schema",
        "parquet_file_metadata",
        "parquet_kv_metadata",
        "parquet_full_metadata",
        "read_csv",
        "read_csv_auto",
        "sniff_csv",
        "read_json",
        "read_json_auto",
        "read_json_objects",
        "read_json_objects_auto",
        "read_ndjson",
        "read_ndjson_auto",
        "read_ndjson_objects",
        "read_text",
        "read_blob",
        "glob",
        "duckdb_columns",
        "duckdb_constraints",
        "duckdb_databases",
        "duckdb_dependencies",
        "duckdb_extensions",
        "duckdb_functions",
        "duckdb_indexes",
        "duckdb_keywords",
        "duckdb_memory",
        "duckdb_optimizers",
        "duckdb_schemas",
        "duckdb_sequences",
        "duckdb_settings",
        "duckdb_tables",
        "duckdb_temporary_files",
        "duckdb_types",
        "duckdb_variables",
        "duckdb_views",
        "pragma_table_info",
        "pragma_version",
        "pragma_platform",
        "pragma_collations",
        "pragma_show",
        "pragma_database_size",
        "pg_timezone_names",
        "icu_calendar_names",
    ]
)
"""Table functions of DuckDB that only read; the files that they may read are the sandbox's matter."""

_REMEDY = "a query is one SELECT (also FROM, DESCRIBE, SHOW, SUMMARIZE), or EXPLAIN of one"


def check_statement(con: duckdb.DuckDBPyConnection, query: str, macros: Collection[str]) -> None:
    """Refuse everything but one statement that reads.

    Args:
        con: parses; nothing is executed, and no result that it holds is disturbed.
        query: SQL text.
        macros: names of further table functions that are known to read.

    Raises:
        QueryError: the text is another statement, or several, or calls a function that may do more than read.
        duckdb.ParserException: the text is no SQL.
    """
    statements = con.extract_statements(query)
    if not statements:
        raise QueryError(f"the query is empty; {_REMEDY}")
    kinds = [statement.type for statement in statements]
    if duckdb.StatementType.MULTI in kinds:
        raise QueryError(
            "PIVOT without IN makes several statements, one of which changes the catalog; "
            "list the values: PIVOT … ON column IN (value, …)"
        )
    if len(statements) > 1:
        raise QueryError(f"{len(statements)} statements; {_REMEDY}")
    if kinds == [duckdb.StatementType.EXPLAIN]:
        return check_statement(con, _explained(query), macros)
    if kinds != [duckdb.StatementType.SELECT]:
        raise QueryError(f"{kinds[0].name.replace('_', ' ')} is refused; {_REMEDY}")
    for node in _nodes(_syntax_tree(con, query)):
        kind = str(node.get("type", ""))
        if kind.endswith("_QUERY_NODE"):
            raise QueryError(f"{kind.removesuffix('_QUERY_NODE')} inside WITH is refused; {_REMEDY}")
        if kind == "TABLE_FUNCTION":
            _check_function(node.get("function", {}), macros)
    return None


def _check_function(function: dict[str, Any], macros: Collection[str]) -> None:
    name = str(function.get("function_name", "")).lower()
    if name not in READING_FUNCTIONS and name not in macros:
        raise QueryError(
            f"the table function {name or '?'} is refused, because it may do more than read; there are the macros of "
            f"the warehouse and {', '.join(sorted(READING_FUNCTIONS))}"
        )


def _explained(query: str) -> str:
    """The statement that an EXPLAIN is about.

    Raises:
        QueryError: the statement would be executed, or an option is not known to be harmless.
    """
    text = query.encode()  # tokens begin at bytes
    starts = [at for at, _ in duckdb.tokenize(query)]
    words = [
        (at, text[at:end].decode().strip().lower())
        for (at, kind), end in zip(duckdb.tokenize(query), [*starts[1:], len(text)], strict=True)
        if kind != duckdb.token_type.comment
    ]
    said = [word for _, word in words]
    options = said[1] == "("
    if said[1] in {"analyze", "analyse"} or (options and (said[2] != "format" or said[4] != ")")):
        raise QueryError("EXPLAIN ANALYZE executes its statement and is refused; the only option is (FORMAT …)")
    return text[words[5 if options else 1][0] :].decode()


def _syntax_tree(con: duckdb.DuckDBPyConnection, query: str) -> Any:
    with con.cursor() as own:
        rows = own.execute("SELECT json_serialize_sql($1)", [query]).fetchall()
    tree = json.loads(rows[0][0])
    if tree.get("error"):
        raise QueryError(f"the query cannot be checked ({tree.get('error_message')}); {_REMEDY}")
    return tree["statements"]


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object of a syntax tree."""
    waiting = [tree]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            yield found
            waiting.extend(found.values())
        elif isinstance(found, list):
            waiting.extend(found)
