"""Rows of a whole probe against scikit-learn on the splits and rankings that the warehouse says it had."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from drawn_means import Means, warehouse_of
from sklearn.linear_model import LogisticRegression

from queries import connect
from queries.checks import run_checks
from queries.probes import probe
from warehouse.errors import QueryError

N, SPEAKERS = 240, 24
STRENGTH = 1e-2


@pytest.fixture(scope="module")
def drawn() -> tuple[dict[int, np.ndarray], dict[int, np.ndarray], dict[str, list]]:
    """Means of two layers, which know of the band and the gender, deviations that know nothing, and the columns."""
    draw = np.random.default_rng(3)
    speaker = np.arange(N) % SPEAKERS
    band = speaker % 3
    means = {1: draw.normal(size=(N, 7)), 2: draw.normal(size=(N, 11)) + 5}
    means[1][:, :3] += 1.1 * np.eye(3)[band]
    means[2][:, 4] += 0.8 * (speaker < 12)
    means[2][:, 9] = 2.5  # never changes
    columns = {
        "speaker": [f"s{number:02d}" for number in speaker],
        "band": [("low", "middle", "high")[one] for one in band],
        "gender": ["F" if one < 12 else "M" for one in speaker],
        "place": [None if one % 5 == 0 else "home" if one % 2 else "hall" for one in speaker],
    }
    return (
        {layer: rows.astype(np.float32) for layer, rows in means.items()},
        {layer: draw.uniform(1, 2, rows.shape).astype(np.float32) for layer, rows in means.items()},
        columns,
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, drawn: tuple) -> Path:
    """A model and its twin, probed for bands."""
    means, stds, columns = drawn
    other = {layer: np.random.default_rng(layer).normal(size=rows.shape) for layer, rows in means.items()}
    model = Means(means, columns, stds=stds)
    path = warehouse_of(tmp_path_factory.mktemp("probe") / "w", model, Means(other, {}, model="twin"))
    asked = {"solver": "converged", "lambda1": STRENGTH, "lambda2": STRENGTH, "seeds": 2, "hidden": 4, "epochs": 3}
    probe(path, "band", model="m", twin="twin", by=("gender", "place"), shares=(10, 40), share=30, **asked)
    return path


def ask(path: Path, sql: str) -> pl.DataFrame:
    """Rows of a query."""
    with connect(path, comments=False) as con:
        return con.sql(sql).pl()


@pytest.fixture(scope="module")
def scores(path: Path) -> pl.DataFrame:
    """Its scores."""
    return ask(path, "FROM probe_scores")


def _splits(path: Path, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rows = ask(path, f"FROM probe_splits WHERE seed = {seed} ORDER BY utterance_id")
    assert rows["utterance_id"].to_list() == list(range(N))
    return tuple(np.flatnonzero(rows["part"] == part) for part in ("train", "test"))  # type: ignore[return-value]


def _predicted(x: np.ndarray, target: Sequence[str], train: np.ndarray) -> np.ndarray:
    """What scikit-learn's elastic net says of all rows."""
    model = LogisticRegression(
        solver="saga", C=1 / (len(train) * 3 * STRENGTH), l1_ratio=1 / 3, tol=1e-8, max_iter=20_000, random_state=0
    )
    return model.fit(x[train], np.array(target)[train]).predict(x)


def _standardised(x: np.ndarray, train: np.ndarray) -> np.ndarray:
    deviation = x[train].std(0)
    return (x - x[train].mean(0)) / np.where(deviation > 1e-6, deviation, np.inf)


def _stored(scores: pl.DataFrame, **wanted: object) -> float:
    said = {
        "source": "model",
        "architecture": "linear",
        "labels": "true",
        "neurons": "all",
        "treatment": "trained",
        "by_column": None,
        "measure": "accuracy",
        **wanted,
    }
    found = scores.filter(
        pl.col(name).is_null() if value is None else pl.col(name) == value for name, value in said.items()
    )["value"].to_list()
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("layer", [1, 2, None])
def test_accuracies_are_those_of_scikit_learn(
    path: Path, scores: pl.DataFrame, drawn: tuple, seed: int, layer: int | None
) -> None:
    means, _, columns = drawn
    train, test = _splits(path, seed)
    x = _standardised(np.concatenate([means[1], means[2]], 1) if layer is None else means[layer], train)
    predicted = _predicted(x.astype(np.float64), columns["band"], train)
    right = (predicted == np.array(columns["band"]))[test]
    assert _stored(scores, seed=seed, layer=layer) == pytest.approx(right.mean(), abs=1.01 / len(test))
    by_class = [right[np.array(columns["band"])[test] == name].mean() for name in ("low", "middle", "high")]
    balanced = _stored(scores, seed=seed, layer=layer, measure="balanced_accuracy")
    assert balanced == pytest.approx(np.mean(by_class), abs=0.03)


@pytest.mark.parametrize("share", [10, 40])
def test_minimal_sets_are_trained_again_on_the_top_of_the_ranking(
    path: Path, scores: pl.DataFrame, drawn: tuple, share: int
) -> None:
    means, _, columns = drawn
    train, test = _splits(path, 0)
    order = ask(path, 'FROM probe_rankings WHERE of_layer IS NULL AND class IS NULL AND seed = 0 ORDER BY "rank"')
    features = [(0 if layer == 1 else 7) + neuron for layer, neuron in order.select("layer", "neuron").rows()]
    assert sorted(features) == list(range(18))
    x = _standardised(np.concatenate([means[1], means[2]], 1), train).astype(np.float64)
    kept = max(1, int(share * 18 / 100 + 0.5))
    predicted = _predicted(x[:, features[:kept]], columns["band"], train)
    right = (predicted == np.array(columns["band"]))[test]
    found = _stored(scores, seed=0, layer=None, treatment="retrained", neurons="top", share=share, n_features=kept)
    assert found == pytest.approx(right.mean(), abs=1.01 / len(test))


def test_the_largest_class_of_the_training_part_is_the_baseline(path: Path, scores: pl.DataFrame, drawn: tuple) -> None:
    band = np.array(drawn[2]["band"])
    for seed in (0, 1):
        train, test = _splits(path, seed)
        names, sizes = np.unique(band[train], return_counts=True)
        largest = {(band[test] == name).mean() for name in names[sizes == sizes.max()]}
        assert _stored(scores, seed=seed, architecture="majority", layer=None) in largest


def test_groups_add_up_to_all_rows(path: Path, scores: pl.DataFrame) -> None:
    rows = ask(
        path,
        "SELECT seed, layer, architecture, by_column, sum(n) AS n, sum(n * value) / sum(n) AS mean FROM probe_scores "
        "WHERE measure = 'accuracy' AND by_column IS NOT NULL GROUP BY ALL",
    )
    assert set(rows["by_column"]) == {"gender", "place"}
    for row in rows.to_dicts():
        key = {name: row[name] for name in ("seed", "layer", "architecture")}
        assert row["mean"] == pytest.approx(_stored(scores, **key))
    groups = ask(path, "SELECT DISTINCT \"group\" FROM probe_scores WHERE by_column = 'place' ORDER BY 1")
    assert groups["group"].to_list() == ["?", "hall", "home"]


def test_a_twin_stands_beside_and_the_run_says_everything(path: Path) -> None:
    (run,) = ask(path, "FROM probe_runs").to_dicts()
    assert (run["twin"], run["layers"], run["n_features"]) == ("twin", ["1", "2", "all"], 18)
    assert run["classes"] == ["high", "low", "middle"]
    assert run["class_rows"] == [80, 80, 80]
    assert (run["solver"], run["lambda1"], run["folds"], run["seeds"], run["n_speakers"]) == (
        "converged",
        0.01,
        5,
        [0, 1],
        24,
    )
    sources = ask(
        path, "SELECT source, architecture, count(DISTINCT layer) AS n FROM probe_scores GROUP BY ALL ORDER BY ALL"
    )
    assert ("twin", "hidden", 2) in sources.rows()
    with connect(path) as con:
        assert [check.name for check in run_checks(con) if check.name.startswith("probe") and check.rows] == []


def test_means_and_deviations_are_features_side_by_side(path: Path) -> None:
    (one,) = probe(path, "band", model="m", statistics="mean+std", seeds=1, hidden=0, shares=(), layers=("2", "all"))
    rows = ask(path, f"FROM probe_rankings WHERE probe = '{one.probe}' AND seed IS NULL AND class IS NULL")
    assert rows.group_by("of_layer", "statistic").len().sort(pl.all()).rows() == [
        (None, "mean", 18), (None, "std", 18), (2, "mean", 11), (2, "std", 11)
    ]  # fmt: skip
    assert (
        rows.filter(pl.col("layer") == 2, pl.col("neuron") == 9, pl.col("statistic") == "mean")["mass"].is_null().all()
    )


def test_rows_do_not_depend_on_threads_or_on_what_is_probed_beside(path: Path) -> None:
    asked = {"model": "m", "seeds": 2, "epochs": 2, "hidden": 3, "shares": (50,)}
    alone = probe(path, "gender", threads=1, **asked)[0]
    beside = probe(path, ["band", "gender"], threads=2, **{**asked, "model": ["twin", "m"]})
    assert [(one.label, one.model) for one in beside] == [
        ("band", "twin"),
        ("band", "m"),
        ("gender", "twin"),
        ("gender", "m"),
    ]
    same = "SELECT * EXCLUDE probe FROM {} WHERE probe = '{}' ORDER BY ALL"
    for table in ("probe_scores", "probe_splits", "probe_rankings"):
        assert ask(path, same.format(table, alone.probe)).equals(ask(path, same.format(table, beside[3].probe)))
    assert ask(path, same.format("probe_splits", beside[2].probe)).equals(
        ask(path, same.format("probe_splits", beside[3].probe))
    )


def test_an_utterance_that_a_model_has_not_seen_is_named(tmp_path: Path, drawn: tuple) -> None:
    means, _, columns = drawn
    path = warehouse_of(
        tmp_path / "w",
        Means(means, columns),
        Means(means, {}, model="half", rejected={17, 30}),
        Means({1: means[1]}, {}, model="less"),
    )
    with pytest.raises(QueryError, match="utterance u0017: model half has no means of its layer 1"):
        probe(path, "band", model="m", twin="half")
    with pytest.raises(QueryError, match="model less has no means of utterances of layer 2"):
        probe(path, "band", model="m", twin="less")
    assert ask(path, "FROM probe_runs").is_empty()
