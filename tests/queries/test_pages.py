"""Results a page at a time, against all their rows at once."""

import threading
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from drawn_study import Study
from hypothesis import given
from hypothesis import strategies as st

from queries import Connection, connect, pages
from queries.pages import LONGEST, MOST_ITEMS, Answer, StoppedError, kept_value
from warehouse.errors import QueryError

ENDLESS = "SELECT count(*) FROM range(10_000_000_000) a, range(1000) b WHERE (a.range * b.range) % 7 = 3"


@pytest.fixture(scope="module")
def con(drawn: Study) -> Iterator[Connection]:
    with connect(drawn.layout.root, comments=False) as con:
        yield con


def asked(con: Connection, query: str) -> Answer:
    answer = Answer(con.cursor(), query)
    answer.ask()
    return answer


@pytest.mark.parametrize("n", [0, 1, 6, 7, 8, 14, 20])
def test_the_pages_together_are_the_result(con: Connection, n: int) -> None:
    query = f"SELECT range AS i, i % 3 AS rest FROM range({n})"
    answer = asked(con, query)
    found: list[Any] = []
    while True:
        page = answer.read(7)
        found += page.rows
        assert page.more == (len(found) < n)
        assert not page.truncated
        if not page.more:
            break
    assert found == con.execute(query).fetchall()
    assert (answer.columns, answer.types, answer.n_rows) == (("i", "rest"), ("BIGINT", "BIGINT"), n)
    assert answer.read(7).rows == ()


def test_a_result_that_is_too_long_to_look_at_says_so(con: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_CELLS", 500)
    for n, truncated in ((249, False), (250, False), (251, True)):
        answer = asked(con, f"SELECT range, 1 FROM range({n})")
        last = [answer.read(100), answer.read(100), answer.read(100)][-1]
        assert (last.more, last.truncated) == (False, truncated)
        assert answer.n_rows == min(n, 250)


def test_results_are_open_beside_each_other(con: Connection) -> None:
    first, second = asked(con, "FROM range(1000)"), asked(con, "FROM range(5, 1000)")
    assert [first.read(1).rows, second.read(1).rows, first.read(1).rows] == [((0,),), ((5,),), ((1,),)]
    first.close()
    assert second.read(1).rows == ((6,),)
    second.close()
    assert not second.read(1).rows


def test_what_runs_is_stopped_from_another_thread(con: Connection) -> None:
    answer = Answer(con.cursor(), ENDLESS)
    errors: list[BaseException] = []

    def run() -> None:
        try:
            answer.ask()
            answer.read()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    while thread.is_alive():
        answer.stop()
        thread.join(0.05)
    assert isinstance(errors[0], StoppedError)
    answer.close()
    assert con.execute("SELECT 1").fetchall() == [(1,)]


def test_a_query_that_was_stopped_before_it_began_does_not_begin(con: Connection) -> None:
    answer = Answer(con.cursor(), "SELECT 1")
    answer.stop()
    with pytest.raises(StoppedError):
        answer.ask()


def test_wrong_and_writing_queries_are_refused(con: Connection) -> None:
    with pytest.raises(duckdb.CatalogException, match=r"LINE 1: FROM nothing\n +\^+"):
        asked(con, "FROM nothing")
    with pytest.raises(QueryError, match="COPY is refused"):
        asked(con, "COPY frames TO 'x.csv'")
    with pytest.raises(duckdb.ConversionException):
        asked(con, "SELECT CAST(if(range > 10, 'x', '1') AS INTEGER) FROM range(20)").read()


def test_plans_are_known(con: Connection) -> None:
    assert asked(con, "EXPLAIN SELECT 1").is_plan
    assert not asked(con, "SELECT 1").is_plan


def test_long_values_are_cut_and_counted(con: Connection) -> None:
    page = asked(con, f"SELECT repeat('x', {LONGEST}), repeat('x', {LONGEST} + 1), range({MOST_ITEMS} + 1), [1]").read()
    ((whole, text, numbers, one),) = page.rows
    assert (whole, text) == ("x" * LONGEST, "x" * LONGEST + "…")
    assert (numbers, one) == ([*range(MOST_ITEMS), "…"], [1])
    assert page.cut == 2


values = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.binary(max_size=5) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_short_values_stay_the_same_object(value: Any) -> None:
    assert kept_value(value) is value
    assert kept_value([value, "x" * (LONGEST + 1)])[0] is value
