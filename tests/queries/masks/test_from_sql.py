"""Masks of what a query lists: columns, models, layers and neurons that exist."""

from pathlib import Path

import duckdb
import pytest

import queries
from queries import Connection, connect
from queries.masks import Mask
from warehouse.errors import MaskError, QueryError


def test_rows_are_neurons_and_count_once(con: Connection) -> None:
    mask = Mask.from_sql(con, "SELECT 2 AS Layer, unnest([3, 1, 3]) AS neuron, 'x' AS note", kind="keep")
    assert mask.neurons() == {1: [], 2: [1, 3]}
    assert (mask.kind, mask.provenance["model"]) == ("keep", "tiny")
    assert {"sigma", "frames"} & set(mask.provenance) == set()
    assert mask.provenance["lambda"] == "1"
    assert mask.provenance["snapshot"] == con.snapshot.id


def test_parameters_are_recorded(con: Connection) -> None:
    query = "SELECT DISTINCT layer, neuron FROM activation_counts WHERE layer = $layer AND neuron < $most"
    mask = Mask.from_sql(con, query, params={"layer": 1, "most": 9}, provenance={"why": "a test"})
    expected = con.sql(query, {"layer": 1, "most": 9}).fetchall()
    assert sorted(mask.neurons()[1]) == sorted(neuron for _, neuron in expected)
    assert mask.provenance["sql"] == query
    assert mask.provenance["params"] == "{'layer': 1, 'most': 9}"
    assert mask.provenance["why"] == "a test"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT 1 AS layer", "no column neuron, only layer"),
        ("EXPLAIN SELECT 1 AS layer, 2 AS neuron", "no column layer, only explain_key"),
        ("SELECT 1 AS layer, 2 AS neuron, 3 AS neuron", "2 columns neuron"),
        (
            "SELECT 1 AS layer, 2.5 AS neuron",
            r"column neuron of the query is DECIMAL\(2,1\); .*CAST\(neuron AS INTEGER",
        ),
        ("SELECT '1' AS layer, 2 AS neuron", "column layer of the query is VARCHAR"),
        ("SELECT 1 AS layer, NULL::INTEGER AS neuron", "the column neuron of the query holds NULL"),
        ("SELECT 3 AS layer, 1 AS neuron", "no layer 3 in this model; it has layers 1 to 2"),
        ("SELECT 0 AS layer, 1 AS neuron", "no layer 0 in this model"),
        ("SELECT 1 AS layer, 64 AS neuron", r"layer 1 \(encoder.*output_dense\): no neuron 64; it has neurons 0 to 63"),
        ("SELECT 1 AS layer, -1 AS neuron", "no neuron -1"),
        ("SELECT 1 AS layer, 1 AS neuron WHERE false", "no neuron is selected by SELECT 1 AS layer"),
        ("SELECT 1 AS layer, 1 AS neuron, 'huge' AS model", "no model huge; there are: tiny"),
    ],
)
def test_what_is_no_neuron_is_refused(con: Connection, query: str, message: str) -> None:
    with pytest.raises((MaskError, QueryError), match=message) as caught:
        Mask.from_sql(con, query)
    assert "\n" not in str(caught.value)


def test_large_numbers_do_not_wrap(con: Connection) -> None:
    with pytest.raises(duckdb.Error):
        Mask.from_sql(con, "SELECT 1 AS layer, 18446744073709551617::HUGEINT AS neuron")
    with pytest.raises(MaskError, match="no neuron 4294967297"):
        Mask.from_sql(con, "SELECT 1 AS layer, 4294967297 AS neuron")


def test_what_could_write_is_refused(con: Connection, tmp_path: Path) -> None:
    with pytest.raises(QueryError):
        Mask.from_sql(con, f"COPY (SELECT 1 AS layer, 2 AS neuron) TO '{tmp_path / 'x.csv'}'")
    assert not list(tmp_path.iterdir())


def test_the_model_is_that_of_the_rows(studies: Path) -> None:
    one = "SELECT 'other' AS model, 1 AS layer, 2 AS neuron"
    with connect(studies) as con:
        assert Mask.from_sql(con, one).provenance["model"] == "other"
        with pytest.raises(MaskError, match="the query lists neurons of other, not of tiny"):
            Mask.from_sql(con, one, model="tiny")
        with pytest.raises(MaskError, match="neurons of several models: other, tiny; choose one"):
            Mask.from_sql(con, f"{one} UNION SELECT 'tiny', 1, 2")
        with pytest.raises(QueryError, match="there are several models"):
            Mask.from_sql(con, "SELECT 1 AS layer, 2 AS neuron")


def test_modules_that_are_no_networks_are_in_no_mask(tmp_path: Path, make_speech: object, tiny_model: object) -> None:
    from ingest import Corpus, ingest, wrap

    speech = make_speech(tmp_path / "speech", n_utterances=1)  # type: ignore[operator]
    corpus = Corpus.from_files(speech / "audio", speech / "labels", name="hummed")
    convolutions = wrap(tiny_model(), layers=["feature_extractor.conv_layers.6.conv"])  # type: ignore[operator]
    ingest(convolutions, corpus, tmp_path / "w", model_name="conv", quiet=True, f0=False)
    with connect(tmp_path / "w") as con, pytest.raises(MaskError, match="conv: no feed-forward network was recorded"):
        Mask.from_sql(con, "SELECT 1 AS layer, 2 AS neuron")


def test_queries_offers_masks_without_loading_them_first() -> None:
    assert queries.Mask is Mask
    with pytest.raises(AttributeError, match="no attribute 'Masks'"):
        queries.Masks  # noqa: B018
