"""Overlap of rankings: the formula written twice, values that are published, and sets counted by hand."""

import math
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from drawn_study import Spoken, Study
from hypothesis import given
from hypothesis import strategies as st

from queries import Connection, connect
from queries.rankings import RANKINGS, rank_biased_overlap, ranking_overlap
from warehouse import QueryError

LISTS = st.lists(st.integers(0, 14), unique=True, min_size=1, max_size=12)


def by_definition(a: list[int], b: list[int], p: float) -> float:
    """Webber, Moffat and Zobel 2010, eq. 32, as it is printed."""
    short, long = sorted((a, b), key=len)
    s, n = len(short), len(long)

    def x(depth: int) -> int:
        return len(set(short[:depth]) & set(long[:depth]))

    first = sum(x(d) / d * p**d for d in range(1, n + 1))
    second = sum(x(s) * (d - s) / (s * d) * p**d for d in range(s + 1, n + 1))
    return (1 - p) / p * (first + second) + ((x(n) - x(s)) / n + x(s) / s) * p**n


@given(LISTS, LISTS, st.sampled_from([0.1, 0.5, 0.9, 0.98]))
def test_rbo_is_its_definition(a: list[int], b: list[int], p: float) -> None:
    assert rank_biased_overlap(a, b, p) == pytest.approx(by_definition(a, b, p))
    assert rank_biased_overlap(b, a, p) == pytest.approx(rank_biased_overlap(a, b, p))
    assert -1e-12 <= rank_biased_overlap(a, b, p) <= 1 + 1e-12
    assert rank_biased_overlap(a, a, p) == pytest.approx(1)


def test_rbo_by_hand() -> None:
    # Agreements 1, 1/2, 1 at p = 0.9: 0.1 (1 + 0.9 / 2 + 0.81) + 0.729.
    assert rank_biased_overlap([1, 2, 3], [1, 3, 2], 0.9) == pytest.approx(0.955)
    assert rank_biased_overlap("abc", "xyz") == 0
    assert rank_biased_overlap("a", "abc", 0.9) == pytest.approx(1)
    assert math.isnan(rank_biased_overlap([], [1]))


@pytest.mark.parametrize(("p", "depth", "weight"), [(0.9, 10, 0.86), (0.98, 50, 0.85)])
def test_the_first_ranks_have_the_weight_that_is_published(p: float, depth: int, weight: float) -> None:
    # Lists that agree to a depth and never again have the weight of the ranks to it (Webber et al. 2010, eq. 21):
    # 86% of the first 10 at p = 0.9 as there, 85% of the first 50 at 0.98 by the same formula.
    same = list(range(depth))
    a, b = same + list(range(1000, 4000)), same + list(range(5000, 8000))
    tail = math.log(1 / (1 - p)) - sum(p**i / i for i in range(1, depth))
    assert rank_biased_overlap(a, b, p) == pytest.approx(1 - p ** (depth - 1) + (1 - p) / p * depth * tail, abs=1e-6)
    assert rank_biased_overlap(a, b, p) == pytest.approx(weight, abs=0.005)


@pytest.mark.parametrize("p", [0, 1, -0.5, float("nan")])
def test_rbo_refuses_what_makes_no_sense(p: float) -> None:
    with pytest.raises(QueryError, match="persistence"):
        rank_biased_overlap([1], [1], p)
    with pytest.raises(QueryError, match="twice"):
        rank_biased_overlap([1, 1], [1, 2])


def test_overlaps_by_hand(by_hand: duckdb.DuckDBPyConnection) -> None:
    # At σ = 0.5 P is 0, 2, 4, 5, 6, 7, 8 (tests of the rankings): first 7 of lape are these, of the others without 8.
    con: Any = by_hand
    rows = {(r["ranking_a"], r["ranking_b"]): r for r in ranking_overlap(con, "gender", p_sigma=0.5).to_dicts()}
    assert len(rows) == 6
    assert [(r["n"], r["n_both"], r["note"]) for r in rows.values()] == [
        (7, 6, None),
        (7, 7, None),
        (7, 7, None),
        (7, 6, None),
        (7, 6, None),
        (7, 7, None),
    ]
    row = rows["lape", "mean_difference"]
    assert (row["jaccard"], row["n_both_by_chance"]) == (6 / 8, 4.9)
    assert row["rbo"] == pytest.approx(by_definition([0, 2, 4, 5, 6, 7, 8, 3, 1], [0, 5, 2, 3, 4, 6, 7, 8, 1], 0.98))
    sets = rows["lape", "property_neurons"]
    assert sets["rbo"] == pytest.approx(by_definition([0, 2, 4, 5, 6, 7, 8, 3, 1], [0, 2, 4, 5, 6, 7, 8], 0.98))
    random = Random(0)
    drawn = [set(random.sample(range(10), 7)) for _ in range(4000)]
    mean = sum(len(a & b) / len(a | b) for a, b in zip(drawn[::2], drawn[1::2], strict=True)) / 2000
    assert row["jaccard_by_chance"] == pytest.approx(mean, abs=0.01)


def test_almost_silent_neurons_are_left_out_of_lape(by_hand: duckdb.DuckDBPyConnection) -> None:
    # p_max is 0.75 for 0 and 5, 0.5 for 3, 0.25 for the others; the property neurons of σ = 0.8 are 0 alone.
    con: Any = by_hand
    for least, lape in ((0.3, [0, 5, 3]), (0.6, [0, 5])):
        row = ranking_overlap(con, "gender", least_p_max=least).to_dicts()[0]
        assert row["rbo"] == pytest.approx(by_definition(lape, [0, 5, 2, 3, 4, 6, 7, 8, 1], 0.98))
        assert (row["n"], row["n_both"]) == (1, 1)


def test_every_layer_and_pair_has_a_row(drawn_con: Connection) -> None:
    found = ranking_overlap(drawn_con, "gender", p_sigma=0.9, p_baseline=0.9).to_dicts()
    assert len(found) == 2 * 6
    for row in found:
        assert (row["n"], row["jaccard"]) == (0, None)
        assert row["note"]
        assert (row["rbo"] is None) == (row["ranking_b"] == "property_neurons")
    assert {row["layer"] for row in ranking_overlap(drawn_con, "pitch", p_layer=2).to_dicts()} == {2}


def test_without_groups_to_tell_apart_there_is_a_note(tmp_path: Path) -> None:
    study = Study(tmp_path / "w")
    study.ingest("c", [Spoken("u", ("AH", "S") * 5, (None,) * 10, {"speaker": "s", "gender": "F"})])
    with connect(study.layout.root) as con:
        for name, note in (("pitch", "no frame that counts"), ("gender", "gender has one group")):
            rows = ranking_overlap(con, name).to_dicts()
            assert len(rows) == 2 * len(RANKINGS) * (len(RANKINGS) - 1) / 2
            assert all(note in row["note"] and row["rbo"] is None for row in rows)
