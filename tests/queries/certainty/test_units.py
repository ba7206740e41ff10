"""Sums per unit against plain counting of frames; stored counts and activations give the same."""

from collections import Counter
from typing import Any

import pytest

from queries.certainty import unit_counts, units
from warehouse.errors import QueryError

UNIT_OF = {
    "speaker": lambda f: f.spoken.metadata["speaker"],
    "utterance": lambda f: f.utterance_id,
    "segment": lambda f: (f.utterance_id, f.segment),
}


def sums(con: Any, prop: str, unit: str, **parameters: Any) -> list[Counter]:
    """(unit, group, phone, neuron) -> n, layer by layer; units by number."""
    found = []
    for counts in unit_counts(con, prop, unit, **parameters):
        pieces, of_layer = counts.pieces, Counter()
        rows = counts.counts.tocoo()
        for piece, neuron, n in zip(rows.row, rows.col, rows.data, strict=True):
            group, phone = pieces.labels.groups[pieces.group[piece]], pieces.labels.phones[pieces.phone[piece]]
            of_layer[int(pieces.unit[piece]), group, phone, int(neuron)] += int(n)
        found.append(of_layer)
    return found


@pytest.mark.parametrize("unit", list(UNIT_OF))
@pytest.mark.parametrize("prop", ["gender", "phone_class", "pitch", "speaker", "duration"])
def test_sums_are_what_counting_gives(drawn: Any, labelled: Any, prop: str, unit: str) -> None:
    frames = labelled(drawn, prop)
    numbers = {name: i for i, name in enumerate(sorted({UNIT_OF[unit](f) for f, _ in frames}))}
    for layer, found in enumerate(sums(drawn.con, prop, unit), start=1):
        assert found == Counter(
            (numbers[UNIT_OF[unit](f)], group, f.phone, neuron) for f, group in frames for neuron in f.neurons[layer]
        )


@pytest.mark.parametrize("reading", ["all", "middle", "reference"])
def test_stored_counts_are_used_and_right(drawn: Any, reading: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = sums(drawn.con, "gender", "speaker", p_frames=reading)
    asked = []
    monkeypatch.setattr(units, "_are_stored", lambda *_: asked.append(1) and False)
    assert sums(drawn.con, "gender", "speaker", p_frames=reading) == stored
    assert asked
    monkeypatch.undo()
    monkeypatch.setattr(units, "_FramePieces", None)  # what reads activations
    assert sums(drawn.con, "gender", "speaker", p_frames=reading) == stored


def test_small_batches_are_added(drawn: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sums(drawn.con, "pitch", "segment")
    monkeypatch.setattr(units, "BATCH", 100)
    assert sums(drawn.con, "pitch", "segment") == whole


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({"p_layer": 9}, "no 9; there are: 1, 2"),
        ({"p_frame": "all"}, "no parameter p_frame"),
        ({"p_sigma": 2}, "p_sigma: 2"),
        ({"p_where": "no_such > 1"}, "no_such"),
    ],
)
def test_bad_parameters_are_refused_in_a_line(drawn: Any, parameters: dict, complaint: str) -> None:
    with pytest.raises(QueryError, match=complaint) as caught:
        list(unit_counts(drawn.con, "gender", **parameters))
    assert "\n" not in str(caught.value)


def test_an_unknown_property_is_refused(drawn: Any) -> None:
    with pytest.raises(QueryError, match="there is no colour; there are: accent, duration"):
        list(unit_counts(drawn.con, "colour"))
