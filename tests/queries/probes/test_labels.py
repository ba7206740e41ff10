"""Labels from columns, numbers and queries, and what is no label."""

from pathlib import Path

import numpy as np
import pytest
from drawn_means import Means, warehouse_of

from queries import Connection, connect
from queries.probes import Label, probe
from queries.probes.labels import labelled
from queries.probes.settings import Settings
from warehouse.errors import QueryError

AGES = [19, 20, 20, 23, 25, 25, 31, 40]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight utterances of four speakers."""
    columns = {
        "speaker": list("aabbccdd"),
        "age": AGES,
        "height": [1.5, 1.6, 1.7, 1.8, 1.55, 1.65, 1.75, 1.85],
        "gender": ["F", "F", "M", "M", "F", "F", None, "M"],
        "one": ["x"] * 8,
    }
    return warehouse_of(tmp_path_factory.mktemp("labels") / "w", Means({1: np.ones((8, 2))}, columns))


@pytest.fixture
def con(path: Path) -> "Connection":
    with connect(path) as con:
        yield con


def _classes(con: Connection, label: Label, **settings: object) -> list[str]:
    return labelled(con, label, "m", Settings(**settings)).rows["class"].to_list()


def test_whole_numbers_are_classes_by_size(con: Connection) -> None:
    found = labelled(con, Label("age"), "m", Settings())
    assert found.classes == ("19", "20", "23", "25", "31", "40")
    assert found.target.tolist() == [0, 1, 1, 2, 3, 3, 4, 5]
    assert (found.unit, found.n_speakers, found.is_speaker) == ("utterance", 4, False)


def test_a_value_on_an_edge_belongs_below(con: Connection) -> None:
    found = _classes(con, Label("age", edges=(20, 25)))
    assert found == ["up to 20"] * 3 + ["20 to 25"] * 3 + ["above 25"] * 2


def test_bins_never_tear_equal_values_apart(con: Connection) -> None:
    found = _classes(con, Label("age", bins=2))
    assert found == ["up to 23"] * 4 + ["above 23"] * 4
    assert set(_classes(con, Label("age", bins=3))) == {"up to 20", "20 to 25", "above 25"}


def test_what_cannot_be_cut_evenly_is_not_cut_otherwise(con: Connection) -> None:
    label = Label("q", sql="SELECT utterance_id, greatest(age, 25) AS label FROM utterances", bins=3)
    with pytest.raises(QueryError, match=r"label q cannot be cut into 3 bins .*; cut it with --edges"):
        labelled(con, label, "m", Settings())


def test_nan_is_no_label_and_infinity_no_number(con: Connection) -> None:
    sql = "SELECT utterance_id, CASE WHEN age = 20 THEN CAST('{}' AS DOUBLE) ELSE age END AS label FROM utterances"
    label = Label("q", sql=sql.format("nan"), edges=(24,))
    assert _classes(con, label, leave_out_missing=True) == ["up to 24"] * 2 + ["above 24"] * 4
    with pytest.raises(QueryError, match="label q misses 2 of 8 rows, the first is utterance u0001"):
        labelled(con, label, "m", Settings())
    with pytest.raises(QueryError, match="label q has infinite values"):
        labelled(con, Label("q", sql=sql.format("inf"), edges=(24,)), "m", Settings())


def test_a_query_labels_as_it_likes(con: Connection) -> None:
    label = Label("old", sql="SELECT utterance_id, age > 24 AS label FROM utterances")
    assert _classes(con, label) == ["false"] * 4 + ["true"] * 4


def test_speakers_are_known_by_any_name_of_the_label(con: Connection) -> None:
    label = Label("who", sql="SELECT utterance_id, speaker AS label FROM utterances")
    assert labelled(con, label, "m", Settings()).is_speaker


def test_rows_without_a_label_are_left_out_when_that_is_said(con: Connection) -> None:
    assert len(_classes(con, Label("gender"), leave_out_missing=True)) == 7


def test_classes_are_left_out(con: Connection) -> None:
    assert set(_classes(con, Label("age", edges=(20, 25)), without=("up to 20",))) == {"20 to 25", "above 25"}


def test_rows_are_drawn_the_same_each_time(con: Connection) -> None:
    found = [labelled(con, Label("age"), "m", Settings(rows=5)).rows["utterance_id"].to_list() for _ in range(2)]
    assert found[0] == found[1] == sorted(found[0])
    assert len(found[0]) == 5


@pytest.mark.parametrize(
    ("label", "settings", "said"),
    [
        (Label("gender"), {}, r"label gender misses 1 of 8 rows, the first is utterance u0006; .*--leave-out-missing"),
        (Label("one"), {}, "label one has one class, x, in the 8 rows of m"),
        (Label("nothing"), {}, "there is no label nothing; there are the columns of utterances .*speaker.*phone_class"),
        (Label("height"), {}, "label height is a number; cut it into classes with --edges or --bins"),
        (Label("speaker", bins=2), {}, "label speaker is no number .such as 'a'., so"),
        (Label("age", bins=1), {}, "1 bins"),
        (Label("age", edges=(3, 2)), {}, "edges must be numbers that ascend"),
        (Label("age", edges=(3,), bins=2), {}, "not both"),
        (Label("age"), {"without": ("7",)}, "label age has no class 7; there are: 19, 20"),
        (Label("age"), {"corpus": "d"}, "there is no corpus d; there are: c"),
        (Label("age"), {"kind": "ffn"}, "model m has no means of utterances of kind ffn"),
        (Label("phone"), {}, "model m has no means of segments of kind block; ingest it with --segment-means block"),
        (Label("q", sql="SELECT 1 AS label"), {}, "the query gives no column utterance_id, only label"),
        (Label("q", sql="SELECT utterance_id, [1] AS label FROM utterances"), {}, "which is no class; make a text"),
        (
            Label("q", sql="SELECT utterance_id, 'a' AS segment, 1 AS label FROM utterances"),
            {},
            "segment must be the n",
        ),
        (Label("q", sql="SELECT nothing"), {}, "label q: .*nothing"),
        (Label("q", sql="SELECT utterance AS utterance_id, 1 AS label FROM utterances"), {}, "must be the number"),
        (Label("q", sql="SELECT 3 AS utterance_id, unnest([1, 2]) AS label"), {}, "utterance u0003 has several"),
    ],
)
def test_what_is_no_label_is_one_line(con: Connection, label: Label, settings: dict, said: str) -> None:
    with pytest.raises(QueryError, match=said) as error:
        labelled(con, label, "m", Settings(**settings))
    assert "\n" not in str(error.value)


def test_a_mean_that_is_no_number_names_the_utterance_and_the_neuron(tmp_path: Path) -> None:
    means = np.ones((8, 2))
    means[5, 1] = np.nan
    path = warehouse_of(
        tmp_path / "w", Means({1: np.ones((8, 3)), 2: means}, {"speaker": list("abcdefgh"), "x": [0, 1] * 4})
    )
    with pytest.raises(QueryError, match="utterance u0005: the mean of neuron 1 of layer 2 of model m is nan"):
        probe(path, "x", folds=2)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"folds": 1}, "folds 1"),
        ({"layers": ("9",)}, "no means of kind block of layer 9; it has: 1"),
        ({"layers": ("x",)}, "layers 'x'"),
        ({"kind": "x"}, "kind 'x'"),
        ({"solver": "x"}, "solver 'x'"),
        ({"lambda1": -1}, "lambda1 -1"),
        ({"shares": (100,)}, "share 100"),
        ({"seeds": 0}, "seeds: none"),
        ({"nothing": 1}, "probes have no setting nothing; they have: .*balance"),
        ({"model": "x"}, "there is no model x; there are: m"),
        ({"twin": "x"}, "there is no model x"),
        ({"by": ("x",), "folds": 2}, "utterances have no column x"),
    ],
)
def test_settings_out_of_range_are_one_line(path: Path, settings: dict, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        probe(path, Label("age", edges=(24,)), **{"folds": 2, **settings})
