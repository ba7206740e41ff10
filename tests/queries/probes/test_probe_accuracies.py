"""Accuracies over seeds, beside majority, twin and control; what errors groups have; all by hand."""

import statistics
from collections.abc import Callable
from typing import Any

import duckdb
import pytest
from written_probes import Probe, dicts

Probed = Callable[..., duckdb.DuckDBPyConnection]

NO_SD = ("accuracy_sd", "twin_sd", "control_sd", "selectivity_sd")


def majority(probe: Probe, values: list[float | None], **columns: Any) -> Probe:
    return probe.score(None, values, "majority", n_features=0, **columns)


def test_means_and_deviations_over_seeds(probed: Probed) -> None:
    accuracy, twin, control = [0.9, 0.8, 0.82], [0.5, 0.6, 0.7], [0.4, 0.5, 0.6]
    p = majority(Probe("p", twin="random").score(1, accuracy, n=30), [0.6, 0.5, 0.4])
    p.score(1, [0.85, 0.75, 0.8], measure="balanced_accuracy")
    p.score(1, twin, source="twin").score(1, control, labels="control")
    p.score(1, [0.1, 0.2, 0.3], labels="control", measure="balanced_accuracy")
    p.score(1, [0.3, 0.3, 0.3], source="twin", measure="balanced_accuracy")
    (row,) = dicts(probed(p), "FROM probe_accuracies")
    selectivity = [a - c for a, c in zip(accuracy, control, strict=True)]
    assert row == {
        "probe": "p",
        "label": "gender",
        "model": "m",
        "kind": "ffn",
        "layer": 1,
        "architecture": "linear",
        "accuracy": pytest.approx(0.84),
        "accuracy_sd": pytest.approx(statistics.stdev(accuracy)),
        "majority": pytest.approx(0.5),
        "twin": pytest.approx(0.6),
        "twin_sd": pytest.approx(0.1),
        "control": pytest.approx(0.5),
        "control_sd": pytest.approx(0.1),
        "selectivity": pytest.approx(0.34),
        "selectivity_sd": pytest.approx(statistics.stdev(selectivity)),
        "balanced_accuracy": pytest.approx(0.8),
        "n_seeds": 3,
        "n_test": 30,
    }


def test_one_seed_without_twin_control_or_hidden_probe(probed: Probed) -> None:
    p = majority(Probe("p").score(None, [0.9]), [0.5])
    (row,) = dicts(probed(p), "FROM probe_accuracies")
    absent = ("layer", "twin", "control", "selectivity", "balanced_accuracy", *NO_SD)
    assert [row[name] for name in absent] == [None] * len(absent)
    assert (row["architecture"], row["accuracy"], row["majority"], row["n_seeds"]) == ("linear", 0.9, 0.5, 1)


def test_every_layer_and_architecture_has_a_row(probed: Probed) -> None:
    p = majority(Probe("p"), [0.5, 0.5])
    for layer in (None, 1, 2):
        p.score(layer, [0.8, 0.9]).score(layer, [0.9, 0.9], "hidden")
        p.score(layer, [0.5, 0.6], "hidden", labels="control")
    p.score(1, [0.2, 0.2], neurons="top", treatment="zeroed", share=20.0)
    p.score(1, [0.2, 0.2], neurons="top", treatment="retrained", share=20.0)
    p.score(1, [0.2, 0.2], by_column="gender", group="F")
    q = Probe("q", "accent", task="verification").score(None, [0.1], "cosine", measure="eer")
    columns = "layer, architecture, accuracy, control, majority"
    sql = f"SELECT {columns} FROM probe_accuracies ORDER BY layer NULLS FIRST, architecture"
    assert probed(p, q).sql(sql).fetchall() == [
        (layer, *rest) for layer in (None, 1, 2) for rest in (("hidden", 0.9, 0.55, 0.5), ("linear", 0.85, None, 0.5))
    ]


def test_a_score_that_cannot_be_told_is_no_seed(probed: Probed) -> None:
    (row,) = dicts(probed(Probe("p").score(1, [0.9, None])), "FROM probe_accuracies")
    assert (row["accuracy"], row["accuracy_sd"], row["n_seeds"]) == (0.9, None, 1)


def test_several_models_and_probes(probed: Probed) -> None:
    p, q, r = Probe("p"), Probe("q", "accent", kind="block"), Probe("r", model="n")
    con = probed(p.score(1, [0.9]), q.score(1, [0.8]), r.score(1, [0.7]))
    sql = "SELECT probe FROM probe_accuracies({}) ORDER BY 1"
    for asked, names in {
        "": "pqr",
        "p_probe := 'q'": "q",
        "p_label := 'gender'": "pr",
        "p_model := 'm'": "pq",
        "p_kind := 'ffn'": "pr",
        "p_kind := 'block'": "q",
        "p_label := 'gender', p_model := 'n'": "r",
        "p_label := 'accent', p_model := 'n'": "",
    }.items():
        assert "".join(name for (name,) in con.sql(sql.format(asked)).fetchall()) == names, asked


def test_efficacy_is_what_zeroing_loses(probed: Probed) -> None:
    p = Probe("p", n_features=10)
    for layer, whole in ((None, [0.9, 0.8]), (2, [0.6, 0.6])):
        p.score(layer, whole)
        for neurons, values in (("top", [0.8, 0.8]), ("random", [0.5, 0.6]), ("bottom", [0.95, 0.85])):
            p.score(layer, values, neurons=neurons, treatment="zeroed", share=20.0, n_features=2)
    sql = "SELECT * EXCLUDE (probe, label, model, kind, accuracy_sd) FROM probe_efficacy ORDER BY layer, neurons DESC"
    assert probed(p).sql(sql).fetchall() == [
        (2, "top", 20.0, 2, 0.8, 0.6, -0.2, 2),
        (2, "random", 20.0, 2, 0.55, 0.6, 0.05, 2),
        (2, "bottom", 20.0, 2, 0.9, 0.6, -0.3, 2),
        (None, "top", 20.0, 2, 0.8, 0.85, 0.05, 2),
        (None, "random", 20.0, 2, 0.55, 0.85, 0.3, 2),
        (None, "bottom", 20.0, 2, 0.9, 0.85, -0.05, 2),
    ]
    (sd,) = probed(p).sql("SELECT accuracy_sd FROM probe_efficacy WHERE layer = 2 AND neurons = 'random'").fetchall()[0]
    assert sd == pytest.approx(statistics.stdev([0.5, 0.6]))


def test_redundancy_by_hand(probed: Probed) -> None:
    p = Probe("p", n_features=20).score(None, [0.9]).score(1, [0.89]).score(2, [0.88])
    p.retrained(None, {10: 0.86, 20: 0.873}).retrained(None, {10: 0.81, 20: 0.82}, "random")
    con = probed(p)
    sql = "SELECT * EXCLUDE (probe, label, model, kind) FROM probe_redundancy{} ORDER BY what, layer, share"
    assert con.sql(sql.format("")).fetchall() == [
        ("layer", 1, 100.0, 0.89, 0.9, True),
        ("layer", 2, 100.0, 0.88, 0.9, False),
        ("random", None, 10.0, 0.81, 0.86, True),
        ("random", None, 20.0, 0.82, 0.873, False),
        ("rest", None, 10.0, 0.86, 0.9, False),
        ("rest", None, 20.0, 0.873, 0.9, True),
    ]
    other = con.sql(sql.format("(p_delta := 2, p_near := 6, p_enough := 95)")).fetchall()
    assert all(redundant for *_, redundant in other)
    assert not any(r for *_, r in con.sql(sql.format("(p_delta := 0.5, p_near := 1, p_enough := 100)")).fetchall())


def test_without_all_layers_together_no_layer_is_compared(probed: Probed) -> None:
    p = Probe("p", n_features=10).score(1, [0.9]).retrained(1, {10: 0.9})
    sql = "SELECT what, layer, share, redundant FROM probe_redundancy"
    assert probed(p).sql(sql).fetchall() == [("rest", 1, 10.0, True)]


def test_errors_of_groups(probed: Probed) -> None:
    p = Probe("p", label="accent").score(1, [0.9, 0.8]).score(None, [0.8, 0.7])
    majority(p, [0.5, 0.5])
    for group, values, largest, n in (
        ("F", [0.95, 0.85], [0.6, 0.6], 12),
        ("M", [0.7, None], [0.2, None], 6),
        ("?", [1.0], [1.0], 1),
    ):
        p.score(1, values, by_column="gender", group=group, n=n)
        p.score(1, values, by_column="gender", group=group, n=n, measure="balanced_accuracy")
        majority(p, largest, by_column="gender", group=group, n=n)
    p.score(None, [0.6, 0.6], by_column="gender", group="F", n=12).score(
        None, [0.5, 0.5], by_column="age", group="20", n=3
    )
    columns = "* EXCLUDE (probe, label, model, kind, error_sd)"
    sql = f'SELECT {columns} FROM probe_group_errors ORDER BY layer, by_column DESC, "group"'
    assert probed(p).sql(sql).fetchall() == [
        (1, "gender", "?", 0.0, 0.0, 0.15, -0.15, 1.0, 1),
        (1, "gender", "F", 0.1, 0.4, 0.15, -0.05, 12.0, 2),
        (1, "gender", "M", 0.3, 0.8, 0.15, 0.15, 6.0, 1),
        (None, "gender", "F", 0.4, 0.4, 0.25, 0.15, 12.0, 2),
        (None, "age", "20", 0.5, None, 0.25, 0.25, 3.0, 2),
    ]
    sds = {row["group"]: row["error_sd"] for row in dicts(probed(p), "FROM probe_group_errors WHERE layer = 1")}
    assert sds == {"F": pytest.approx(statistics.stdev([0.05, 0.15])), "M": None, "?": None}


def test_errors_of_verification(probed: Probed) -> None:
    v = Probe("p", label="speaker", task="verification", kind="block")
    v.score(None, [0.1, 0.2], "cosine", measure="eer", n=100).score(3, [0.3], "cosine", measure="eer", n=50)
    for neurons in ("top", "random", "bottom"):
        v.score(3, [0.4], "cosine", measure="eer", neurons=neurons, treatment="zeroed", share=20.0, n=50)
    q = Probe("q").score(3, [0.9]).score(3, [0.5], neurons="top", treatment="zeroed", share=20.0)
    con = probed(v, q)
    columns = "layer, neurons, share, eer, n_trials, n_seeds"
    sql = f"SELECT {columns} FROM verification_errors ORDER BY layer, share DESC, neurons"
    assert con.sql(sql).fetchall() == [
        (3, "all", 100.0, 0.3, 50.0, 1),
        (3, "bottom", 20.0, 0.4, 50.0, 1),
        (3, "random", 20.0, 0.4, 50.0, 1),
        (3, "top", 20.0, 0.4, 50.0, 1),
        (None, "all", 100.0, 0.15, 100.0, 2),
    ]
    sds = con.sql("SELECT eer_sd FROM verification_errors WHERE neurons = 'all' ORDER BY layer").fetchall()
    assert sds == [(None,), (pytest.approx(statistics.stdev([0.1, 0.2])),)]
    assert {row["probe"] for row in dicts(con, "FROM probe_accuracies")} == {"q"}
    assert {row["probe"] for row in dicts(con, "FROM probe_efficacy")} == {"q"}
