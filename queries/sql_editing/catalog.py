"""What an SQL editor can offer in a warehouse: tables, macros, columns, functions and names, and what each means."""

from collections.abc import Mapping
from dataclasses import dataclass

from queries.connection import Connection
from queries.parameters import ALL_PARAMETERS
from queries.sql_files import TABLE_MACROS, VIEWED, SqlFile, sql_files
from queries.statements import READING_FUNCTIONS
from warehouse.schema import TABLES

MOST_VALUES = 5_000
"""Most groups that are offered inside quotes; a property may have as many as there are utterances."""


_FIXED = {
    "frames": ("all", "middle", "reference"),
    "kind": ("block", "ffn"),
    "choice": ("paper", "smallest"),
    "what": ("layer", "random", "rest"),
    "architecture": ("cosine", "hidden", "linear", "majority"),
    "treatment": ("retrained", "trained", "zeroed"),
    "neurons": ("all", "bottom", "random", "top"),
    "measure": ("accuracy", "balanced_accuracy", "eer"),
}


@dataclass(frozen=True)
class Column:
    """A column of a table: its name, DuckDB's name of its type, and what it holds."""

    name: str
    type: str = ""
    help: str = ""


@dataclass(frozen=True)
class Relation:
    """A table or view: its name, its columns in order, and what it is."""

    name: str
    columns: tuple[Column, ...]
    help: str


@dataclass(frozen=True)
class Macro:
    """A macro of the warehouse.

    Attributes:
        name: its name.
        parameters: names of its parameters, in order.
        columns: of its rows; none of a scalar's.
        help: what it is.
        is_table: whether it stands after FROM.
        is_part: whether answers are made of it, so that it is seldom asked itself.
    """

    name: str
    parameters: tuple[str, ...]
    columns: tuple[Column, ...]
    help: str
    is_table: bool
    is_part: bool


@dataclass(frozen=True)
class Function:
    """A function of DuckDB: its name, how it is called, what it is for, and whether it stands after FROM."""

    name: str
    signature: str
    help: str
    is_table: bool = False


@dataclass(frozen=True)
class Catalog:
    """What can be named in a query.

    Attributes:
        relations: tables and views by their names.
        macros: the warehouse's macros by their names.
        functions: DuckDB's functions by their names.
        values: names of models, corpora, properties, phones, groups, by the column that holds them.
    """

    relations: Mapping[str, Relation]
    macros: Mapping[str, Macro]
    functions: Mapping[str, Function]
    values: Mapping[str, tuple[str, ...]]

    def columns(self, name: str) -> tuple[Column, ...]:
        """Columns of a table, view or table macro; none of what is not known."""
        name = name.lower()
        if name in self.relations:
            return self.relations[name].columns
        return self.macros[name].columns if name in self.macros else ()


def read_catalog(con: Connection) -> Catalog:
    """Gather the catalog of a warehouse, a matter of some hundredths of a second.

    Raises:
        duckdb.Error: the files of the warehouse cannot be read.
    """
    relations = _relations(con)
    return Catalog(relations, _macros(relations), _functions(con), _values(con))


def _relations(con: Connection) -> dict[str, Relation]:
    columns: dict[str, list[Column]] = {}
    meant = {(table.name, column): meaning for table in TABLES.values() for column, _, meaning in table.columns}
    files = {file.name: file for folder in ("frames", *VIEWED) for file in sql_files(folder)}
    sql = (
        "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() WHERE NOT internal "
        "ORDER BY table_name, column_index"
    )
    for table, column, kind, comment in con.execute(sql).fetchall():
        said = comment or meant.get((table, column)) or (files[table].columns.get(column) if table in files else None)
        columns.setdefault(table, []).append(Column(column, kind, said or ""))
    return {name.lower(): Relation(name, tuple(found), _meaning(name, files)) for name, found in columns.items()}


def _meaning(name: str, files: Mapping[str, SqlFile]) -> str:
    if name in files:
        return files[name].comment
    return f"One row per {TABLES[name].grain}." if name in TABLES else ""


def _macros(relations: Mapping[str, Relation]) -> dict[str, Macro]:
    found = {}
    for folder in ("scalars", *TABLE_MACROS):
        for file in sql_files(folder):
            named = file.columns or dict.fromkeys(file.types, "")
            alone = tuple(Column(name, file.types.get(name, ""), said) for name, said in named.items())
            view = relations.get(file.name.lower())
            found[file.name.lower()] = Macro(
                file.name,
                file.parameters,
                view.columns if view else alone,
                file.comment,
                is_table=folder in TABLE_MACROS,
                is_part=folder == "parts",
            )
    return found


def _functions(con: Connection) -> dict[str, Function]:
    sql = r"""
        SELECT function_name, bool_or(function_type = 'table'), arg_min(parameters, len(parameters)), first(description)
        FROM duckdb_functions()
        WHERE internal AND regexp_full_match(function_name, '[a-z][a-z0-9_]*')
            AND function_type IN ('scalar', 'aggregate', 'macro', 'table')
        GROUP BY function_name
        ORDER BY function_name
    """
    return {
        name: Function(name, f"{name}({', '.join(str(word) for word in words)})", said or "", is_table)
        for name, is_table, words, said in con.execute(sql).fetchall()
        if not is_table or name in READING_FUNCTIONS
    }


def _values(con: Connection) -> dict[str, tuple[str, ...]]:
    values: dict[str, tuple[str, ...]] = {}
    sql = f'SELECT DISTINCT property, "group" FROM frame_counts ORDER BY ALL LIMIT {MOST_VALUES}'
    groups = con.execute(sql).fetchall()
    for name, group in groups:  # gender = 'F' where a column is called like the property
        values[name] = (*values.get(name, ()), group)
    values["group"] = tuple(dict.fromkeys(group for _, group in groups))
    for column, table in (("property", "properties"), ("model", "models"), ("corpus", "frame_counts")):
        names = con.execute(f"SELECT DISTINCT {column} FROM {table} ORDER BY 1").fetchall()
        values[column] = tuple(name for (name,) in names)
    phones = con.execute("SELECT DISTINCT phone FROM frame_counts ORDER BY 1").fetchall()
    values["phone"] = tuple(name for (name,) in phones)
    values["other"], values["change"] = values["model"], ("joined", "left", "moved")
    values["group_before"] = values["group_after"] = values["group"]
    for column in ("probe", "label"):
        names = con.execute(f"SELECT DISTINCT {column} FROM probe_runs ORDER BY 1").fetchall()
        values[column] = tuple(name for (name,) in names)
    return {**values, **_FIXED}


def parameter_help(name: str) -> tuple[str, str]:
    """The default of a macro's parameter as SQL text, and what it does; of a scalar's, nothing."""
    known = ALL_PARAMETERS.get(name)
    return (known.default, known.meaning) if known else ("", "")
