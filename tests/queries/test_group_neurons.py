"""G_i, by hand: candidates of one group alone."""

import duckdb


def rows(con: duckdb.DuckDBPyConnection, options: str = "", prop: str = "gender") -> set[tuple]:
    return set(con.sql(f"SELECT \"group\", neuron FROM group_neurons(p_property := '{prop}'{options})").fetchall())


def test_candidates_of_several_groups_are_left_out(by_hand: duckdb.DuckDBPyConnection) -> None:
    # N_F = 0, 1, 2, 3, 4 and N_M = 1, 3, 5, 6, 7, 8.
    assert rows(by_hand, ", p_sigma := 0.5") == {
        *{("F", neuron) for neuron in (0, 2, 4)},
        *{("M", neuron) for neuron in (5, 6, 7, 8)},
    }


def test_phone_class(by_hand: duckdb.DuckDBPyConnection) -> None:
    expected = {("vowel", 1), ("vowel", 5), ("unvoiced", 3), ("unvoiced", 4), ("unvoiced", 8)}
    assert rows(by_hand, prop="phone_class") == expected


def test_a_condition_that_leaves_one_group_excludes_nothing(by_hand: duckdb.DuckDBPyConnection) -> None:
    found = rows(by_hand, ", p_sigma := 0.5, p_where := 'gender = ''F'''")
    assert found == {("F", neuron) for neuron in (0, 1, 2, 3, 4)}


def test_g_i_is_another_name(by_hand: duckdb.DuckDBPyConnection) -> None:
    options = "p_property := 'gender', p_sigma := 0.5"
    assert (
        by_hand.sql(f"FROM G_i({options}) ORDER BY ALL").fetchall()
        == by_hand.sql(f"FROM group_neurons({options}) ORDER BY ALL").fetchall()
        != []
    )
