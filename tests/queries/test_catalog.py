"""The catalog opens a warehouse in any DuckDB client, without us, and is replaced at once."""

import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import duckdb
import pytest

from queries import connect, write_catalog
from queries.sql_files import VIEWED, sql_files
from warehouse import WarehouseError, create, snapshot
from warehouse.schema import TABLES

CLIENT = """
import sys, duckdb
con = duckdb.connect(sys.argv[1], read_only=True)
for (name,) in con.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1").fetchall():
    print(name, con.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0])
print(sorted({m for m in ("warehouse", "queries", "pyarrow") if m in sys.modules}))
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, make_speech: Any, tiny_model: Any) -> Path:
    from ingest import Corpus, ingest

    folder = tmp_path_factory.mktemp("catalog")
    speech = make_speech(folder / "speech", n_utterances=4)
    corpus = Corpus.from_files(speech / "audio", speech / "labels", speech / "metadata.csv", name="hummed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ingest(tiny_model(), corpus, folder / "it's a w", model_name="tiny", quiet=True, shard_minutes=0.05)
    return folder / "it's a w"


@pytest.fixture
def path(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "it's a w"))


def test_a_client_that_knows_nothing_of_us_sees_every_view(path: Path) -> None:
    catalog = write_catalog(path)
    done = subprocess.run([sys.executable, "-c", CLIENT, catalog], capture_output=True, text=True, check=True)
    *lines, modules = done.stdout.splitlines()
    assert modules == "[]"
    seen = {name: int(rows) for name, rows in (line.split() for line in lines)}
    views = {file.name for folder in ("frames", *VIEWED) for file in sql_files(folder)}
    assert set(seen) == {*TABLES, *views}
    state = snapshot(path)
    assert {name: seen[name] for name in TABLES} == {name: state.rows(name) for name in TABLES}
    with connect(path) as con:
        for name in views:
            assert seen[name] == con.sql(f"SELECT count(*) FROM {name}").fetchall()[0][0], name


def test_macros_take_their_parameters(path: Path) -> None:
    query = "FROM property_neurons(p_property := 'gender', p_frames := 'middle', p_where := 'age < 22') ORDER BY ALL"
    with duckdb.connect(write_catalog(path), read_only=True) as client, connect(path) as con:
        assert client.execute(query).fetchall() == con.sql(query).fetchall()


def test_it_can_be_attached_and_used(path: Path) -> None:
    catalog = str(write_catalog(path)).replace("'", "''")
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{catalog}' AS study (READ_ONLY)")
        con.execute("USE study")
        assert con.execute("SELECT count(*) FROM property_neurons(p_property := 'gender')").fetchall()[0][0] >= 0
        assert con.execute("SELECT count(*) FROM utterances").fetchall() == [(4,)]


def test_objects_are_explained(path: Path) -> None:
    with duckdb.connect(write_catalog(path), read_only=True) as con:
        said = dict(con.execute("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal").fetchall())
    assert said["property_neurons"].startswith("Property neurons P")
    assert all(said[file.name] for folder in VIEWED for file in sql_files(folder))


def test_it_holds_no_data(path: Path) -> None:
    catalog = write_catalog(path)
    with duckdb.connect(catalog, read_only=True) as con:
        assert con.execute("SELECT coalesce(sum(estimated_size), 0) FROM duckdb_tables()").fetchall() == [(0,)]


def test_an_empty_warehouse_has_one_too(tmp_path: Path) -> None:
    create(tmp_path / "w")
    with duckdb.connect(write_catalog(tmp_path / "w"), read_only=True) as con:
        assert con.execute("SELECT count(*) FROM models").fetchall() == [(0,)]


def test_a_client_that_has_the_old_one_open_keeps_it(path: Path) -> None:
    catalog = write_catalog(path)
    with duckdb.connect(catalog, read_only=True) as con:
        before = catalog.stat().st_ino
        write_catalog(path)
        assert catalog.stat().st_ino != before
        assert con.execute("SELECT count(*) FROM utterances").fetchall() == [(4,)]
    assert not list((path / "staging").glob("catalog*"))


def test_a_place_that_cannot_be_written_gets_one_line(path: Path) -> None:
    write_catalog(path)
    (path / "catalog.duckdb").unlink()
    (path / "catalog.duckdb").mkdir()
    with pytest.raises(WarehouseError, match=r"catalog\.duckdb: cannot be written") as error:
        write_catalog(path)
    assert "\n" not in str(error.value)
    assert not list((path / "staging").glob("catalog*"))
