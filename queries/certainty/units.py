"""The frames of a question cut into pieces, and each piece's sums per neuron: all that certainty is computed from.

A piece is what one unit (a speaker, an utterance or a segment) shows of one phone in one group. The sums are read
once; every permutation, resample and half is arithmetic on them. They are added in batches of rows, so that memory
holds the sums and never the activations.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy import sparse

from queries.calls import Value
from queries.certainty.labels import KEYS, Labels, label, places
from queries.certainty.question import ask, asked_grids
from queries.facts import Layer

if TYPE_CHECKING:
    from queries.connection import Connection

BATCH = 2_000_000
"""Rows of activations or counts in memory at a time."""


@dataclass(frozen=True)
class Pieces:
    """What each unit shows of each phone in each group; P pieces.

    Attributes:
        labels: what they were cut from.
        kind: speaker, utterance or segment.
        unit: (P,) number of the unit.
        speaker: (P,) number of its speaker.
        group: (P,) place in ``labels.groups``.
        phone: (P,) place in ``labels.phones``.
        frames: (P,) frames of the piece.
        keys: the pieces as rows, with what finds a frame's piece.
    """

    labels: Labels
    kind: str
    unit: np.ndarray
    speaker: np.ndarray
    group: np.ndarray
    phone: np.ndarray
    frames: np.ndarray
    keys: pl.DataFrame

    @cached_property
    def n_units(self) -> int:
        """Number of units that have frames."""
        return int(self.unit.max()) + 1 if len(self.unit) else 0

    @cached_property
    def group_of_unit(self) -> np.ndarray:
        """(units,) group of each unit, where the property is constant in it."""
        return self._of_unit(self.group)

    @cached_property
    def speaker_of_unit(self) -> np.ndarray:
        """(units,) speaker of each unit."""
        return self._of_unit(self.speaker)

    def _of_unit(self, of_piece: np.ndarray) -> np.ndarray:
        found = np.zeros(self.n_units, np.int64)
        found[self.unit] = of_piece
        return found


@dataclass(frozen=True)
class LayerCounts:
    """Sums of one layer.

    Attributes:
        layer: the layer.
        pieces: the pieces.
        counts: (P, D) frames of each piece that activate each neuron, int32, sparse by rows.
    """

    layer: Layer
    pieces: Pieces
    counts: sparse.csr_array


def unit_counts(con: "Connection", property: str, unit: str = "speaker", **parameters: Value) -> Iterator[LayerCounts]:
    """How often each neuron is active in what each unit shows of each (group, phone), layer by layer.

    Args:
        con: an open warehouse.
        property: name of the property.
        unit: speaker, utterance or segment.
        **parameters: of the macros, such as ``p_frames="middle"``.

    Yields:
        The sums of one layer at a time.

    Raises:
        QueryError: an unknown name or a value out of range.
    """
    question = ask(con, property, parameters)
    for of_grid, layers in asked_grids(con, question):
        pieces = cut(con, label(con, of_grid), unit)
        yield from read(con, pieces, layers)


def cut(con: "Connection", labels: Labels, unit: str) -> Pieces:
    """The pieces of a question for one kind of unit."""
    rows = _frames(con, labels).with_columns(n_frames=pl.lit(1)) if unit == "segment" else labels.rows
    keys = KEYS[unit]
    pieces = (
        rows.group_by([*keys, "group", "phone"])
        .agg(pl.col("n_frames").sum(), pl.col("speaker").first().alias("of_speaker"))
        .sort([*keys, "group", "phone"])
        .with_columns(unit=pl.struct(keys).rle_id())
        .with_row_index("piece")
    )
    numbers = {name: pieces[name].to_numpy().astype(np.int64) for name in ("unit", "of_speaker", "group", "phone")}
    frames = pieces["n_frames"].to_numpy().astype(np.int64)
    speaker, keyed = numbers.pop("of_speaker"), pieces.select(*keys, "group", "phone", "piece")
    return Pieces(labels, unit, speaker=speaker, frames=frames, keys=keyed, **numbers)


def _frames(con: "Connection", labels: Labels) -> pl.DataFrame:
    """Every frame of a question: frame_id, utterance_id, segment, speaker, group, phone."""
    found = con.sql(
        f'SELECT frame_id, utterance_id, segment, "group", phone FROM {labels.question.call("unit_frames")}'
    ).pl()
    speakers = labels.rows.select("utterance_id", "speaker").unique()
    return found.with_columns(places("group", labels.groups), places("phone", labels.phones)).join(
        speakers, on="utterance_id"
    )


def read(con: "Connection", pieces: Pieces, layers: list[Layer]) -> Iterator[LayerCounts]:
    """The sums of some layers of one model, from stored counts where they serve, otherwise from the activations."""
    stored = _are_stored(con, pieces)
    place = None if stored or not len(pieces.unit) else _FramePieces(con, pieces)
    for layer in layers:
        shape = (len(pieces.unit), layer.n_neurons)
        if stored:
            yield LayerCounts(layer, pieces, _added(_stored(con, pieces, layer), shape))
        else:
            yield LayerCounts(layer, pieces, _added(place.rows(con, layer) if place else iter(()), shape))


def _are_stored(con: "Connection", pieces: Pieces) -> bool:
    """Whether the counts of the property speaker are the sums of these pieces."""
    labels = pieces.labels
    question = labels.question
    if pieces.kind != "speaker" or labels.unknown or not len(pieces.unit) or "p_where" in question.parameters:
        return False
    recorded = con.sql(
        "SELECT recorded_lambda($m), list_contains(known_properties(), 'speaker')",
        params={"m": question.parameters["p_model"]},
    ).fetchall()[0]
    if not recorded[1] or float(question.parameters.get("p_lambda", recorded[0])) != recorded[0]:
        return False
    cells = con.sql(
        'SELECT "group" AS name, phone, n_frames FROM ' + question.call("stored_cells", p_property="speaker")
    ).pl()
    mine = _named(pieces).with_columns(mine=pl.Series(pieces.frames))
    both = mine.join(cells, on=["name", "phone"], how="left")
    return len(mine.unique(["name", "phone"])) == len(mine) and bool(
        (both["mine"] == both["n_frames"]).fill_null(False).all()
    )


def _named(pieces: Pieces) -> pl.DataFrame:
    """Speaker and phone of each piece by name."""
    names = pieces.labels.speakers["speaker"].gather(pieces.speaker)
    phones = pl.Series(pieces.labels.phones, dtype=pl.String).gather(pieces.phone)
    return pl.DataFrame({"name": names, "phone": phones, "piece": pieces.keys["piece"]})


def _stored(con: "Connection", pieces: Pieces, layer: Layer) -> Iterator[tuple[np.ndarray, ...]]:
    """Piece, neuron and sum of the stored counts, in batches."""
    asked = pieces.labels.question.call("stored_neuron_counts", p_property="speaker", p_layer=layer.layer)
    named = _named(pieces)
    select = f'SELECT "group" AS name, phone, neuron, n_active FROM {asked}'
    for batch in con.sql(select).to_arrow_reader(BATCH):
        rows: Any = pl.from_arrow(batch)
        found = rows.join(named, on=["name", "phone"])
        yield tuple(found[name].to_numpy() for name in ("piece", "neuron", "n_active"))


class _FramePieces:
    """Finds the piece of a frame by its number."""

    def __init__(self, con: "Connection", pieces: Pieces) -> None:
        found = _frames(con, pieces.labels).join(pieces.keys, on=pieces.keys.columns[:-1], nulls_equal=True)
        frame_id = found["frame_id"].to_numpy()
        self.first = int(frame_id.min())
        self.piece = np.full(int(frame_id.max()) - self.first + 1, -1, np.int32)
        self.piece[frame_id - self.first] = found["piece"].to_numpy()

    def rows(self, con: "Connection", layer: Layer) -> Iterator[tuple[np.ndarray, ...]]:
        """Piece, neuron and 1 of every activation that counts, in batches."""
        select = (
            "SELECT frame_id, neuron FROM activations WHERE model = $model AND layer = $layer "
            'AND "rank" < $k AND frame_id BETWEEN $first AND $last'
        )
        values = {
            "model": layer.model,
            "layer": layer.layer,
            "k": layer.top_k,
            "first": self.first,
            "last": self.first + len(self.piece) - 1,
        }
        for batch in con.sql(select, params=values).to_arrow_reader(BATCH):
            piece = self.piece[batch["frame_id"].to_numpy() - self.first]
            counts = np.flatnonzero(piece >= 0)
            yield piece[counts], batch["neuron"].to_numpy()[counts], np.ones(len(counts), np.int32)


def _added(batches: Iterator[tuple[np.ndarray, ...]], shape: tuple[int, int]) -> sparse.csr_array:
    """Sums per (piece, neuron), int32: parts of alike size are added, so that each row is added a few times only."""
    parts: list[sparse.csr_array] = []
    for piece, neuron, n in batches:
        rows = sparse.coo_array((n.astype(np.int32), (piece.astype(np.int32), neuron.astype(np.int32))), shape)
        rows.has_canonical_format = True  # equal rows are added below, in linear time
        parts.append(sparse.eye_array(shape[0], dtype=np.int32, format="csr") @ rows.tocsr())
        while len(parts) > 1 and 2 * parts[-1].nnz >= parts[-2].nnz:
            parts.append(parts.pop() + parts.pop())
    while len(parts) > 1:
        parts.append(parts.pop() + parts.pop())
    return parts[0] if parts else sparse.csr_array(shape, dtype=np.int32)
