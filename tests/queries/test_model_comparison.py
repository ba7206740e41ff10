"""Models side by side, by hand."""

from collections.abc import Iterator

import duckdb
import pytest
from small_studies import opened
from three_models import three_models

COLUMNS = (
    'SELECT layer, "group", n_neurons, n_a, n_b, n_both, n_either, round(jaccard, 3), round(expected_both, 3) '
    "FROM model_comparison"
)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with opened(three_models()) as opened_con:
        yield opened_con


def test_groups_and_all_of_them(con: duckdb.DuckDBPyConnection) -> None:
    # after: F 0, 2 and M 3, 4; before: F 0, 1 and M 2, 3. Neuron 2 is in both, of another group.
    asked = "(p_model := 'before', p_other := 'after', p_property := 'gender', p_layer := 1) ORDER BY ALL"
    assert con.sql(COLUMNS + asked).fetchall() == [
        (1, "F", 7, 2, 2, 1, 3, 0.333, 0.571),
        (1, "M", 7, 2, 2, 1, 3, 0.333, 0.571),
        (1, None, 7, 4, 4, 3, 5, 0.6, 2.286),
    ]


def test_layers_that_cannot_be_compared_have_sizes(con: duckdb.DuckDBPyConnection) -> None:
    # In layer 2 after has 10 neurons and before 7; only after has a layer 3, where no neuron is of one gender alone.
    asked = "(p_model := 'before', p_other := 'after', p_property := 'gender') WHERE layer > 1 ORDER BY ALL"
    nothing = (None, None, None, None)
    assert con.sql(COLUMNS + asked).fetchall() == [
        (2, "F", None, 3, 2, *nothing),
        (2, "M", None, 3, 2, *nothing),
        (2, None, None, 6, 4, *nothing),
        (3, "F", None, 0, None, *nothing),
        (3, "M", None, 0, None, *nothing),
        (3, None, None, 0, None, *nothing),
    ]
    alone = con.sql(COLUMNS + "(p_model := 'after', p_other := 'before', p_property := 'gender', p_layer := 3)")
    assert alone.fetchall()[0][3:5] == (0, None)


def test_empty_sets_have_a_row_without_a_jaccard(con: duckdb.DuckDBPyConnection) -> None:
    asked = "(p_model := 'before', p_other := 'wide', p_property := 'gender', p_layer := 2, p_z := 9) ORDER BY ALL"
    empty = (7, 0, 0, 0, 0, None, 0.0)
    assert con.sql(COLUMNS + asked).fetchall() == [(2, "F", *empty), (2, "M", *empty), (2, None, *empty)]


def test_the_pairs_that_are_asked_for(con: duckdb.DuckDBPyConnection) -> None:
    def pairs(options: str) -> list[tuple[str, str]]:
        return con.sql(f"SELECT DISTINCT model_a, model_b FROM model_comparison({options}) ORDER BY ALL").fetchall()

    everything = [("after", "before"), ("after", "wide"), ("before", "wide")]
    assert pairs("") == everything
    assert pairs("p_model := 'before'") == pairs("p_other := 'before'") == [everything[0], everything[2]]
    assert pairs("p_model := 'wide', p_other := 'after'") == [everything[1]]


def test_it_agrees_with_the_changes(con: duckdb.DuckDBPyConnection) -> None:
    changed = con.sql(
        "SELECT model, other, layer, property, count(*) FILTER (WHERE change <> 'moved') FROM set_changes "
        "WHERE model < other GROUP BY ALL"
    ).fetchall()
    compared = con.sql(
        "SELECT model_a, model_b, layer, property, n_either - n_both FROM model_comparison "
        'WHERE "group" IS NULL AND n_either > 0'
    ).fetchall()
    assert sorted(row for row in changed if row[4]) == sorted(row for row in compared if row[4]) != []
