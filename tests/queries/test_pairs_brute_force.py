"""What is said of pairs of models against sets of Python, over drawn studies of several models."""

from collections import defaultdict
from itertools import combinations, permutations

import duckdb
import pytest
from definitions import Question, brute_force, parameters, questions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_studies import PROPERTIES, Study, opened, studies

Sets = dict[tuple[str, int, str], dict[int, str]]
"""(model, layer, property) -> group neuron -> its group."""


def sets_of(study: Study, asked: Question) -> Sets:
    found: Sets = defaultdict(dict)
    for model, layer, prop, group, neuron in brute_force(
        study, Question(**{**vars(asked), "model": None})
    ).group_neurons:
        found[model, layer, prop][neuron] = group
    return found


def wanted(asked: Question, other: str | None) -> str:
    return ", ".join(filter(None, (parameters(asked), other and f"p_other := '{other}'")))


def compare_changes(con: duckdb.DuckDBPyConnection, study: Study, asked: Question, other: str | None) -> None:
    sets = sets_of(study, asked)
    expected = []
    for a, b in permutations(study.models, 2):
        for layer in a.widths:
            if a.widths[layer] == b.widths.get(layer) and asked.model in (None, a.name) and other in (None, b.name):
                for prop in PROPERTIES:
                    before, after = sets[a.name, layer, prop.name], sets[b.name, layer, prop.name]
                    for neuron in before.keys() | after.keys():
                        was, now = before.get(neuron), after.get(neuron)
                        change = "joined" if was is None else "left" if now is None else "moved"
                        if was != now:
                            expected.append((a.name, b.name, layer, prop.name, neuron, was, now, change))
    rows = con.execute(f"FROM set_changes({wanted(asked, other)})").fetchall()
    assert sorted(rows, key=repr) == sorted(expected, key=repr)


def compare_side_by_side(con: duckdb.DuckDBPyConnection, study: Study, asked: Question, other: str | None) -> None:
    sets = sets_of(study, asked)
    expected = {}
    for a, b in combinations(study.models, 2):
        for layer in a.widths:
            for prop in PROPERTIES:
                if (
                    not {asked.model, other} - {None} <= {a.name, b.name}
                    or asked.layer not in (None, layer)
                    or asked.property not in (None, prop.name)
                ):
                    continue
                groups = {
                    frame.group(prop.name)
                    for frame in study.frames
                    if {frame.utterance} & {*a.shards, *b.shards} and asked.corpus in (None, frame.corpus)
                }
                one, two = sets[a.name, layer, prop.name], sets[b.name, layer, prop.name]
                for group in {*groups, None}:
                    in_a, in_b = ({j for j, g in found.items() if group in (None, g)} for found in (one, two))
                    row: tuple = (None, len(in_a), len(in_b), None, None, None, None)
                    if a.widths[layer] == b.widths[layer]:
                        both, either, width = len(in_a & in_b), len(in_a | in_b), a.widths[layer]
                        shared = (both, either, both / either if either else None, len(in_a) * len(in_b) / width)
                        row = (width, len(in_a), len(in_b), *shared)
                    expected[a.name, b.name, layer, prop.name, group] = row
    rows = con.execute(f"FROM model_comparison({wanted(asked, other)})").fetchall()
    assert {row[:5]: row[5:] for row in rows} == expected
    assert len(rows) == len(expected)


def ask(data: st.DataObject, n: int) -> None:
    study = data.draw(studies(least=2, most=3))
    names = [model.name for model in study.models]
    with opened(study) as con:
        for _ in range(n):
            asked = data.draw(questions(study))
            other = data.draw(st.sampled_from([None, *(name for name in names if name != asked.model)]))
            compare_changes(con, study, asked, other)
            compare_side_by_side(con, study, asked, other)


EXAMPLES = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@pytest.mark.slow
@EXAMPLES
@given(st.data())
def test_pairs_are_what_the_definitions_say(data: st.DataObject) -> None:
    ask(data, 3)


@pytest.mark.slow
@settings(EXAMPLES, max_examples=30)
@given(st.data())
def test_many_pairs_are_what_the_definitions_say(data: st.DataObject) -> None:
    ask(data, 4)
