"""How much of a set of neurons comes back from other speakers, and from less data.

The agreement of two sets is Jaccard's: neurons in both / neurons in either.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from queries.calls import Value
from queries.certainty.draws import over_weights
from queries.certainty.labels import label
from queries.certainty.notes import joined
from queries.certainty.question import ask, asked_grids, at_least_one
from queries.certainty.resample import Units, units_of
from queries.certainty.units import LayerCounts, read
from warehouse.errors import QueryError

if TYPE_CHECKING:
    from queries.connection import Connection

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

_KEYS = {
    "model": pl.String,
    "layer": pl.Int32,
    "property": pl.String,
    "group": pl.String,
    "unit": pl.String,
    "n_units": pl.Int64,
}
SCHEMA = {
    **_KEYS,
    "splits": pl.Int64,
    "seed": pl.Int64,
    "n": pl.Int64,
    "n_half": pl.Float64,
    "jaccard_mean": pl.Float64,
    "jaccard_low": pl.Float64,
    "jaccard_high": pl.Float64,
    "jaccard_chance": pl.Float64,
    "note": pl.String,
}
AMOUNT_SCHEMA = {
    **_KEYS,
    "share": pl.Float64,
    "n_frames": pl.Float64,
    "hours": pl.Float64,
    "draws": pl.Int64,
    "seed": pl.Int64,
    "n": pl.Int64,
    "n_part": pl.Float64,
    "jaccard_all_mean": pl.Float64,
    "jaccard_all_low": pl.Float64,
    "jaccard_all_high": pl.Float64,
    "jaccard_apart_mean": pl.Float64,
    "jaccard_apart_low": pl.Float64,
    "jaccard_apart_high": pl.Float64,
    "note": pl.String,
}


def stability(
    con: "Connection", property: str, *, splits: int = 50, seed: int = 0, **parameters: Value
) -> pl.DataFrame:
    """How far the sets of two halves of the speakers agree.

    The speakers of each group are halved where a speaker has one group, so that both halves have every group; for the
    property speaker, the utterances of each speaker.

    Args:
        con: an open warehouse.
        property: name of the property.
        splits: how many pairs of halves.
        seed: of the splits, which are the same in every layer and model of the same frames.
        **parameters: of the macros, such as ``p_model`` and ``p_sigma``.

    Returns:
        One row per model, layer and group, and one with group null for P, their union: model, layer, property, group,
        unit and n_units (what was halved), splits (those where either half has a neuron; the others say nothing),
        seed, n (neurons in the set of all data), n_half (mean of the halves), jaccard_mean, jaccard_low and
        jaccard_high (2.5 and 97.5 %), jaccard_chance (of sets of these sizes drawn at random), note.

    Raises:
        QueryError: an unknown name or a value out of range.
    """
    at_least_one("splits", splits)
    rows: list[dict[str, Any]] = []
    for counts, units in _layers(con, property, parameters):
        whole = _whole(counts)
        sizes, shared, _ = _overlaps(counts, units, whole, 0.5, splits, seed)
        width = counts.layer.n_neurons
        for place, key in _places(counts, units):
            a, b = sizes[0::2, place], sizes[1::2, place]
            either = a + b - shared[:, place]
            told = either > 0
            chance = a * b / width
            row = {
                **key,
                "splits": int(told.sum()),
                "seed": seed,
                "n": int(whole[place].sum()),
                "n_half": float(sizes[:, place].mean()) if len(sizes) else None,
                **_summary("jaccard", shared[told, place] / either[told]),
                "jaccard_chance": float((chance[told] / (a + b - chance)[told]).mean()) if told.any() else None,
                "note": joined(
                    _note(units, place), None if told.any() or not len(a) else "no half has a neuron in the set"
                ),
            }
            rows.append(row)
    return pl.DataFrame(rows, SCHEMA)


def stability_by_amount(
    con: "Connection",
    property: str,
    *,
    shares: Sequence[float] = SHARES,
    draws: int = 20,
    seed: int = 0,
    **parameters: Value,
) -> pl.DataFrame:
    """How far the sets of a part of the data agree with those of all, and with those of another part.

    Args:
        con: an open warehouse.
        property: name of the property.
        shares: of the speakers (utterances for the property speaker) that a part has.
        draws: parts of each share.
        seed: of the draws.
        **parameters: of the macros, such as ``p_model`` and ``p_sigma``.

    Returns:
        One row per model, layer, group (null = P) and share: model, layer, property, group, unit, n_units (in the
        part, the mean), share, n_frames and hours (frames that count in the part, and their time), draws, seed, n
        (neurons in the set of all data), n_part (mean of the parts), jaccard_all_mean, _low, _high (with the set of
        all data, which has the part in it), jaccard_apart_mean, _low, _high (of two parts without a common speaker;
        null above half), note.

    Raises:
        QueryError: an unknown name or a value out of range.
    """
    at_least_one("draws", draws)
    if not shares or not all(0 < share <= 1 for share in shares):
        raise QueryError(f"shares: {list(shares)} are no shares of the data; give some, above 0 and at most 1")
    rows: list[dict[str, Any]] = []
    for counts, units in _layers(con, property, parameters):
        whole = _whole(counts)
        frames = np.bincount(units.pieces.unit, weights=units.pieces.frames, minlength=units.pieces.n_units)
        hop_us = counts.layer.grid.hop_us
        for share in shares:
            chosen = np.stack([*units.split(share, draws, seed)][0::2]) if units.can_vary else np.ones((0, len(frames)))
            sizes, shared, with_all = _overlaps(counts, units, whole, share, draws, seed)
            n_frames = float((chosen @ frames).mean()) if len(chosen) else None
            for place, key in _places(counts, units):
                a, b, n = sizes[0::2, place], sizes[1::2, place], int(whole[place].sum())
                either, either_all = a + b - shared[:, place], a + n - with_all[0::2, place]
                apart, told = (either > 0) & (share <= 0.5), either_all > 0
                note = None if told.any() or not len(a) else "neither a part nor all data has a neuron in the set"
                rows.append(
                    {
                        **key,
                        "n_units": round(float(chosen.sum(axis=1).mean())) if len(chosen) else key["n_units"],
                        "share": share,
                        "n_frames": n_frames,
                        # A layer with one frame an utterance does not say how long those are.
                        "hours": n_frames * hop_us / 3.6e9 if n_frames is not None and hop_us else None,
                        "draws": len(a),
                        "seed": seed,
                        "n": n,
                        "n_part": float(a.mean()) if len(a) else None,
                        **_summary("jaccard_all", with_all[0::2, place][told] / either_all[told]),
                        **_summary("jaccard_apart", shared[apart, place] / either[apart]),
                        "note": joined(_note(units, place), note),
                    }
                )
    return pl.DataFrame(rows, AMOUNT_SCHEMA)


def _layers(con: "Connection", property: str, parameters: dict[str, Value]) -> Iterator[tuple[LayerCounts, Units]]:
    question = ask(con, property, parameters)
    for of_grid, layers in asked_grids(con, question):
        units = units_of(con, label(con, of_grid))
        for counts in read(con, units.pieces, layers):
            yield counts, units


def _places(counts: LayerCounts, units: Units) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every group and the union of all, with the columns that say which it is."""
    labels = counts.pieces.labels
    for place, group in enumerate([*labels.groups, None]):
        yield (
            place,
            {
                "model": counts.layer.model,
                "layer": counts.layer.layer,
                "property": labels.question.name,
                "group": group,
                "unit": units.pieces.kind,
                "n_units": units.pieces.n_units,
            },
        )


def _note(units: Units, place: int) -> str | None:
    return units.note_of(place if place < len(units.pieces.labels.groups) else None)


def _with_union(members: np.ndarray) -> np.ndarray:
    """(…, G, neurons) -> (…, G + 1, neurons): the G_i, then P."""
    return np.concatenate([members, members.any(axis=-2, keepdims=True)], axis=-2)


def _whole(counts: LayerCounts) -> np.ndarray:
    """(G + 1, D) the G_i and P of all data."""
    found = np.zeros((len(counts.pieces.labels.groups) + 1, counts.layer.n_neurons), bool)
    once = [np.ones(counts.pieces.n_units, np.int64)]
    for _, neurons, members in over_weights(counts, once, lambda members, *_: _with_union(members[0])):
        found[:, neurons] = members
    return found


def _overlaps(
    counts: LayerCounts, units: Units, whole: np.ndarray, share: float, splits: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sizes (2 · splits, G + 1) of the sets of each part, (splits, G + 1) shared by a pair, and (2 · splits, G + 1)
    shared with all data; without rows where there is nothing to split.
    """
    n = splits if units.can_vary else 0
    sizes = np.zeros((2 * n, len(whole)), np.int64)
    shared, with_all = np.zeros((n, len(whole)), np.int64), np.zeros_like(sizes)
    if not n:
        return sizes, shared, with_all

    def keep(members: np.ndarray, draws: slice, neurons: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        found = _with_union(members)
        count = np.count_nonzero
        both = found[0::2] & found[1::2]
        return count(found, axis=-1), count(both, axis=-1), count(found & whole[:, neurons], axis=-1)

    for which, _, (n_found, n_both, n_with) in over_weights(counts, units.split(share, splits, seed), keep):
        sizes[which] += n_found
        shared[which.start // 2 : which.stop // 2] += n_both
        with_all[which] += n_with
    return sizes, shared, with_all


def _summary(name: str, values: np.ndarray) -> dict[str, float]:
    """Mean and quantiles of some values; nothing of none."""
    if not len(values):
        return {}
    low, high = np.quantile(values, [0.025, 0.975]).tolist()
    return {f"{name}_mean": float(values.mean()), f"{name}_low": low, f"{name}_high": high}
