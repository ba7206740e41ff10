"""Sets from unit sums are those of the SQL, for drawn warehouses and every parameter."""

from typing import Any

import numpy as np
import pytest
from definitions import Question, brute_force, questions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_studies import opened, studies

from queries.certainty import draws, unit_counts
from queries.certainty.draws import over_weights
from queries.sets import Cells, Rule, wilson_bound

EXAMPLES = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def asked_of_one(asked: Question, prop: str) -> tuple[Question, dict[str, Any]]:
    question = Question(**{**vars(asked), "property": prop})
    names = {name: f"p_{name.rstrip('_')}" for name in vars(asked) if name != "property"}
    return question, {names[name]: v for name, v in vars(asked).items() if name != "property" and v is not None}


@EXAMPLES
@given(st.data())
def test_sets_are_those_of_the_definitions(data: st.DataObject) -> None:
    study = data.draw(studies())
    with opened(study) as con:
        for _ in range(3):
            prop = data.draw(st.sampled_from(["phone_class", "phone", "gender", "speaker", "hiss", "pitch"]))
            question, parameters = asked_of_one(data.draw(questions(study)), prop)
            unit = data.draw(st.sampled_from(["speaker", "utterance", "segment"]))
            found: set[tuple] = set()
            for counts in unit_counts(con, prop, unit, **parameters):  # type: ignore[arg-type]
                once = np.ones(counts.pieces.n_units, int)
                key = (counts.layer.model, counts.layer.layer, prop)
                for _, neurons, members in over_weights(counts, [once], lambda members, *_: members.copy()):
                    for _, group, neuron in np.argwhere(members).tolist():
                        found.add((*key, counts.pieces.labels.groups[group], neurons.start + neuron))
            assert found == brute_force(study, question).group_neurons


@EXAMPLES
@given(st.data())
def test_both_ways_of_adding_agree(data: st.DataObject) -> None:
    study = data.draw(studies())
    unit = data.draw(st.sampled_from(["speaker", "utterance"]))
    prop = data.draw(st.sampled_from(["gender", "pitch", "hiss"]))
    with opened(study) as con, pytest.MonkeyPatch.context() as patch:
        for counts in unit_counts(con, prop, unit, p_sigma=0.5):  # type: ignore[arg-type]
            if counts.pieces.n_units:
                weights = np.random.default_rng(0).integers(0, 3, (40, counts.pieces.n_units))
                both = []
                for dense in (True, False):
                    patch.setattr(draws, "_is_dense", lambda *_, dense=dense: dense)
                    found = np.zeros((40, len(counts.pieces.labels.groups), counts.layer.n_neurons), bool)
                    for which, neurons, members in over_weights(counts, weights, lambda members, *_: members.copy()):
                        found[which, :, neurons] = members
                    both.append(found)
                assert np.array_equal(*both)


@pytest.mark.parametrize("z", [None, 0.0, 1.0, 1.96, 8.0])
@pytest.mark.parametrize("baseline", [0.0, 31 / 3072, 0.1, 1 / 3, 0.97])
def test_thresholds_are_the_fewest_frames_that_exceed_the_baseline(baseline: float, z: float | None) -> None:
    frames = np.array([*range(200), 999, 1000, 4096])
    found = Rule(baseline, z, 0.8, 3, None).thresholds(frames)
    for n, threshold in zip(frames.tolist(), found.tolist(), strict=True):
        active = np.arange(1, n + 1)
        p = active / max(n, 1) if z is None else wilson_bound(active, max(n, 1), -z)
        enough = active[p > baseline]
        expected = int(enough[0]) if n >= 3 and len(enough) else None
        assert (threshold if threshold <= n else None) == expected


def test_large_sums_are_exact() -> None:
    rule = Rule(31 / 3072, None, 0.8, 1, None)
    frames = np.array([2**24 + 1, 2**30])
    assert (rule.thresholds(frames) == frames * 31 // 3072 + 1).all()


def test_needed_phones_are_those_shown_or_declared() -> None:
    cells = Cells(np.array([0, 0, 0, 2]), np.array([0, 1, 2, 0]), 3)
    frames = np.array([[5, 0, 2, 9]])
    assert Rule(0, None, 0.8, 1, None).needed(frames, cells).tolist() == [[2, 1, 1]]
    assert Rule(0, None, 0.8, 3, None).needed(frames, cells).tolist() == [[1, 1, 1]]
    assert Rule(0, None, 0.8, 1, (5, 5, 5)).needed(frames, cells).tolist() == [[4, 4, 4]]
