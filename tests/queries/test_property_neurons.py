"""P, by hand; and what every answer has in common: defaults, and names that do not exist."""

import re

import duckdb
import pytest

from queries.sql_files import sql_files

ANSWERS = [file.name for file in sql_files("answers")]
OF_PAIRS = [file.name for file in sql_files("answers") if "p_other" in file.parameters]
"""Those that compare models; of one model they have no row."""


def test_the_union_of_the_groups(by_hand: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT property, neuron FROM property_neurons(p_sigma := 0.5) ORDER BY ALL"
    assert by_hand.sql(sql).fetchall() == [
        *[("gender", neuron) for neuron in (0, 2, 4, 5, 6, 7, 8)],
        *[("phone_class", neuron) for neuron in (1, 3, 4, 5, 8)],
    ]


@pytest.mark.parametrize("name", ANSWERS)
def test_a_view_is_its_macro_with_the_defaults(by_hand: duckdb.DuckDBPyConnection, name: str) -> None:
    found = by_hand.sql(f"FROM {name} ORDER BY ALL").fetchall()
    assert (found == []) == (name in OF_PAIRS)
    assert (
        found
        == by_hand.sql(f"FROM {name}() ORDER BY ALL").fetchall()
        == by_hand.sql(
            f"FROM {name}(p_model := NULL, p_corpus := NULL, p_property := NULL, p_layer := NULL, p_frames := 'all', "
            "p_lambda := NULL, p_sigma := 0.8, p_baseline := NULL, p_min_frames := NULL, p_z := NULL, "
            "p_where := NULL) ORDER BY ALL"
        ).fetchall()
    )


@pytest.mark.parametrize("name", ANSWERS)
def test_naming_the_only_ones_changes_nothing(by_hand: duckdb.DuckDBPyConnection, name: str) -> None:
    named = f"FROM {name}(p_model := 'm', p_corpus := 'c', p_layer := 1) ORDER BY ALL"
    assert by_hand.sql(named).fetchall() == by_hand.sql(f"FROM {name} ORDER BY ALL").fetchall()


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("p_model := 'x'", "p_model: there is no x; there are: m"),
        ("p_corpus := 'x'", "p_corpus: there is no x; there are: c"),
        ("p_property := 'x'", "p_property: there is no x; there are: gender, phone_class"),
        ("p_layer := 2", "p_layer: there is no 2; there are: 1"),
        ("p_layer := 0", "p_layer: there is no 0; there are: 1"),
        ("p_frames := 'x'", "p_frames: there is no x; there are: all, middle, reference"),
        ("p_frames := NULL", "p_frames: there is no NULL; there are: all, middle, reference"),
        ("p_lambda := 21", "at most what was recorded: 20"),
        ("p_lambda := 0", "at most what was recorded: 20"),
        ("p_sigma := 0", "p_sigma: 0 is no share of the phones"),
        ("p_sigma := 1.1", "p_sigma: 1.1 is no share of the phones"),
        ("p_baseline := 1", "p_baseline: 1 is no probability"),
        ("p_min_frames := -1", "p_min_frames: -1 is no number of frames"),
        ("p_z := -1", "p_z: -1 is no number of standard errors"),
    ],
)
def test_what_does_not_exist_is_an_error_that_lists_what_does(
    by_hand: duckdb.DuckDBPyConnection, name: str, option: str, message: str
) -> None:
    with pytest.raises(duckdb.Error, match=re.escape(message)):
        by_hand.sql(f"FROM {name}({option})").fetchall()
