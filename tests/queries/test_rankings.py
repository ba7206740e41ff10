"""Rankings by hand, and against scikit-learn, SciPy and the definitions on drawn activations."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import duckdb
import numpy as np
import pytest
from scipy.stats import entropy
from sklearn.metrics import mutual_info_score

from queries import Connection
from queries.calls import call

RANKINGS = ("lape", "mean_difference", "mutual_information", "property_neurons")

# Of 4 frames of F and 4 of M: neuron 0 is active in 3 and 0, 1 in 1 and 1, 3 in 2 and 1, 5 in 0 and 3, others in one.
# Shares of the phones AA and S: 0 both of F; 5 AA of M; 1 AA of either, 3 S of either.
BY_HAND = {
    ranking: [(int(neuron), group, float(score)) for neuron, group, score in (row.split() for row in rows.split(","))]
    for ranking, rows in {
        "lape": "0 F 0, 2 F 0, 4 F 0, 5 M 0, 6 M 0, 7 M 0, 8 M 0, 3 F 0.918296, 1 F 1",
        "mean_difference": "0 F .75, 5 M .75, 2 F .25, 3 F .25, 4 F .25, 6 M .25, 7 M .25, 8 M .25, 1 F 0",
        "mutual_information": "0 F .548795, 5 M .548795, 2 F .137925, 4 F .137925, 6 M .137925, 7 M .137925, "
        "8 M .137925, 3 F .048795, 1 F 0",
        "property_neurons": "0 F 1, 2 F .5, 4 F .5, 5 M .5, 6 M .5, 7 M .5, 8 M .5, 1 F 0, 3 F 0",
    }.items()
}


def ranked(con: Any, ranking: str, **parameters: Any) -> list[tuple[int, str | None, float]]:
    asked = call("rankings", parameters)
    sql = f"""SELECT neuron, "group", round(score, 6), rank FROM {asked} WHERE ranking = '{ranking}' ORDER BY rank"""
    rows = con.sql(sql).fetchall()
    assert [rank for *_, rank in rows] == list(range(1, len(rows) + 1))
    return [row[:3] for row in rows]


@pytest.mark.parametrize("ranking", RANKINGS)
def test_by_hand(by_hand: duckdb.DuckDBPyConnection, ranking: str) -> None:
    assert ranked(by_hand, ranking, p_property="gender") == BY_HAND[ranking]


def test_largest_probability_and_groups(by_hand: duckdb.DuckDBPyConnection) -> None:
    sql = """SELECT DISTINCT neuron, p_max, n_groups FROM rankings(p_property := 'gender') ORDER BY ALL"""
    largest = {0: 0.75, 3: 0.5, 5: 0.75}
    assert by_hand.sql(sql).fetchall() == [(neuron, largest.get(neuron, 0.25), 2) for neuron in range(9)]


def test_the_baseline_moves_the_ranking_of_the_sets_alone(by_hand: duckdb.DuckDBPyConnection) -> None:
    high: dict[str, Any] = {"p_property": "gender", "p_baseline": 0.6}
    for ranking in RANKINGS[:3]:
        assert ranked(by_hand, ranking, **high) == BY_HAND[ranking]
    rows = ranked(by_hand, "property_neurons", **high)  # 0 and 5 in all of AA; 3 in all of S, in both groups
    assert rows[:3] == [(0, "F", 0.5), (5, "M", 0.5), (8, "M", 0.5)]
    assert rows[3:] == [(neuron, "F" if neuron == 3 else None, 0.0) for neuron in (1, 2, 3, 4, 6, 7)]


def test_one_group_tells_nothing(by_hand: duckdb.DuckDBPyConnection) -> None:
    women: dict[str, Any] = {"p_property": "gender", "p_where": "gender = 'F'"}
    for ranking in RANKINGS[:3]:
        assert ranked(by_hand, ranking, **women) == [(neuron, "F", 0.0) for neuron in range(5)]
    assert ranked(by_hand, "property_neurons", **women)[0] == (0, "F", 1.0)


def test_no_frame_no_row(by_hand: duckdb.DuckDBPyConnection) -> None:
    assert ranked(by_hand, "lape", p_where="false") == []


def test_unknown_names_are_errors(by_hand: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.InvalidInputException, match="p_property: there is no tone; there are: gender"):
        by_hand.sql("FROM rankings(p_property := 'tone')").fetchall()


QUESTIONS: list[dict[str, Any]] = [
    {"p_frames": "middle"},
    {"p_where": "gender = 'M' OR frame % 2 = 0"},
    {"p_lambda": 8.0},
    {"p_min_frames": 20},
]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        *((name, {}) for name in ("phone_class", "phone", "gender", "speaker", "pitch", "duration")),
        *((name, asked) for name in ("gender", "pitch") for asked in QUESTIONS),
    ],
    ids=str,
)
def test_scores_are_what_other_libraries_say(drawn_con: Connection, name: str, parameters: Mapping[str, Any]) -> None:
    rows = drawn_con.sql(f"FROM {call('rankings', {'p_property': name, **parameters})}").pl().to_dicts()
    scores = {(row["layer"], row["ranking"], row["neuron"]): row["score"] for row in rows}
    assert len(scores) == len(rows)
    shares = _shares(drawn_con, name, parameters)
    expected: dict[tuple[int, str, int], float] = {}
    for layer in (1, 2):
        groups, active = _frames(drawn_con, name, layer, parameters)
        for neuron in np.flatnonzero(active.any(axis=0)).tolist():
            fires = active[:, neuron]
            names = sorted(set(groups))
            means = [fires[groups == group].mean() for group in names]
            expected[layer, "lape", neuron] = entropy(means, base=2)
            expected[layer, "mean_difference", neuron] = sum(abs(a - b) for a, b in combinations(means, 2))
            expected[layer, "mutual_information", neuron] = mutual_info_score(groups, fires) / np.log(2)
            best = sorted((shares.get((layer, group, neuron), 0.0) for group in names), reverse=True)
            expected[layer, "property_neurons", neuron] = best[0] - (best[1] if len(best) > 1 else 0)
    assert expected
    assert scores == pytest.approx(expected, abs=1e-9)
    for row in rows:
        assert row["rank"] == 1 + sum(_before(other, row) for other in rows if _list(other) == _list(row))


def _list(row: Mapping[str, Any]) -> tuple[int, str]:
    return row["layer"], row["ranking"]


def _before(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    sign = 1 if a["ranking"] == "lape" else -1
    return bool((sign * a["score"], a["neuron"]) < (sign * b["score"], b["neuron"]))


def _frames(con: Connection, name: str, layer: int, asked: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """(T,) group and (T, D) activity of the frames that count, from the facts."""
    width = {1: 12, 2: 7}[layer]
    top_k = 2 if "p_lambda" not in asked else 1
    middle = "f.is_middle" if asked.get("p_frames") == "middle" else "true"
    voiced = "f.phone_class IS DISTINCT FROM 'unvoiced'" if name == "pitch" else "true"
    sql = f"""
        SELECT any_value(g."group"), list(a.neuron), any_value(f.phone)
        FROM frame_facts AS f INNER JOIN frame_groups AS g USING (frame_id) INNER JOIN activations AS a USING (frame_id)
        WHERE g.property = '{name}' AND a.layer = {layer} AND a.rank < {top_k}
        AND {middle} AND {voiced} AND ({asked.get("p_where", "true")}) GROUP BY frame_id"""
    found = con.sql(sql).fetchall()
    cells = [(group, phone) for group, _, phone in found]
    kept = [i for i, cell in enumerate(cells) if cells.count(cell) >= asked.get("p_min_frames", 1)]
    active = np.zeros((len(found), width), dtype=bool)
    for i in kept:
        active[i, found[i][1]] = True
    return np.array([found[i][0] for i in kept]), active[kept]


def _shares(con: Connection, name: str, asked: Mapping[str, Any]) -> dict[tuple[int, str, int], float]:
    """Share of the group's phones in whose S_k a neuron is, by layer, group and neuron, from the patterns."""
    parameters = {"p_property": name, **asked}
    cells = con.sql(f'SELECT "group", count(*) FROM {call("counted_cells", _of_cells(parameters))} GROUP BY 1')
    n_phones = dict(cells.fetchall())
    sql = f'SELECT layer, "group", neuron, count(*) FROM {call("S_k", parameters)} GROUP BY ALL'
    return {(layer, group, neuron): n / n_phones[group] for layer, group, neuron, n in con.sql(sql).fetchall()}


def _of_cells(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name != "p_lambda"}
