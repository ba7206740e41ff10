"""How many property neurons two properties share, by hand."""

import duckdb

COLUMNS = "SELECT layer, property_a, property_b, n_a, n_b, n_both"


def test_both(by_hand: duckdb.DuckDBPyConnection) -> None:
    # gender: 0, 2, 4, 5, 6, 7, 8; phone_class: 1, 3, 4, 5, 8.
    found = by_hand.sql(f"{COLUMNS} FROM property_overlap(p_sigma := 0.5)").fetchall()
    assert found == [(1, "gender", "phone_class", 7, 5, 3)]


def test_a_pair_without_common_neurons_has_a_row(by_hand: duckdb.DuckDBPyConnection) -> None:
    assert by_hand.sql(f"{COLUMNS} FROM property_overlap").fetchall() == [(1, "gender", "phone_class", 1, 5, 0)]


def test_a_pair_without_neurons_has_a_row(by_hand: duckdb.DuckDBPyConnection) -> None:
    found = by_hand.sql(f"{COLUMNS} FROM property_overlap(p_baseline := 0.99, p_min_frames := 9)").fetchall()
    assert found == [(1, "gender", "phone_class", 0, 0, 0)]


def test_pairs_of_one_property(by_hand: duckdb.DuckDBPyConnection) -> None:
    for name in ("gender", "phone_class"):
        found = by_hand.sql(f"{COLUMNS} FROM property_overlap(p_property := '{name}')").fetchall()
        assert found == [(1, "gender", "phone_class", 1, 5, 0)]
