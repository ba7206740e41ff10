"""Permuted labels against plain counting of relabelled frames, and against every way there is."""

from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from drawn_study import Spoken, Study
from scipy.stats import false_discovery_control

from queries import connect
from queries.certainty import null_neurons, permutation_null
from queries.certainty.exchange import Exchange, chosen_unit, exchange
from queries.certainty.labels import label
from queries.certainty.null import permuted_sizes
from queries.certainty.question import ask
from queries.certainty.units import cut, unit_counts
from warehouse.errors import QueryError

N = 12
UNIT_OF: dict[str, Callable[[Any], Any]] = {
    "speaker": lambda f: f.spoken.metadata["speaker"],
    "utterance": lambda f: f.utterance_id,
    "segment": lambda f: (f.utterance_id, f.segment),
}


def exchanged(con: Any, prop: str, unit: str | None = None, within: str | None = None, **parameters: Any) -> Exchange:
    labels = label(con, ask(con, prop, {"p_model": "m", **parameters}))
    return exchange(cut(con, labels, chosen_unit(labels, unit, within)), within)


@pytest.mark.parametrize(
    ("prop", "unit", "within"),
    [
        ("gender", "speaker", None),
        ("gender", "utterance", None),
        ("gender", "segment", None),
        ("accent", "utterance", None),
        ("accent", "utterance", "speaker"),
        ("speaker", "utterance", None),
        ("phone_class", "segment", None),
        ("phone_class", "segment", "speaker"),
        ("pitch", "segment", None),
        ("pitch", "segment", "speaker"),
        ("duration", "segment", None),
    ],
)
def test_sizes_are_those_of_relabelled_frames(
    drawn: Any, labelled: Any, plain: Any, prop: str, unit: str, within: str | None
) -> None:
    made = exchanged(drawn.con, prop, unit, within)
    labels, pieces = made.pieces.labels, made.pieces
    frames = labelled(drawn, prop)
    if made.of_units:
        numbers = {name: i for i, name in enumerate(sorted({UNIT_OF[unit](f) for f, _ in frames}))}
        place = [numbers[UNIT_OF[unit](f)] for f, _ in frames]
    else:
        keys = sorted({(*UNIT_OF["segment"](f), labels.groups.index(g), f.phone) for f, g in frames})
        numbers = {name: i for i, name in enumerate(keys)}
        place = [numbers[*UNIT_OF["segment"](f), labels.groups.index(g), f.phone] for f, g in frames]
    draws = list(made.draws(N, seed=3))
    for counts in unit_counts(drawn.con, prop, unit, p_sigma=0.4):
        made_here = Exchange(counts.pieces, made.of_units, made.codes, made.strata, made.cells)
        sizes, hits = permuted_sizes(counts, made_here, N, seed=3)
        width = counts.layer.n_neurons
        expected = np.zeros((len(labels.groups), width), int)
        for i, codes in enumerate(draws):
            new = [codes[p] for p in place]
            relabelled = [
                (labels.groups[c], f.phone, f.neurons[counts.layer.layer])
                if made.of_units
                else (
                    labels.groups[made.cells.group[c]],
                    labels.phones[made.cells.phone[c]],
                    f.neurons[counts.layer.layer],
                )
                for c, (f, _) in zip(new, frames, strict=True)
            ]
            sets = plain(relabelled, width, 2, 0.4)
            assert sizes[i].tolist() == [len(sets.get(group, ())) for group in labels.groups], i
            for group, found in sets.items() if i else ():
                expected[labels.groups.index(group), sorted(found)] += 1
        assert (hits == expected).all()
    assert (draws[0] == made.codes).all()
    assert pieces.kind == unit


@pytest.mark.parametrize(
    ("prop", "within"), [("accent", "speaker"), ("pitch", None), ("pitch", "speaker"), ("phone_class", "speaker")]
)
def test_labels_stay_in_their_stratum(drawn: Any, prop: str, within: str | None) -> None:
    made = exchanged(drawn.con, prop, within=within)
    first, *others = made.draws(20, seed=0)
    assert any((drawn != first).any() for drawn in others)
    for codes in others:
        for stratum in np.unique(made.strata):
            inside = made.strata == stratum
            assert sorted(codes[inside]) == sorted(first[inside])
        if prop == "pitch":
            assert (made.cells.phone[codes] == made.pieces.phone).all()


@pytest.mark.parametrize(
    ("prop", "unit"),
    [
        ("gender", "speaker"),
        ("accent", "utterance"),
        ("speaker", "utterance"),
        ("phone", "segment"),
        ("pitch", "segment"),
    ],
)
def test_the_unit_is_what_carries_the_label(drawn: Any, prop: str, unit: str) -> None:
    found = permutation_null(drawn.con, prop, permutations=3, p_layer=1)
    assert set(found["unit"]) == {unit}


@pytest.mark.parametrize(
    ("prop", "options", "complaint"),
    [
        ("speaker", {"unit": "speaker"}, "speaker cannot be exchanged between speakers; give utterance or segment"),
        ("phone_class", {"unit": "speaker"}, "give segment"),
        ("pitch", {"unit": "utterance"}, "give segment"),
        ("gender", {"unit": "word"}, "there is no word; there are: speaker, utterance, segment"),
        ("gender", {"within": "speaker"}, "the same throughout a speaker"),
        ("pitch", {"within": "corpus"}, "there is no corpus"),
        ("pitch", {"permutations": 0}, "permutations"),
    ],
)
def test_units_that_make_no_sense_are_refused(drawn: Any, prop: str, options: Any, complaint: str) -> None:
    with pytest.raises(QueryError, match=complaint):
        permutation_null(drawn.con, prop, **options)


def test_columns_are_what_they_say(drawn: Any) -> None:
    found = permutation_null(drawn.con, "accent", permutations=200, seed=4, p_sigma=0.4)
    observed = drawn.con.sql(
        "SELECT layer, \"group\", count(*) AS n FROM group_neurons(p_property := 'accent', p_sigma := 0.4) "
        'GROUP BY ROLLUP (layer, "group") HAVING layer IS NOT NULL'
    ).pl()
    n = {(layer, group): size for layer, group, size in observed.rows()}
    assert found.height == 2 * 3
    made = exchanged(drawn.con, "accent")
    for counts in unit_counts(drawn.con, "accent", "utterance", p_sigma=0.4):
        sizes, _ = permuted_sizes(counts, made, 200, 4)
        for place, group in enumerate([*made.pieces.labels.groups, None]):
            row = found.filter((pl.col("layer") == counts.layer.layer) & pl.col("group").eq_missing(pl.lit(group))).row(
                0, named=True
            )
            column = sizes.sum(axis=1) if group is None else sizes[:, place]
            assert row["n"] == column[0] == n.get((counts.layer.layer, group), 0)
            null = column[1:]
            assert row["null_mean"] == pytest.approx(null.mean())
            assert row["null_sd"] == pytest.approx(null.std(ddof=1))
            assert row["null_low"] == pytest.approx(np.quantile(null, 0.025))
            assert row["null_high"] == pytest.approx(np.quantile(null, 0.975))
            assert row["p_value"] == (1 + sum(x >= row["n"] for x in null)) / 201
            assert row["fdr"] == (min(1, null.mean() / row["n"]) if row["n"] else None)
    for _, rows in found.group_by("group"):
        assert rows["q_value"].to_list() == pytest.approx(false_discovery_control(rows["p_value"].to_list()).tolist())
    assert found["stands_out"].to_list() == [q <= 0.05 for q in found["q_value"]]
    assert permutation_null(drawn.con, "accent", permutations=200, seed=4, p_sigma=0.4).equals(found)
    assert not permutation_null(drawn.con, "accent", permutations=200, seed=5, p_sigma=0.4).equals(found)


def test_shares_of_neurons_add_up_to_the_mean(drawn: Any) -> None:
    options: Any = {"permutations": 50, "p_sigma": 0.4}
    shares = null_neurons(drawn.con, "accent", **options)
    sums = shares.group_by("layer", "group").agg(pl.col("share").sum())
    null = permutation_null(drawn.con, "accent", **options).drop_nulls("group")
    both = null.join(sums, on=["layer", "group"], how="left")
    assert both["share"].fill_null(0).to_list() == pytest.approx(both["null_mean"].to_list())


@pytest.fixture(scope="module")
def four(folder: Callable[[], Path]) -> Study:
    """Four speakers, two of them M and two F."""
    study = Study(folder() / "four.warehouse")
    random = np.random.default_rng(8)
    spoken = []
    for i in range(24):
        phones = tuple(str(p) for p in random.choice(["AH", "IY", "B", "S"], 12))
        metadata = {"speaker": f"s{i % 4}", "gender": "MF"[i % 2]}
        spoken.append(Spoken(f"u{i}", phones, (100.0,) * 12, metadata))
    study.ingest("c", spoken)
    return study


def test_few_speakers_are_labelled_in_every_way_once(four: Study, plain: Any) -> None:
    with connect(four.layout.root) as con:
        found = permutation_null(con, "gender", p_layer=1, p_sigma=0.5)
    frames = [f for f in four.frames.values() if f.phone not in {"", "spn"}]
    sizes = {}
    for way in set(permutations("MFMF")):
        of = dict(zip(["s0", "s1", "s2", "s3"], way, strict=True))
        sets = plain([(of[f.spoken.metadata["speaker"]], f.phone, f.neurons[1]) for f in frames], 12, 2, 0.5)
        sizes[way] = len(sets["M"])
    observed = sizes.pop(tuple("MFMF"))
    row = found.filter(pl.col("group") == "M").row(0, named=True)
    assert row["permutations"] == 5 == len(sizes)
    assert row["n"] == observed
    assert row["null_mean"] == pytest.approx(np.mean(list(sizes.values())))
    assert row["p_value"] == (1 + sum(n >= observed for n in sizes.values())) / 6
    assert "6 ways to label the speakers; each is tried once, and no p-value is below 1/6" in row["note"]


@pytest.mark.parametrize(
    ("metadata", "prop", "note"),
    [
        ([{"speaker": "s", "gender": "M"}], "gender", "gender has one group here, M"),
        ([{"speaker": "s", "gender": None}], "gender", "no frame that counts has a group of gender"),
        ([{"speaker": "s", "gender": "M"}], "pitch", "no frame that counts has a group of pitch"),
        ([{"speaker": "s", "gender": "M"}], "speaker", "speaker has one group here, s"),
        ([{"speaker": "a", "gender": "M"}, {"speaker": "b", "gender": "F"}], "gender", "4 ways to label the segments"),
    ],
)
def test_what_cannot_be_tested_says_why(folder: Callable[[], Path], metadata: list, prop: str, note: str) -> None:
    study = Study(folder() / "w")
    study.ingest("c", [Spoken(f"u{i}", ("AH", "S"), (None, None), m) for i, m in enumerate(metadata)])
    with connect(study.layout.root) as con:
        found = permutation_null(con, prop)
        assert null_neurons(con, prop).columns == ["model", "layer", "property", "group", "neuron", "share"]
    assert set(found["layer"]) == {1, 2}
    assert found["group"].is_null().sum() == 2
    assert all(note in text for text in found["note"])
    if "ways" not in note:
        assert found["null_mean"].is_null().all()
        assert found["p_value"].is_null().all()
        assert found["n"].is_not_null().all()
