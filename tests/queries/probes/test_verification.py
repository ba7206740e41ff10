"""Verification of speakers: rates from the definition, on the trials and by the speakers that the warehouse names."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from drawn_means import Means, warehouse_of

from queries import connect
from queries.probes import verify
from warehouse.errors import QueryError

N, SPEAKERS = 144, 12


@pytest.fixture(scope="module")
def means() -> np.ndarray:
    """Twelve speakers, told apart by 4 of 30 neurons."""
    draw = np.random.default_rng(0)
    found = draw.normal(size=(N, 30)) + 3
    found[:, :4] += 4 * draw.normal(size=(SPEAKERS, 4))[np.arange(N) % SPEAKERS]
    return found.astype(np.float32)


@pytest.fixture
def path(tmp_path: Path, means: np.ndarray) -> Path:
    """A warehouse of them."""
    return warehouse_of(tmp_path / "w", Means({1: means}, {"speaker": [f"s{i % SPEAKERS:02d}" for i in range(N)]}))


def _ask(path: Path, sql: str) -> pl.DataFrame:
    with connect(path, comments=False) as con:
        return con.sql(sql).pl()


def _eer(scores: np.ndarray, target: np.ndarray) -> float:
    """The threshold at which as large a share of targets is refused as of others is let in, between two if need be."""
    refused, let_in = [0.0], [1.0]
    for threshold in np.unique(scores):
        refused.append((scores[target] <= threshold).mean())
        let_in.append((scores[~target] > threshold).mean())
    gap = np.array(refused) - np.array(let_in)
    at = int(np.argmax(gap >= 0))
    part = -gap[at - 1] / (gap[at] - gap[at - 1])
    return refused[at - 1] + part * (refused[at] - refused[at - 1])


def test_rates_are_those_of_all_pairs_of_speakers_that_were_not_ranked_by(path: Path, means: np.ndarray) -> None:
    verify(path, seeds=2, layers=("1",), share=10, epochs=60, batch=8)
    split = _ask(path, "FROM probe_splits ORDER BY utterance_id")
    ranking = _ask(path, 'FROM probe_rankings ORDER BY "rank"')
    stored = _ask(path, "FROM probe_scores WHERE measure = 'eer'")
    for seed in (0, 1):
        rows = split.filter(pl.col("seed") == seed)
        train, test = (rows.filter(pl.col("part") == part) for part in ("train", "test"))
        assert len(set(train["class"])) == len(set(test["class"])) == 6
        assert not set(train["class"]) & set(test["class"])
        ranked = ranking.filter(pl.col("seed") == seed)["neuron"].to_list()
        assert set(ranked[:3]) <= {0, 1, 2, 3}
        centred = means.astype(np.float64) - means[train["utterance_id"].to_list()].mean(0, dtype=np.float64)
        ids, who = test["utterance_id"].to_list(), test["class"].to_list()
        pairs = [(i, j) for i in range(len(ids)) for j in range(i)]
        target = np.array([who[i] == who[j] for i, j in pairs])
        for neurons, chosen in (("all", range(30)), ("top", ranked[:3]), ("bottom", ranked[-3:])):
            kept = centred[ids][:, list(chosen)]
            scores = np.array([kept[i] @ kept[j] / np.linalg.norm(kept[i]) / np.linalg.norm(kept[j]) for i, j in pairs])
            found = stored.filter(pl.col("seed") == seed, pl.col("neurons") == neurons)
            assert found["n"][0] == len(pairs)
            assert found["value"][0] == pytest.approx(_eer(scores, target), abs=1e-9)
    rates = dict(_ask(path, "SELECT neurons, eer FROM verification_errors").rows())
    assert rates["top"] < rates["all"] < rates["bottom"]


def test_trials_are_read_and_written(path: Path, tmp_path: Path) -> None:
    listed = tmp_path / "trials.txt"
    verify(path, seeds=1, most_trials=20, write=listed, epochs=2)
    assert len(listed.read_text().splitlines()) == 40
    (one,) = verify(path, seeds=2, trials=listed, epochs=2)
    rows = _ask(path, f"SELECT DISTINCT n FROM probe_scores WHERE probe = '{one.probe}'")
    assert rows["n"].to_list() == [40]
    splits = _ask(path, f"SELECT DISTINCT class, part FROM probe_splits WHERE probe = '{one.probe}'")
    tried = {name[1:] for line in listed.read_text().splitlines() for name in line.split()[1:]}
    speakers = {f"s{int(number) % SPEAKERS:02d}" for number in tried}
    assert set(splits.filter(pl.col("part") == "test")["class"]) == speakers
    assert set(splits.filter(pl.col("part") == "train")["class"]) == {f"s{i:02d}" for i in range(SPEAKERS)} - speakers


def test_a_list_of_all_speakers_leaves_none_for_the_ranking(path: Path, tmp_path: Path) -> None:
    listed = tmp_path / "trials.txt"
    listed.write_text(
        "\n".join(f"1 u{i:04d} u{i + SPEAKERS:04d}\n0 u{i:04d} u{i + 13:04d}" for i in range(SPEAKERS - 1))
    )
    with pytest.raises(
        QueryError, match=r"trials.txt: its trials leave 0 speakers that are in none, and a ranking needs two"
    ):
        verify(path, trials=listed)


def test_a_list_that_contradicts_the_warehouse_is_refused(path: Path, tmp_path: Path) -> None:
    listed = tmp_path / "trials.txt"
    listed.write_text("1 u0000 u0012\n1 u0000 u0001\n")
    with pytest.raises(
        QueryError, match=r"trials.txt: trial 2 says that one speaker says u0000 and u0001, .* s00 and s01"
    ):
        verify(path, trials=listed)


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"hidden": 3}, "no setting hidden"), ({"kind": "ffn"}, "no means"), ({"x": 1}, "no setting x")],
)
def test_what_cannot_be_verified_is_one_line(path: Path, settings: dict, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        verify(path, **settings)
