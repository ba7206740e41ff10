"""Scalar macros, each on a few values."""

import math
from typing import Any

import duckdb
import pytest

Con = duckdb.DuckDBPyConnection


def value(con: Con, expression: str) -> Any:
    return con.sql(f"SELECT {expression}").fetchall()[0][0]


@pytest.mark.parametrize(
    ("lambda_pct", "width", "expected"), [("0.5", 3072, 15), ("1", 3072, 31), ("1", 50, 1), ("0.1", 3, 1), ("5", 30, 2)]
)
def test_top_k(by_hand: Con, lambda_pct: str, width: int, expected: int) -> None:
    assert value(by_hand, f"top_k({lambda_pct}, {width}, 99)") == expected
    assert value(by_hand, f"top_k(NULL, {width}, 7)") == 7


def test_chance_level(by_hand: Con) -> None:
    assert value(by_hand, "chance_level('m', 1, NULL)") == 0.2
    assert value(by_hand, "chance_level('m', 1, 10)") == 0.1


def test_widest_layer(by_hand: Con) -> None:
    assert value(by_hand, "widest_layer(NULL, NULL)") == value(by_hand, "widest_layer('m', 1)") == 10
    assert value(by_hand, "widest_layer('m', 2)") is None


def test_valid_lookup(by_hand: Con) -> None:
    assert value(by_hand, "valid_lookup('m', 1, 9, 20)") is True
    with pytest.raises(duckdb.InvalidInputException, match="p_neuron: there is no 10; there are: 0 to 9"):
        value(by_hand, "valid_lookup('m', 1, 10, 20)")


@pytest.mark.parametrize(
    ("options", "expected"),
    [("NULL, NULL, NULL", False), ("10, NULL, NULL", True), ("NULL, 0.19, NULL", True), ("10, NULL, 1.96", False)],
)
def test_responds(by_hand: Con, options: str, expected: bool) -> None:
    # 2 of 10 frames against chance, 0.2 or at λ = 10 % 0.1; the Wilson lower bound at 1.96 is 0.057.
    assert value(by_hand, f"responds(2, 10, 'm', 1, {options})") is expected


@pytest.mark.parametrize(("reading", "expected"), [("all", 3), ("middle", 2), ("reference", 1)])
def test_counted_frames(by_hand: Con, reading: str, expected: int) -> None:
    assert value(by_hand, f"counted_frames('{reading}', 3, 2, 1)") == expected


@pytest.mark.parametrize(
    ("reading", "middle", "last", "expected"),
    [
        ("all", False, True, True),
        ("middle", False, False, False),
        ("middle", True, True, True),
        ("reference", True, False, True),
        ("reference", True, True, False),
    ],
)
def test_frame_counts_as(by_hand: Con, reading: str, middle: bool, last: bool, expected: bool) -> None:
    assert value(by_hand, f"frame_counts_as('{reading}', {middle}, {last})") is expected


def test_wilson_bound(by_hand: Con) -> None:
    # 3 of 3 at z = 1: 3 / (3 + 1).
    assert value(by_hand, "wilson_bound(3, 3, -1)") == 0.75
    assert value(by_hand, "wilson_bound(3, 3, 1)") == 1
    low, high = ((0.6 + 0.1 + sign * math.sqrt(0.048 + 0.01)) / 1.2 for sign in (-1, 1))
    assert value(by_hand, "wilson_bound(3, 5, -1)") == pytest.approx(low)
    assert value(by_hand, "wilson_bound(3, 5, 1)") == pytest.approx(high)
    assert value(by_hand, "wilson_bound(3, 5, 0)") == 0.6


def test_literal(by_hand: Con) -> None:
    values = ["it's", "'); DROP TABLE x; --", "", "ə\n"]
    for text in values:
        written = by_hand.execute("SELECT literal(?)", [text]).fetchall()[0][0]
        assert value(by_hand, written) == text
    assert value(by_hand, "literal(NULL)") == "NULL"
    assert value(by_hand, "CAST(literal(CAST(0.1 AS DOUBLE) + CAST(0.2 AS DOUBLE)) AS VARCHAR)") == f"'{0.1 + 0.2!r}'"


def test_none_such(by_hand: Con) -> None:
    said = value(by_hand, "none_such('p_model', 'x', ['b', 'a'])")
    assert said == "p_model: there is no x; there are: a, b"
    assert "nothing was recorded" in value(by_hand, "none_such('p_model', 'x', CAST([] AS VARCHAR[]))")


def test_condition(by_hand: Con) -> None:
    assert value(by_hand, "condition(NULL)") == "true"
    assert value(by_hand, "condition('frame > 1 OR gender = ''M''')") == "(frame > 1 OR gender = 'M')"
    for text in ("frame >", "true; SELECT 1", "true) OR (true", "frame IN (FROM range(3))"):
        with pytest.raises(duckdb.InvalidInputException, match="p_where: "):
            by_hand.execute("SELECT condition(?)", [text]).fetchall()


def test_valid(by_hand: Con) -> None:
    assert value(by_hand, "valid(NULL, NULL, NULL, NULL, 'all', NULL, 0.8, NULL, NULL, NULL)") is True
    assert value(by_hand, "valid('m', 'c', 'gender', 1, 'reference', 20, 1, 0, 0, 0)") is True
    with pytest.raises(duckdb.InvalidInputException, match=r"p_lambda: .*at most what was recorded: 20 \(m\)"):
        value(by_hand, "valid(NULL, NULL, NULL, NULL, 'all', 20.1, 0.8, NULL, NULL, NULL)")


def test_fresh_layers(by_hand: Con) -> None:
    layer = {"model": "m", "layer": 1, "n_neurons": 10, "top_k": 2}
    nowhere = {"model": "", "layer": 0, "n_neurons": 1, "top_k": 1, "cells": "first_cells"}
    both = [nowhere, {**layer, "cells": "first_cells"}, {**layer, "cells": "other_cells"}]
    assert value(by_hand, "fresh_layers(NULL, NULL, 10, NULL)") == both
    assert value(by_hand, "fresh_layers('m', 1, NULL, 'true')") == both
    assert value(by_hand, "fresh_layers(NULL, NULL, 20, NULL)") == [nowhere]  # counted when it was recorded
    assert value(by_hand, "fresh_layers('other', NULL, 10, NULL)") == [nowhere]
