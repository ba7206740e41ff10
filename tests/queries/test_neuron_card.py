"""The card of a neuron against plain counting of a drawn warehouse's frames, and against the answers themselves."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import duckdb
import numpy as np
import pytest
from drawn_study import CLASSES, Study

from queries import Connection
from queries.neuron_card import (
    Neuron,
    alike,
    alike_sql,
    memberships,
    memberships_sql,
    responses,
    responses_sql,
    segments_sql,
    standing,
    standing_sql,
    top_segments,
)

NEURONS = [Neuron("m", 1, 3), Neuron("m", 2, 6)]
PROPERTIES = ["gender", "pitch", "phone_class", "speaker"]

Cells = dict[tuple[str, str], tuple[Counter[int], int]]


def cells_of(study: Study, property: str, layer: int) -> Cells:
    """(group, phone) -> how often each neuron is active, and the frames; phones that count only."""
    group_of = study.groups()[property]
    found: Cells = {}
    for number, frame in study.frames.items():
        group = group_of[number]
        silent = frame.phone in {"", "spn"} or (property == "pitch" and CLASSES.get(frame.phone) == "unvoiced")
        if group is not None and not silent:
            active, n = found.get((group, frame.phone), (Counter(), 0))
            found[group, frame.phone] = (active + Counter(frame.neurons[layer]), n + 1)
    return found


def pooled(cells: Cells, group: str, neuron: int) -> float:
    of_group = [(active[neuron], n) for (name, _), (active, n) in cells.items() if name == group]
    return sum(active for active, _ in of_group) / sum(n for _, n in of_group)


@pytest.mark.parametrize(("neuron", "property"), list(zip(NEURONS * 2, PROPERTIES, strict=True)), ids=str)
def test_every_cell_that_counts_is_there(drawn: Study, drawn_con: Connection, neuron: Neuron, property: str) -> None:
    expected = cells_of(drawn, property, neuron.layer)
    found = responses(drawn_con, neuron, property)
    chance = drawn.top_k / drawn.widths[neuron.layer - 1]
    assert found.baseline == pytest.approx(chance)
    assert {key: (cell.n_active, cell.n_frames, cell.responds) for key, cell in found.cells.items()} == {
        key: (active[neuron.number], n, active[neuron.number] / n > chance) for key, (active, n) in expected.items()
    }
    for cell in found.cells.values():
        assert cell.p == cell.n_active / cell.n_frames
        assert cell.p_low - 1e-12 <= cell.p <= cell.p_high + 1e-12
    assert set(found.groups) == {group for group, _ in expected}
    assert found.phones == tuple(sorted({phone for _, phone in expected}))
    assert found.classes == {phone: CLASSES[phone] for phone in found.phones}
    assert found.n_frames == sum(n for _, n in expected.values())
    assert found.n_active == sum(active[neuron.number] for active, _ in expected.values())
    assert found.group_follows == (property == "phone_class")


def test_bins_stand_in_their_order(drawn_con: Connection) -> None:
    assert responses(drawn_con, NEURONS[0], "pitch").groups == ("low", "middle", "high")
    assert [one.group for one in standing(drawn_con, NEURONS[0], "pitch")] == ["low", "middle", "high"]


def test_the_strongest_group_of_a_phone(drawn_con: Connection) -> None:
    found = responses(drawn_con, NEURONS[0], "gender")
    for phone in found.phones:
        assert found.strongest(phone) == max(c.p for (_, name), c in found.cells.items() if name == phone)
    assert found.strongest("never said") == 0


@pytest.mark.parametrize(
    ("neuron", "parameters"),
    [
        (NEURONS[0], {}),
        (NEURONS[1], {"p_sigma": 0.5}),
        (NEURONS[0], {"p_baseline": 0.1, "p_sigma": 0.3}),
        (NEURONS[1], {"p_z": 1.0, "p_sigma": 0.1}),
        (NEURONS[0], {"p_frames": "middle"}),
    ],
    ids=str,
)
def test_memberships_are_those_of_the_sets(
    drawn_con: Connection, neuron: Neuron, parameters: Mapping[str, Any]
) -> None:
    found = memberships(drawn_con, neuron, **parameters)
    options = ", ".join(f"{name} := {value!r}" for name, value in parameters.items())
    for macro, said in (
        ("group_candidates", {(one.property, one.group) for one in found if one.is_candidate}),
        ("group_neurons", {(one.property, one.group) for one in found if one.is_group_neuron}),
    ):
        of_neuron = f"WHERE layer = {neuron.layer} AND neuron = {neuron.number}"
        sql = f'SELECT property, "group" FROM {macro}({options}) {of_neuron}'
        assert said == set(drawn_con.sql(sql).fetchall()), macro
    cells = {name: responses(drawn_con, neuron, name, **parameters).cells for name in PROPERTIES[:2]}
    for one in (one for one in found if one.property in cells):
        cell_of = cells[one.property]
        of_group = [cell for (group, _), cell in cell_of.items() if group == one.group]
        assert one.n_phones_active == sum(cell.responds for cell in of_group)
        assert one.n_phones == len(of_group)
        assert (one.n_active, one.n_frames) == (sum(c.n_active for c in of_group), sum(c.n_frames for c in of_group))
        assert one.p == one.n_active / one.n_frames


@pytest.mark.parametrize(("neuron", "property"), list(zip(NEURONS, ["gender", "speaker"], strict=True)), ids=str)
def test_a_neuron_among_its_layer(drawn: Study, drawn_con: Connection, neuron: Neuron, property: str) -> None:
    cells = cells_of(drawn, property, neuron.layer)
    width = drawn.widths[neuron.layer - 1]
    for one in standing(drawn_con, neuron, property):
        others = np.array([pooled(cells, one.group, j) for j in range(width)])
        own = others[neuron.number]
        assert one.p == pytest.approx(own)
        assert one.n_neurons == width
        assert one.n_below == (others < own).sum()
        assert one.n_equal == (others == own).sum() - 1
        assert one.place == 1 + (others > own).sum()
        assert one.quantiles == pytest.approx(np.quantile(others, [0.05, 0.25, 0.5, 0.75, 0.95]))
        assert one.p_max == pytest.approx(others.max())
        ranks = (np.delete(others, neuron.number) < own).mean() + (np.delete(others, neuron.number) == own).mean() / 2
        assert one.percentile == pytest.approx(100 * ranks)


def test_a_neuron_that_is_never_active_stands_last(by_hand: duckdb.DuckDBPyConnection) -> None:
    found = standing(by_hand, Neuron("m", 1, 9), "gender")  # type: ignore[arg-type]
    # In the frames of F the neurons 0 to 4 are active, in those of M 1, 3, 5 to 8: the others never.
    assert [(one.group, one.p, one.n_below, one.n_equal, one.place) for one in found] == [
        ("F", 0.0, 0, 4, 6),
        ("M", 0.0, 0, 3, 7),
    ]


@pytest.mark.parametrize(("neuron", "property"), list(zip(NEURONS, ["gender", "phone_class"], strict=True)), ids=str)
def test_the_most_alike_are_the_most_correlated(
    drawn: Study, drawn_con: Connection, neuron: Neuron, property: str
) -> None:
    vectors = {
        layer: np.array(
            [[active[j] / n for j in range(width)] for active, n in cells_of(drawn, property, layer).values()]
        ).T
        for layer, width in enumerate(drawn.widths, start=1)
    }
    own = vectors[neuron.layer][neuron.number]
    found = alike(drawn_con, neuron, property, [1, 2], limit=3)
    for layer, of_layer in vectors.items():
        correlations = {
            j: np.corrcoef(own, other)[0, 1]
            for j, other in enumerate(of_layer)
            if (layer, j) != (neuron.layer, neuron.number)
        }
        best = sorted(correlations, key=lambda j: (-correlations[j], j))[:3]
        said = [one for one in found if one.layer == layer]
        assert [(one.neuron, one.place) for one in said] == [(j, i) for i, j in enumerate(best, start=1)]
        for one in said:
            other = of_layer[one.neuron]
            assert one.correlation == pytest.approx(correlations[one.neuron])
            assert one.cosine == pytest.approx(own @ other / np.linalg.norm(own) / np.linalg.norm(other))


def test_what_never_varies_is_like_nothing(by_hand: duckdb.DuckDBPyConnection) -> None:
    found = alike(by_hand, Neuron("m", 1, 9), "gender", [1], limit=2)  # type: ignore[arg-type]
    assert [(one.neuron, one.correlation, one.cosine) for one in found] == [(0, None, None), (1, None, None)]


def test_segments_are_those_of_the_lookup(drawn_con: Connection) -> None:
    columns = "place, phone, utterance, start_s, end_s, n_active, n_frames, share, best_rank, corpus, path"
    for parameters, options in (
        ({}, ""),
        (
            {"p_corpus": "d", "p_where": "segment_s > 0.02", "p_sigma": 0.9},
            ", p_corpus := 'd', p_where := 'segment_s > 0.02'",
        ),
    ):
        found = top_segments(drawn_con, NEURONS[1], 7, **parameters)  # type: ignore[arg-type]
        macro = f"top_segments(p_model := 'm', p_layer := 2, p_neuron := 6, p_limit := 7{options})"
        expected = drawn_con.sql(f"SELECT {columns} FROM {macro} ORDER BY place").fetchall()
        assert [tuple(getattr(one, name) for name in columns.split(", ")) for one in found] == expected
        assert len(found) == 7


def test_the_questions_are_statements_that_anybody_can_ask(drawn_con: Connection) -> None:
    one = NEURONS[0]
    for sql, columns in (
        (responses_sql(one, "gender", p_z=2), {"group", "phone", "p", "p_low", "p_high", "responds"}),
        (memberships_sql(one, p_property="gender"), {"property", "group", "is_candidate", "is_group_neuron"}),
        (standing_sql(one, "gender"), {"group", "p", "n_below", "quantiles"}),
        (alike_sql(one, "gender", [1, 2]), {"model", "layer", "neuron", "correlation"}),
        (segments_sql(one), {"place", "phone", "start_s", "path"}),
    ):
        assert columns <= set(drawn_con.sql(sql).columns)
    assert {one.property for one in memberships(drawn_con, one, p_property="gender")} > {"gender"}


@pytest.mark.parametrize(
    ("neuron", "property", "message"),
    [
        (Neuron("m", 1, 12), "gender", "p_neuron: there is no 12; there are: 0 to 11"),
        (Neuron("m", 2, 7), "gender", "p_neuron: there is no 7; there are: 0 to 6"),
        (Neuron("m", 3, 0), "gender", "p_layer: there is no 3; there are: 1, 2"),
        (Neuron("x", 1, 0), "gender", "p_model: there is no x; there are: m"),
        (Neuron("m", 1, 0), "x", "p_property: there is no x; there are:"),
    ],
    ids=str,
)
def test_what_does_not_exist_is_said(drawn_con: Connection, neuron: Neuron, property: str, message: str) -> None:
    with pytest.raises(duckdb.Error, match=message):
        responses(drawn_con, neuron, property)
    with pytest.raises(duckdb.Error, match=message):
        standing(drawn_con, neuron, property)
    if property == "gender":
        with pytest.raises(duckdb.Error, match=message):
            memberships(drawn_con, neuron)
        with pytest.raises(duckdb.Error, match=message):
            top_segments(drawn_con, neuron)
