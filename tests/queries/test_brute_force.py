"""Every answer against the definitions written out in plain Python, over drawn labels, activations and questions."""

from collections import defaultdict

import duckdb
import pytest
from definitions import CONDITIONS, Question, brute_force, parameters, questions, wilson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_studies import PROPERTIES, Study, opened, studies


def compare(con: duckdb.DuckDBPyConnection, study: Study, asked: Question) -> None:
    expected = brute_force(study, asked)
    patterns = {cell: expected.probabilities[cell] for cell in expected.patterns}
    z = 1.96 if asked.z is None else asked.z
    for name, counted in (
        ("activation_probabilities", expected.probabilities),
        ("activation_patterns", patterns),
        ("S_k", patterns),
    ):
        rows = con.execute(f"FROM {name}({parameters(asked)})").fetchall()
        assert {row[:6]: row[6:8] for row in rows} == counted
        assert len(rows) == len(counted)
        for *_, hits, n, p, low, high in rows:
            assert p == hits / n
            assert low == pytest.approx(max(0, wilson(hits, n, -z)), abs=1e-12)
            assert high == pytest.approx(min(1, wilson(hits, n, z)), abs=1e-12)
    candidates = con.execute(f"FROM N_i({parameters(asked)})").fetchall()
    assert {row[:5]: row[5:] for row in candidates} == expected.candidates
    assert len(candidates) == len(expected.candidates)
    assert sorted(con.execute(f"FROM G_i({parameters(asked)})").fetchall()) == sorted(expected.group_neurons)
    neurons = con.execute(f"FROM property_neurons({parameters(asked)})").fetchall()
    assert sorted(neurons) == sorted((*key[:3], key[4]) for key in expected.group_neurons)


def compare_overlap(con: duckdb.DuckDBPyConnection, study: Study, asked: Question) -> None:
    everything = Question(**{**vars(asked), "property": None})
    sets: dict[tuple, set[int]] = defaultdict(set)
    for model, layer, prop, _, neuron in brute_force(study, everything).group_neurons:
        sets[model, layer, prop].add(neuron)
    names = sorted(prop.name for prop in PROPERTIES)
    expected = {
        (m.name, layer, a, b): tuple(map(len, (x := sets[m.name, layer, a], y := sets[m.name, layer, b], x & y)))
        for m in study.models
        for layer in m.widths
        for a in names
        for b in names
        if a < b and asked.property in (None, a, b) and asked.model in (None, m.name) and asked.layer in (None, layer)
    }
    rows = con.execute(f"FROM property_overlap({parameters(asked)})").fetchall()
    assert {row[:4]: row[4:] for row in rows} == expected
    assert len(rows) == len(expected)


def compare_profiles(con: duckdb.DuckDBPyConnection, study: Study, asked: Question) -> None:
    found = brute_force(study, asked)
    expected = {}
    for model in study.models:
        for layer, width in model.widths.items():
            for prop in PROPERTIES:
                if (
                    asked.model not in (None, model.name)
                    or asked.layer not in (None, layer)
                    or asked.property not in (None, prop.name)
                ):
                    continue
                key = (model.name, layer, prop.name)
                groups = {cell[3] for cell in found.cells if cell[:3] == key}
                for group in groups or {None}:
                    cell = (*key, group)
                    responds = [at for at in found.patterns if at[:4] == cell]
                    n_phones = found.n_phones.get(cell, 0)
                    expected[cell] = (
                        width,
                        sum(n for at, n in found.cells.items() if at[:4] == cell),
                        n_phones,
                        len({at[5] for at in responds}),
                        len(responds) / n_phones if n_phones else None,
                        sum(at[:4] == cell for at in found.candidates),
                        sum(at[:4] == cell for at in found.group_neurons),
                    )
    rows = con.execute(f"FROM layer_profiles({parameters(asked)})").fetchall()
    assert {row[:4]: row[4:] for row in rows} == expected
    assert len(rows) == len(expected)


def compare_segments(con: duckdb.DuckDBPyConnection, study: Study, asked: Question, neuron: int) -> None:
    holds = CONDITIONS[asked.where] if asked.where else lambda frame: True
    expected = []
    for model in study.models:
        for layer in model.widths:
            ranks: dict[tuple[int, int, str], list[int | None]] = defaultdict(list)
            for frame in study.frames:
                if frame.utterance in model.shards and asked.corpus in (None, frame.corpus) and holds(frame):
                    ranked = model.ranked[layer, frame.id][: model.top_k(layer, asked.lambda_)]
                    rank = ranked.index(neuron) if neuron in ranked else None
                    ranks[frame.utterance, frame.segment, frame.phone].append(rank)
            if asked.model in (None, model.name) and asked.layer in (None, layer):
                active = [(cell, [r for r in of_it if r is not None], len(of_it)) for cell, of_it in ranks.items()]
                active = [found for found in active if found[1]]
                active.sort(key=lambda x: (-len(x[1]) / x[2], -len(x[1]), min(x[1]), x[0]))
                for place, (cell, hits, n) in enumerate(active[:3], start=1):
                    expected.append((model.name, layer, neuron, place, *cell, len(hits), n, min(hits)))
    given = filter(None, (f"p_neuron := {neuron}", parameters(asked, {"model", "corpus", "layer", "lambda", "where"})))
    rows = con.execute(
        "SELECT model, layer, neuron, place, utterance_id, segment, phone, n_active, n_frames, best_rank "
        f"FROM top_segments(p_limit := 3, {', '.join(given)})"
    ).fetchall()
    assert rows == expected


EXAMPLES = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@EXAMPLES
@given(st.data())
def test_answers_are_what_the_definitions_say(data: st.DataObject) -> None:
    study = data.draw(studies())
    with opened(study) as con:
        for _ in range(4):
            compare(con, study, data.draw(questions(study)))


@pytest.mark.slow
@settings(EXAMPLES, max_examples=30)
@given(st.data())
def test_many_answers_are_what_the_definitions_say(data: st.DataObject) -> None:
    study = data.draw(studies())
    with opened(study) as con:
        for _ in range(4):
            asked = data.draw(questions(study))
            compare(con, study, asked)
            compare_overlap(con, study, asked)


@settings(EXAMPLES, max_examples=8)
@given(st.data())
def test_overlaps_are_what_the_definitions_say(data: st.DataObject) -> None:
    study = data.draw(studies())
    with opened(study) as con:
        compare_overlap(con, study, data.draw(questions(study)))


@pytest.mark.slow
@settings(EXAMPLES, max_examples=15)
@given(st.data())
def test_profiles_and_segments_are_what_the_definitions_say(data: st.DataObject) -> None:
    study = data.draw(studies())
    with opened(study) as con:
        for _ in range(3):
            compare_profiles(con, study, data.draw(questions(study)))
            compare_segments(con, study, data.draw(questions(study)), data.draw(st.integers(0, 6)))
