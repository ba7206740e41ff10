"""A connection: light to import, changes nothing, stops when told, and sees one state of the warehouse."""

import hashlib
import shutil
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import duckdb
import pytest

from queries import connect
from warehouse import FormatError, Grid, QueryError, open_layout, snapshot
from warehouse.edges import freeze_missing_edges
from warehouse.fill import fill
from warehouse.gaps import gaps
from warehouse.properties import Bins, Property, declare

LONG = "SELECT sum(hash(a.range * b.range)) FROM range(1000000) AS a, range(100000000) AS b"


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory, make_speech: Any) -> Path:
    return Path(make_speech(tmp_path_factory.mktemp("connection") / "speech", n_utterances=5))


def record(path: Path, speech: Path, model: object, corpus: str) -> None:
    from ingest import Corpus, ingest

    found = Corpus.from_files(speech / "audio", speech / "labels", speech / "metadata.csv", name=corpus)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ingest(model, found, path, model_name="tiny", quiet=True, shard_minutes=0.05)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, speech: Path, tiny_model: Any) -> Path:
    path = tmp_path_factory.mktemp("connection") / "w"
    record(path, speech, tiny_model(), "hummed")
    return path


@pytest.fixture
def path(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "w"))


def digests(folder: Path) -> dict[str, str]:
    return {str(f): hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(folder.rglob("*")) if f.is_file()}


def test_what_is_heavy_is_not_imported() -> None:
    heavy = ("torch", "torchaudio", "textual", "polars", "sqlglot", "pandas", "sklearn", "altair")
    code = f"import sys, queries; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_reading_changes_no_file(path: Path) -> None:
    before = digests(path)
    with connect(path, memory="1GB", threads=2) as con:
        for name in ("property_neurons", "frame_groups", "frame_facts", "property_overlap"):
            con.sql(f"FROM {name}").fetchall()
        con.sql("FROM property_neurons(p_property := 'gender', p_lambda := 0.5, p_where := 'age > 20')").fetchall()
        con.sql("FROM activations ORDER BY ALL").fetchall()
    assert digests(path) == before
    for folder in [path, *path.rglob("*")]:  # a reader may have no right to write
        folder.chmod(folder.stat().st_mode & ~0o222)
    try:
        with connect(path) as con:
            assert con.sql("SELECT count(*) FROM utterances").fetchall() == [(5,)]
    finally:
        for folder in [path, *path.rglob("*")]:
            folder.chmod(folder.stat().st_mode | 0o200)


def test_it_is_closed_at_the_end(recorded: Path) -> None:
    with connect(recorded) as con:
        assert con.sql("SELECT 1").fetchall() == [(1,)]
    with pytest.raises(duckdb.ConnectionException):
        con.sql("SELECT 1")
    with pytest.raises(ZeroDivisionError), connect(recorded) as con:
        raise ZeroDivisionError


def test_what_is_no_warehouse_is_said(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(FormatError) as error:
            connect(path)
        assert "\n" not in str(error.value)


def test_a_relation_gives_tables(recorded: Path) -> None:
    with connect(recorded) as con:
        relation = con.sql("SELECT utterance, age FROM utterances ORDER BY utterance")
        assert relation.columns == ["utterance", "age"]
        assert relation.pl().shape == (5, 2)
        assert relation.to_arrow_table().column_names == ["utterance", "age"]
        assert sum(len(batch) for batch in relation.to_arrow_reader()) == 5


@pytest.mark.parametrize("on_cursor", [False, True])
def test_a_query_is_interrupted_from_another_thread(recorded: Path, on_cursor: bool) -> None:
    with connect(recorded) as opened:
        con = opened.cursor() if on_cursor else opened
        threading.Timer(0.3, con.interrupt).start()
        started = time.monotonic()
        with pytest.raises(duckdb.InterruptException):
            con.execute(LONG).fetchall()
        assert time.monotonic() - started < 1.3
        assert con.sql("SELECT count(*) FROM utterances").fetchall() == [(5,)]


def test_a_cursor_answers_while_another_query_runs(recorded: Path) -> None:
    with connect(recorded) as con:
        ended = threading.Event()

        def run() -> None:
            with pytest.raises(duckdb.InterruptException):
                con.execute(LONG).fetchall()
            ended.set()

        thread = threading.Thread(target=run)
        thread.start()
        time.sleep(0.2)
        beside = con.cursor()
        assert beside.sql("SELECT count(*) FROM utterances").fetchall() == [(5,)]
        assert beside.snapshot is con.snapshot
        assert not ended.is_set()
        con.interrupt()
        thread.join(5)
        assert ended.is_set()


def test_one_state_is_seen_while_others_commit(path: Path, speech: Path, tiny_model: Any) -> None:
    counted = "SELECT count(*) FROM utterances UNION ALL SELECT count(*) FROM activations"
    answered = "FROM property_neurons(p_property := 'gender') ORDER BY ALL"
    with connect(path) as con:
        before = con.sql(counted).fetchall(), con.sql(answered).fetchall()
        record(path, speech, tiny_model(), "again")
        assert (con.sql(counted).fetchall(), con.sql(answered).fetchall()) == before
    with connect(path) as con:
        (utterances,), (activations,) = con.sql(counted).fetchall()
        assert (utterances, activations) == (10, 2 * before[0][1][0])
        # The same speech twice: the same answer.
        assert con.sql(answered).fetchall() == before[1]


LATER = [
    Property("accent", "accent"),
    Property("quick", "segment_s < 0.1"),
    Property("age_bin", "age", Bins(quantiles=(0.5,)), ("young", "old")),
    Property("length", "segment_s", Bins(edges=(0.08, 0.12)), ("a", "b", "c"), ("AA", "IY", "UW", "M", "N")),
]
ASKED = [
    "FROM activation_probabilities({})",
    "FROM activation_probabilities({}, p_frames := 'reference')",
    "FROM group_neurons({}, p_frames := 'middle', p_sigma := 0.3)",
    "FROM property_neurons({}, p_corpus := 'hummed', p_layer := 2)",
    "FROM property_neurons({}, p_lambda := 0.5, p_sigma := 0.1)",
    "FROM property_neurons({}, p_where := 'age > 20', p_sigma := 0.1)",
]


def answers(path: Path, name: str) -> list[list[tuple]]:
    with connect(path) as con:
        found = [con.sql(f"{sql.format(f'p_property := {name!r}')} ORDER BY ALL").fetchall() for sql in ASKED]
        summed = (
            'SELECT model, corpus, "group", phone, sum(n), sum(n_middle), sum(n_reference) FROM frame_counts '
            f"WHERE property = '{name}' GROUP BY ALL ORDER BY ALL"
        )
        return [*found, con.sql(summed).fetchall()]


@pytest.mark.parametrize("prop", LATER, ids=[prop.name for prop in LATER])
def test_a_property_that_was_not_counted_is_answered_from_facts(path: Path, prop: Property) -> None:
    layout = open_layout(path)
    declare(layout, prop)
    freeze_missing_edges(layout, "hummed", Grid(20_000, 12_500, 25_000))  # as who declares a property does
    assert gaps(snapshot(path))
    before = answers(path, prop.name)
    fill(layout)
    assert not gaps(snapshot(path))
    after = answers(path, prop.name)
    assert after[0]
    assert before == after


def test_a_gap_beside_counts_is_added_to_them(path: Path, speech: Path, tiny_model: Any) -> None:
    declare(open_layout(path), LATER[0])
    record(path, speech, tiny_model(), "again")  # counts the property, the shards before do not
    assert gaps(snapshot(path))
    before = answers(path, "accent")
    others = answers(path, "gender")
    fill(open_layout(path))
    assert answers(path, "accent") == before
    assert answers(path, "gender") == others
    assert before[0]


def test_rows_of_an_analysis_join(path: Path) -> None:
    import polars as pl

    before = digests(path)
    with connect(path) as con:
        con.register("notes", pl.DataFrame({"layer": [1], "note": ["early"]}))
        con.register("notes", pl.DataFrame({"layer": [2, 9], "note": ["late", "nowhere"]}))
        question = "SELECT layer, n_neurons, note FROM notes JOIN layers USING (layer)"
        assert con.sql(question).fetchall() == con.cursor().sql(question).fetchall() == [(2, 64, "late")]
        for name in ("layers", "Property_Neurons", "frame_facts", "activations"):
            with pytest.raises(QueryError, match="the warehouse has"):
                con.register(name, pl.DataFrame({"a": [1]}))
        with pytest.raises(QueryError, match="is no name for a table"):
            con.register("a; DROP VIEW layers", pl.DataFrame({"a": [1]}))
    assert digests(path) == before
