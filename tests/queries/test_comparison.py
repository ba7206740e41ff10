"""Models side by side, as frames, by hand; and against the views over drawn studies of several models."""

from collections.abc import Iterator
from random import Random

import duckdb
import polars as pl
import pytest
from small_studies import PROPERTIES, Frame, Model, Study, opened
from three_models import three_models

from queries.analyses import analysis
from queries.comparison import models_by_layer, models_over_layers, pairs_by_layer, pairs_over_layers
from queries.comparison.models import MODELS_SCHEMA
from warehouse.errors import QueryError


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with opened(three_models()) as opened_con:
        yield opened_con


def _drawn(seed: int) -> Study:
    """Three models of two layers; in layer 1 neurons like genders and phones, the same ones more often than not."""
    random = Random(seed)
    frames = []
    for utterance in range(8):
        gender = "FM"[utterance % 2]
        for number, phone in enumerate(["AA", "B", "S", "IY"]):
            frames.append(
                Frame(len(frames), "c", utterance, number, phone, True, number == 3, gender, f"s{utterance}", 100.0)
            )
    models = []
    for name in ("a", "b", "c"):
        model = Model(name, 20.0, {1: 20, 2: 20 if name != "c" else 10}, dict.fromkeys(range(8), 0))
        for layer, width in model.widths.items():
            for frame in frames:
                liked = ["FM".index(frame.gender or ""), 2 + ["AA", "B", "S", "IY"].index(frame.phone)]
                liked = [neuron if random.random() < 0.8 else random.randrange(width) for neuron in liked]
                ranked = dict.fromkeys([*liked, *random.sample(range(width), width)])
                model.ranked[layer, frame.id] = list(ranked)[: model.top_k(layer)]
        models.append(model)
    return Study(frames, {"c": {"AA", "B", "S", "IY"}}, models)


@pytest.fixture(scope="module", params=[1, 2])
def drawn_models(request: pytest.FixtureRequest) -> Iterator[duckdb.DuckDBPyConnection]:
    with opened(_drawn(request.param)) as opened_con:
        yield opened_con


def test_joined_left_moved_and_stayed(con: duckdb.DuckDBPyConnection) -> None:
    (row,) = pairs_by_layer(con, "gender", p_model="before", other="after", p_layer=1).to_dicts()
    assert row == {
        "model": "before",
        "other": "after",
        "layer": 1,
        "property": "gender",
        "n_neurons": 7,
        "n_before": 4,
        "n_after": 4,
        "joined": 1,
        "left": 1,
        "moved": 1,
        "stayed": 2,
        "expected_both": pytest.approx(16 / 7),
        "jaccard": pytest.approx(3 / 5),
        "jaccard_by_chance": pytest.approx((16 / 7) / (8 - 16 / 7)),
        "note": None,
    }


def test_layers_that_cannot_be_compared_are_left_out_of_the_sum(con: duckdb.DuckDBPyConnection) -> None:
    found = pairs_by_layer(con, "gender", p_model="before", other="after")
    assert found["note"].to_list() == [None, *["no layer of this number and one width in both"] * 2]
    assert found.select("n_before", "n_after").rows() == [(4, 4), (4, 6), (None, 0)]
    (whole,) = pairs_over_layers(found).to_dicts()
    assert (whole["n_neurons"], whole["joined"], whole["stayed"], whole["note"]) == (7, 1, 2, None)
    alone = pairs_over_layers(pairs_by_layer(con, "gender", p_model="after", other="wide")).to_dicts()[0]
    assert (alone["n_neurons"], alone["joined"], alone["jaccard"]) == (None, None, None)
    assert alone["note"] == "no layer of one number and width in both"


def test_the_model_that_is_named_comes_first(con: duckdb.DuckDBPyConnection) -> None:
    def pairs(**asked: str) -> list[tuple]:
        return pairs_over_layers(pairs_by_layer(con, "gender", **asked)).select("model", "other").rows()

    assert pairs() == [("after", "before"), ("after", "wide"), ("before", "wide")]
    assert pairs(p_model="before") == [("before", "after"), ("before", "wide")]
    assert pairs(other="before") == [("after", "before"), ("wide", "before")]
    assert pairs(p_model="wide", other="after") == [("wide", "after")]


def test_different_speech_is_said() -> None:
    study = three_models()
    study.models[1].shards.pop(1)  # the model after has not recorded the second utterance
    study.models[1].ranked = {at: ranked for at, ranked in study.models[1].ranked.items() if at[1] < 2}
    with opened(study) as con:
        found = pairs_by_layer(con, "gender", p_model="before", p_layer=1)
    said = "recorded different speech: before 2 utterances, after 1, both 1"
    assert found.filter(pl.col("other") == "after")["note"].to_list() == [said]
    assert found.filter(pl.col("other") == "wide")["note"].to_list() == [
        "no layer of this number and one width in both"
    ]


def test_pairs_are_what_the_changes_say(drawn_models: duckdb.DuckDBPyConnection) -> None:
    changed = drawn_models.sql(
        "SELECT model, other, layer, property, change, count(*) FROM set_changes(p_sigma := 0.5) GROUP BY ALL"
    ).fetchall()
    assert {change for *_, change, _ in changed} >= {"joined", "left"}
    n = {tuple(key): count for *key, count in changed}
    sizes = {
        tuple(key): count
        for *key, count in drawn_models.sql(
            "SELECT model, layer, property, count(*) FROM property_neurons(p_sigma := 0.5) GROUP BY ALL"
        ).fetchall()
    }
    found = pairs_by_layer(drawn_models, p_model="b", p_sigma=0.5)
    assert len(found) == 2 * 2 * len(PROPERTIES)
    for row in found.iter_rows(named=True):
        key = row["model"], row["other"], row["layer"], row["property"]
        before, after = (sizes.get((row[of], *key[2:]), 0) for of in ("model", "other"))
        assert (row["n_before"], row["n_after"]) == (before, after)
        if row["n_neurons"] is None:
            assert key[1:3] == ("c", 2)
            continue
        for change in ("joined", "left", "moved"):
            assert row[change] == n.get((*key, change), 0)
        assert row["stayed"] + row["moved"] + row["left"] == before
        assert row["stayed"] + row["moved"] + row["joined"] == after
    whole = pairs_over_layers(found)
    (one,) = whole.filter((pl.col("property") == "phone") & (pl.col("other") == "a")).to_dicts()
    rows = found.filter((pl.col("property") == "phone") & (pl.col("other") == "a"))
    both, total = rows["moved"].sum() + rows["stayed"].sum(), rows["n_before"].sum() + rows["n_after"].sum()
    assert one["jaccard"] == pytest.approx(both / (total - both))


@pytest.mark.parametrize("named", [{}, {"p_model": "c", "other": "a"}])
def test_models_are_what_the_sets_say(drawn_models: duckdb.DuckDBPyConnection, named: dict[str, str]) -> None:
    found = models_by_layer(drawn_models, "gender", p_sigma=0.5, **named)
    assert list(dict.fromkeys(found["model"])) == (["a", "c"] if named else ["a", "b", "c"])
    sql = "SELECT neuron FROM property_neurons(p_property := 'gender', p_sigma := 0.5, p_model := '{}', p_layer := {})"
    for row in found.iter_rows(named=True):
        assert row["n"] == len(drawn_models.sql(sql.format(row["model"], row["layer"])).fetchall())
        assert row["share"] == row["n"] / row["n_neurons"]
    assert found["n"].sum() > 0


def test_the_layer_with_most_and_the_best_one() -> None:
    rows = [("m", 1, 5, 0.1), ("m", 2, 7, 0.4), ("m", 3, 7, 0.4), ("n", 1, 0, None), ("n", 2, 0, -0.2)]
    rows += [("o", 1, 0, None), ("o", 2, 1, None)]
    by_layer = pl.DataFrame(
        [(*row[:2], "gender", 10, row[2], row[2] / 10, row[3], "why" if row[3] is None else None) for row in rows],
        MODELS_SCHEMA,
        orient="row",
    )
    keys = ("model", "n_neurons", "n", "most_layer", "n_most", "best_layer", "silhouette", "note")
    assert models_over_layers(by_layer).select(keys).rows() == [
        ("m", 30, 19, 2, 7, 2, 0.4, None),
        ("n", 20, 0, None, 0, 2, -0.2, None),
        ("o", 20, 1, 2, 1, None, None, "why"),
    ]


def test_every_property_and_one_layer(drawn_models: duckdb.DuckDBPyConnection) -> None:
    found = models_by_layer(drawn_models, p_layer=2)
    assert set(found["property"]) == {prop.name for prop in PROPERTIES}
    assert set(found["layer"]) == {2}
    assert found["silhouette"].is_null().all()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"p_model": "befor"}, "model: there is no befor; did you mean before? there are: after, before, wide"),
        ({"other": "x"}, "other: there is no x; there are: after, before, wide"),
        ({"p_model": "wide", "other": "wide"}, "other: wide is the model itself; give one of: after, before"),
        ({"p_nonsense": 1}, "there is no parameter p_nonsense; there are: p_model"),
    ],
)
@pytest.mark.parametrize("name", ["models_by_layer", "pairs_by_layer"])
def test_wrong_names_are_one_line(con: duckdb.DuckDBPyConnection, name: str, asked: dict, said: str) -> None:
    with pytest.raises(QueryError) as caught:
        analysis(name).function(con, "gender", **asked)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["models_by_layer", "pairs_by_layer"])
def test_one_model_is_too_few(by_hand: duckdb.DuckDBPyConnection, name: str) -> None:
    with pytest.raises(QueryError, match="comparing takes two models, and there is m alone; record another one"):
        analysis(name).function(by_hand)
