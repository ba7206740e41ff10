"""Which neurons joined, left or moved from one model to another, by hand."""

import re
from collections.abc import Iterator

import duckdb
import pytest
from small_studies import opened
from three_models import three_models

COLUMNS = "SELECT layer, neuron, group_before, group_after, change FROM set_changes"


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with opened(three_models()) as opened_con:
        yield opened_con


def test_joined_left_and_moved(con: duckdb.DuckDBPyConnection) -> None:
    # Before F: 0, 1 and M: 2, 3; after F: 0, 2 and M: 3, 4. Layer 2 is wider after, layer 3 is new.
    asked = "(p_model := 'before', p_other := 'after', p_property := 'gender') ORDER BY ALL"
    assert con.sql(COLUMNS + asked).fetchall() == [
        (1, 1, "F", None, "left"),
        (1, 2, "M", "F", "moved"),
        (1, 4, None, "M", "joined"),
    ]


def test_the_other_way_round_it_is_the_reverse(con: duckdb.DuckDBPyConnection) -> None:
    asked = "(p_model := 'after', p_other := 'before', p_property := 'gender', p_layer := 1) ORDER BY ALL"
    assert con.sql(COLUMNS + asked).fetchall() == [
        (1, 1, None, "F", "joined"),
        (1, 2, "F", "M", "moved"),
        (1, 4, "M", None, "left"),
    ]


def test_without_names_every_ordered_pair(con: duckdb.DuckDBPyConnection) -> None:
    pairs = "SELECT model, other, layer, count(*) FROM set_changes({}p_property := 'gender') GROUP BY ALL ORDER BY ALL"
    # In layer 2 the model wide has as many neurons as before, of which none is of one gender alone.
    everything = [("after", "before", 1, 3), ("before", "after", 1, 3), ("before", "wide", 2, 4)]
    assert con.sql(pairs.format("")).fetchall() == [*everything, ("wide", "before", 2, 4)]
    assert con.sql(pairs.format("p_model := 'before', ")).fetchall() == everything[1:]
    assert con.sql(pairs.format("p_other := 'before', ")).fetchall() == [everything[0], ("wide", "before", 2, 4)]


def test_thresholds_hold_for_both_models(con: duckdb.DuckDBPyConnection) -> None:
    asked = "(p_model := 'before', p_other := 'after', p_property := 'gender', p_where := 'gender = ''F''')"
    assert sorted(con.sql(COLUMNS + asked).fetchall()) == [(1, 1, "F", None, "left"), (1, 2, None, "F", "joined")]
    assert con.sql(COLUMNS + asked.replace("p_where := 'gender = ''F'''", "p_baseline := 0.99")).fetchall() != []
    assert con.sql(COLUMNS + asked.replace("p_where := 'gender = ''F'''", "p_z := 9")).fetchall() == []


def test_layers_that_cannot_be_compared_have_no_row(con: duckdb.DuckDBPyConnection) -> None:
    before = "p_other := 'before', "
    for options in ("p_layer := 2", "p_layer := 3", f"{before}p_layer := 2", f"{before}p_layer := 3"):
        assert con.sql(f"FROM set_changes(p_model := 'after', {options})").fetchall() == []


@pytest.mark.parametrize("name", ["set_changes", "model_comparison"])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("p_other := 'x'", "p_other: there is no x; there are: after, before, wide"),
        ("p_model := 'before', p_other := 'x'", "p_other: there is no x; there are: after, before, wide"),
        ("p_model := 'x', p_other := 'before'", "p_model: there is no x; there are: after, before, wide"),
        ("p_model := 'wide', p_other := 'wide'", "p_other: wide is p_model itself; there are: after, before"),
        ("p_model := 'before', p_layer := 3", "p_layer: there is no 3; there are: 1, 2"),
        ("p_model := 'before', p_other := 'wide', p_layer := 3", "p_layer: there is no 3; there are: 1, 2"),
        ("p_other := 'before', p_lambda := 40", "at most what was recorded: 30"),
        ("p_model := 'before', p_other := 'wide', p_property := 'x'", "p_property: there is no x; there are: gender"),
    ],
)
def test_what_does_not_exist_is_an_error_that_lists_what_does(
    con: duckdb.DuckDBPyConnection, name: str, options: str, message: str
) -> None:
    with pytest.raises(duckdb.Error, match=re.escape(message)):
        con.sql(f"FROM {name}({options})").fetchall()


def test_one_model_has_no_other(by_hand: duckdb.DuckDBPyConnection) -> None:
    assert by_hand.sql("FROM set_changes").fetchall() == []
    with pytest.raises(duckdb.Error, match="p_other: m is p_model itself; there is no other model"):
        by_hand.sql("FROM set_changes(p_model := 'm', p_other := 'm')").fetchall()
