"""Minimal sets beside property neurons and rankings: counted once more in Python from both sides."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pytest
from drawn_study import Study, draw
from written_probes import Probe, dicts

from queries import Connection, connect

WIDTHS = {1: 12, 2: 7}
FEATURES = [(layer, neuron) for layer, width in WIDTHS.items() for neuron in range(width)]
FEW = "p_where := 'frame_id < 2', p_lambda := 8"
"""Of which fewer neurons are active than minimal sets have."""

ASKED = "p_sigma := 0.4, p_frames := 'middle'"


def probe(name: str, model: str, seed: int, **columns: Any) -> Probe:
    """The smallest set of all layers together has 4 features, the paper's 10."""
    found = Probe(name, "gender", model, n_features=19, **columns)
    found.score(None, [0.9]).retrained(None, {20: 0.89, 50: 0.92})
    order = np.random.default_rng(seed).permutation(len(FEATURES))
    return found.ranked(None, [FEATURES[place] for place in order])


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    study = Study(tmp_path_factory.mktemp("overlap") / "study.warehouse")
    study.ingest("c", draw(np.random.default_rng(1), 12))
    for made in (probe("a", "m", 1), probe("b", "m", 2), probe("blocks", "m", 3, kind="block")):
        made.commit(study.layout)
    both = Probe("both", "accent", "m", statistics="mean+std", n_features=38)
    both.score(None, [0.9]).retrained(None, {10: 0.9})
    both.ranked(None, [(1, 3, "std"), (1, 3, "mean"), (2, 1, "std"), (1, 5, "mean"), (1, 0, "mean"), (2, 0, "mean")])
    both.commit(study.layout)
    alone = Probe("alone", "accent", "m", n_features=12).score(1, [0.9]).retrained(1, {25: 0.9})
    alone.ranked(1, [(1, n) for n in range(11, -1, -1)]).commit(study.layout)
    Probe("cosines", "speaker", "m", task="verification").score(None, [0.1], "cosine", measure="eer").commit(
        study.layout
    )
    with connect(study.layout.root, comments=False) as con:
        yield con


def chosen(con: Connection, choice: str) -> dict[str, set[tuple[int, int]]]:
    """Neurons of the minimal set of each probe of feed-forward networks."""
    found = defaultdict(set)
    for row in dicts(con, f"FROM minimal_set_neurons(p_kind := 'ffn') WHERE choice = '{choice}'"):
        found[row["probe"]].add((row["layer"], row["neuron"]))
    return found


@pytest.mark.parametrize("choice", ["paper", "smallest"])
def test_overlap_with_properties_is_counted_twice(con: Connection, choice: str) -> None:
    sets = chosen(con, choice)
    assert {name: len(neurons) for name, neurons in sets.items()} == {
        "a": 10 if choice == "paper" else 4,
        "b": 10 if choice == "paper" else 4,
        "both": 3,
        "alone": 3,
    }
    properties = defaultdict(set)
    for layer, prop, group, neuron in con.sql(
        f'SELECT layer, property, "group", neuron FROM group_neurons({ASKED})'
    ).fetchall():
        properties[prop, group].add((layer, neuron))
        properties[prop, None].add((layer, neuron))
    groups = set(con.sql('SELECT DISTINCT property, "group" FROM frame_counts').fetchall())
    groups |= {(prop, None) for (prop,) in con.sql("SELECT property FROM properties").fetchall()}
    rows = list(dicts(con, f"FROM probe_property_overlap({ASKED}, p_choice := '{choice}')"))
    keys = [(row["probe"], row["property"], row["group"], row["layer"]) for row in rows]
    assert len(keys) == len(set(keys))
    places = {"a": (1, 2, None), "b": (1, 2, None), "both": (1, 2, None), "alone": (1, None)}
    assert set(keys) == {(name, *group, layer) for name in places for group in groups for layer in places[name]}
    assert sum(row["n_both"] for row in rows) > 0
    for row in rows:
        layers = {row["layer"]} if row["layer"] else {layer for layer in places[row["probe"]] if layer}
        a = {neuron for neuron in sets[row["probe"]] if neuron[0] in layers}
        b = {neuron for neuron in properties[row["property"], row["group"]] if neuron[0] in layers}
        width = sum(WIDTHS[layer] for layer in layers)
        by_lot = len(a) * len(b) / width
        assert (row["n_neurons"], row["n_set"], row["n_property"], row["n_both"]) == (width, len(a), len(b), len(a & b))
        assert row["jaccard"] == (pytest.approx(len(a & b) / len(a | b)) if a | b else None)
        assert row["jaccard_by_chance"] == (pytest.approx(by_lot / (len(a) + len(b) - by_lot)) if a | b else None)


@pytest.mark.parametrize(
    "asked",
    [
        "p_min_frames := 8",
        "p_where := 'utterance_id < 3'",
        "p_frames := 'middle', p_min_frames := 3",
        "p_corpus := 'c'",
    ],
)
def test_groups_are_those_that_the_question_has(con: Connection, asked: str) -> None:
    told = con.sql(f'SELECT DISTINCT property, "group" FROM activation_probabilities({asked})').fetchall()
    every = con.sql('SELECT DISTINCT property, "group" FROM activation_probabilities').fetchall()
    assert (len(told) < len(every)) == ("p_corpus" not in asked)
    rows = con.sql(f'SELECT DISTINCT property, "group" FROM probe_property_overlap({asked})').fetchall()
    assert set(rows) == {*told, *((prop, None) for prop, _ in told)}


@pytest.mark.parametrize("asked", ["p_choice := 'paper'", "p_choice := 'smallest'", FEW])
def test_overlap_with_rankings_is_counted_twice(con: Connection, asked: str) -> None:
    sets = chosen(con, "smallest" if "smallest" in asked else "paper")
    ranked = defaultdict(list)
    sql = f"SELECT property, ranking, layer, neuron FROM rankings({asked if asked == FEW else ''}) ORDER BY rank"
    for prop, ranking, layer, neuron in con.sql(sql).fetchall():
        ranked[prop, ranking, layer].append((layer, neuron))
    choice = "p_choice := 'paper', " if asked == FEW else ""
    rows = list(dicts(con, f"FROM probe_ranking_overlap({choice}{asked})"))
    assert len(rows) == len(sets) * len({(prop, ranking) for prop, ranking, _ in ranked})
    assert {row["ranking"] for row in rows} == {"lape", "mean_difference", "mutual_information", "property_neurons"}
    fewer = False
    for row in rows:
        both, by_lot = 0, 0.0
        for layer, width in WIDTHS.items():
            neurons = {neuron for neuron in sets[row["probe"]] if neuron[0] == layer}
            first = ranked[row["property"], row["ranking"], layer][: len(neurons)]
            fewer = fewer or len(first) < len(neurons)
            both += len(neurons & set(first))
            by_lot += len(neurons) * len(first) / width
        assert (row["n"], row["n_both"]) == (len(sets[row["probe"]]), both)
        assert row["by_chance"] == pytest.approx(by_lot)
    assert fewer == (asked == FEW)


def test_probes_of_no_ffn_neurons_are_refused(con: Connection) -> None:
    for name in ("probe_property_overlap", "probe_ranking_overlap"):
        for probe, what in (("blocks", "a probe of block outputs"), ("cosines", "a run of verification")):
            for select in ("*", "count(*)"):
                with pytest.raises(
                    duckdb.Error, match=f"p_probe: {probe} is {what}.*; probe with --kind ffn"
                ) as caught:
                    con.sql(f"SELECT {select} FROM {name}(p_probe := '{probe}')").fetchall()
                assert "\n" not in str(caught.value)


def test_one_probe_and_property(con: Connection) -> None:
    for name in ("probe_property_overlap", "probe_ranking_overlap"):
        one = con.sql(f"FROM {name}(p_probe := 'a', p_property := 'gender') ORDER BY ALL").fetchall()
        every = con.sql(f"FROM {name}() WHERE probe = 'a' AND property = 'gender' ORDER BY ALL").fetchall()
        assert one == every != []
        assert con.sql(f"FROM {name}(p_label := 'accent', p_model := 'm') WHERE label <> 'accent'").fetchall() == []
        with pytest.raises(duckdb.Error, match="p_property: there is no x"):
            con.sql(f"FROM {name}(p_property := 'x')")
