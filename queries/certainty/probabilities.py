"""How far activation probabilities move when other speakers are heard.

Frames of a speaker are alike, so that an interval that counts them as independent, as Wilson's does, is too narrow.
"""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from queries.calls import Value
from queries.certainty.bootstrap import check_draws
from queries.certainty.labels import label
from queries.certainty.notes import joined
from queries.certainty.question import ask, asked_grids
from queries.certainty.resample import Units, units_of
from queries.certainty.units import LayerCounts, read
from queries.sets import wilson_bound
from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries.connection import Connection

PROBABILITIES_SCHEMA = {
    "model": pl.String,
    "layer": pl.Int32,
    "property": pl.String,
    "group": pl.String,
    "phone": pl.String,
    "neuron": pl.Int32,
    "n_active": pl.Int64,
    "n_frames": pl.Int64,
    "n_speakers": pl.Int64,
    "unit": pl.String,
    "n_units": pl.Int64,
    "p": pl.Float64,
    "p_low": pl.Float64,
    "p_high": pl.Float64,
    "boot_low": pl.Float64,
    "boot_high": pl.Float64,
    "note": pl.String,
}


def bootstrap_probabilities(
    con: "Connection",
    property: str,
    *,
    neurons: Collection[int] | None = None,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    **parameters: Value,
) -> pl.DataFrame:
    """Activation probabilities with Wilson's interval, and the one of resampled speakers beside it.

    Args:
        con: an open warehouse.
        property: name of the property.
        neurons: of these neurons alone; None = of all, which is many rows: name a layer by ``p_layer``.
        resamples: how many.
        level: share of the resamples that the interval holds.
        seed: of the resamples.
        **parameters: of the macros, such as ``p_model`` and ``p_layer``.

    Returns:
        One row per model, layer, group, phone and neuron that is active in it: model, layer, property, group, phone,
        neuron, n_active, n_frames, n_speakers, unit and n_units (what was resampled, and how many the cell has), p,
        p_low and p_high (Wilson, at p_z or z = 1.96), boot_low, boot_high, note.

    Raises:
        QueryError: an unknown name or a value out of range.
    """
    check_draws(resamples, level)
    question = ask(con, property, parameters)
    tables = [pl.DataFrame(schema=PROBABILITIES_SCHEMA)]
    for of_grid, layers in asked_grids(con, question):
        units = units_of(con, label(con, of_grid))
        weights = np.stack(list(units.resampled(resamples, seed))[1:] or [np.ones(units.pieces.n_units, np.int64)])
        for counts in read(con, units.pieces, layers):
            chosen = np.arange(counts.layer.n_neurons) if neurons is None else np.unique(list(neurons))
            if len(chosen) and not 0 <= chosen[0] <= chosen[-1] < counts.layer.n_neurons:
                raise QueryError(
                    f"neurons: layer {counts.layer.layer} has the neurons 0 to {counts.layer.n_neurons - 1}"
                )
            tables += _of_cells(counts, units, chosen, weights, level)
    return pl.concat(tables)


def _of_cells(
    counts: LayerCounts, units: Units, chosen: np.ndarray, weights: np.ndarray, level: float
) -> Iterator[pl.DataFrame]:
    """One table a cell (group, phone)."""
    pieces, labels = counts.pieces, counts.pieces.labels
    z = 1.96 if labels.question.z is None else labels.question.z
    cells, cell = np.unique(np.stack([pieces.group, pieces.phone]), axis=1, return_inverse=True)
    for place, (group, phone) in enumerate(cells.T.tolist()):
        of_cell = np.flatnonzero(cell.ravel() == place)
        n_frames = int(pieces.frames[of_cell].sum())
        if n_frames < labels.question.min_frames:
            continue
        sums = counts.counts[of_cell][:, chosen].toarray()
        n_active = sums.sum(axis=0)
        active = np.flatnonzero(n_active)
        n_active, n, width = n_active[active].astype(np.int64), len(of_cell), len(active)
        columns = {
            "model": [counts.layer.model] * width,
            "layer": [counts.layer.layer] * width,
            "property": [labels.question.name] * width,
            "group": [labels.groups[group]] * width,
            "phone": [labels.phones[phone]] * width,
            "neuron": chosen[active],
            "n_active": n_active,
            "n_frames": [n_frames] * width,
            "n_speakers": [len(np.unique(pieces.speaker[of_cell]))] * width,
            "unit": [pieces.kind] * width,
            "n_units": [n] * width,
            "p": n_active / n_frames,
            "p_low": wilson_bound(n_active, n_frames, -z),
            "p_high": wilson_bound(n_active, n_frames, z),
            "boot_low": [None] * width,
            "boot_high": [None] * width,
        }
        note = None
        if n < 2:
            note = f"one {pieces.kind} has the phone; how others differ is not known"
        elif units.can_vary:
            drawn = weights[:, pieces.unit[of_cell]].astype(np.float64)
            frames = drawn @ pieces.frames[of_cell]
            heard = frames > 0
            p = (sums[:, active].T.astype(np.float64) @ drawn[heard].T / frames[heard]).astype(np.float32)
            p.sort(axis=1)  # along memory, and in single precision: many times as fast as quantiles of any axis
            columns["boot_low"], columns["boot_high"] = (
                sorted_quantile(p, q) for q in ((1 - level) / 2, (1 + level) / 2)
            )
            if not heard.all():
                note = f"{(~heard).sum()} of {len(heard)} resamples have no frame of it, and are left out"
        yield pl.DataFrame({**columns, "note": [joined(note, units.note)] * width}, PROBABILITIES_SCHEMA)


def sorted_quantile(ascending: np.ndarray, share: float) -> np.ndarray:
    """(rows,) quantile of each row of sorted values, linear between neighbours."""
    place = share * (ascending.shape[1] - 1)
    below = int(place)
    above = min(below + 1, ascending.shape[1] - 1)
    found: np.ndarray = ascending[:, below] * (1 - (place - below)) + ascending[:, above] * (place - below)
    return found
