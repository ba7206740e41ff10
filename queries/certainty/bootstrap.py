"""How far sets of neurons move when other speakers are heard: the bootstrap over speakers.

A resample takes as many speakers as there are, with replacement, each with all frames.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from queries.calls import Value
from queries.certainty.draws import over_weights
from queries.certainty.labels import label
from queries.certainty.question import ask, asked_grids, at_least_one
from queries.certainty.resample import Units, units_of
from queries.certainty.units import LayerCounts, read
from queries.facts import Layer
from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries.connection import Connection

_KEYS = {"model": pl.String, "layer": pl.Int32, "property": pl.String, "group": pl.String}
SETS_SCHEMA = {
    **_KEYS,
    "unit": pl.String,
    "n_units": pl.Int64,
    "resamples": pl.Int64,
    "level": pl.Float64,
    "seed": pl.Int64,
    "n": pl.Int64,
    "boot_mean": pl.Float64,
    "boot_low": pl.Float64,
    "boot_high": pl.Float64,
    "note": pl.String,
}
MEMBERSHIP_SCHEMA = {**_KEYS, "neuron": pl.Int32, "member": pl.Boolean, "membership": pl.Float64}


@dataclass(frozen=True)
class Resampled:
    """One layer under resampled units.

    Attributes:
        layer: the layer.
        units: what was resampled.
        sizes: (1 + resamples, G) sizes of the G_i; first as they are.
        member: (G, D) whether a neuron is in G_i as it is.
        hits: (G, D) in how many resamples it is.
    """

    layer: Layer
    units: Units
    sizes: np.ndarray
    member: np.ndarray
    hits: np.ndarray


def bootstrap_sets(
    con: "Connection",
    property: str,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    **parameters: Value,
) -> pl.DataFrame:
    """Sizes of the group neurons and property neurons, with intervals from resampled speakers.

    A resample holds fewer different speakers than the data, so that chance has more of a say in it, and its sets are
    often larger or smaller than the set itself: the interval says how much a size moves, and need not contain it.

    Args:
        con: an open warehouse.
        property: name of the property.
        resamples: how many.
        level: share of the resamples that the interval holds.
        seed: of the resamples, which are the same in every layer and model of the same frames.
        **parameters: of the macros, such as ``p_model`` and ``p_sigma``.

    Returns:
        One row per model, layer and group, and one with group null for P, their union: model, layer, property, group,
        unit and n_units (what was resampled), resamples, level, seed, n, boot_mean, boot_low, boot_high, note.

    Raises:
        QueryError: an unknown name or a value out of range.
    """
    rows: list[dict[str, Any]] = []
    for found in resampled(con, property, resamples, level, seed, parameters):
        for place, group in [*enumerate(found.units.pieces.labels.groups), (None, None)]:
            sizes = found.sizes.sum(axis=1) if place is None else found.sizes[:, place]
            row = {
                "model": found.layer.model,
                "layer": found.layer.layer,
                "property": property,
                "group": group,
                "unit": found.units.pieces.kind,
                "n_units": found.units.pieces.n_units,
                "resamples": len(sizes) - 1,
                "level": level,
                "seed": seed,
                "n": int(sizes[0]),
                "note": found.units.note_of(place),
            }
            if len(sizes) > 1 and (place is None or not found.units.single(place)):
                row["boot_mean"] = float(sizes[1:].mean())
                row["boot_low"], row["boot_high"] = interval(sizes[1:], level)
            rows.append(row)
    return pl.DataFrame(rows, SETS_SCHEMA)


def bootstrap_membership(
    con: "Connection", property: str, *, resamples: int = 1000, seed: int = 0, **parameters: Value
) -> pl.DataFrame:
    """In what share of the resamples each neuron is a group neuron; arguments as of :func:`bootstrap_sets`.

    Returns:
        One row per model, layer, group and neuron that is in the group, or in any resample is: model, layer,
        property, group, neuron, member (whether it is in the group as it is), membership (share of the resamples;
        null where nothing could be resampled).

    Raises:
        QueryError: an unknown name or a value out of range.
    """
    tables = [pl.DataFrame(schema=MEMBERSHIP_SCHEMA)]
    for found in resampled(con, property, resamples, 0.95, seed, parameters):
        group, neuron = np.nonzero(found.member | (found.hits > 0))
        n = len(found.sizes) - 1
        columns = {
            "model": [found.layer.model] * len(group),
            "layer": [found.layer.layer] * len(group),
            "property": [property] * len(group),
            "group": pl.Series(found.units.pieces.labels.groups, dtype=pl.String).gather(group),
            "neuron": neuron,
            "member": found.member[group, neuron],
            "membership": found.hits[group, neuron] / n if n else [None] * len(group),
        }
        tables.append(pl.DataFrame(columns, MEMBERSHIP_SCHEMA))
    return pl.concat(tables)


def resampled(
    con: "Connection", property: str, resamples: int, level: float, seed: int, parameters: dict[str, Value]
) -> Iterator[Resampled]:
    """The layers of a question under resampled units, one at a time."""
    check_draws(resamples, level)
    question = ask(con, property, parameters)
    for of_grid, layers in asked_grids(con, question):
        units = units_of(con, label(con, of_grid))
        for counts in read(con, units.pieces, layers):
            yield resample_layer(counts, units, resamples, seed)


def resample_layer(counts: LayerCounts, units: Units, resamples: int, seed: int) -> Resampled:
    """A layer under resampled units; without resamples where no stratum has two."""
    n, groups = resamples if units.can_vary else 0, len(counts.pieces.labels.groups)
    sizes = np.zeros((1 + n, groups), np.int64)
    member = np.zeros((groups, counts.layer.n_neurons), bool)
    hits = np.zeros(member.shape, np.int64)

    def keep(members: np.ndarray, draws: slice, neurons: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        as_is = members[0].copy() if draws.start == 0 else None
        drawn = members[1:] if draws.start == 0 else members
        return np.count_nonzero(members, axis=-1), drawn.view(np.uint8).sum(axis=0, dtype=np.int32), as_is

    for which, neurons, (n_found, n_hits, as_is) in over_weights(counts, units.resampled(resamples, seed), keep):
        sizes[which] += n_found
        hits[:, neurons] += n_hits
        if as_is is not None:
            member[:, neurons] = as_is
    return Resampled(counts.layer, units, sizes, member, hits)


def interval(values: np.ndarray, level: float) -> tuple[float, float]:
    """The quantiles that a share of some values lies between."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2]).tolist()
    return low, high


def check_draws(resamples: int, level: float) -> None:
    """Refuse no resamples, and a level that is no share.

    Raises:
        QueryError: a value out of range.
    """
    at_least_one("resamples", resamples)
    if not 0 < level < 1:
        raise QueryError(f"level: {level} is no share of the resamples; give more than 0, less than 1")
