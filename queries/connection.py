"""Opens a warehouse for questions: an in-memory DuckDB over one snapshot that can reach nothing else."""

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import duckdb

from queries.sources import create_base_tables, fill_gaps, surface_facts
from queries.sql_files import TABLE_MACROS, sql_files
from queries.statements import check_statement
from queries.surface import create_surface
from warehouse.errors import QueryError
from warehouse.properties import Property, quote, sql_list, with_properties
from warehouse.snapshot import Snapshot, snapshot

if TYPE_CHECKING:
    import polars

Parameters = Sequence[Any] | Mapping[str, Any]

_MACROS = frozenset(file.name.lower() for folder in TABLE_MACROS for file in sql_files(folder))


class Connection:
    """A warehouse as DuckDB sees it: every table, view and macro of one snapshot, and nothing else.

    Attributes:
        snapshot: what is seen; commits that come later are not.
    """

    def __init__(
        self,
        state: Snapshot,
        con: duckdb.DuckDBPyConnection,
        scratch: tempfile.TemporaryDirectory[str],
        registered: set[str],
        properties: tuple[Property, ...] = (),
    ) -> None:
        self.snapshot = state
        self._con = con
        self._scratch = scratch
        self._registered = registered
        self._properties = properties

    def sql(self, query: str, params: Parameters | None = None) -> duckdb.DuckDBPyRelation:
        """DuckDB's relation of a query: ``.fetchall()``, ``.pl()``, ``.to_arrow_table()``, ``.to_arrow_reader()``.

        Nothing runs until its rows are asked for.

        Args:
            query: one SELECT (also FROM, DESCRIBE, SHOW, SUMMARIZE), or EXPLAIN of one.
            params: values of ``?`` or ``$name``.

        Raises:
            QueryError: the query is refused, because it could do more than read.
            duckdb.Error: DuckDB's own message on a query that it cannot answer, such as an unknown name.
        """
        check_statement(self._con, query, _MACROS)
        return self._con.sql(query, params=params)

    def execute(self, query: str, params: Parameters | None = None) -> duckdb.DuckDBPyConnection:
        """Run a query now, once; its rows are fetched from what comes back.

        The rows belong to this connection until they are fetched: take a :meth:`cursor` for each query that runs at
        the same time.

        Raises:
            QueryError: the query is refused, because it could do more than read.
            duckdb.Error: DuckDB's own message on a query that it cannot answer, such as an unknown name.
        """
        check_statement(self._con, query, _MACROS)
        return self._con.execute(query, params)

    def register(self, name: str, rows: "polars.DataFrame") -> None:
        """Make rows a table of this connection and its cursors, so that queries join them; no file changes.

        Args:
            name: of the table; one that was registered earlier is replaced.
            rows: what an analysis returned, or any other data frame.

        Raises:
            QueryError: the name is no word, or the warehouse has something of that name.
        """
        if not name.isidentifier():
            raise QueryError(f"{name!r} is no name for a table; give a word, such as silhouettes")
        if name.lower() not in self._registered and name.lower() in self._names():
            raise QueryError(f"the warehouse has {name} already; give the rows another name")
        self._con.execute(f'DROP TABLE IF EXISTS "{name}"')
        self._con.from_arrow(rows.to_arrow()).create(name)
        self._registered.add(name.lower())

    def _names(self) -> set[str]:
        sql = "SELECT lower(table_name) FROM information_schema.tables"
        return {name for (name,) in self._con.execute(sql).fetchall()} | _MACROS

    def cursor(self) -> "Connection":
        """Another connection to the same snapshot, for a query beside another."""
        return Connection(self.snapshot, self._con.cursor(), self._scratch, self._registered, self._properties)

    def with_properties(self, properties: Sequence[Property]) -> "Connection":
        """A connection of its own to the same snapshot, under the same limits, that has further properties.

        What was registered here is not there.

        Args:
            properties: as those of :func:`connect`.

        Raises:
            QueryError: a property makes no sense, or another is declared by its name.
        """
        limits = "SELECT current_setting('memory_limit'), current_setting('threads')"
        memory, threads = self._con.execute(limits).fetchall()[0]
        return _opened(self.snapshot, memory, threads, False, (*self._properties, *properties))

    def interrupt(self) -> None:
        """Stop the query that this very connection runs; may be called from another thread."""
        self._con.interrupt()

    def query_progress(self) -> float:
        """Percent of the running query that is done; -1 when that is not known, as on a cursor."""
        return self._con.query_progress()

    def close(self) -> None:
        """Close the connection."""
        self._con.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect(
    path: str | os.PathLike[str] | Snapshot,
    *,
    memory: str | None = None,
    threads: int | None = None,
    comments: bool = True,
    properties: Sequence[Property] = (),
) -> Connection:
    """Open a warehouse for questions.

    The connection sees the snapshot of this moment: it takes no lock, waits for nobody, and changes no file.

    Args:
        path: the warehouse, or a snapshot of it that was taken earlier.
        memory: most memory that queries may use, such as ``4GB``; None = DuckDB's choice.
        threads: most threads; None = DuckDB's choice.
        comments: whether to register what every table, view and macro means, a tenth of the time it takes to open.
        properties: labellings that this connection has beside the declared ones. What is asked of them is counted
            from the activations, each time anew; quantile edges are those that declaring would freeze.

    Raises:
        FormatError: ``path`` is no warehouse, or one of another version.
        QueryError: DuckDB does not take ``memory`` or ``threads``; a property makes no sense, or another is declared
            by its name.
    """
    state = path if isinstance(path, Snapshot) else snapshot(path)
    return _opened(state, memory, threads, comments, tuple(properties))


def _opened(
    state: Snapshot, memory: str | None, threads: int | None, comments: bool, properties: tuple[Property, ...]
) -> Connection:
    seen = with_properties(state, _undeclared(state, properties))
    scratch = tempfile.TemporaryDirectory(prefix="neuron-warehouse-")
    con = duckdb.connect()
    for setting, value in (("memory_limit", memory), ("threads", threads)):
        if value is not None:
            _set(con, setting, str(value))
    con.execute(f"SET temp_directory = {quote(scratch.name)}")
    con.execute("SET GLOBAL perfect_ht_threshold = 21; SET parquet_metadata_cache = true")
    con.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")  # progress when asked
    create_base_tables(con, seen, comments)
    create_surface(con, surface_facts(seen), comments)
    fill_gaps(con, seen)
    con.execute(f"SET allowed_directories = {sql_list([str(state.layout.root)])}")
    con.execute("SET enable_external_access = false; SET GLOBAL python_enable_replacements = false")
    con.execute("SET lock_configuration = true")
    return Connection(state, con, scratch, set(), properties)


def _undeclared(state: Snapshot, properties: Sequence[Property]) -> Iterable[Property]:
    if not properties:
        return ()
    from queries.declare import undeclared  # loads Arrow and a parser of SQL, which whoever only asks can do without

    return undeclared(state, properties)


def _set(con: duckdb.DuckDBPyConnection, setting: str, value: str) -> None:
    try:
        con.execute(f"SET {setting} = {quote(value)}")
    except duckdb.Error as error:
        raise QueryError(f"{setting} {value!r}: {str(error).partition(chr(10))[0]}") from None
