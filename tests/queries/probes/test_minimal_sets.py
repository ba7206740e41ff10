"""Minimal sets by hand, and by their definition on drawn accuracies; with redundancy and overlaps, which follow."""

from collections.abc import Callable
from fractions import Fraction
from random import Random

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from probe_definitions import minimal_set, overlaps, places, polysemous, redundancy, size
from written_probes import Probe, dicts, fill

SET = "paper_share, paper_n, paper_accuracy, smallest_share, smallest_n, smallest_accuracy"
Probed = Callable[..., duckdb.DuckDBPyConnection]


def test_the_most_accurate_of_those_close_enough_and_the_smallest(probed: Probed) -> None:
    p = Probe("p", n_features=200).score(None, [0.90])
    p.retrained(None, {1: 0.70, 5: 0.89, 10: 0.895, 15: 0.88, 20: 0.93, 25: 0.93, 50: 0.90})
    found = probed(p).sql(f"SELECT layer, n_features, oracle, {SET} FROM minimal_sets").fetchall()
    assert found == [(None, 200, 0.90, 20.0, 40, 0.93, 5.0, 10, 0.89)]


def test_as_many_points_below_as_are_allowed_are_few_enough(probed: Probed) -> None:
    # 0.91 - 0.90 is more than 0.01 in binary.
    p = Probe("p", n_features=20).score(None, [0.91]).retrained(None, {5: 0.90, 50: 0.905})
    con = probed(p)
    assert con.sql(f"SELECT {SET} FROM minimal_sets").fetchall() == [(50.0, 10, 0.905, 5.0, 1, 0.90)]
    assert con.sql(f"SELECT {SET} FROM minimal_sets(p_delta := 0.5)").fetchall() == [(50.0, 10, 0.905) * 2]


def test_none_that_is_good_enough_are_all_features(probed: Probed) -> None:
    p = Probe("p", n_features=20).score(None, [0.90]).retrained(None, {5: 0.5, 50: 0.88})
    con = probed(p)
    assert con.sql(f"SELECT {SET} FROM minimal_sets").fetchall() == [(100.0, 20, 0.90) * 2]
    assert con.sql(f"SELECT {SET} FROM minimal_sets(p_delta := 2)").fetchall() == [(50.0, 10, 0.88) * 2]


def test_means_over_seeds_decide(probed: Probed) -> None:
    p = Probe("p", n_features=100).score(None, [0.9, 0.8, 0.7])  # 0.8
    for share, values in {5: [0.9, 0.7, 0.7], 10: [0.79, 0.79, 0.79], 20: [0.7, 0.8, 0.87]}.items():
        p.score(None, values, neurons="top", treatment="retrained", share=share, n_features=share)
    # Means 0.7667, 0.79, 0.79: the smaller of the equal ones, although their sums differ in the last bit.
    assert probed(p).sql(f"SELECT oracle, {SET} FROM minimal_sets").fetchall() == [(0.8, *(10.0, 10, 0.79) * 2)]


def test_layers_where_all_together_were_not_probed(probed: Probed) -> None:
    p = Probe("p", n_features=10)
    p.score(1, [0.7]).score(2, [0.9]).retrained(1, {10: 0.7}).retrained(2, {10: 0.5, 50: 0.89})
    sql = "SELECT layer, smallest_share, smallest_n FROM minimal_sets ORDER BY layer"
    assert probed(p).sql(sql).fetchall() == [(1, 10.0, 1), (2, 50.0, 5)]


def test_only_what_was_trained_again_has_a_set(probed: Probed) -> None:
    p = Probe("p").score(None, [0.9]).score(1, [0.9]).score(1, [0.9], neurons="top", treatment="zeroed", share=20.0)
    v = Probe("q", task="verification").score(None, [0.1], "cosine", measure="eer")
    assert probed(p, v).sql("FROM minimal_sets").fetchall() == []


SHARES = (1.0, 5.0, 10.0, 20.0, 50.0)
ACCURACIES = st.integers(60, 75).map(lambda percent: percent / 100)
"""Few values, so that ties and edges occur."""


@st.composite
def probes(draw: st.DrawFn, name: str, label: str) -> Probe:
    """A probe of two layers with 10 neurons each; of all together, or of each layer alone; one or two seeds."""
    statistics = draw(st.sampled_from(["mean", "mean", "mean+std"]))
    features = [(layer, n, s) for layer in (1, 2) for n in range(10) for s in statistics.split("+")]
    probe = Probe(name, label, draw(st.sampled_from("mn")), statistics=statistics, n_features=len(features))
    together, n_seeds = draw(st.booleans()), draw(st.integers(1, 2))
    ranks = Random(draw(st.integers(0, 99)))
    for layer in [None, 1] if together else draw(st.sampled_from([[1], [1, 2]])):
        chosen = [f for f in features if layer in (None, f[0])]
        probe.score(layer, draw(st.lists(ACCURACIES, min_size=n_seeds, max_size=n_seeds)), n_features=len(chosen))
        probe.ranked(layer, ranks.sample(chosen, len(chosen)))
        probe.ranked(layer, ranks.sample(chosen, len(chosen)), seed=0)
        probe.ranked(layer, ranks.sample(chosen, len(chosen)), **{"class": "F"})
        for share in draw(st.sets(st.sampled_from(SHARES))) if layer is None or not together else ():
            n = max(1, int(share * len(chosen) / 100 + 0.5))
            for neurons in ("top", "random", "bottom"):
                values = draw(st.lists(ACCURACIES, min_size=n_seeds, max_size=n_seeds))
                probe.score(layer, values, neurons=neurons, treatment="retrained", share=share, n_features=n)
    return probe


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(probes("p", "gender"), probes("q", "accent"), probes("r", "gender")),
    st.integers(0, 30).map(lambda tenths: Fraction(tenths, 10)),
    st.sampled_from(["paper", "smallest"]),
)
def test_what_the_views_say_is_the_definition(
    over_probes: duckdb.DuckDBPyConnection, probes: tuple[Probe, ...], delta: Fraction, choice: str
) -> None:
    con = over_probes
    fill(con, probes)
    asked = f"p_delta := {float(delta)}"
    by_name = {probe.name: probe for probe in probes}
    sets = {(p.name, layer): minimal_set(p, layer, delta) for p in probes for layer in places(p)}
    expected = {place: found for place, found in sets.items() if found}
    rows = {(row["probe"], row["layer"]): row for row in dicts(con, f"FROM minimal_sets({asked})")}
    assert rows.keys() == expected.keys()
    for (name, layer), row in rows.items():
        oracle, *chosen = expected[name, layer]
        assert row["oracle"] == pytest.approx(float(oracle))
        assert [row["paper_share"], row["smallest_share"]] == chosen
        assert [row["paper_n"], row["smallest_n"]] == [size(by_name[name], layer, share) for share in chosen]

    met = {(p.name, *found) for p in probes for found in redundancy(p, delta, Fraction(97), delta * 2)}
    near = f"p_near := {float(delta * 2)}"
    said = con.sql(f"SELECT probe, what, layer, share, redundant FROM probe_redundancy({asked}, {near})")
    assert sorted(said.fetchall(), key=str) == sorted(met, key=str)

    asked += f", p_choice := '{choice}'"
    pairs = overlaps(probes, delta, choice)
    found = con.sql(f"FROM probe_label_overlap({asked})").fetchall()
    assert {(a, b, layer) for a, b, _, _, _, _, layer, *_ in found} == pairs.keys()
    assert len(found) == len(pairs)
    for a, b, label_a, label_b, _, _, layer, n_a, n_b, n_both, jaccard, by_chance in found:
        assert (by_name[a].label, by_name[b].label) == (label_a, label_b)
        assert (n_a, n_b, n_both) == pairs[a, b, layer][:3]
        assert (jaccard, by_chance) == pytest.approx([float(value) for value in pairs[a, b, layer][3:]])

    several = polysemous(probes, delta, choice)
    said = con.sql(f"SELECT model, kind, layer, neuron, labels, n_labels FROM polysemous_neurons({asked})")
    assert {tuple(key): (labels, n) for *key, labels, n in said.fetchall()} == {
        key: (sorted(labels), len(labels)) for key, labels in several.items()
    }
