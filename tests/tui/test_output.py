"""What leaves the command can be read back: CSV and JSON by Python and DuckDB, Parquet by pyarrow."""

import csv
import io
import json
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.output import Rows, format_of, text_out, write_parquet, write_text

VALUES = st.one_of(st.none(), st.integers(), st.text(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False))


def written(kind: str, columns: list[str], rows: list[tuple[Any, ...]]) -> str:
    out = io.StringIO()
    write_text(Rows(columns, ["VARCHAR"] * len(columns), rows), kind, out)
    return out.getvalue()


def test_csv_tells_the_empty_string_from_null() -> None:
    assert written("csv", ["phone", "f0"], [("", None), ("AA", 120.5)]) == 'phone,f0\n"",\nAA,120.5\n'


def test_csv_quotes_what_needs_it() -> None:
    text = written("csv", ["a"], [('say "no", twice',), ("two\nlines",), ([1, "x"],), (True,)])
    assert [row[0] for row in csv.reader(io.StringIO(text))] == [
        "a",
        'say "no", twice',
        "two\nlines",
        '[1, "x"]',
        "true",
    ]


@given(st.lists(st.tuples(st.text(), st.text()), max_size=6))
def test_csv_is_read_back(rows: list[tuple[str, str]]) -> None:
    text = written("csv", ["a", "b"], rows)
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read[0] == ["a", "b"]
    assert [tuple(row) for row in read[1:]] == rows


@given(st.lists(st.tuples(VALUES, VALUES), max_size=6))
def test_json_and_json_lines_are_read_back(rows: list[tuple[Any, Any]]) -> None:
    expected = [{"a": a, "b": b} for a, b in rows]
    assert json.loads(written("json", ["a", "b"], rows)) == expected
    assert [json.loads(line) for line in written("jsonl", ["a", "b"], rows).split("\n")[:-1]] == expected


def test_json_has_no_nan_and_keeps_structure() -> None:
    row = (float("nan"), [1.5, float("inf")], {"u": None}, Decimal("2.50"), datetime(2026, 1, 2, tzinfo=UTC), b"\x0f")
    (read,) = json.loads(written("json", list("abcdef"), [row]))
    assert read == {
        "a": None,
        "b": [1.5, None],
        "c": {"u": None},
        "d": 2.5,
        "e": "2026-01-02T00:00:00+00:00",
        "f": "0f",
    }


def test_duckdb_reads_the_csv(tmp_path: Path) -> None:
    path = tmp_path / "answer.csv"
    with text_out(path) as out:
        write_text(Rows(["phone", "n"], ["VARCHAR", "BIGINT"], [("", 3), ("AH", None)]), "csv", out)
    with duckdb.connect() as con:
        assert con.execute(f"FROM read_csv('{path}', nullstr='')").fetchall() == [(None, 3), ("AH", None)]
        assert con.execute(f"SELECT typeof(n) FROM read_csv('{path}') LIMIT 1").fetchall() == [("BIGINT",)]


@pytest.mark.parametrize(("limit", "expected"), [(None, 25), (0, 0), (7, 7), (10, 10), (100, 25)])
def test_parquet_keeps_types_and_takes_a_limit(tmp_path: Path, limit: int | None, expected: int) -> None:
    table = pa.table({"n": pa.array(range(25), pa.int16()), "s": [str(i) for i in range(25)]})
    path = tmp_path / "answer.parquet"
    batches = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=10))
    assert write_parquet(batches, path, limit) == expected
    assert pq.read_table(path) == table.slice(0, expected)


def test_a_failed_export_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "answer.csv"
    path.write_text("old")

    def rows() -> Any:
        yield (1,)
        raise duckdb.Error("broken")

    with pytest.raises(duckdb.Error), text_out(path) as out:
        write_text(Rows(["n"], ["BIGINT"], rows()), "csv", out)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_more_rows_than_shown_are_noticed() -> None:
    rows = Rows(["n"], ["BIGINT"], [(1,), (2,), (3,)])
    shown, more = rows.first(2)
    assert list(shown.rows) == [(1,), (2,)]
    assert more()
    shown, more = rows.first(3)
    assert list(shown.rows) == [(1,), (2,), (3,)]
    assert not more()


def test_the_format_is_that_of_the_option_then_of_the_suffix() -> None:
    assert format_of(None, None) == "table"
    assert format_of(None, Path("a.MD")) == "markdown"
    assert format_of("json", Path("a.csv")) == "json"
    with pytest.raises(ValueError, match="none of table, csv"):
        format_of("xml", None)
    with pytest.raises(ValueError, match=r"a\.xlsx: the suffix"):
        format_of(None, Path("a.xlsx"))


def test_writing_text_loads_no_heavy_library() -> None:
    import subprocess

    code = (
        "import sys, io; from tui.output import Rows, write_text; "
        "write_text(Rows(['a'], ['VARCHAR'], [(1,)]), 'json', io.StringIO()); "
        "print([m for m in ('pyarrow', 'polars', 'rich', 'numpy', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
