"""``neurons sql``: data on stdout, the rest on stderr, in every format; wrong input in one line."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

Neurons = Callable[..., Any]
RUN = [sys.executable, "-c", "import sys; sys.argv[0] = 'neurons'; from tui.cli import main; main()"]
QUERY = "SELECT utterance, speaker, age FROM utterances ORDER BY utterance"


def test_a_table_goes_to_stdout_and_nothing_to_stderr(neurons: Neurons, recorded: Path) -> None:
    done = neurons("sql", recorded, QUERY)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].split() == ["utterance", "speaker", "age"]
    assert lines[2].split() == ["u000", "s0", "20"]
    assert len(lines) == 2 + 6


def test_every_text_format_says_the_same(neurons: Neurons, recorded: Path) -> None:
    rows = [[f"u{i:03d}", f"s{i % 3}", 20 + i % 3] for i in range(6)]
    text = list(csv.reader(io.StringIO(neurons("sql", recorded, QUERY, "--format", "csv").out)))
    assert text == [["utterance", "speaker", "age"], *([u, s, str(a)] for u, s, a in rows)]
    objects = [dict(zip(["utterance", "speaker", "age"], row, strict=True)) for row in rows]
    assert json.loads(neurons("sql", recorded, QUERY, "--format", "json").out) == objects
    lines = neurons("sql", recorded, QUERY, "--format", "jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == objects
    markdown = neurons("sql", recorded, QUERY, "--format", "markdown").out.splitlines()
    assert [cell.strip() for cell in markdown[2].strip("|").split("|")] == ["u000", "s0", "20"]


@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl", "parquet", "md", "txt"])
def test_a_file_gets_the_format_of_its_suffix_and_all_rows(
    neurons: Neurons, recorded: Path, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"answer.{suffix}"
    done = neurons("sql", recorded, "FROM range(2500)", "-o", path)
    assert (done.code, done.out, done.err) == (0, "", "")
    n = pq.read_table(path).num_rows if suffix == "parquet" else len(path.read_text().splitlines())
    assert n == 2500 + {"csv": 1, "json": 2, "md": 2, "txt": 2}.get(suffix, 0)


def test_parquet_goes_to_a_pipe(recorded: Path) -> None:
    done = subprocess.run([*RUN, "sql", recorded, QUERY, "--format", "parquet"], capture_output=True, check=True)
    assert pq.read_table(io.BytesIO(done.stdout)).column_names == ["utterance", "speaker", "age"]


def test_a_long_table_is_cut_and_says_so(neurons: Neurons, recorded: Path) -> None:
    done = neurons("sql", recorded, "FROM range(1001)")
    assert len(done.out.splitlines()) == 1002
    assert done.err == "the first 1000 of more rows; --all or an output file (-o FILE) gives all\n"
    assert len(neurons("sql", recorded, "FROM range(1001)", "--all").out.splitlines()) == 1003
    whole = neurons("sql", recorded, "FROM range(1000)")
    assert (len(whole.out.splitlines()), whole.err) == (1002, "")


def test_a_limit_holds_in_every_format(neurons: Neurons, recorded: Path, tmp_path: Path) -> None:
    done = neurons("sql", recorded, "FROM range(10)", "--format", "csv", "--limit", "3")
    assert done.out.split() == ["range", "0", "1", "2"]
    assert "the first 3 of more rows" in done.err
    neurons("sql", recorded, "FROM range(10)", "--limit", "3", "-o", tmp_path / "a.parquet")
    assert pq.read_table(tmp_path / "a.parquet").num_rows == 3


def test_a_cut_value_says_so(neurons: Neurons, recorded: Path) -> None:
    done = neurons("sql", recorded, "SELECT repeat('x', 100) AS long")
    assert "…" in done.out
    assert done.err == "1 value was cut to fit; --format csv gives them whole\n"


def test_a_query_comes_from_a_file_or_from_stdin(neurons: Neurons, recorded: Path, tmp_path: Path) -> None:
    path = tmp_path / "question.sql"
    path.write_text("-- how many\nSELECT count(*) AS n FROM utterances;\n")
    expected = neurons("sql", recorded, "SELECT count(*) AS n FROM utterances").out
    assert neurons("sql", recorded, "-f", path).out == expected
    assert neurons("sql", recorded, stdin=path.read_text()).out == expected
    assert neurons("sql", recorded, "-", stdin=path.read_text()).out == expected


def test_runs_can_be_read_with_their_times(neurons: Neurons, recorded: Path) -> None:
    (run,) = json.loads(neurons("sql", recorded, "FROM ingests", "--format", "json").out)
    assert run["model"] == "tiny"
    assert run["started"] < run["finished"]


def test_comments_are_there_for_who_asks(neurons: Neurons, recorded: Path) -> None:
    for query in (
        "SELECT * FROM duckdb_views() WHERE view_name = 'property_neurons'",
        "SELECT TABLE_COMMENT AS comment FROM Information_Schema.tables WHERE table_name = 'property_neurons'",
    ):
        (row,) = json.loads(neurons("sql", recorded, query, "--format", "json").out)
        assert row["comment"].startswith("Property neurons P")


def test_explain_shows_the_plan(neurons: Neurons, recorded: Path) -> None:
    lines = neurons("sql", recorded, "EXPLAIN FROM utterances").out.splitlines()
    assert len(lines) > 3
    assert not any("explain_key" in line for line in lines)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("FROM nowhere", "Catalog Error: Table with name nowhere does not exist"),
        ("SELECT FROM WHERE", "Parser Error: "),
        ("FROM property_neurons(p_property := 'colour')", "colour"),
        ("DROP TABLE models", "DROP is refused"),
        ("COPY models TO 'x.csv'", "COPY is refused"),
        ("SELECT 1; SELECT 2", "2 statements"),
    ],
)
def test_a_wrong_query_gets_its_message(neurons: Neurons, recorded: Path, query: str, message: str) -> None:
    done = neurons("sql", recorded, query)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("neurons: ")
    assert message in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["FROM models", "--format", "xml"], "format 'xml' is none of table"),
        (["FROM models", "-o", "answer.xlsx"], "the suffix says no format"),
        (["FROM models", "--limit", "3", "--all"], "contradict"),
        (["FROM models", "-f", "question.sql"], "not both"),
        (["-f", "missing.sql"], "missing.sql: cannot be read"),
        (["  "], "there is no query"),
    ],
)
def test_wrong_arguments_exit_with_2(neurons: Neurons, recorded: Path, arguments: list[str], message: str) -> None:
    done = neurons("sql", recorded, *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("neurons: ")
    assert message in done.err
    assert done.err.count("\n") == 1


def test_a_file_that_cannot_be_written_gets_one_line(neurons: Neurons, recorded: Path, tmp_path: Path) -> None:
    for name in ("a.csv", "a.parquet"):
        done = neurons("sql", recorded, "FROM models", "-o", tmp_path / "missing" / name)
        assert done.code == 1
        assert "missing" in done.err
        assert done.err.count("\n") == 1


@pytest.mark.parametrize("kind", ["table", "csv", "json", "markdown"])
def test_a_time_with_a_zone_is_written(neurons: Neurons, recorded: Path, kind: str) -> None:
    query = "SELECT TIMESTAMPTZ '2026-01-02 03:04:05+00' AS seen"
    done = neurons("sql", recorded, query, "--format", kind)
    assert done.code == 0, done.err
    assert "2026-01-0" in done.out


def test_memory_and_threads_are_passed_on(neurons: Neurons, recorded: Path) -> None:
    query = "SELECT current_setting('threads') AS t, current_setting('memory_limit') AS m"
    (row,) = json.loads(neurons("sql", recorded, query, "--threads", 1, "--memory", "1GiB", "--format", "json").out)
    assert row == {"t": 1, "m": "1.0 GiB"}
    done = neurons("sql", recorded, query, "--memory", "much")
    assert done.code == 1
    assert "Memory must have a number" in done.err


def test_a_closed_pipe_is_silent(recorded: Path) -> None:
    command = [*RUN, "sql", str(recorded), "FROM range(1000000)", "--format", "csv"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "range\n"
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(timeout=60) != 0


def test_ctrl_c_ends_a_long_query_with_130_and_one_line(recorded: Path) -> None:
    query = "SELECT count(*) FROM range(100000000) a, range(100000) b WHERE a.range + b.range < 3"
    process = subprocess.Popen([*RUN, "sql", str(recorded), query], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        time.sleep(4)
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert out == b""
    assert err.decode().strip().splitlines() == ["interrupted: nothing was changed"]


def test_a_trivial_query_starts_without_heavy_imports(recorded: Path) -> None:
    code = (
        "import sys\nfrom tui.cli import gathered\n"
        "try:\n    gathered()(['sql', sys.argv[1], 'SELECT 1'])\nexcept SystemExit:\n    pass\n"
        "heavy = 'polars pandas numpy torch rich textual sqlglot scipy sklearn ingest'\n"
        "print([m for m in heavy.split() if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(recorded)], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
