"""p(j given k, group), by hand."""

import math

import duckdb
import pytest

P = 'SELECT "group", phone, neuron, n_active, n_frames FROM activation_probabilities'


def rows(con: duckdb.DuckDBPyConnection, options: str = "") -> set[tuple]:
    return set(con.sql(f"{P}(p_property := 'gender'{options})").fetchall())


EVERY = {
    ("F", "AA", 0, 2, 2),
    ("F", "AA", 1, 1, 2),
    ("F", "AA", 2, 1, 2),
    ("F", "S", 3, 2, 2),
    ("F", "S", 0, 1, 2),
    ("F", "S", 4, 1, 2),
    ("M", "AA", 5, 3, 3),
    ("M", "AA", 1, 1, 3),
    ("M", "AA", 6, 1, 3),
    ("M", "AA", 7, 1, 3),
    ("M", "S", 8, 1, 1),
    ("M", "S", 3, 1, 1),
}


def test_every_frame_counts(by_hand: duckdb.DuckDBPyConnection) -> None:
    assert rows(by_hand) == EVERY
    p = by_hand.sql("SELECT DISTINCT p FROM activation_probabilities(p_property := 'gender') ORDER BY p").fetchall()
    assert p == [(1 / 3,), (0.5,), (1.0,)]


def test_middle_frames_of_runs(by_hand: duckdb.DuckDBPyConnection) -> None:
    assert rows(by_hand, ", p_frames := 'middle'") == {
        *{("F", "AA", 0, 1, 1), ("F", "AA", 1, 1, 1), ("F", "S", 3, 1, 1), ("F", "S", 0, 1, 1)},
        *{("M", "AA", 5, 1, 1), ("M", "AA", 6, 1, 1), ("M", "S", 8, 1, 1), ("M", "S", 3, 1, 1)},
    }


def test_the_reference_leaves_out_the_last_run(by_hand: duckdb.DuckDBPyConnection) -> None:
    assert rows(by_hand, ", p_frames := 'reference'") == {
        *{("F", "AA", 0, 1, 1), ("F", "AA", 1, 1, 1)},
        *{("M", "AA", 5, 1, 1), ("M", "AA", 6, 1, 1)},
    }


def test_another_lambda_takes_the_strongest(by_hand: duckdb.DuckDBPyConnection) -> None:
    assert rows(by_hand, ", p_lambda := 10") == {
        *{("F", "AA", 0, 2, 2), ("F", "S", 3, 2, 2), ("M", "AA", 5, 3, 3), ("M", "S", 8, 1, 1)}
    }


def test_the_recorded_lambda_is_the_default(by_hand: duckdb.DuckDBPyConnection) -> None:
    assert rows(by_hand, ", p_lambda := 20") == EVERY


def test_rare_phones_can_be_left_out(by_hand: duckdb.DuckDBPyConnection) -> None:
    assert rows(by_hand, ", p_min_frames := 2") == {row for row in EVERY if row[4] >= 2}
    assert rows(by_hand, ", p_min_frames := 3") == {row for row in EVERY if row[4] >= 3}
    assert rows(by_hand, ", p_min_frames := 4") == set()


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("speaker = 'f0'", {row for row in EVERY if row[0] == "F"}),
        ("phone_class = 'vowel'", {row for row in EVERY if row[1] == "AA"}),
        ("frame = 0", {("F", "AA", 0, 1, 1), ("F", "AA", 1, 1, 1), ("M", "AA", 5, 1, 1), ("M", "AA", 1, 1, 1)}),
        ("true", EVERY),
        ("false", set()),
        ("speaker = 'x' OR utterance = 'u1'", {row for row in EVERY if row[0] == "M"}),
    ],
)
def test_a_condition_filters_frames(by_hand: duckdb.DuckDBPyConnection, where: str, kept: set[tuple]) -> None:
    assert rows(by_hand, f", p_where := '{where.replace(chr(39), chr(39) * 2)}'") == kept


@pytest.mark.parametrize("z", [None, 1.0, 2.5])
def test_bounds_are_wilson_s(by_hand: duckdb.DuckDBPyConnection, z: float | None) -> None:
    options = "" if z is None else f", p_z := {z}"
    found = by_hand.sql(
        f"SELECT n_active, n_frames, p_low, p_high FROM activation_probabilities(p_property := 'gender'{options})"
    ).fetchall()
    assert len(found) == len(EVERY)
    used = z or 1.96
    for n_active, n, low, high in found:
        p = n_active / n
        middle = p + used**2 / (2 * n)
        half = used * math.sqrt(p * (1 - p) / n + used**2 / (4 * n**2))
        scale = 1 + used**2 / n
        assert low == pytest.approx(max(0, (middle - half) / scale), abs=1e-12)
        assert high == pytest.approx(min(1, (middle + half) / scale), abs=1e-12)


def test_wilson_by_hand(by_hand: duckdb.DuckDBPyConnection) -> None:
    # 1 of 2 at z = 2: centre (1/2 + 4/4) / (1 + 2) = 1/2, half-width 2 * sqrt(1/8 + 1/4) / 3
    (bounds,) = by_hand.sql("SELECT wilson_bound(1, 2, -2.0), wilson_bound(1, 2, 2.0)").fetchall()
    assert bounds == pytest.approx((0.5 - 2 * math.sqrt(0.375) / 3, 0.5 + 2 * math.sqrt(0.375) / 3))
