"""N_i, by hand."""

import duckdb


def rows(con: duckdb.DuckDBPyConnection, options: str = "", prop: str = "gender") -> dict[tuple[str, int], tuple]:
    found = con.sql(
        f"SELECT \"group\", neuron, n_phones_active, n_phones FROM group_candidates(p_property := '{prop}'{options})"
    ).fetchall()
    return {(group, neuron): (active, n) for group, neuron, active, n in found}


def test_most_phones_of_the_group(by_hand: duckdb.DuckDBPyConnection) -> None:
    assert rows(by_hand) == {("F", 0): (2, 2)}  # the only one active in both AA and S of a gender


def test_a_share_of_the_phones_is_enough_exactly(by_hand: duckdb.DuckDBPyConnection) -> None:
    assert rows(by_hand, ", p_sigma := 0.5") == {
        ("F", 0): (2, 2),
        **{("F", neuron): (1, 2) for neuron in (1, 2, 3, 4)},
        **{("M", neuron): (1, 2) for neuron in (1, 3, 5, 6, 7, 8)},
    }
    assert rows(by_hand, ", p_sigma := 0.51") == {("F", 0): (2, 2)}


def test_the_reference_counts_unseen_phones(by_hand: duckdb.DuckDBPyConnection) -> None:
    assert rows(by_hand, ", p_frames := 'reference'") == {}
    assert rows(by_hand, ", p_frames := 'reference', p_sigma := 0.33") == {
        **{("F", neuron): (1, 3) for neuron in (0, 1)},
        **{("M", neuron): (1, 3) for neuron in (5, 6)},
    }


def test_the_reference_counts_those_that_a_group_can_have(by_hand: duckdb.DuckDBPyConnection) -> None:
    # Middle frames without the last run: AA:0,1 and AA:5,6.  A vowel is AA or IY.
    assert rows(by_hand, ", p_frames := 'reference', p_sigma := 0.5", "phone_class") == {
        ("vowel", neuron): (1, 2) for neuron in (0, 1, 5, 6)
    }


def test_phones_left_out_are_not_of_the_group(by_hand: duckdb.DuckDBPyConnection) -> None:
    # Without M's single S its only phone is AA.
    assert rows(by_hand, ", p_min_frames := 2") == {
        ("F", 0): (2, 2),
        **{("M", neuron): (1, 1) for neuron in (1, 5, 6, 7)},
    }


def test_n_i_is_another_name(by_hand: duckdb.DuckDBPyConnection) -> None:
    options = "p_property := 'gender', p_sigma := 0.5"
    assert (
        by_hand.sql(f"FROM N_i({options}) ORDER BY ALL").fetchall()
        == by_hand.sql(f"FROM group_candidates({options}) ORDER BY ALL").fetchall()
        != []
    )
