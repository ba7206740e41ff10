"""Work in a thread gives its result, its error, or way to Ctrl-C."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from queries import Connection, connect
from tui.interruptible import interruptible

ENDLESS = "SELECT count(*) FROM range(100000000) a, range(100000) b WHERE a.range + b.range < 3"


@pytest.fixture
def con(recorded: Path) -> Iterator[Connection]:
    with connect(recorded) as opened:
        yield opened


def test_a_result_comes_back(con: Connection) -> None:
    assert interruptible(con, lambda: con.sql("SELECT count(*) FROM utterances").fetchall()) == [(6,)]
    assert interruptible(con, lambda: None) is None


def test_an_error_comes_back(con: Connection) -> None:
    with pytest.raises(duckdb.CatalogException, match="nowhere"):
        interruptible(con, lambda: con.sql("FROM nowhere").fetchall())


@pytest.mark.parametrize("delay", [0.0, 0.1, 0.7])
def test_ctrl_c_stops_the_query_and_leaves_the_connection(con: Connection, delay: float) -> None:
    timer = threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT))
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        _with(timer, lambda: interruptible(con, lambda: con.execute(ENDLESS).fetchall()))
    assert time.monotonic() - start < 20
    assert con.sql("SELECT 1").fetchall() == [(1,)]


def _with(timer: threading.Timer, work: Callable[[], object]) -> None:
    timer.start()
    work()
    timer.join()


def test_ctrl_c_stops_a_query_after_polars_has_worked(con: Connection) -> None:
    con.sql("SELECT count(*) AS n FROM utterances").pl().lazy().select(pl.col("n").sum()).collect()
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        _with(timer, lambda: interruptible(con, lambda: con.execute(ENDLESS).fetchall()))


def test_ctrl_c_between_two_fetches_stops_the_next(con: Connection) -> None:
    def work() -> None:
        result = con.execute("FROM range(10000000000)")
        while result.fetchmany(10):
            time.sleep(0.001)

    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        interruptible(con, work)
