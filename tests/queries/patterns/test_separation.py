"""Silhouettes and Davies-Bouldin indices against their definitions, and what cannot be told apart."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.patterns import best_layers, davies_bouldin, projections, separation, separation_of, silhouette
from queries.patterns.separation import _cannot
from warehouse.errors import QueryError


def brute_silhouette(points: list[list[float]], labels: list[str]) -> float:
    """Rousseeuw's definition, point by point."""
    total = 0.0
    for i, point in enumerate(points):
        away: dict[str, list[float]] = {}
        for j, other in enumerate(points):
            if i != j:
                distance = sum((x - y) ** 2 for x, y in zip(point, other, strict=True)) ** 0.5
                away.setdefault(labels[j], []).append(distance)
        if labels[i] in away:
            a = sum(away[labels[i]]) / len(away[labels[i]])
            b = min(sum(found) / len(found) for label, found in away.items() if label != labels[i])
            total += (b - a) / max(a, b) if max(a, b) > 0 else 0
    return total / len(points)


def brute_davies_bouldin(points: np.ndarray, labels: list[str]) -> float:
    """Davies and Bouldin's definition, pair by pair."""
    groups = sorted(set(labels))
    centre = {g: points[[label == g for label in labels]].mean(axis=0) for g in groups}
    spread = {
        g: float(
            np.mean([np.linalg.norm(p - centre[g]) for p, label in zip(points, labels, strict=True) if label == g])
        )
        for g in groups
    }
    worst = [
        max(
            (spread[a] + spread[b]) / np.linalg.norm(centre[a] - centre[b])
            for b in groups
            if b != a and np.linalg.norm(centre[a] - centre[b]) > 0
        )
        for a in groups
    ]
    return float(np.mean(worst))


@st.composite
def labelled(draw: st.DrawFn) -> tuple[np.ndarray, list[str]]:
    n = draw(st.integers(3, 12))
    seed = draw(st.integers(0, 10_000))
    binary = draw(st.booleans())
    rng = np.random.default_rng(seed)
    points = rng.random((n, 6)) < 0.4 if binary else rng.normal(size=(n, 2))
    labels = ["a", "a", *(str(x) for x in rng.choice(["a", "b", "c"], n - 3)), "b"]
    return points.astype(float), labels


@given(labelled())
@settings(max_examples=60, deadline=None)
def test_silhouette_is_its_definition(drawn: tuple[np.ndarray, list[str]]) -> None:
    points, labels = drawn
    assert silhouette(points, labels) == pytest.approx(brute_silhouette(points.tolist(), labels), abs=1e-9)


@given(labelled())
@settings(max_examples=60, deadline=None)
def test_davies_bouldin_is_its_definition(drawn: tuple[np.ndarray, list[str]]) -> None:
    points, labels = drawn
    centres = {g: points[[label == g for label in labels]].mean(axis=0).round(9).tobytes() for g in set(labels)}
    if len(set(centres.values())) == len(centres):  # where centres coincide, the index is a convention
        assert davies_bouldin(points, labels) == pytest.approx(brute_davies_bouldin(points, labels), rel=1e-7)


def test_groups_far_apart_and_mixed() -> None:
    points = np.array([[0, 0], [0, 1], [9, 0], [9, 1]])
    assert silhouette(points, ["a", "a", "b", "b"]) > 0.8
    assert silhouette(points, ["a", "b", "a", "b"]) < 0
    assert davies_bouldin(points, ["a", "a", "b", "b"]) == pytest.approx(1 / 9)
    # The only point of a group counts as 0: (s(b0) + s(b1)) / 3, each 1 - 1/9 or so.
    single = silhouette(np.array([[0.0], [9.0], [10.0]]), ["a", "b", "b"])
    assert single == pytest.approx((0 + (9 - 1) / 9 + (10 - 1) / 10) / 3)


def test_what_cannot_be_told_apart_is_refused() -> None:
    points = np.eye(3)
    for score in (silhouette, davies_bouldin):
        with pytest.raises(QueryError, match=r"^1 group: telling apart takes two; give labels"):
            score(points, ["a", "a", "a"])
        with pytest.raises(QueryError, match=r"^every group has a single phone"):
            score(points, ["a", "b", "c"])
        with pytest.raises(QueryError, match=r"^no groups: "):
            score(points[:0], [])


def test_rows_have_the_scores_of_their_layer(ordinary: Any) -> None:
    found = separation(ordinary.con, "gender", seed=5)
    assert found.columns == [
        "model",
        "layer",
        "property",
        "n_points",
        "n_groups",
        "n_pattern",
        "silhouette_2d",
        "silhouette_patterns",
        "davies_bouldin_2d",
        "davies_bouldin_patterns",
        "note",
    ]
    projected = list(projections(ordinary.con, "gender", seed=5))
    for row, projection in zip(found.iter_rows(named=True), projected, strict=True):
        patterns, labels = projection.patterns, projection.patterns.groups.tolist()
        assert (row["layer"], row["n_points"], row["n_groups"]) == (patterns.layer, 12, 2)
        assert row["n_pattern"] == len(patterns.neurons)
        assert row["note"] is None
        assert projection.points is not None
        for name, points in (("2d", projection.points), ("patterns", patterns.matrix.astype(float))):
            assert row[f"silhouette_{name}"] == pytest.approx(brute_silhouette(points.tolist(), labels))
            assert row[f"davies_bouldin_{name}"] == pytest.approx(brute_davies_bouldin(points, labels))
    assert separation_of(projected).equals(found)


def test_every_property_has_a_row_a_layer(odd: Any) -> None:
    found = separation(odd.con)
    notes = {(row["property"], row["layer"]): row["note"] for row in found.iter_rows(named=True)}
    names = [name for (name,) in odd.con.sql("SELECT property FROM properties").fetchall()]
    assert set(notes) == {(name, layer) for name in names for layer in (1, 2)}
    assert notes["phone_class", 1] == "the group vowel has a single phone, whose silhouette counts as 0"
    assert notes["phone", 1] == "every group has a single phone, so there is no distance within a group"
    assert notes["speaker", 1] == "1 group: telling apart takes two"
    assert "no frame that counts has a group of gender: gender is NULL" in notes["gender", 1]
    assert "no frame that counts has a group of pitch: f0_hz is NULL" in notes["pitch", 1]
    known = found.filter(pl.col("silhouette_2d").is_not_null())
    assert set(known["property"]) == {"phone_class"}
    for name in ("silhouette_patterns", "davies_bouldin_2d", "davies_bouldin_patterns"):
        assert found[name].is_null().to_list() == found["silhouette_2d"].is_null().to_list()


def test_layers_without_patterns_say_so(ordinary: Any) -> None:
    found = separation(ordinary.con, "gender", p_baseline=0.99)
    assert found["n_pattern"].to_list() == [0, 0]
    assert found["silhouette_2d"].to_list() == [None, None]
    assert set(found["note"]) == {
        "no neuron of the layer responds to any phone of the property, so there is no pattern"
    }


def test_too_many_points_leave_the_scores_of_the_patterns(ordinary: Any) -> None:
    found = separation(ordinary.con, "gender", max_points=3)
    assert found["silhouette_2d"].null_count() == 2
    assert found["silhouette_patterns"].null_count() == 0
    assert all(note.startswith("12 patterns are more than the 3") for note in found["note"])


def test_best_layers() -> None:
    rows = [
        ("m", 1, "gender", 0.1, 9.0, None),
        ("m", 2, "gender", 0.3, 8.0, "a note"),
        ("m", 3, "gender", 0.3, 7.0, None),
        ("m", 4, "gender", None, None, "no pattern"),
        ("n", 1, "gender", None, None, "one group"),
        ("m", 1, "pitch", -0.5, 2.0, None),
    ]
    names = ["model", "layer", "property", "silhouette_2d", "davies_bouldin_2d", "note"]
    made = pl.DataFrame(rows, schema=names, orient="row").with_columns(
        silhouette_patterns=pl.lit(0.0), davies_bouldin_patterns=pl.lit(1.0)
    )
    chosen = ["model", "property", "layer", "silhouette_2d", "davies_bouldin_2d", "note"]
    assert best_layers(made).select(chosen).rows() == [
        ("m", "gender", 2, 0.3, 8.0, "a note"),
        ("m", "pitch", 1, -0.5, 2.0, None),
        ("n", "gender", None, None, None, "one group"),
    ]
    lowest = best_layers(made, by="davies_bouldin_2d").select("layer").to_series().to_list()
    assert lowest == [3, 1, None]
    with pytest.raises(QueryError, match="by: there is no silhouette; there are: silhouette_2d"):
        best_layers(made, by="silhouette")


def test_best_layers_join_with_the_tables(ordinary: Any) -> None:
    ordinary.con.register("best", best_layers(separation(ordinary.con, "gender")))
    rows = ordinary.con.sql("SELECT n_neurons FROM best INNER JOIN layers USING (model, layer)").fetchall()
    assert len(rows) == 1


def test_nothing_recorded_gives_no_row() -> None:
    assert separation_of([]).is_empty()
    assert best_layers(separation_of([])).is_empty()
    assert _cannot({}) == "no groups: telling apart takes two"  # type: ignore[arg-type]
