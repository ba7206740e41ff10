"""The segments that one neuron is most active in, to be listened to."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from queries.calls import Value, literal
from queries.neuron_card.question import LOOKUPS, Neuron, Places, question

if TYPE_CHECKING:
    from queries.connection import Connection


@dataclass(frozen=True)
class Segment:
    """A phone interval and how active a neuron is in it.

    Attributes:
        place: 1 = the segment that activates the neuron most.
        phone: phone; empty for silence.
        word: word that the phone is in, where the corpus says so.
        speaker: speaker.
        utterance: name of the utterance.
        start_s: start in seconds.
        end_s: end in seconds.
        n_active: frames of the segment that activate the neuron.
        n_frames: frames of the segment.
        share: n_active / n_frames.
        best_rank: the neuron's highest rank in these frames, 0 = the strongest of the layer.
        corpus: name of the corpus.
        path: audio file, where the corpus has one.
        utterance_id: of the utterance.
        segment: number of the interval in the utterance, from 0.
    """

    place: int
    phone: str
    word: str | None
    speaker: str | None
    utterance: str
    start_s: float | None
    end_s: float | None
    n_active: int
    n_frames: int
    share: float
    best_rank: int
    corpus: str
    path: str | None
    utterance_id: int
    segment: int


def segments_sql(neuron: Neuron, limit: int = 20, **parameters: Value) -> str:
    """The question of :func:`top_segments`, as ``neurons sql`` takes it."""
    asked = {**parameters, "p_model": neuron.model, "p_layer": neuron.layer}
    taken = [f"{name} := {literal(asked[name])}" for name in LOOKUPS if name in asked]
    taken += [f"p_neuron := {neuron.number}", f"p_limit := {limit}"]
    return question("segments", {**Places(neuron, {}), "top_segments": f"top_segments({', '.join(taken)})"})


def top_segments(con: "Connection", neuron: Neuron, limit: int = 20, **parameters: Value) -> list[Segment]:
    """The segments in the largest share of whose frames a neuron is active.

    Args:
        con: an open warehouse.
        neuron: which.
        limit: how many.
        **parameters: of the answers; those that the macro ``top_segments`` has none of are left aside.

    Raises:
        duckdb.Error: an unknown name or a value out of range; the message lists what exists.
    """
    return [Segment(*row) for row in con.sql(segments_sql(neuron, limit, **parameters)).fetchall()]
