"""S_k, by hand: chance is 2/10."""

import duckdb
import pytest


def rows(con: duckdb.DuckDBPyConnection, options: str = "", prop: str = "phone_class") -> set[tuple]:
    return set(
        con.sql(f"SELECT \"group\", phone, neuron FROM activation_patterns(p_property := '{prop}'{options})").fetchall()
    )


# AA: 5 frames; neuron 0: 2, 1: 2, 2: 1, 5: 3, 6: 1, 7: 1.   S: 3 frames; 3: 3, 0: 1, 4: 1, 8: 1.
VOWEL = {("vowel", "AA", 0), ("vowel", "AA", 1), ("vowel", "AA", 5)}
UNVOICED = {("unvoiced", "S", neuron) for neuron in (0, 3, 4, 8)}


def test_p_must_exceed_chance(by_hand: duckdb.DuckDBPyConnection) -> None:
    assert rows(by_hand) == VOWEL | UNVOICED  # 1/5 does not exceed 2/10


def test_chance_follows_lambda(by_hand: duckdb.DuckDBPyConnection) -> None:
    # Strongest alone, chance 1/10: AA 0, 0, 5, 5, 5; S 3, 3, 8.
    expected = {("vowel", "AA", 0), ("vowel", "AA", 5), ("unvoiced", "S", 3), ("unvoiced", "S", 8)}
    assert rows(by_hand, ", p_lambda := 10") == expected


@pytest.mark.parametrize(
    ("baseline", "expected"),
    [
        (0, {("vowel", "AA", j) for j in (0, 1, 2, 5, 6, 7)} | UNVOICED),
        (0.4, {("vowel", "AA", 5), ("unvoiced", "S", 3)}),
        (0.6, {("unvoiced", "S", 3)}),
    ],
)
def test_another_baseline(by_hand: duckdb.DuckDBPyConnection, baseline: float, expected: set[tuple]) -> None:
    assert rows(by_hand, f", p_baseline := {baseline}") == expected


def test_with_z_the_lower_bound_must_exceed_it(by_hand: duckdb.DuckDBPyConnection) -> None:
    # 3 of 3 at z = 1: 3 / (3 + 1) = 0.75.  3 of 5: (0.6 + 0.1 - sqrt(0.048 + 0.01)) / 1.2 = 0.383.
    # 2 of 5: (0.4 + 0.1 - sqrt(0.048 + 0.01)) / 1.2 = 0.216.  1 of 3: (1/3 + 1/6 - sqrt(2/27 + 1/36)) / (4/3) = 0.136.
    assert rows(by_hand, ", p_z := 1") == VOWEL | {("unvoiced", "S", 3)}
    assert rows(by_hand, ", p_z := 1, p_baseline := 0.22") == {("vowel", "AA", 5), ("unvoiced", "S", 3)}
    assert rows(by_hand, ", p_z := 0") == rows(by_hand)


def test_s_k_is_another_name(by_hand: duckdb.DuckDBPyConnection) -> None:
    options = "p_property := 'gender', p_frames := 'middle', p_baseline := 0.3"
    assert (
        by_hand.sql(f"FROM S_k({options}) ORDER BY ALL").fetchall()
        == by_hand.sql(f"FROM activation_patterns({options}) ORDER BY ALL").fetchall()
        != []
    )
