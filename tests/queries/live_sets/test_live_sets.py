"""Sets from counts in memory are those of the SQL, under every parameter, and so are the lists and the overlaps."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_study import Study, draw

from queries import Connection, connect
from queries.live_sets.asking import list_sql, neurons_sql, overlap_sql, profile_sql
from queries.live_sets.checking import check, layers_of
from queries.live_sets.counts import Counts
from queries.live_sets.listing import listing
from queries.live_sets.made import LayerSets, some_sets
from queries.live_sets.overlap import overlap
from queries.live_sets.question import Question, RefusedError

ASKED: list[dict[str, Any]] = [
    {},
    {"p_sigma": 0.3},
    {"p_baseline": 0.3, "p_sigma": 0.6},
    {"p_z": 0.7, "p_sigma": 0.4},
    {"p_min_frames": 9, "p_sigma": 0.5},
    {"p_min_frames": 10_000},
    {"p_frames": "middle", "p_sigma": 0.5},
    {"p_frames": "reference", "p_sigma": 0.4, "p_min_frames": 2},
    {"p_corpus": "d", "p_sigma": 0.5},
    {"p_lambda": 9.0, "p_sigma": 0.4},
    {"p_where": "duration > 0.3 AND speaker <> 'it''s'", "p_sigma": 0.5, "p_z": 0.1},
]
PROPERTIES = ("gender", "phone_class", "pitch", "speaker", "phone")
TURNS = [(asked, PROPERTIES[place % 4]) for place, asked in enumerate(ASKED)]
"""Every question of one property, so that the tests stay short."""


def all_sets(con: Connection, counts: Counts, question: Question) -> list[LayerSets]:
    layers = layers_of(con, question)
    found: list[LayerSets] = []
    while len(found) < len(layers):
        found += some_sets(con, counts, question, layers, layers[len(found) :], seconds=0)
    return found


@pytest.fixture(scope="module")
def counts() -> Counts:
    return Counts()


@pytest.mark.parametrize(("asked", "other"), TURNS, ids=str)
def test_sets_are_those_of_the_sql(drawn_con: Connection, counts: Counts, asked: dict[str, Any], other: str) -> None:
    for name in dict.fromkeys(("gender", other)):
        question = Question("m", name, asked)
        check(drawn_con, question)
        found = all_sets(drawn_con, counts, question)
        sizes = {
            (sets.layer.layer, group, n, sets.candidates[group])
            for sets in found
            for group, n in sets.group_neurons.items()
            if group in sets.cells.groups and sets.cells.n_phones(question.min_frames)[sets.cells.groups.index(group)]
        }
        rows = drawn_con.sql(profile_sql(question)).fetchall()
        expected = {(layer, group, own, some) for layer, group, _, some, own in rows if group is not None}
        if asked.get("p_frames") != "reference":  # that has groups of declared phones, none of which were seen
            assert sizes == expected
        assert {row for row in sizes if row[2]} == {row for row in expected if row[2]}
        members = {
            (sets.layer.layer, neuron, sets.cells.groups[place])
            for sets in found
            for neuron, place in enumerate(sets.member.tolist())
            if place >= 0
        }
        named = question.call("group_neurons")
        assert members == set(drawn_con.sql(f'SELECT layer, neuron, "group" FROM {named}').fetchall())


def test_these_questions_have_answers(drawn_con: Connection, counts: Counts) -> None:
    sizes = [
        sum(sets.n_property_neurons for sets in all_sets(drawn_con, counts, Question("m", name, asked)))
        for asked, name in TURNS
    ]
    assert sum(map(bool, sizes)) > len(sizes) / 2


@pytest.mark.parametrize(("asked", "name"), TURNS[1::2], ids=str)
def test_a_list_is_what_its_sql_gives(drawn_con: Connection, counts: Counts, asked: dict[str, Any], name: str) -> None:
    question = Question("m", name, asked)
    layers = layers_of(drawn_con, question)
    (sets,) = some_sets(drawn_con, counts, question, layers, layers[:1])
    found = listing(drawn_con, counts, question, sets, layers)
    rows = drawn_con.sql(list_sql(question, 1, found.groups)).fetchall()
    assert [(1, row.neuron, row.group, row.n_active, row.n_phones) for row in found.neurons] == [
        row[:5] for row in rows
    ]
    for row, (*_, p, next_group, next_p) in zip(found.neurons, (row[:8] for row in rows), strict=True):
        assert p == pytest.approx(row.means[found.groups.index(row.group)])
        assert (next_p or 0.0) == pytest.approx(row.next_mean or 0.0)
        assert not next_p or next_group == row.next_group
    for row, of_groups in zip(found.neurons, (row[8:] for row in rows), strict=True):
        assert of_groups == pytest.approx(row.means)
    patterns = question.call("activation_patterns", p_layer=1)
    everything = drawn_con.sql(f'SELECT DISTINCT neuron, "group", phone FROM {patterns}').fetchall()
    listed = {row.neuron for row in found.neurons}
    assert {(n, group, phone) for n in listed for group in found.groups for phone in found.phones(n, group)} == {
        row for row in everything if row[0] in listed
    }


@pytest.mark.parametrize("asked", ASKED[::3], ids=str)
def test_an_overlap_is_what_its_sql_gives(drawn_con: Connection, counts: Counts, asked: dict[str, Any]) -> None:
    question = Question("m", "gender", asked)
    (layer, _) = layers_of(drawn_con, question)
    rows = drawn_con.sql(overlap_sql(question, 1)).fetchall()
    assert len(rows) == 5
    for _, other, n_other, n_both, of_own, of_other, jaccard in rows:
        found = overlap(drawn_con, counts, question, layer, other)
        assert (found.n_other, found.n_both) == (n_other, n_both)
        assert [found.of_own, found.of_other, found.jaccard] == [
            None if share is None else pytest.approx(share) for share in (of_own, of_other, jaccard)
        ]


def test_neurons_of_a_group(drawn_con: Connection) -> None:
    question = Question("m", "gender", {"p_sigma": 0.3})
    every = drawn_con.sql(neurons_sql(question, None)).fetchall()
    of_groups = [drawn_con.sql(neurons_sql(question, layer, group)).fetchall() for layer in (1, 2) for group in "FM"]
    assert sorted(row for rows in of_groups for row in rows) == every != []


def test_too_large_a_layer_is_read_in_pieces(drawn_con: Connection, counts: Counts) -> None:
    tight = Counts(most_bytes=2_000)
    for name in ("gender", "speaker"):
        question = Question("m", name, {"p_sigma": 0.4})
        whole, pieces = all_sets(drawn_con, counts, question), all_sets(drawn_con, tight, question)
        assert [sets.member.tolist() for sets in pieces] == [sets.member.tolist() for sets in whole]
        layers = layers_of(drawn_con, question)
        lists = [listing(drawn_con, kept, question, whole[0], layers) for kept in (counts, tight)]
        assert lists[0].neurons == lists[1].neurons
        assert tight.n_bytes <= 2_000


def test_counts_in_memory_are_not_read_again(drawn_con: Connection) -> None:
    counts = Counts()
    all_sets(drawn_con, counts, Question("m", "gender", {}))
    with drawn_con.cursor() as closed:
        layers = layers_of(drawn_con, Question("m", "gender", {}))
    closed.close()
    found = some_sets(closed, counts, Question("m", "gender", {"p_sigma": 0.5, "p_z": 1.0}), layers, layers)
    assert [sets.layer.layer for sets in found] == [1, 2]


class Overtaken:
    """A cursor of an older snapshot; while it counts, another thread asks about the newer one."""

    def __init__(self, con: Connection, meanwhile: Callable[[], object]) -> None:
        self._con, self._meanwhile, self.snapshot = con, meanwhile, con.snapshot

    def sql(self, query: str, **given: Any) -> Any:
        found = self._con.sql(query, **given)
        self._meanwhile()
        return found

    def execute(self, query: str) -> Any:
        found = self._con.execute(query)
        self._meanwhile()
        return found


def test_counts_of_two_snapshots_do_not_mix(drawn_con: Connection, tmp_path: Path) -> None:
    study = Study(tmp_path / "grown.warehouse")
    study.ingest("c", draw(np.random.default_rng(5), 12), seed=5)
    question, counts = Question("m", "gender", {"p_sigma": 0.4}), Counts()
    with connect(study.layout.root) as grown:

        def members(con: Any, kept: Counts) -> list[list[int]]:
            return [sets.member.tolist() for sets in all_sets(con, kept, question)]

        expected = [members(con, Counts()) for con in (drawn_con, grown)]
        assert expected[0] != expected[1]
        overtaken = Overtaken(drawn_con.cursor(), lambda: members(grown, counts))
        assert [members(overtaken, counts), members(grown, counts)] == expected


@pytest.mark.parametrize(
    ("parameter", "value", "said"),
    [
        ("p_sigma", 2, "2 is no share"),
        ("p_corpus", "e", "there is no e; there are: c, d"),
        ("p_lambda", 99.0, "at most what was recorded"),
        ("p_where", "nobody = 3", "nobody"),
        ("p_where", "duration >", "syntax error"),
        ("p_where", "true); DROP TABLE frames; --", ""),
        ("p_z", float("nan"), ""),
    ],
)
def test_what_cannot_be_asked_is_refused(drawn_con: Connection, parameter: str, value: Any, said: str) -> None:
    with pytest.raises(RefusedError) as refused:
        check(drawn_con, Question("m", "gender", {parameter: value}))
    assert refused.value.parameter == parameter
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
