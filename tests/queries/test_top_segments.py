"""The segments that activate a neuron most, by hand."""

import re

import duckdb
import pytest

COLUMNS = "SELECT place, utterance_id, segment, phone, n_active, n_frames, share, best_rank"


def test_the_strongest_come_first(by_hand: duckdb.DuckDBPyConnection) -> None:
    # Neuron 3 is active in both frames of one S and in the only one of the other; neuron 1 in one frame of each AA.
    assert by_hand.sql(f"{COLUMNS} FROM top_segments(p_neuron := 3)").fetchall() == [
        (1, 0, 1, "S", 2, 2, 1.0, 0),
        (2, 1, 1, "S", 1, 1, 1.0, 1),
    ]
    assert by_hand.sql(f"{COLUMNS} FROM top_segments(p_neuron := 1, p_layer := 1)").fetchall() == [
        (1, 0, 0, "AA", 1, 2, 0.5, 1),
        (2, 1, 0, "AA", 1, 3, 1 / 3, 1),
    ]


def test_a_segment_can_be_found_and_listened_to(by_hand: duckdb.DuckDBPyConnection) -> None:
    columns = "model, layer, neuron, corpus, utterance, speaker, word, start_s, end_s, path"
    found = by_hand.sql(f"SELECT {columns} FROM top_segments(p_neuron := 4)").fetchall()
    assert found == [("m", 1, 4, "c", "u0", "f0", "as", 0.04, 0.08, None)]


def test_limits_conditions_and_lambda(by_hand: duckdb.DuckDBPyConnection) -> None:
    for options, expected in (
        ("p_neuron := 3, p_limit := 1", [(0, 2, 2)]),
        ("p_neuron := 3, p_where := 'gender = ''M'''", [(1, 1, 1)]),
        ("p_neuron := 1, p_where := 'frame < 2'", [(0, 1, 2), (1, 1, 2)]),  # of the frames that satisfy it
        ("p_neuron := 3, p_lambda := 10", [(0, 2, 2)]),  # the strongest neuron of each frame alone
        ("p_neuron := 9", []),
    ):
        found = by_hand.sql(f"SELECT utterance_id, n_active, n_frames FROM top_segments({options})").fetchall()
        assert found == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("", "p_neuron: name a neuron; there are: 0 to 9"),
        ("p_neuron := 10", "p_neuron: there is no 10; there are: 0 to 9"),
        ("p_neuron := -1", "p_neuron: there is no -1; there are: 0 to 9"),
        ("p_neuron := 1, p_limit := 0", "p_limit: 0 is no number of rows; give 1 or more"),
        ("p_neuron := 1, p_limit := NULL", "p_limit: NULL is no number of rows"),
        ("p_neuron := 1, p_layer := 2", "p_layer: there is no 2; there are: 1"),
        ("p_neuron := 1, p_model := 'x'", "p_model: there is no x; there are: m"),
        ("p_neuron := 1, p_corpus := 'x'", "p_corpus: there is no x; there are: c"),
        ("p_neuron := 1, p_lambda := 21", "at most what was recorded: 20"),
        ("p_neuron := 1, p_where := 'FROM x'", "p_where: syntax error"),
        ("p_neuron := 1, p_where := 'frame IN (FROM query(''SELECT 1''))'", "without a table function"),
    ],
)
def test_what_cannot_be_asked(by_hand: duckdb.DuckDBPyConnection, options: str, message: str) -> None:
    with pytest.raises(duckdb.Error, match=re.escape(message)):
        by_hand.sql(f"FROM top_segments({options})").fetchall()
