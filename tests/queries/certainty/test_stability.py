"""Agreement of halves and parts against Python's own sets of relabelled frames."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from drawn_study import Spoken, Study

from queries import connect
from queries.certainty import stability, stability_by_amount
from queries.certainty.labels import label
from queries.certainty.question import ask
from queries.certainty.resample import Units, units_of
from warehouse.errors import QueryError

UNIT = {"gender": "speaker", "pitch": "speaker", "speaker": "utterance"}


def units(con: Any, prop: str) -> Units:
    return units_of(con, label(con, ask(con, prop, {"p_model": "m"})))


def sets_of_parts(drawn: Any, labelled: Any, plain: Any, prop: str, share: float, n: int) -> tuple[Any, list]:
    """Sets of all data, and of each part; P under None. Layer 1."""
    frames = labelled(drawn, prop)

    def unit(f: Any) -> Any:
        return f.spoken.metadata["speaker"] if UNIT[prop] == "speaker" else f.utterance_id

    names = sorted({unit(f) for f, _ in frames})

    def found(chosen: set) -> dict:
        sets = plain([(g, f.phone, f.neurons[1]) for f, g in frames if unit(f) in chosen], 12, 2, 0.4)
        return {**sets, None: set().union(*sets.values())}

    parts = [
        {name for name, w in zip(names, weights, strict=True) if w}
        for weights in units(drawn.con, prop).split(share, n, seed=6)
    ]
    return found(set(names)), [(part, found(part)) for part in parts]


def jaccards(pairs: list[tuple[set, set]]) -> list[float]:
    return [len(a & b) / len(a | b) for a, b in pairs if a | b]


@pytest.mark.parametrize("prop", list(UNIT))
def test_halves_agree_as_python_sets_do(drawn: Any, labelled: Any, plain: Any, prop: str) -> None:
    whole, parts = sets_of_parts(drawn, labelled, plain, prop, 0.5, 12)
    found = stability(drawn.con, prop, splits=12, seed=6, p_layer=1, p_sigma=0.4)
    assert set(found["unit"]) == {UNIT[prop]}
    for row in found.iter_rows(named=True):
        pairs = [
            (a.get(row["group"], set()), b.get(row["group"], set()))
            for (_, a), (_, b) in zip(parts[::2], parts[1::2], strict=True)
        ]
        expected = jaccards(pairs)
        assert row["n"] == len(whole[row["group"]])
        assert row["splits"] == len(expected)
        assert row["n_half"] == pytest.approx(np.mean([len(x) for pair in pairs for x in pair]))
        if expected:
            low, high = np.quantile(expected, [0.025, 0.975])
            assert (row["jaccard_mean"], row["jaccard_low"], row["jaccard_high"]) == pytest.approx(
                (np.mean(expected), low, high)
            )
            chance = [e / (len(a) + len(b) - e) for a, b in pairs if a | b for e in [len(a) * len(b) / 12]]
            assert row["jaccard_chance"] == pytest.approx(np.mean(chance))
        else:
            assert "no half has a neuron" in row["note"]
            assert row["jaccard_mean"] is None
    assert found["jaccard_mean"].is_not_null().any()


@pytest.mark.parametrize("prop", list(UNIT))
@pytest.mark.parametrize("share", [0.5, 0.34, 0.8])
def test_parts_are_apart_and_have_every_group(drawn: Any, prop: str, share: float) -> None:
    of = units(drawn.con, prop)
    drawn_parts = list(of.split(share, 30, seed=0))
    for a, b in zip(drawn_parts[::2], drawn_parts[1::2], strict=True):
        assert not (a & b).any()
        assert share != 0.5 or (a + b == 1).all()
        for stratum in np.unique(of.strata):
            size = (of.strata == stratum).sum()
            assert a[of.strata == stratum].sum() in {max(1, np.floor(share * size)), np.ceil(share * size)}
    assert len({tuple(a) for a in drawn_parts[::2]}) > 3


def test_by_amount_is_what_python_sets_say(drawn: Any, labelled: Any, plain: Any) -> None:
    found = stability_by_amount(drawn.con, "pitch", shares=[0.34, 0.5, 1.0], draws=8, seed=6, p_layer=1, p_sigma=0.4)
    frames = labelled(drawn, "pitch")
    for share in (0.34, 0.5, 1.0):
        whole, parts = sets_of_parts(drawn, labelled, plain, "pitch", share, 8)
        n_frames = np.mean([sum(f.spoken.metadata["speaker"] in part for f, _ in frames) for part, _ in parts[::2]])
        for row in found.filter(pl.col("share") == share).iter_rows(named=True):
            group = row["group"]
            with_all = jaccards([(sets.get(group, set()), whole[group]) for _, sets in parts[::2]])
            apart = jaccards(
                [
                    (a.get(group, set()), b.get(group, set()))
                    for (_, a), (_, b) in zip(parts[::2], parts[1::2], strict=True)
                ]
            )
            assert row["jaccard_all_mean"] == (pytest.approx(np.mean(with_all)) if with_all else None)
            assert row["jaccard_apart_mean"] == (pytest.approx(np.mean(apart)) if apart and share <= 0.5 else None)
            assert row["n_frames"] == pytest.approx(n_frames)
            assert row["hours"] == pytest.approx(n_frames * 0.02 / 3600)
            assert share < 1 or row["jaccard_all_mean"] in {None, 1.0}


@pytest.mark.parametrize(
    ("function", "options", "complaint"),
    [
        (stability, {"splits": 0}, "splits: 0"),
        (stability_by_amount, {"shares": [0.0]}, "shares"),
        (stability_by_amount, {"shares": []}, "shares"),
        (stability_by_amount, {"draws": -1}, "draws: -1"),
    ],
)
def test_bad_options_are_refused(drawn: Any, function: Any, options: Any, complaint: str) -> None:
    with pytest.raises(QueryError, match=complaint):
        function(drawn.con, "gender", **options)


def test_nothing_to_split_says_so(folder: Callable[[], Path]) -> None:
    study = Study(folder() / "w")
    study.ingest("c", [Spoken("u", ("AH", "S", "B"), (None,) * 3, {"speaker": "s", "gender": "M"})])
    with connect(study.layout.root) as con:
        for prop, note in (
            ("gender", "one group here"),
            ("pitch", "no frame"),
            ("phone_class", "there is one speaker"),
        ):
            for found in (stability(con, prop), stability_by_amount(con, prop, shares=[0.5])):
                assert set(found["layer"]) == {1, 2}
                assert found["note"].str.contains(note).all()
                means = [column for column in found.columns if column.endswith("_mean")]
                assert all(found[column].is_null().all() for column in means)
