"""A model beside its twin: the same speakers drawn for both, and what differs between them said in a line."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from small_studies import Frame, Model, Study, opened

from queries.certainty import against_twin, permutation_null, standing_out
from queries.certainty.labels import label
from queries.certainty.question import ask
from queries.certainty.resample import units_of
from warehouse.errors import QueryError

WIDTHS = {1: 12, 2: 8}


def study() -> Study:
    """Eight speakers, four of each gender; a hears gender in six neurons, b does not, c saw less, d is wider."""
    random = Random(3)
    frames: list[Frame] = []
    for utterance in range(24):
        speaker = utterance % 8
        for number in range(10):
            phone = random.choice(["AA", "IY", "B", "S"])
            frames.append(
                Frame(
                    len(frames),
                    "c" if utterance < 20 else "d",
                    utterance,
                    number,
                    phone,
                    True,
                    False,
                    "MF"[speaker % 2],
                    f"s{speaker}",
                    None,
                )
            )
    models = []
    for name in "abcd":
        widths = {layer: width + 2 * (name == "d") for layer, width in WIDTHS.items()}
        model = Model(name, 20.0, widths, dict.fromkeys(range(20 if name == "c" else 24), 0))
        for layer, width in widths.items():
            for frame in frames:
                if frame.utterance in model.shards:
                    heard = name == "a" and random.random() < 0.9
                    liked = random.sample([g := "MF".index(frame.gender or "M"), g + 2, g + 4], 2) if heard else []
                    ranked = list(dict.fromkeys([*liked, *random.sample(range(width), width)]))
                    model.ranked[layer, frame.id] = ranked[: model.top_k(layer)]
        models.append(model)
    return Study(frames, {"c": {"AA", "IY", "B", "S"}, "d": {"AA", "IY", "B", "S"}}, models)


@pytest.fixture(scope="module")
def four() -> Iterator[tuple[Study, duckdb.DuckDBPyConnection]]:
    made = study()
    with opened(made) as con:
        yield made, con


def test_both_are_resampled_alike(four: tuple[Study, Any], plain: Any) -> None:
    made, con = four
    found = against_twin(con, "gender", "a", "b", resamples=25, level=0.8, seed=7, p_sigma=0.5)
    of = units_of(con, label(con, ask(con, "gender", {"p_model": "a"})))
    names = sorted({frame.speaker for frame in made.frames})
    weights = [dict(zip(names, w.tolist(), strict=True)) for w in of.resampled(25, seed=7)]
    for layer, width in WIDTHS.items():
        sizes: dict[str, list[list[int]]] = {"a": [], "b": []}
        for model in made.models[:2]:
            for w in weights:
                rows = [
                    (f.gender, f.phone, model.ranked[layer, f.id]) for f in made.frames for _ in range(w[f.speaker])
                ]
                sets = plain(rows, width, model.top_k(layer), 0.5)
                sizes[model.name].append([len(sets["F"]), len(sets["M"]), len(sets["F"] | sets["M"])])
        difference = np.array(sizes["a"]) - np.array(sizes["b"])
        for place, row in enumerate(found.filter(pl.col("layer") == layer).iter_rows(named=True)):
            assert row["group"] == ["F", "M", None][place]
            assert (row["n"], row["n_twin"]) == (sizes["a"][0][place], sizes["b"][0][place])
            assert row["difference"] == difference[0, place]
            low, high = np.quantile(difference[1:, place], [0.1, 0.9])
            assert (row["difference_low"], row["difference_high"]) == pytest.approx((low, high))
            assert row["stands_out"] == (row["difference"] > 0 and low > 0)
    assert found["null_mean"].is_null().all()


def test_a_model_does_not_differ_from_itself(four: tuple[Study, Any]) -> None:
    found = against_twin(four[1], "gender", "a", "a", resamples=20)
    for column in ("difference", "difference_low", "difference_high"):
        assert (found[column] == 0).all()
    assert not found["stands_out"].any()


def test_nulls_of_both_when_asked(four: tuple[Study, Any]) -> None:
    found = against_twin(four[1], "gender", "a", "b", resamples=5, permutations=20, seed=1, p_sigma=0.5)
    for model, prefix in (("a", ""), ("b", "twin_")):
        null = permutation_null(four[1], "gender", permutations=20, seed=1, p_sigma=0.5, p_model=model)
        assert found[f"{prefix}null_mean"].to_list() == null["null_mean"].to_list()
        assert found[f"{prefix}null_high"].to_list() == null["null_high"].to_list()


@pytest.mark.parametrize(
    ("twin", "parameters", "complaint"),
    [
        ("d", {}, "layer 1 of a has 12 neurons of which 2 are active, that of d 14 and 3"),
        ("c", {}, "a and c have not recorded the same frames: 240 of c, d against 200 of c; .* by p_corpus"),
        ("e", {}, "there is no e; there are: a, b, c, d"),
        ("b", {"p_model": "a"}, "p_model: the models are given"),
    ],
)
def test_what_is_no_twin_is_refused_in_a_line(
    four: tuple[Study, Any], twin: str, parameters: Any, complaint: str
) -> None:
    with pytest.raises(QueryError, match=complaint) as caught:
        against_twin(four[1], "gender", "a", twin, **parameters)
    assert "\n" not in str(caught.value)


def test_the_same_corpus_makes_a_twin(four: tuple[Study, Any]) -> None:
    found = against_twin(four[1], "gender", "a", "c", p_corpus="c", resamples=5)
    assert found.height == 6
    with pytest.raises(QueryError, match=r"has the layers 1, c none|no 3"):
        against_twin(four[1], "gender", "a", "c", p_layer=3)


def test_what_stands_out_in_one_table(four: tuple[Study, Any]) -> None:
    options: Any = {"permutations": 69, "resamples": 30, "seed": 2, "p_sigma": 0.5, "p_baseline": 0.5}
    found = standing_out(four[1], "gender", twin="b", level=0.2, **options)
    null = permutation_null(four[1], "gender", permutations=69, seed=2, level=0.2, p_sigma=0.5, p_baseline=0.5)
    twin = against_twin(four[1], "gender", "a", "b", resamples=30, level=0.8, seed=2, p_sigma=0.5, p_baseline=0.5)
    for column in ("n", "null_mean", "p_value", "q_value", "fdr"):
        assert found[column].to_list() == null[column].to_list()
    assert found["above_null"].to_list() == null["stands_out"].to_list()
    of_a, of_b, of_c, of_d = (found.filter(pl.col("model") == model) for model in "abcd")
    assert of_a["n_twin"].to_list() == twin["n_twin"].to_list()
    assert of_a["above_twin"].to_list() == twin["stands_out"].to_list()
    assert of_a["stands_out"].to_list() == [
        a and b for a, b in zip(of_a["above_null"], of_a["above_twin"], strict=True)
    ]
    assert of_a["stands_out"].any()
    assert of_b["note"].str.contains("this is the twin itself").all()
    assert of_b["stands_out"].to_list() == of_b["above_null"].to_list()
    assert of_c["note"].str.contains("not compared with b: c and b have not recorded the same frames").all()
    assert of_d["note"].str.contains("not compared with b: layer 1 of d has 14 neurons").all()
    assert of_c["above_twin"].is_null().all()
    alone = standing_out(four[1], "gender", level=0.2, **options)
    assert alone["stands_out"].to_list() == null["stands_out"].to_list()
    assert alone["note"].to_list() == null["note"].to_list()


def test_an_unknown_twin_is_refused(four: tuple[Study, Any]) -> None:
    with pytest.raises(QueryError, match="there is no nobody"):
        standing_out(four[1], "gender", twin="nobody")


def test_unknown_genders_have_a_note(four: tuple[Study, Any]) -> None:
    made, _ = four
    silent = Study([replace(f, gender=None) for f in made.frames], made.phones, made.models)
    with opened(silent) as con:
        for found in (standing_out(con, "gender", twin="b"), against_twin(con, "gender", "a", "b")):
            assert found["note"].str.contains("no frame that counts has a group of gender").all()
            assert found["difference_low"].is_null().all()
