"""A question can do nothing but read its warehouse: attacks that must fail and change nothing, and what is allowed."""

import hashlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars
import pyarrow as pa
import pytest

from queries import Connection, connect
from warehouse import QueryError


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, make_speech: Any, tiny_model: Any) -> Path:
    from ingest import Corpus, ingest
    from queries import write_catalog

    folder = tmp_path_factory.mktemp("sandbox")
    speech = make_speech(folder / "speech", n_utterances=3)
    corpus = Corpus.from_files(speech / "audio", speech / "labels", speech / "metadata.csv", name="hummed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ingest(tiny_model(), corpus, folder / "w", model_name="tiny", quiet=True)
    write_catalog(folder / "w")
    outside = folder / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_text("a,b\n1,2\n")
    (outside / "secret.json").write_text('{"a": 1}')
    (outside / "secret.parquet").write_bytes(next((folder / "w" / "data" / "utterances").iterdir()).read_bytes())
    return folder / "w"


@pytest.fixture(scope="module")
def con(path: Path) -> Iterator[Connection]:
    with connect(path) as opened:
        yield opened


def digests(folder: Path) -> dict[str, str]:
    return {
        str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.rglob("*")) if file.is_file()
    }


@pytest.fixture(autouse=True)
def nothing_changes(path: Path, con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every attack leaves the warehouse, its neighbours and the working directory as they were, and answers come."""
    monkeypatch.chdir(tmp_path)
    before = digests(path.parent)
    views = con.sql("SELECT view_name, sql FROM duckdb_views() ORDER BY ALL").fetchall()
    settings = con.sql("SELECT name, value FROM duckdb_settings() ORDER BY ALL").fetchall()
    yield
    assert digests(path.parent) == before
    assert list(tmp_path.iterdir()) == []
    assert con.sql("SELECT view_name, sql FROM duckdb_views() ORDER BY ALL").fetchall() == views
    assert con.sql("SELECT name, value FROM duckdb_settings() ORDER BY ALL").fetchall() == settings
    assert con.sql("SELECT count(*) FROM utterances").fetchall() == [(3,)]


def refused(con: Connection, query: str) -> str:
    """The message with which a query is refused before anything runs, by both ways of asking."""
    messages = set()
    for ask in (con.sql, con.execute):
        with pytest.raises(QueryError) as error:
            ask(query)
        messages.add(str(error.value))
    (message,) = messages
    assert "\n" not in message
    return message


OTHER_STATEMENTS = """
COPY (SELECT 1) TO 'x.csv'
COPY (SELECT 1) TO '{w}/x.csv'
COPY utterances TO '{w}/data/utterances/x.parquet'
COPY (SELECT 1) TO '{outside}/x.csv'
COPY FROM DATABASE memory TO memory
EXPLAIN COPY (SELECT 1) TO '{w}/x.csv'
WITH x AS (COPY (SELECT 1) TO '{w}/x.csv') SELECT 1
WITH x AS (INSERT INTO utterances SELECT 1 RETURNING *) FROM x
WITH x AS (DELETE FROM utterances RETURNING *) FROM x
EXPORT DATABASE '{w}/x'
IMPORT DATABASE '{w}/x'
ATTACH '{w}/x.duckdb' AS y
ATTACH '{w}/catalog.duckdb' AS y (READ_ONLY)
ATTACH ':memory:' AS y
DETACH memory
INSTALL httpfs
INSTALL httpfs FROM '{outside}'
FORCE INSTALL httpfs
LOAD httpfs
LOAD '{w}/x.duckdb_extension'
SET memory_limit = '1GB'
SET lock_configuration = false
SET enable_external_access = true
SET GLOBAL python_enable_replacements = true
SET VARIABLE x = 1
RESET memory_limit
RESET lock_configuration
USE memory
PRAGMA enable_profiling
PRAGMA database_list
PRAGMA profiling_output = '{w}/x.json'
CALL pragma_version()
CREATE TABLE t AS SELECT 1
CREATE TEMP TABLE t AS SELECT 1
CREATE VIEW v AS SELECT 1
CREATE OR REPLACE VIEW utterances AS SELECT 1
CREATE OR REPLACE MACRO property_neurons() AS TABLE SELECT 1
CREATE SECRET s (TYPE s3)
CREATE SEQUENCE s
DROP VIEW utterances
DROP MACRO TABLE property_neurons
INSERT INTO utterances SELECT 1
UPDATE utterances SET speaker = 'x'
DELETE FROM utterances
TRUNCATE utterances
MERGE INTO utterances USING utterances AS b ON true WHEN MATCHED THEN DELETE
ALTER VIEW utterances RENAME TO x
COMMENT ON VIEW utterances IS 'x'
CHECKPOINT
VACUUM
ANALYZE
BEGIN
COMMIT
PREPARE p AS SELECT 1
EXECUTE p
SELECT 1; SELECT 2
SELECT 1; DROP VIEW utterances
SELECT 1; COPY (SELECT 1) TO '{w}/x.csv'
""".strip().split("\n")


@pytest.mark.parametrize("attack", OTHER_STATEMENTS)
def test_what_is_no_select_is_refused(con: Connection, path: Path, attack: str) -> None:
    message = refused(con, attack.format(w=path, outside=path.parent / "outside"))
    assert "a query is one SELECT" in message


@pytest.mark.parametrize(
    "attack",
    [
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{w}/x.csv'",
        "EXPLAIN ANALYZE SELECT 1",
        "explain analyze SELECT 1",
        "EXPLAIN (ANALYZE, FORMAT json) SELECT 1",
        "EXPLAIN (FORMAT json, ANALYZE) COPY (SELECT 1) TO '{w}/x.csv'",
        "EXPLAIN /* not */ ANALYZE COPY (SELECT 1) TO '{w}/x.csv'",
        "EXPLAIN -- not\n ANALYZE COPY (SELECT 1) TO '{w}/x.csv'",
    ],
)
def test_explain_that_would_execute_is_refused(con: Connection, path: Path, attack: str) -> None:
    assert "EXPLAIN ANALYZE executes" in refused(con, attack.format(w=path))


@pytest.mark.parametrize(
    "attack",
    [
        "PIVOT utterances ON speaker",
        "PIVOT utterances ON speaker USING count(*)",
        "SELECT * FROM (PIVOT utterances ON speaker USING count(*))",
    ],
)
def test_a_pivot_that_would_make_a_type_is_refused_with_the_reason(con: Connection, attack: str) -> None:
    assert "list the values: PIVOT … ON column IN (value, …)" in refused(con, attack)


@pytest.mark.parametrize(
    "attack",
    [
        "FROM query('SELECT 1')",
        "FROM query('DROP VIEW utterances')",
        "FROM query('COPY (SELECT 1) TO ''{w}/x.csv''')",
        "FROM Query('WITH x AS (COPY (SELECT 1) TO ''{w}/x.csv'') SELECT 1')",
        "SELECT (SELECT count(*) FROM query('SELECT 1'))",
        "WITH a AS (FROM query('SELECT 1')) FROM a",
        "FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
        "FROM force_checkpoint()",
        "FROM checkpoint()",
        "FROM enable_logging()",
        "FROM duckdb_secrets()",
        "FROM duckdb_logs()",
        "FROM sqlite_scan('{w}/x', 'y')",
        "EXPLAIN FROM query('SELECT 1')",
    ],
)
def test_functions_that_may_do_more_than_read_are_refused(con: Connection, path: Path, attack: str) -> None:
    assert "may do more than read" in refused(con, attack.format(w=path))


OUTSIDE = """
FROM read_csv('{outside}/secret.csv')
FROM read_text('{outside}/secret.csv')
FROM read_blob('{outside}/secret.csv')
FROM read_json('{outside}/secret.json')
FROM read_parquet('{outside}/secret.parquet')
FROM read_parquet(['{w}/data/utterances/*.parquet', '{outside}/secret.parquet'])
FROM parquet_metadata('{outside}/secret.parquet')
FROM sniff_csv('{outside}/secret.csv')
FROM glob('{outside}/*')
FROM glob('/etc/*')
FROM '{outside}/secret.csv'
FROM '{outside}/secret.parquet'
FROM '{w}/../outside/secret.parquet'
FROM read_text('{w}/../outside/secret.csv')
FROM read_text('/etc/passwd')
FROM read_text('/proc/self/environ')
FROM query_table('{outside}/secret.csv')
FROM query_table(['utterances', '{outside}/secret.parquet'])
SELECT (SELECT content FROM read_text('/etc/passwd'))
FROM utterances SEMI JOIN (FROM read_text('/etc/passwd')) AS t ON true
EXPLAIN FROM read_text('/etc/passwd')
FROM read_parquet('https://example.com/x.parquet')
FROM read_csv('http://127.0.0.1:1/x.csv')
FROM 'https://example.com/x.csv'
FROM read_text('s3://bucket/x')
FROM property_neurons(p_property := 'gender', p_where := 'frame_id IN (SELECT 1 FROM ''{outside}/secret.csv'')')
""".strip().split("\n")


@pytest.mark.parametrize("attack", OUTSIDE)
def test_nothing_outside_the_warehouse_is_read(con: Connection, path: Path, attack: str) -> None:
    query = attack.format(w=path, outside=path.parent / "outside")
    with pytest.raises(duckdb.PermissionException, match="disabled by configuration"):
        con.sql(query).fetchall()


def test_the_environment_and_python_are_out_of_reach(con: Connection) -> None:
    frame, rows = polars.DataFrame({"a": [1]}), pa.table({"a": [1]})
    assert frame.height == rows.num_rows == 1
    for attack in ("SELECT getenv('HOME')", "FROM frame", "FROM rows", "FROM con", "FROM '/etc/passwd'"):
        with pytest.raises(duckdb.CatalogException, match="does not exist"):
            con.sql(attack)


INJECTED = """
1=1; DROP VIEW utterances
1=1) ; DROP VIEW utterances; --
true); COPY (SELECT 1) TO '{w}/x.csv'; --
true) UNION ALL (SELECT 1
speaker = 's0
true /*
getenv('HOME') IS NOT NULL
frame_id IN (SELECT 1 FROM read_text('/etc/passwd'))
frame_id IN (SELECT 1 FROM query('SELECT 1'))
frame_id IN (SELECT 1 FROM query('COPY (SELECT 1) TO ''{w}/x.csv'''))
frame_id IN (SELECT 1 FROM '/etc/passwd')
frame_id IN (WITH x AS (COPY (SELECT 1) TO '{w}/x.csv') SELECT 1)
true) UNION ALL (WITH x AS (COPY (SELECT 1) TO '{w}/x.csv') SELECT 1
true) UNION ALL FROM read_text('/etc/passwd') --
no_such_column = 1
""".strip("\n").split("\n")


@pytest.mark.parametrize("injected", ["", *INJECTED])
@pytest.mark.parametrize("name", ["property_neurons", "activation_probabilities", "chosen_frames"])
def test_a_condition_is_a_condition(con: Connection, path: Path, name: str, injected: str) -> None:
    further = "p_frames := 'all'" if name == "chosen_frames" else "p_property := 'gender'"
    text = injected.format(w=path).replace("'", "''")
    with pytest.raises((duckdb.Error, QueryError)):
        con.sql(f"FROM {name}({further}, p_where := '{text}')").fetchall()


@pytest.mark.parametrize(
    "parameter", ["p_model", "p_corpus", "p_property", "p_frames", "p_layer", "p_lambda", "p_sigma"]
)
@pytest.mark.parametrize("text", ["x'; DROP VIEW utterances; --", "x') UNION ALL (SELECT 1", "'' OR true"])
def test_other_parameters_are_values(con: Connection, parameter: str, text: str) -> None:
    quoted = text.replace("'", "''")
    for name in ("property_neurons", "activation_probabilities", "property_overlap"):
        with pytest.raises(duckdb.Error):
            con.sql(f"FROM {name}({parameter} := '{quoted}')").fetchall()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1",
        "SELECT 1;",
        "-- a comment\nSELECT 1 /* another */",
        "WITH a AS (SELECT 1 AS x) SELECT x FROM a",
        "WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM t WHERE x < 3) FROM t",
        "FROM utterances",
        "FROM utterances SELECT speaker WHERE age > 0",
        "TABLE utterances",
        "VALUES (1), (2)",
        "DESCRIBE utterances",
        "DESCRIBE SELECT 1",
        "SUMMARIZE utterances",
        "SHOW TABLES",
        "SHOW ALL TABLES",
        "SELECT * FROM (DESCRIBE utterances)",
        "EXPLAIN SELECT 1",
        "EXPLAIN (FORMAT json) SELECT 1",
        "PIVOT utterances ON speaker IN ('s0', 's1') USING count(*)",
        "SELECT count(*) AS analyze FROM utterances",
        "FROM query_table('utterances')",
        "FROM range(3)",
        "SELECT unnest([1, 2])",
        "FROM duckdb_views() WHERE NOT internal",
        "FROM property_neurons",
        "FROM property_neurons(p_property := 'gender', p_where := 'speaker = ''s0'' AND age >= 20')",
    ],
)
def test_what_reads_is_allowed(con: Connection, query: str) -> None:
    relation = con.sql(query)
    assert relation is not None
    relation.fetchall()
    con.execute(query).fetchall()


def test_values_are_bound(con: Connection) -> None:
    evil = "x'; DROP VIEW utterances; --"
    assert con.sql("SELECT ?", [evil]).fetchall() == [(evil,)]
    assert con.execute("SELECT $name", {"name": evil}).fetchall() == [(evil,)]


@pytest.mark.parametrize("query", ["", " ", ";", "-- nothing", "/* nothing */"])
def test_nothing_is_no_question(con: Connection, query: str) -> None:
    assert "empty" in refused(con, query)
