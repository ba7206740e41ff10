"""The features of minimal sets, where they fall, and what labels have in common, by hand."""

from collections.abc import Callable

import duckdb
import pytest
from written_probes import Probe

Probed = Callable[..., duckdb.DuckDBPyConnection]


def whole(order: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The features that come first, then all others of two layers of 10."""
    return order + [(layer, n) for layer in (1, 2) for n in range(10) if (layer, n) not in order]


def of(name: str, label: str, first: list[tuple[int, int]], **columns: str) -> Probe:
    """A probe of whose 20 features the paper takes 4, and of which 2 are the smallest set."""
    probe = Probe(name, label, n_features=20, **columns).score(None, [0.9]).retrained(None, {10: 0.89, 20: 0.91})
    return probe.ranked(None, whole(first))


def test_the_first_of_the_ranking(probed: Probed) -> None:
    p = of("p", "gender", [(2, 7), (1, 3), (2, 0), (2, 9)])
    p.ranked(None, whole([(1, 1), (1, 2)]), seed=0).ranked(None, whole([(1, 4), (1, 5)]), **{"class": "F"})
    p.ranked(1, [(1, n) for n in range(10)])
    sql = "SELECT choice, of_layer, layer, neuron, statistic, rank FROM minimal_set_neurons ORDER BY choice, rank"
    assert probed(p).sql(sql).fetchall() == [
        ("paper", None, 2, 7, "mean", 1),
        ("paper", None, 1, 3, "mean", 2),
        ("paper", None, 2, 0, "mean", 3),
        ("paper", None, 2, 9, "mean", 4),
        ("smallest", None, 2, 7, "mean", 1),
        ("smallest", None, 1, 3, "mean", 2),
    ]


def test_a_set_of_everything_is_the_whole_ranking(probed: Probed) -> None:
    p = Probe("p", n_features=20).score(None, [0.9]).retrained(None, {10: 0.5}).ranked(None, whole([(2, 7)]))
    found = probed(p).sql("SELECT choice, count(*) FROM minimal_set_neurons GROUP BY ALL ORDER BY ALL").fetchall()
    assert found == [("paper", 20), ("smallest", 20)]


def test_a_neuron_may_be_in_a_set_twice(probed: Probed) -> None:
    p = Probe("p", statistics="mean+std", n_features=40).score(None, [0.9]).retrained(None, {5: 0.9})
    p.ranked(None, [(1, 3, "std"), (1, 3, "mean"), *[(1, n, s) for n in range(3) for s in ("mean", "std")]])
    sql = "SELECT neuron, statistic FROM minimal_set_neurons(p_label := 'gender') WHERE choice = 'paper' ORDER BY rank"
    assert probed(p).sql(sql).fetchall() == [(3, "std"), (3, "mean")]


def test_localisation_counts_every_layer(probed: Probed) -> None:
    con = probed(of("p", "gender", [(2, 7), (2, 3), (2, 0), (1, 9)]))
    sql = "SELECT choice, layer, n, share, by_chance FROM probe_localisation ORDER BY ALL"
    assert con.sql(sql).fetchall() == [
        ("paper", 1, 1, 0.25, 0.5),
        ("paper", 2, 3, 0.75, 0.5),
        ("smallest", 1, 0, 0.0, 0.5),
        ("smallest", 2, 2, 1.0, 0.5),
    ]


def test_localisation_is_of_all_layers_together(probed: Probed) -> None:
    p = Probe("p", n_features=10).score(1, [0.9]).retrained(1, {10: 0.9}).ranked(1, [(1, n) for n in range(10)])
    assert probed(p).sql("FROM probe_localisation").fetchall() == []


def test_layers_of_other_widths_have_other_chances(probed: Probed) -> None:
    p = Probe("p", n_features=4).score(None, [0.9]).retrained(None, {50: 0.9})
    p.ranked(None, [(1, 0), (2, 0), (2, 1), (2, 2)])
    found = probed(p).sql("SELECT DISTINCT layer, n, share, by_chance FROM probe_localisation ORDER BY ALL").fetchall()
    assert found == [(1, 1, 0.5, 0.25), (2, 1, 0.5, 0.75)]


def test_labels_share_features(probed: Probed) -> None:
    p = of("p", "gender", [(2, 7), (1, 3), (2, 0), (2, 9)])
    q = of("q", "accent", [(1, 3), (1, 0), (2, 7), (1, 1)])
    con = probed(p, q)
    sql = "SELECT * EXCLUDE (model, kind, of_layer) FROM probe_label_overlap"
    by_lot = 2 * 2 / 20
    assert con.sql(sql).fetchall() == [
        ("q", "p", "accent", "gender", 2, 2, 1, 1 / 3, pytest.approx(by_lot / (4 - by_lot)))
    ]
    (row,) = con.sql(f"{sql}(p_choice := 'paper')").fetchall()
    assert row[4:8] == (4, 4, 2, 2 / 6)


def test_pairs_that_a_probe_or_label_is_in(probed: Probed) -> None:
    first = [(1, 0), (1, 1)]
    con = probed(of("p", "gender", first), of("q", "accent", first), of("r", "gender", first))
    sql = "SELECT probe_a, probe_b FROM probe_label_overlap({}) ORDER BY ALL"
    assert con.sql(sql.format("")).fetchall() == [("p", "r"), ("q", "p"), ("q", "r")]
    assert con.sql(sql.format("p_probe := 'r'")).fetchall() == [("p", "r"), ("q", "r")]
    assert con.sql(sql.format("p_label := 'accent'")).fetchall() == [("q", "p"), ("q", "r")]


@pytest.mark.parametrize("other", [{"model": "n"}, {"kind": "block"}, {"statistics": "mean+std"}])
def test_probes_of_other_features_are_not_compared(probed: Probed, other: dict[str, str]) -> None:
    first = [(1, 0), (1, 1)]
    con = probed(of("p", "gender", first), of("q", "accent", first, **other))
    assert con.sql("FROM probe_label_overlap").fetchall() == []
    assert (con.sql("FROM polysemous_neurons").fetchall() == []) == ("statistics" not in other)


def test_all_layers_of_one_probe_are_not_those_of_another(probed: Probed) -> None:
    first = [(layer, neuron) for layer in (1, 2) for neuron in range(2)]
    probes = [
        Probe(name, label, n_features=len(ranked)).score(None, [0.9]).retrained(None, {50: 0.9}).ranked(None, ranked)
        for name, label, ranked in [
            ("p", "gender", first),
            ("q", "accent", first[:2]),  # of layer 1
            ("r", "age", first[::-1]),
            ("s", "word", [(1, 0), (3, 0), (3, 1), (3, 2)]),  # of as many features in other layers
        ]
    ]
    found = probed(*probes).sql("SELECT probe_a, probe_b, n_both FROM probe_label_overlap").fetchall()
    assert found == [("r", "p", 0)]


def test_neurons_of_several_labels(probed: Probed) -> None:
    p = of("p", "gender", [(2, 7), (1, 3), (2, 0), (2, 9)])
    q = of("q", "accent", [(1, 3), (1, 0), (2, 7), (1, 1)])
    r = of("r", "gender", [(1, 0), (2, 7), (1, 5), (1, 6)])
    con = probed(p, q, r)
    sql = "SELECT layer, neuron, labels, n_labels FROM polysemous_neurons{} ORDER BY ALL"
    assert con.sql(sql.format("")).fetchall() == [(1, 0, ["accent", "gender"], 2), (1, 3, ["accent", "gender"], 2)]
    paper = con.sql(sql.format("(p_choice := 'paper')")).fetchall()
    assert [(layer, neuron) for layer, neuron, *_ in paper] == [(1, 0), (1, 3), (2, 7)]
    assert con.sql(sql.format("(p_kind := 'block')")).fetchall() == []
