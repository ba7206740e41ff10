"""How many neurons of a layer respond to each group, by hand."""

import duckdb
import pytest

COLUMNS = 'SELECT "group", n_frames, n_phones, n_pattern, mean_pattern, n_candidates, n_group_neurons'


def test_each_notion_has_its_number(by_hand: duckdb.DuckDBPyConnection) -> None:
    # F: S_AA = 0, 1, 2 and S_S = 0, 3, 4; M: S_AA = 1, 5, 6, 7 and S_S = 3, 8. At σ = 0.8 both phones must respond:
    # only neuron 0 does. At 0.5 one will do, and neurons 1 and 3 are candidates of both groups.
    found = by_hand.sql(f"{COLUMNS} FROM layer_profiles(p_property := 'gender') ORDER BY ALL").fetchall()
    assert found == [("F", 4, 2, 5, 3.0, 1, 1), ("M", 4, 2, 6, 3.0, 0, 0)]
    found = by_hand.sql(f"{COLUMNS} FROM layer_profiles(p_property := 'gender', p_sigma := 0.5) ORDER BY ALL")
    assert found.fetchall() == [("F", 4, 2, 5, 3.0, 5, 3), ("M", 4, 2, 6, 3.0, 6, 4)]


def test_a_layer_without_patterns_has_rows_of_zero(by_hand: duckdb.DuckDBPyConnection) -> None:
    found = by_hand.sql(f"{COLUMNS} FROM layer_profiles(p_property := 'gender', p_z := 50) ORDER BY ALL").fetchall()
    assert found == [("F", 4, 2, 0, 0.0, 0, 0), ("M", 4, 2, 0, 0.0, 0, 0)]


@pytest.mark.parametrize("option", ["p_min_frames := 9", "p_where := 'f0_hz > 0'"])
def test_a_property_without_groups_has_a_row_a_layer(by_hand: duckdb.DuckDBPyConnection, option: str) -> None:
    found = by_hand.sql(f"SELECT model, layer, property, n_neurons, * FROM layer_profiles({option}) ORDER BY ALL")
    shape = found.project("layer, property, n_neurons, n_phones, n_pattern, mean_pattern, n_group_neurons").fetchall()
    assert shape == [(1, "gender", 10, 0, 0, None, 0), (1, "phone_class", 10, 0, 0, None, 0)]
    assert by_hand.sql(f'SELECT DISTINCT "group" FROM layer_profiles({option})').fetchall() == [(None,)]


@pytest.mark.parametrize(("column", "answer"), [("n_candidates", "group_candidates"), ("n_group_neurons", "G_i")])
@pytest.mark.parametrize("options", ["p_sigma := 0.5", "p_sigma := 0.5, p_frames := 'reference'"])
def test_it_agrees_with_the_sets(by_hand: duckdb.DuckDBPyConnection, options: str, column: str, answer: str) -> None:
    expected = by_hand.sql(f'SELECT property, "group", count(*) FROM {answer}({options}) GROUP BY ALL').fetchall()
    found = by_hand.sql(f'SELECT property, "group", {column} FROM layer_profiles({options}) WHERE {column} > 0')
    assert sorted(found.fetchall()) == sorted(expected) != []
