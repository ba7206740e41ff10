"""Table macros that the answers are made of, each on the study that is counted by hand."""

from collections.abc import Iterator

import duckdb
import pytest

Con = duckdb.DuckDBPyConnection
FRESH = ("p_lambda := 10", "p_where := 'true'")


@pytest.fixture
def changed(by_hand: Con) -> Iterator[Con]:
    """The study, whose changes are undone."""
    by_hand.execute("BEGIN")
    yield by_hand
    by_hand.execute("ROLLBACK")


def rows(con: Con, query: str) -> list[tuple]:
    return con.sql(f"{query} ORDER BY ALL").fetchall()


def test_checked_parameters(by_hand: Con) -> None:
    assert rows(by_hand, "FROM checked_parameters(p_property := 'gender')") == []
    for query in (
        "FROM checked_parameters(p_layer := 2)",
        "SELECT 1 WHERE EXISTS (FROM checked_parameters(p_layer := 2))",
    ):
        with pytest.raises(duckdb.InvalidInputException, match="p_layer: there is no 2; there are: 1"):
            rows(by_hand, query)


def test_checked_lookup(by_hand: Con) -> None:
    assert rows(by_hand, "FROM checked_lookup(p_neuron := 9, p_layer := 1)") == []
    for options, message in (
        ("p_neuron := 10", "p_neuron: there is no 10"),
        ("p_layer := 2", "p_layer: there is no 2"),
    ):
        with pytest.raises(duckdb.InvalidInputException, match=message):
            rows(by_hand, f"FROM checked_lookup({options})")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", [*range(8)]),
        ("p_where := 'phone = ''S'''", [2, 3, 7]),
        ("p_corpus := 'c', p_where := 'gender = ''F'''", [0, 1, 2, 3]),
        ("p_corpus := 'd'", []),
    ],
)
def test_asked_frames(by_hand: Con, options: str, expected: list[int]) -> None:
    assert rows(by_hand, f"SELECT frame_id FROM asked_frames({options})") == [(frame,) for frame in expected]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", [("F", 0), ("F", 1), ("F", 2), ("F", 3), ("M", 4), ("M", 5), ("M", 6), ("M", 7)]),
        ("p_frames := 'middle'", [("F", 0), ("F", 2), ("M", 5), ("M", 7)]),
        ("p_frames := 'reference'", [("F", 0), ("M", 5)]),
        ("p_where := 'phone = ''S'' AND frame = 3'", [("F", 3), ("M", 7)]),
        ("p_corpus := 'c', p_where := 'gender = ''F''', p_frames := 'middle'", [("F", 0), ("F", 2)]),
        ("p_corpus := 'd'", []),
    ],
)
def test_chosen_frames(by_hand: Con, options: str, expected: list[tuple]) -> None:
    separator = ", " if options else ""
    query = f"SELECT \"group\", frame_id FROM chosen_frames(p_property := 'gender'{separator}{options})"
    assert rows(by_hand, query) == expected


CELLS = [
    ("m", 0, "gender", "F", "AA", 2),
    ("m", 0, "gender", "F", "S", 2),
    ("m", 0, "gender", "M", "AA", 3),
    ("m", 0, "gender", "M", "S", 1),
]


def test_stored_cells(by_hand: Con) -> None:
    assert rows(by_hand, "FROM stored_cells(p_property := 'gender')") == CELLS
    middle = rows(by_hand, "FROM stored_cells(p_property := 'gender', p_frames := 'middle')")
    assert middle == [(*cell[:5], 1) for cell in CELLS]


def test_fresh_cells(by_hand: Con) -> None:
    assert rows(by_hand, "FROM fresh_cells(p_property := 'gender', p_where := 'true')") == CELLS
    assert rows(by_hand, "FROM fresh_cells(p_property := 'gender', p_where := 'frame > 1')") == [
        ("m", 0, "gender", "F", "S", 2),
        ("m", 0, "gender", "M", "AA", 1),
        ("m", 0, "gender", "M", "S", 1),
    ]


def test_counted_cells(by_hand: Con) -> None:
    query = "SELECT \"group\", phone, n_frames, cell_id, group_id FROM counted_cells(p_property := 'gender'{})"
    everything = [("F", "AA", 2, 0, 0), ("F", "S", 2, 1, 0), ("M", "AA", 3, 2, 1), ("M", "S", 1, 3, 1)]
    assert rows(by_hand, query.format("")) == everything
    assert rows(by_hand, query.format(", p_min_frames := 2")) == everything[:3]
    assert rows(by_hand, query.format(", p_where := 'frame > 1', p_min_frames := 2")) == [("F", "S", 2, 0, 0)]


def test_counted_groups(by_hand: Con) -> None:
    query = 'SELECT property, "group", n_phones FROM counted_groups({})'
    shown = [("gender", "F", 2), ("gender", "M", 2), ("phone_class", "unvoiced", 1), ("phone_class", "vowel", 1)]
    declared = [("gender", "F", 3), ("gender", "M", 3), ("phone_class", "vowel", 2)]  # S is in last runs only
    assert rows(by_hand, query.format("")) == shown
    assert rows(by_hand, query.format("p_frames := 'reference'")) == declared
    assert rows(by_hand, query.format("p_min_frames := 2"))[:2] == [("gender", "F", 2), ("gender", "M", 1)]


ACTIVE = {  # neurons of the vowels in frames of women and men, with their frames, and the same of the strongest alone
    "": {("F", 0, 2), ("F", 1, 1), ("F", 2, 1), ("M", 1, 1), ("M", 5, 3), ("M", 6, 1), ("M", 7, 1)},
    "p_lambda := 10": {("F", 0, 2), ("M", 5, 3)},
    "p_where := 'frame <> 1'": {("F", 0, 1), ("F", 1, 1), ("M", 1, 1), ("M", 5, 2), ("M", 7, 1)},
}


def active(con: Con, macro: str, options: str) -> set[tuple]:
    given = f"p_property := 'gender'{', ' if options else ''}{options}"
    return set(con.sql(f"SELECT \"group\", neuron, n_active FROM {macro}({given}) WHERE phone = 'AA'").fetchall())


def test_stored_neuron_counts(by_hand: Con) -> None:
    assert active(by_hand, "stored_neuron_counts", "") == ACTIVE[""]
    assert active(by_hand, "stored_neuron_counts", "p_frames := 'reference'") == {
        ("F", 0, 1), ("F", 1, 1), ("M", 5, 1), ("M", 6, 1),
    }  # fmt: skip


def test_stored_neuron_counts_of_several_parts_are_added(changed: Con) -> None:
    changed.execute("CREATE OR REPLACE MACRO counts_are_sums(p_of_corpus, p_of_property) AS false")
    assert active(changed, "stored_neuron_counts", "") == ACTIVE[""]
    for name in ("frame_counts", "activation_counts"):
        changed.execute(f"INSERT INTO {name} FROM {name}")
    assert active(changed, "stored_neuron_counts", "") == {(group, j, 2 * n) for group, j, n in ACTIVE[""]}


@pytest.mark.parametrize("options", [options for options in ACTIVE if options])
def test_fresh_neuron_counts(by_hand: Con, options: str) -> None:
    assert active(by_hand, "fresh_neuron_counts", options) == ACTIVE[options]


@pytest.mark.parametrize("options", ACTIVE)
def test_neuron_counts(by_hand: Con, options: str) -> None:
    assert active(by_hand, "neuron_counts", options) == ACTIVE[options]


def test_neuron_counts_reads_activations_only_where_counts_do_not_serve(changed: Con) -> None:
    changed.execute("DELETE FROM activations")
    assert active(changed, "neuron_counts", "") == ACTIVE[""]
    assert active(changed, "neuron_counts", "p_lambda := 20") == ACTIVE[""]  # as recorded
    assert all(active(changed, "neuron_counts", options) == set() for options in FRESH)


def test_more_than_256_cells_are_counted(changed: Con) -> None:
    changed.execute("""
        CREATE OR REPLACE MACRO counted_cells(
            p_model := NULL, p_corpus := NULL, p_property := NULL, p_layer := NULL, p_frames := 'all',
            p_min_frames := NULL, p_where := NULL
        ) AS TABLE
        SELECT model, 0 AS grid, property, "group", phone, n AS n_frames, 0 AS group_id,
            CAST(254 + row_number() OVER (ORDER BY "group", phone) AS INTEGER) AS cell_id
        FROM frame_counts WHERE property = p_property
    """)
    assert active(changed, "fresh_neuron_counts", "p_lambda := 10") == ACTIVE["p_lambda := 10"]


def test_active_cells(by_hand: Con) -> None:
    query = "SELECT \"group\", phone, neuron FROM active_cells(p_property := 'gender', p_baseline := 0.4{})"
    assert rows(by_hand, query.format("")) == [
        ("F", "AA", 0), ("F", "AA", 1), ("F", "AA", 2), ("F", "S", 0), ("F", "S", 3), ("F", "S", 4),
        ("M", "AA", 5), ("M", "S", 3), ("M", "S", 8),
    ]  # fmt: skip
    # Lower bounds at z = 1: 1 of 1 is 0.5, 1 of 2 is 0.21, 2 of 2 is 0.67, 3 of 3 is 0.75.
    certain = [("F", "AA", 0), ("F", "S", 3), ("M", "AA", 5), ("M", "S", 3), ("M", "S", 8)]
    assert rows(by_hand, query.format(", p_z := 1")) == certain
