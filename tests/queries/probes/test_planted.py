"""Planted data: 12 of 2,000 neurons carry the label, and a probe finds these, needs no more, and nothing in noise."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from drawn_means import Means, warehouse_of

from queries import connect
from queries.probes import Label, probe

PLANTED = tuple(range(3, 2_000, 170))
ROWS, SPEAKERS, WIDTH, NOISE = 3_000, 300, 2_000, 400


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Layer 1 has 12 neurons that follow the label among noise, layer 2 has noise alone."""
    assert len(PLANTED) == 12
    draw = np.random.default_rng(7)
    speaker = np.arange(ROWS) % SPEAKERS
    label = draw.integers(0, 2, SPEAKERS)[speaker]
    first = draw.normal(size=(ROWS, WIDTH)).astype(np.float32)
    first[:, PLANTED] += 1.8 * (2 * label[:, None] - 1)
    second = draw.normal(size=(ROWS, NOISE)).astype(np.float32)
    columns = {
        "speaker": [f"s{number:03d}" for number in speaker],
        "side": ["left" if one else "right" for one in label],
        "shuffled": draw.permutation(label).tolist(),
    }
    path = tmp_path_factory.mktemp("planted") / "w"
    warehouse_of(path, Means({1: first, 2: second}, columns))
    probe(path, "side", layers=("each",), hidden=0, shares=(0.5, 1.0, 5.0))
    return path


def _rows(path: Path, sql: str) -> pl.DataFrame:
    with connect(path) as con:
        return con.sql(sql).pl()


def test_planted_neurons_are_ranked_first_for_every_seed(planted: Path) -> None:
    first = _rows(planted, 'FROM probe_rankings WHERE of_layer = 1 AND "rank" <= 12 AND class IS NULL')
    by_seed = first.group_by("seed").agg(pl.col("neuron").sort())
    assert len(by_seed) == 6  # five seeds and their mean
    assert all(tuple(found) == PLANTED for found in by_seed["neuron"])


def test_the_minimal_set_has_at_most_20_neurons(planted: Path) -> None:
    scores = _rows(
        planted,
        "SELECT share, avg(n_features) AS n, avg(value) AS accuracy FROM probe_scores WHERE layer = 1 "
        "AND treatment = 'retrained' AND neurons = 'top' GROUP BY share ORDER BY share",
    )
    of_all = _rows(
        planted,
        "SELECT avg(value) AS accuracy FROM probe_scores WHERE layer = 1 AND architecture = 'linear' "
        "AND treatment = 'trained' AND labels = 'true' AND measure = 'accuracy'",
    )["accuracy"][0]
    enough = scores.filter(pl.col("accuracy") >= of_all - 0.01)
    assert enough["n"][0] <= 20
    assert of_all > 0.95


def test_noise_has_no_selectivity(planted: Path) -> None:
    found = dict(
        _rows(
            planted,
            "SELECT labels, avg(value) AS accuracy FROM probe_scores WHERE layer = 2 AND architecture = 'linear' "
            "AND treatment = 'trained' AND measure = 'accuracy' GROUP BY labels",
        ).iter_rows()
    )
    assert abs(found["true"] - found["control"]) < 0.03


def test_top_neurons_do_what_all_do_and_the_bottom_ones_nothing(planted: Path) -> None:
    found = dict(
        _rows(
            planted,
            "SELECT neurons, avg(value) FROM probe_scores WHERE layer = 1 AND treatment = 'zeroed' GROUP BY neurons",
        ).iter_rows()
    )
    assert found["top"] > 0.95
    assert abs(found["bottom"] - 0.5) < 0.1


def test_a_shuffled_label_gives_chance(planted: Path) -> None:
    (shuffled,) = probe(planted, Label("shuffled"), layers=("2",), hidden=0, shares=())
    found = _rows(
        planted,
        "SELECT avg(value) AS accuracy, any_value((SELECT max(value) FROM probe_scores AS m WHERE m.probe = s.probe "
        f"AND architecture = 'majority')) AS majority FROM probe_scores AS s WHERE probe = '{shuffled.probe}' "
        "AND architecture = 'linear' AND treatment = 'trained' AND labels = 'true' AND measure = 'accuracy'",
    )
    assert abs(found["accuracy"][0] - 0.5) < 0.03
    assert found["majority"][0] < 0.55
