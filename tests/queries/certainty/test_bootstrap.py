"""Resampled speakers against speakers written out as often as they were drawn, and counted by plain Python."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from drawn_study import Spoken, Study

from queries import connect
from queries.certainty import bootstrap_membership, bootstrap_probabilities, bootstrap_sets
from queries.certainty.bootstrap import resample_layer
from queries.certainty.labels import label
from queries.certainty.question import ask
from queries.certainty.resample import Units, units_of
from queries.certainty.units import unit_counts
from warehouse.errors import QueryError

N = 30


def units(con: Any, prop: str, **parameters: Any) -> Units:
    return units_of(con, label(con, ask(con, prop, {"p_model": "m", **parameters})))


def unit_of(kind: str, frame: Any) -> Any:
    return frame.spoken.metadata["speaker"] if kind == "speaker" else frame.utterance_id


PROPERTIES = [("gender", "speaker"), ("pitch", "speaker"), ("phone_class", "speaker"), ("speaker", "utterance")]


@pytest.mark.parametrize(("prop", "kind"), PROPERTIES)
def test_sets_are_those_of_duplicated_speakers(drawn: Any, labelled: Any, plain: Any, prop: str, kind: str) -> None:
    of, frames = units(drawn.con, prop), labelled(drawn, prop)
    assert of.pieces.kind == kind
    names = sorted({unit_of(kind, f) for f, _ in frames})
    weights = [dict(zip(names, w.tolist(), strict=True)) for w in of.resampled(N, seed=2)]
    for counts in unit_counts(drawn.con, prop, kind, p_sigma=0.4):
        found = resample_layer(counts, of, N, seed=2)
        groups, layer, width = of.pieces.labels.groups, counts.layer.layer, counts.layer.n_neurons
        hits = np.zeros((len(groups), width), int)
        for i, drawn_units in enumerate(weights):
            written_out = [
                (group, f.phone, f.neurons[layer]) for f, group in frames for _ in range(drawn_units[unit_of(kind, f)])
            ]
            sets = plain(written_out, width, 2, 0.4)
            assert found.sizes[i].tolist() == [len(sets.get(group, ())) for group in groups]
            for group, members in sets.items():
                if i:
                    hits[groups.index(group), sorted(members)] += 1
                else:
                    assert np.flatnonzero(found.member[groups.index(group)]).tolist() == sorted(members)
        assert (found.hits == hits).all()


@pytest.mark.parametrize(("prop", "kind"), PROPERTIES)
def test_resamples_keep_the_size_of_every_stratum(drawn: Any, prop: str, kind: str) -> None:
    of = units(drawn.con, prop)
    first, *others = of.resampled(50, seed=0)
    assert (first == 1).all()
    assert len({tuple(w) for w in others}) > 5
    for w in others:
        for stratum in np.unique(of.strata):
            assert w[of.strata == stratum].sum() == (of.strata == stratum).sum()
    if prop == "gender":
        assert of.strata.tolist() == of.pieces.group_of_unit.tolist()


def test_every_unit_is_drawn_equally_often(drawn: Any) -> None:
    of = units(drawn.con, "speaker")
    mean = np.mean(list(of.resampled(4000, seed=1))[1:], axis=0)
    assert np.abs(mean - 1).max() < 0.1  # six standard errors


def test_tables_tell_the_resamples(drawn: Any) -> None:
    options: Any = {"resamples": 60, "seed": 1, "p_sigma": 0.4}
    found = bootstrap_sets(drawn.con, "pitch", level=0.8, **options)
    of = units(drawn.con, "pitch")
    for counts in unit_counts(drawn.con, "pitch", "speaker", p_sigma=0.4):
        sizes = resample_layer(counts, of, 60, seed=1).sizes
        rows = found.filter(pl.col("layer") == counts.layer.layer)
        assert rows["group"].to_list() == ["low", "middle", "high", None]
        for column, row in zip([*sizes.T, sizes.sum(axis=1)], rows.iter_rows(named=True), strict=True):
            assert row["n"] == column[0]
            assert row["boot_mean"] == pytest.approx(column[1:].mean())
            assert (row["boot_low"], row["boot_high"]) == tuple(np.quantile(column[1:], [0.1, 0.9]).tolist())
    members = bootstrap_membership(drawn.con, "pitch", **options)
    groups = drawn.con.sql("FROM group_neurons(p_property := 'pitch', p_sigma := 0.4)").pl()
    key = ["layer", "group", "neuron"]
    assert members.filter("member").select(key).sort(key).equals(groups.select(key).sort(key))
    means = members.group_by("layer", "group").agg(pl.col("membership").sum())
    both = found.drop_nulls("group").join(means, on=["layer", "group"], how="left")
    assert both["membership"].fill_null(0).to_list() == pytest.approx(both["boot_mean"].to_list())


@pytest.mark.parametrize(("prop", "kind"), PROPERTIES)
def test_probabilities_are_those_of_the_sql_with_intervals_of_duplicated_units(
    drawn: Any, labelled: Any, prop: str, kind: str
) -> None:
    found = bootstrap_probabilities(drawn.con, prop, resamples=40, level=0.9, seed=3, p_layer=2, p_min_frames=2)
    columns = ["group", "phone", "neuron", "n_active", "n_frames", "p", "p_low", "p_high"]
    asked = f"activation_probabilities(p_property := '{prop}', p_layer := 2, p_min_frames := 2)"
    expected = drawn.con.sql(f"FROM {asked}").pl()
    key = columns[:3]
    assert found.sort(key).select(columns[:5]).rows() == expected.sort(key).select(columns[:5]).rows()
    for column in columns[5:]:
        assert found.sort(key)[column].to_list() == pytest.approx(expected.sort(key)[column].to_list())
    frames, of = labelled(drawn, prop), units(drawn.con, prop)
    names = sorted({unit_of(kind, f) for f, _ in frames})
    weights = [dict(zip(names, w.tolist(), strict=True)) for w in of.resampled(40, seed=3)][1:]
    for row in found.sample(40, seed=0).iter_rows(named=True):
        cell = [f for f, group in frames if (group, f.phone) == (row["group"], row["phone"])]
        n, active = Counter(), Counter()
        for f in cell:
            n[unit_of(kind, f)] += 1
            active[unit_of(kind, f)] += row["neuron"] in f.neurons[2]
        assert row["n_units"] == len(n)
        assert row["n_speakers"] == len({f.spoken.metadata["speaker"] for f in cell})
        if len(n) < 2:
            assert row["boot_low"] is None
            assert "how others differ is not known" in row["note"]
            continue
        p = [sum(w[u] * active[u] for u in n) / total for w in weights if (total := sum(w[u] * n[u] for u in n))]
        assert (row["boot_low"], row["boot_high"]) == pytest.approx(np.quantile(p, [0.05, 0.95]).tolist(), abs=1e-6)
        assert (f"{40 - len(p)} of 40" in (row["note"] or "")) == (len(p) < 40)


def test_of_some_neurons(drawn: Any) -> None:
    found = bootstrap_probabilities(drawn.con, "gender", neurons=[3, 5], resamples=5, p_layer=1)
    assert set(found["neuron"]) == {3, 5}
    with pytest.raises(QueryError, match="layer 2 has the neurons 0 to 6"):
        bootstrap_probabilities(drawn.con, "gender", neurons=[3, 7], resamples=5, p_layer=2)


@pytest.mark.parametrize(("options", "complaint"), [({"resamples": 0}, "resamples: 0"), ({"level": 1.0}, "level: 1.0")])
def test_bad_options_are_refused(drawn: Any, options: Any, complaint: str) -> None:
    for function in (bootstrap_sets, bootstrap_probabilities):
        with pytest.raises(QueryError, match=complaint):
            function(drawn.con, "gender", **options)


def test_one_speaker_a_group_and_none(folder: Callable[[], Path]) -> None:
    """Three F, one M: nothing is known of other M. One speaker alone: nothing at all."""
    study = Study(folder() / "w")
    people = [("a", "F"), ("b", "F"), ("c", "F"), ("d", "M")]
    random = np.random.default_rng(0)
    study.ingest(
        "c",
        [
            Spoken(f"u{i}", tuple(random.choice(["AH", "IY", "S"], 9)), (None,) * 9, {"speaker": s, "gender": g})
            for i, (s, g) in enumerate(people * 3)
        ],
    )
    with connect(study.layout.root) as con:
        sets = {row["group"]: row for row in bootstrap_sets(con, "gender", p_layer=1).iter_rows(named=True)}
        one = bootstrap_sets(con, "gender", p_layer=1, p_where="speaker = 'd'")
        pitch = bootstrap_sets(con, "pitch", p_layer=1)
        classes = bootstrap_sets(con, "phone_class", p_layer=1, p_where="speaker = 'd'")
        assert bootstrap_probabilities(con, "pitch", p_layer=1).is_empty()
    assert sets["M"]["boot_low"] is None
    assert "M has one speaker; how others differ is not known" in sets["M"]["note"]
    assert sets["F"]["boot_low"] is not None
    assert sets["F"]["note"] is None
    assert one["note"].str.contains("gender has one group here, M").all()
    assert pitch.height == 1 + 3 * 0
    assert "no frame that counts has a group of pitch" in pitch["note"][0]
    assert classes["boot_mean"].is_null().all()
    assert classes["note"].str.contains("there is one speaker").all()
