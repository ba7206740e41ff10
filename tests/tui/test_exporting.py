"""Whole answers as files, against the same query fetched at once."""

import csv
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from queries import Connection, connect
from queries.pages import StoppedError
from tui.exporting import Export, export_format
from warehouse import create
from warehouse.errors import QueryError

QUERY = "SELECT range AS i, 'name ' || i AS name, if(i % 2 = 0, NULL, i / 4) AS share FROM range(3500) ORDER BY i"


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with connect(create(tmp_path_factory.mktemp("exports") / "empty.warehouse").root, comments=False) as con:
        yield con


def test_every_format_has_all_rows(con: Connection, tmp_path: Path) -> None:
    rows = con.execute(QUERY).fetchall()
    for suffix in ("csv", "json", "jsonl", "parquet"):
        assert Export(QUERY, tmp_path / f"x.{suffix}").write(con.cursor()) == 3500
    with open(tmp_path / "x.csv", newline="") as file:
        assert list(csv.reader(file)) == [
            ["i", "name", "share"],
            *([str(i), name, "" if share is None else str(share)] for i, name, share in rows),
        ]
    records = [dict(zip(("i", "name", "share"), row, strict=True)) for row in rows]
    assert json.loads((tmp_path / "x.json").read_text()) == records
    assert [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()] == records
    assert pq.read_table(tmp_path / "x.parquet").to_pylist() == records


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_an_export_that_is_stopped_leaves_the_old_file(con: Connection, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.{suffix}"
    path.write_text("old")
    export = Export("SELECT range, range * 3 AS b FROM range(10_000_000_000)", path)
    errors: list[BaseException] = []

    def run() -> None:
        try:
            export.write(con.cursor())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    while export.n_rows == 0 and thread.is_alive():
        thread.join(0.01)
    while thread.is_alive():
        export.stop()
        thread.join(0.02)
    assert isinstance(errors[0], StoppedError)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == [path.name]


def test_an_export_that_fails_leaves_nothing(con: Connection, tmp_path: Path) -> None:
    late = "SELECT CAST(if(range > 9000, 'x', '1') AS INTEGER) FROM range(10000)"
    for suffix in ("csv", "parquet"):
        with pytest.raises((duckdb.ConversionException, OSError, QueryError), match="Could not convert"):
            Export(late, tmp_path / f"x.{suffix}").write(con.cursor())
    with pytest.raises(QueryError, match="COPY is refused"):
        Export("COPY frames TO 'y'", tmp_path / "x.csv").write(con.cursor())
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("x.txt", r"end the name with one of \.csv, \.json"),
        ("x", "end the name with one of"),
        ("nothing/x.csv", "there is no such folder"),
        ("made.csv", "is a folder"),
    ],
)
def test_a_place_that_cannot_be_is_said(tmp_path: Path, path: str, said: str) -> None:
    (tmp_path / "made.csv").mkdir()
    with pytest.raises(QueryError, match=said):
        export_format(tmp_path / path)
