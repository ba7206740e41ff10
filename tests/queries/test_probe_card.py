"""What is shown of a probe, against means, deviations and counts of the rows that were written."""

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from statistics import fmean, stdev
from typing import Any

import duckdb
import pytest
from drawn_probes import MADE, SHARES, DrawnProbe
from drawn_study import Study

from queries import Connection, connect
from queries.masks import Mask
from queries.probe_card import (
    Minimal,
    Ranked,
    Ranking,
    accuracies_sql,
    how_many,
    kept_sql,
    listed_probes,
    places_sql,
    probe_card,
    probes_sql,
    ranking,
    ranking_sql,
    top_neurons_sql,
)
from warehouse import Layout
from warehouse.errors import QueryError

NEW = DrawnProbe("aa11", "gender", ("F", "it's M"), model="m", widths=(12, 7), views=(1, 2, None), age=9)
LAYERWISE = DrawnProbe(
    "bb22",
    "speaker",
    ("s0", "s1", "s2"),
    kind="block",
    model="m",
    twin=None,
    statistics=("mean", "std"),
    widths=(12, 7),
    views=(1, 2),
    seeds=1,
    hidden=False,
)


@pytest.fixture(scope="module")
def con(drawn: Study, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    path = tmp_path_factory.mktemp("probed") / "study.warehouse"
    shutil.copytree(drawn.layout.root, path)
    for probe in (NEW, LAYERWISE):
        probe.commit(Layout(path))
    with connect(path) as opened:
        yield opened


def near(value: Any) -> Any:
    return pytest.approx(value, abs=1e-9)


def spread(values: list[float]) -> tuple[Any, Any]:
    return near(fmean(values)), near(stdev(values)) if len(values) > 1 else None


def test_the_newest_probe_comes_first(con: Connection) -> None:
    new, old = listed_probes(con)
    assert (new.probe, new.label, new.model, new.kind, new.solver) == ("aa11", "gender", "m", "ffn", "adam")
    assert (new.made, new.n_rows, new.twin, new.n_seeds) == (MADE + timedelta(minutes=9), 30, "untrained", 3)
    assert (new.classes, new.layers, new.n_features) == (("F", "it's M"), (1, 2, None), 19)
    assert (old.probe, old.statistics, old.layers, old.n_features) == ("bb22", "mean+std", (1, 2), 38)


@pytest.mark.parametrize("probe", [NEW, LAYERWISE], ids=lambda probe: probe.name)
def test_accuracies_are_means_and_deviations_of_the_seeds(con: Connection, probe: DrawnProbe) -> None:
    found = probe_card(con, probe.name).accuracies
    assert [one.layer for one in found] == list(probe.views)
    for one in found:
        at = {"layer": one.layer, "architecture": "linear", "treatment": "trained"}
        linear, control = probe.values(**at), probe.values(**at, labels="control")
        assert one.linear == spread(linear)
        assert one.control == spread(control)
        assert one.selectivity == spread([a - b for a, b in zip(linear, control, strict=True)])
        assert one.majority == near(fmean(probe.values(architecture="majority")))
        hidden = probe.values(**{**at, "architecture": "hidden"})
        assert one.hidden == (spread(hidden) if hidden else (None, None))
        twin = probe.values(**at, source="twin")
        assert one.twin == (spread(twin) if twin else (None, None))


@pytest.mark.parametrize("probe", [NEW, LAYERWISE], ids=lambda probe: probe.name)
def test_shares_and_minimal_sets_follow_their_definition(con: Connection, probe: DrawnProbe) -> None:
    card = probe_card(con, probe.name)
    assert set(card.kept) == set(card.minimal) == ({None} if None in probe.views else set(probe.views))
    for layer, kept in card.kept.items():
        assert [one.share for one in kept] == list(SHARES)
        for one in kept:
            at = {"layer": layer, "treatment": "retrained", "share": one.share}
            for neurons in ("top", "random", "bottom"):
                assert getattr(one, neurons) == near(fmean(probe.values(**at, neurons=neurons)))
        oracle = fmean(probe.values(layer=layer, architecture="linear", treatment="trained"))
        n, minimal = probe.n_features(layer), card.minimal[layer]
        enough = [(one.share, one.n, one.top) for one in kept if (one.top or 0) >= oracle - 0.01] or [(100, n, oracle)]
        paper = max(enough, key=lambda one: (one[2] or 0, -one[0]))
        assert tuple(vars(minimal).values()) == near((n, oracle, *paper, *enough[0]))
    assert any(sets.smallest_share < 100 for sets in card.minimal.values())


def test_features_of_the_minimal_sets_lie_where_the_ranking_has_them(con: Connection) -> None:
    card = probe_card(con, NEW.name)
    sets = card.minimal[None]
    of = {n: Counter(row["layer"] for row in NEW.ranking()[:n]) for n in (sets.smallest_n, sets.paper_n)}
    assert [one.layer for one in card.places] == [1, 2]
    for one in card.places:
        assert (one.smallest_n, one.paper_n) == (of[sets.smallest_n][one.layer], of[sets.paper_n][one.layer])
        assert one.smallest_share == near(one.smallest_n / sets.smallest_n)
        assert one.paper_share == near(one.paper_n / sets.paper_n)
        assert one.by_chance == near(NEW.widths[one.layer - 1] / 19)
    assert not probe_card(con, LAYERWISE.name).places


@pytest.mark.parametrize("of_class", [None, "F", "it's M"])
@pytest.mark.parametrize("layer", [None, 2])
def test_rankings_are_those_over_the_seeds(con: Connection, layer: int | None, of_class: str | None) -> None:
    about = Ranked(NEW.name, layer, of_class)
    rows = NEW.ranking(layer, of_class)
    found = ranking(con, about, 5)
    assert [tuple(vars(one).values()) for one in found.features] == [
        (row["rank"], row["layer"], row["neuron"], row["statistic"], pytest.approx(row["weight"], rel=1e-6))
        for row in rows[:5]
    ]
    assert found.n_ranked == found.n_features == NEW.n_features(layer)
    assert len(con.sql(ranking_sql(about)).fetchall()) == len(rows)
    neurons = con.sql(top_neurons_sql(about, 4)).fetchall()
    assert neurons == sorted((row["layer"], row["neuron"]) for row in rows[:4])
    assert len(Mask.from_sql(con, top_neurons_sql(about, 4), model="m")) == 4


def test_a_neuron_with_two_statistics_counts_once(con: Connection) -> None:
    rows = LAYERWISE.ranking(1)
    n = next(n for n in range(2, 25) if len({row["neuron"] for row in rows[:n]}) < n)
    found = con.sql(top_neurons_sql(Ranked("bb22", 1), n)).fetchall()
    assert found == sorted({(1, row["neuron"]) for row in rows[:n]})
    assert len(found) == n - 1
    assert ranking(con, Ranked("bb22", None), 5).features == []


MINIMAL = Minimal(1_000, 0.9, 20.0, 200, 0.91, 5.0, 50, 0.89)


@pytest.mark.parametrize(
    ("wanted", "n"),
    [
        ("", 50),
        (" Smallest ", 50),
        ("paper", 200),
        ("7", 7),
        ("1,000", 1_000),
        ("5%", 50),
        ("0.01 %", 1),
        ("2.25%", 23),
    ],
)
def test_numbers_that_are_typed(wanted: str, n: int) -> None:
    assert how_many(wanted, MINIMAL, Ranking(Ranked("p"), [], 1_000, 1_000)) == n


@pytest.mark.parametrize(
    ("wanted", "minimal", "said"),
    [
        ("", None, "no minimal set was looked for here; give a number"),
        ("0", MINIMAL, "'0': give smallest, paper, a number such as 100"),
        ("-3", MINIMAL, "'-3': give"),
        ("many", MINIMAL, "'many': give"),
        ("1.5", MINIMAL, "give"),
        ("101%", MINIMAL, "'101%': give"),
        ("nan%", MINIMAL, "give"),
        ("301", MINIMAL, "names 300 features, not 301"),
    ],
)
def test_numbers_that_cannot_be_meant_are_refused(wanted: str, minimal: Minimal | None, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        how_many(wanted, minimal, Ranking(Ranked("p"), [], 300, 1_000))


def test_an_unknown_probe_is_refused_with_those_that_there_are(con: Connection) -> None:
    with pytest.raises(duckdb.Error, match=r"zz99.*aa11"):
        probe_card(con, "zz99")


def test_a_warehouse_without_probes_lists_none(drawn_con: Connection) -> None:
    assert listed_probes(drawn_con) == []


def test_every_question_stands_alone(con: Connection) -> None:
    for sql in (probes_sql(), accuracies_sql("aa11"), kept_sql("aa11"), places_sql("aa11")):
        assert con.sql(sql).fetchall()
