"""What a connection and its cursors accept, asked of an empty warehouse."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest

from queries import Connection, connect
from warehouse import QueryError, create


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with connect(create(tmp_path_factory.mktemp("statements") / "w").root) as opened:
        yield opened


@pytest.fixture(params=["connection", "cursor", "cursor of a cursor"])
def asked(request: pytest.FixtureRequest, con: Connection) -> Connection:
    return {"connection": con, "cursor": con.cursor(), "cursor of a cursor": con.cursor().cursor()}[request.param]


def both(asked: Connection, query: str) -> Iterator[None]:
    for ask in (asked.sql, asked.execute):
        ask(query).fetchall()
        yield


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1;",
        "FROM property_neurons",
        "DESCRIBE G_i",
        "SHOW TABLES",
        "SUMMARIZE models",
        "VALUES (1)",
        "WITH x AS MATERIALIZED (SELECT 1 AS a) FROM x",
        "EXPLAIN FROM S_k(p_sigma := 0.5)",
        "/* ANALYZE */ EXPLAIN /* ANALYZE */ (FORMAT json) SELECT 'ANALYZE'",
        "/* é */ EXPLAIN/* ə */SELECT 'ʃ' -- é",
        "PIVOT layers ON model IN ('a', 'b') USING count(*)",
        "FROM (DESCRIBE frames)",
    ],
)
def test_what_reads_is_accepted(asked: Connection, query: str) -> None:
    assert len(list(both(asked, query))) == 2


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("", "the query is empty"),
        ("-- nothing", "the query is empty"),
        ("SELECT 1; SELECT 2", "2 statements"),
        ("CREATE TABLE x AS SELECT 1", "CREATE is refused"),
        ("SET threads = 1", "SET is refused"),
        ("PIVOT layers ON model USING count(*)", "PIVOT without IN makes several statements"),
        ("EXPLAIN ANALYZE SELECT 1", "EXPLAIN ANALYZE executes"),
        ("EXPLAIN /* é */ ANALYSE SELECT 1", "EXPLAIN ANALYZE executes"),
        ("EXPLAIN (FORMAT json, ANALYSE) SELECT 1", "EXPLAIN ANALYZE executes"),
        ('EXPLAIN ("analyze") SELECT 1', "EXPLAIN ANALYZE executes"),
        ("EXPLAIN(ANALYZE false)SELECT 1", "EXPLAIN ANALYZE executes"),
        ("/* ééééééééééééééééééééé */ EXPLAIN COPY models TO 'x.csv' --  SELECT 1", "COPY is refused"),
        ("EXPLAIN COPY models TO 'x.csv'", "COPY is refused"),
        ("WITH x AS (COPY models TO 'x.csv') FROM x", "COPY inside WITH is refused"),
        ("WITH x AS (DELETE FROM models RETURNING *) FROM x", "DELETE inside WITH is refused"),
        ("FROM query('SELECT 1')", "the table function query is refused"),
        ("FROM system.main.json_execute_serialized_sql('{}')", "json_execute_serialized_sql is refused"),
        ("SELECT (SELECT count(*) FROM enable_logging())", "enable_logging is refused"),
    ],
)
def test_everything_else_is_refused_with_the_reason(asked: Connection, query: str, reason: str) -> None:
    for ask in (asked.sql, asked.execute):
        with pytest.raises(QueryError, match=reason) as error:
            ask(query)
        assert "\n" not in str(error.value)


def test_python_variables_are_no_tables(asked: Connection) -> None:
    mine = pa.table({"a": [1]})
    assert mine.num_rows == 1
    for ask in (asked.sql, asked.execute):
        with pytest.raises(duckdb.CatalogException, match="mine does not exist"):
            ask("FROM mine").fetchall()


def test_no_setting_can_be_changed(asked: Connection) -> None:
    locked = "SELECT value FROM duckdb_settings() WHERE name = 'lock_configuration'"
    assert asked.sql(locked).fetchall() == [("true",)]
    with pytest.raises(duckdb.InvalidInputException, match="locked"):
        asked._con.execute("SET python_enable_replacements = true")


def test_answers_of_an_empty_warehouse_are_empty_and_unknown_names_an_error(asked: Connection) -> None:
    assert asked.sql("FROM property_overlap").fetchall() == []
    with pytest.raises(
        duckdb.InvalidInputException, match="p_model: there is no x, nor any other; nothing was recorded"
    ):
        asked.sql("FROM G_i(p_model := 'x')")
