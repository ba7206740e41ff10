"""Clusters against Jaccard indices counted pair by pair and joined by SciPy."""

from collections import Counter
from itertools import combinations
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

from queries.patterns import cluster_groups, neuron_clusters
from queries.patterns import coactivation as module
from queries.patterns.clusters import _joined
from warehouse.errors import QueryError


def frames_of(study: Any, layer: int, holds: Any = lambda frame: True) -> list[set[int]]:
    """Frames of each neuron of a layer; silence does not count."""
    found: list[set[int]] = [set() for _ in range(study.widths[layer - 1])]
    for frame in study.frames.values():
        if frame.phone not in {"", "spn"} and holds(frame):
            for neuron in frame.neurons[layer]:
                found[neuron].add(frame.frame_id)
    return found


def index(a: set[int], b: set[int]) -> float:
    return len(a & b) / len(a | b)


def partition(labels: Any) -> set[frozenset[int]]:
    members: dict[int, set[int]] = {}
    for place, label in enumerate(labels):
        members.setdefault(label, set()).add(place)
    return {frozenset(found) for found in members.values()}


@pytest.mark.parametrize("block", [4_000_000, 50])
@pytest.mark.parametrize("layer", [1, 2])
def test_clusters_are_those_of_the_definition(ordinary: Any, layer: int, block: int, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    frames = frames_of(ordinary.study, layer)
    joined = linkage([1 - index(a, b) for a, b in combinations(frames, 2)], "average")
    for options, expected in (
        ({"n_clusters": 4}, fcluster(joined, 4, "maxclust")),
        ({"min_jaccard": 0.105}, fcluster(joined, 1 - 0.105, "distance")),
    ):
        found = neuron_clusters(ordinary.con, p_layer=layer, min_frames=1, **options)
        assert found["neuron"].to_list() == list(range(len(frames)))
        assert found["n_active"].to_list() == [len(x) for x in frames]
        clusters = found["cluster"].to_list()
        assert partition(clusters) == partition(expected)
        sizes = [clusters.count(number) for number in sorted(set(clusters))]
        assert sorted(set(clusters)) == list(range(1, len(sizes) + 1))
        assert sizes == sorted(sizes, reverse=True)
        for i, (cluster, mean) in enumerate(zip(clusters, found["jaccard"], strict=True)):
            others = [index(frames[i], frames[j]) for j, c in enumerate(clusters) if c == cluster and j != i]
            assert mean == (pytest.approx(sum(others) / len(others)) if others else None)


def test_conditions_and_readings(ordinary: Any) -> None:
    found = neuron_clusters(ordinary.con, p_layer=1, min_frames=1, p_where="gender = 'F'", p_frames="middle")
    frames = frames_of(ordinary.study, 1, lambda f: f.is_middle and f.spoken.metadata["gender"] == "F")
    assert found["n_active"].to_list() == [len(x) for x in frames]
    one = neuron_clusters(ordinary.con, p_layer=1, min_frames=1, p_lambda=8)  # one neuron a frame
    firsts = Counter(frame.neurons[1][0] for frame in ordinary.study.frames.values() if frame.phone not in {"", "spn"})
    assert one["n_active"].to_list() == [firsts[neuron] for neuron in range(12)]
    assert one["jaccard"].to_list() == [None] * 12  # which are never active together


def test_neurons_seldom_active_are_in_no_cluster(ordinary: Any) -> None:
    frames = frames_of(ordinary.study, 1)
    least = sorted(map(len, frames))[6]
    found = neuron_clusters(ordinary.con, p_layer=1, min_frames=least)
    for row, active in zip(found.iter_rows(named=True), frames, strict=True):
        assert (row["cluster"] is None) == (len(active) < least)
        note = f"active in {len(active)} of the frames read, and min_frames asks for {least}"
        assert row["note"] == (note if len(active) < least else None)
    none = neuron_clusters(ordinary.con, min_frames=10**6)
    assert none["cluster"].null_count() == len(none) == 12 + 7
    assert cluster_groups(ordinary.con, none).is_empty()
    joined = cluster_groups(ordinary.con, none.head(0))
    assert joined.columns == cluster_groups(ordinary.con, found).columns


def test_more_clusters_than_neurons_are_none(ordinary: Any) -> None:
    found = neuron_clusters(ordinary.con, p_layer=2, min_frames=1, n_clusters=8)
    assert found["cluster"].null_count() == 7
    assert set(found["note"]) == {"8 clusters cannot be made of 7 neurons: no more are active in 1 frames"}
    assert neuron_clusters(ordinary.con, p_layer=2, min_frames=1, n_clusters=7)["cluster"].to_list() == [*range(1, 8)]


def test_a_draw_of_frames_is_seeded(ordinary: Any) -> None:
    def n_active(**options: Any) -> list[int]:
        return neuron_clusters(ordinary.con, p_layer=1, min_frames=1, **options)["n_active"].to_list()

    assert sum(n_active(max_frames=100)) == 100 * 2
    assert n_active(max_frames=100) == n_active(max_frames=100) != n_active(max_frames=100, seed=1)
    assert n_active(max_frames=None) == n_active()


def test_what_joins_is_found() -> None:
    similar = np.eye(7)
    for group, value in (([1, 4, 6], 0.6), ([0, 5], 0.4)):
        similar[np.ix_(group, group)] = value
    np.fill_diagonal(similar, 1)
    assert _joined(similar, None, 0.1).tolist() == [2, 1, 3, 4, 1, 2, 1]
    assert _joined(similar, None, 0.5).tolist() == [2, 1, 3, 4, 1, 5, 1]
    assert _joined(similar[:1, :1], None, 0.1).tolist() == [1]
    assert _joined(similar[:0, :0], None, 0.1).tolist() == []


def test_groups_of_clusters_by_lift(ordinary: Any) -> None:
    clusters = neuron_clusters(ordinary.con, p_layer=1, min_frames=1, n_clusters=3)
    found = cluster_groups(ordinary.con, clusters, "gender", top=2)
    assert found.columns == [
        "model",
        "layer",
        "cluster",
        "n_neurons",
        "jaccard",
        "property",
        "groups",
        "lifts",
        "note",
    ]
    group_of = ordinary.study.groups()["gender"]
    counted = [f for f in ordinary.study.frames.values() if f.phone not in {"", "spn"} and group_of[f.frame_id]]
    n_frames = Counter(group_of[f.frame_id] for f in counted)
    assert found["cluster"].to_list() == [1, 2, 3]
    for row in found.iter_rows(named=True):
        inside = clusters.filter(pl.col("cluster") == row["cluster"])["neuron"].to_list()
        n_active = Counter(group_of[f.frame_id] for f in counted for j in f.neurons[1] if j in inside)
        lifts = {g: n_active[g] / n_active.total() / (n_frames[g] / n_frames.total()) for g in "FM"}
        assert row["groups"] == sorted(lifts, key=lambda group: -lifts[group])
        assert row["lifts"] == pytest.approx(sorted(lifts.values(), reverse=True))
        assert row["n_neurons"] == len(inside)
        frames = frames_of(ordinary.study, 1)
        pairs = [index(frames[a], frames[b]) for a, b in combinations(inside, 2)]
        assert row["jaccard"] == (pytest.approx(sum(pairs) / len(pairs)) if pairs else None)
    ordinary.con.register("clusters", clusters)
    ordinary.con.register("named", found)
    rows = ordinary.con.sql("SELECT neuron, groups[1] FROM clusters INNER JOIN named USING (model, layer, cluster)")
    assert len(rows.fetchall()) == 12


def test_a_property_without_groups_is_a_note(odd: Any) -> None:
    clusters = neuron_clusters(odd.con, p_layer=1, min_frames=1)
    found = cluster_groups(odd.con, clusters, "pitch")
    assert len(found) > 0
    assert found["groups"].null_count() == len(found)
    assert set(found["note"]) == {"no frame that counts has a group of pitch"}


def test_what_cannot_be_asked(ordinary: Any) -> None:
    for options, message in (
        ({"p_sigma": 0.5}, "clusters do not depend on p_sigma; they take: p_model"),
        ({"p_property": "gender"}, "clusters do not depend on p_property"),
        ({"min_jaccard": 1}, "min_jaccard: 1 is no Jaccard index to exceed"),
        ({"n_clusters": 0}, "n_clusters: 0 is too few"),
    ):
        with pytest.raises(QueryError, match=message):
            neuron_clusters(ordinary.con, **options)
    with pytest.raises(duckdb.InvalidInputException, match="p_layer: there is no 9; there are: 1, 2"):
        neuron_clusters(ordinary.con, p_layer=9)
