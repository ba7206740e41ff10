"""Where errors point, against DuckDB's own messages about a name that is planted in a query."""

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.sql_editing.faults import fault_of, narrowed

BEFORE = ["1, ", "'\tx', ", "'é', ", "'日本', ", "'a\u0301', ", "'LINE 1: x', ", "\n", "\r\n", "'😀', ", "'\u200d', "]


@given(
    st.lists(st.sampled_from(BEFORE), max_size=40).map("".join),
    st.sampled_from(["zzz", "日本", '"q q"']),
    st.sampled_from(["", ", 2" * 60, "\n, 3"]),
)
def test_the_fault_is_the_planted_name(before: str, name: str, after: str) -> None:
    query = f"SELECT {before}{name}{after}"
    with pytest.raises(duckdb.BinderException) as caught:
        duckdb.execute(query)
    fault = fault_of(str(caught.value), query)
    assert fault is not None
    assert query[fault.start : fault.end] == name


def test_syntax_errors_point_at_the_word() -> None:
    query = "-- c\n\n  SELECT count(*) FRM x"
    with pytest.raises(duckdb.ParserException) as caught:
        duckdb.extract_statements(query)
    fault = fault_of(str(caught.value), query)
    assert fault is not None
    assert query[fault.start :] == "x"


@pytest.mark.parametrize(
    "message",
    ["Out of Memory Error: failed", "Binder Error: x\n\nLINE 9: SELECT\n        ^", "LINE 1: other\n        ^"],
)
def test_a_message_that_points_at_nothing_has_no_fault(message: str) -> None:
    assert fault_of(message, "SELECT 1") is None


@given(st.integers(0, 70), st.integers(0, 70), st.integers(40, 100))
def test_a_narrowed_message_fits_and_points_at_the_same(before: int, after: int, width: int) -> None:
    query = f"SELECT {'1, ' * before}zzz{', 2' * after}"
    with pytest.raises(duckdb.BinderException) as caught:
        duckdb.execute(query)
    lines = narrowed(str(caught.value), width).split("\n")
    quoted, carets = lines[-2:]
    assert len(quoted) <= width
    assert quoted[carets.index("^") : len(carets)] == "zzz"
    assert lines[:-2] == str(caught.value).split("\n")[:-2]
