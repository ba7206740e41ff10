"""How many group and property neurons chance gives: labels are permuted, and the sets taken anew.

What is exchanged is what carries the label. A gender belongs to a speaker, so speakers swap genders and keep all their
frames; a phone belongs to a segment; a pitch to a part of a segment, and is swapped within the phone, so that no phone
becomes rarer in a group. Frames of one speaker or segment are alike, and swapping single frames would make chance look
smaller than it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy.stats import false_discovery_control

from queries.calls import Value
from queries.certainty.blocks import Drawn
from queries.certainty.draws import batches, over_labels, over_pieces
from queries.certainty.exchange import Exchange, chosen_unit, exchange
from queries.certainty.notes import joined, why_not
from queries.certainty.question import ask, asked_grids, at_least_one
from queries.certainty.units import LayerCounts, Pieces, cut, label, read
from queries.facts import Layer

if TYPE_CHECKING:
    from queries.connection import Connection

SCHEMA = {
    "model": pl.String,
    "layer": pl.Int32,
    "property": pl.String,
    "group": pl.String,
    "unit": pl.String,
    "n_units": pl.Int64,
    "permutations": pl.Int64,
    "seed": pl.Int64,
    "n": pl.Int64,
    "null_mean": pl.Float64,
    "null_sd": pl.Float64,
    "null_low": pl.Float64,
    "null_high": pl.Float64,
    "p_value": pl.Float64,
    "fdr": pl.Float64,
    "q_value": pl.Float64,
    "stands_out": pl.Boolean,
    "note": pl.String,
}


@dataclass(frozen=True)
class _Tested:
    """One layer under permuted labels.

    Attributes:
        counts: the sums.
        exchange: what was exchanged.
        sizes: (1 + permutations, G) sizes of the G_i; first as they are.
        hits: (G, D) in how many permutations a neuron was in a G_i.
        note: why there are no permutations, or fewer than were asked for.
    """

    layer: Layer
    pieces: Pieces
    sizes: np.ndarray
    hits: np.ndarray
    note: str | None


def permutation_null(
    con: "Connection",
    property: str,
    *,
    unit: str | None = None,
    within: str | None = None,
    permutations: int = 1000,
    seed: int = 0,
    level: float = 0.05,
    **parameters: Value,
) -> pl.DataFrame:
    """Sizes of the group neurons and property neurons beside those that permuted labels give.

    Args:
        con: an open warehouse.
        property: name of the property.
        unit: what exchanges its labels: ``speaker``, ``utterance`` or ``segment``; None = the largest that has one
            label, which for the property speaker is the utterance, and for phones the segment.
        within: ``speaker`` = labels are exchanged inside each speaker only; None = between all.
        permutations: how many; where there are fewer different ones, each is tried once.
        seed: of the permutations, which are the same in every layer and model of the same frames.
        level: a set stands out when its q-value is at most this.
        **parameters: of the macros, such as ``p_model`` and ``p_sigma``.

    Returns:
        One row per model, layer and group, and one with group null for P, their union: model, layer, property, group,
        unit, n_units, permutations, seed, n (neurons in the set), null_mean, null_sd, null_low and null_high (2.5 and
        97.5 %), p_value ((1 + permutations with at least n) / (1 + permutations)), fdr (null_mean / n, at most 1:
        the share of the set that chance alone would give), q_value (Benjamini and Hochberg over the layers of a
        model, property and group), stands_out, note.

    Raises:
        QueryError: an unknown name, a value out of range, or a unit that makes no sense for the property.
    """
    rows: list[dict[str, Any]] = []
    for tested in _test(con, property, unit, within, permutations, seed, parameters):
        labels = tested.pieces.labels
        for place, group in [*enumerate(labels.groups), (None, None)]:
            sizes = tested.sizes.sum(axis=1) if place is None else tested.sizes[:, place]
            rows.append(
                {
                    "model": tested.layer.model,
                    "layer": tested.layer.layer,
                    "property": property,
                    "group": group,
                    "unit": tested.pieces.kind,
                    "n_units": tested.pieces.n_units,
                    "permutations": len(sizes) - 1,
                    "seed": seed,
                    **_against(int(sizes[0]), sizes[1:]),
                    "note": joined(tested.note, None if sizes[0] or len(sizes) < 2 else "no neuron is in the set"),
                }
            )
    return _with_q(pl.DataFrame(rows, SCHEMA), level)


def null_neurons(
    con: "Connection",
    property: str,
    *,
    unit: str | None = None,
    within: str | None = None,
    permutations: int = 1000,
    seed: int = 0,
    **parameters: Value,
) -> pl.DataFrame:
    """How often each neuron is a group neuron under permuted labels; arguments as of :func:`permutation_null`.

    Returns:
        One row per model, layer, group and neuron that any permutation puts into the group: model, layer, property,
        group, neuron, share (of the permutations).

    Raises:
        QueryError: as :func:`permutation_null`.
    """
    schema = {
        **{name: SCHEMA[name] for name in ("model", "layer", "property", "group")},
        "neuron": pl.Int32,
        "share": pl.Float64,
    }
    found = [pl.DataFrame(schema=schema)]
    for tested in _test(con, property, unit, within, permutations, seed, parameters):
        group, neuron = np.nonzero(tested.hits)
        names = pl.Series(tested.pieces.labels.groups, dtype=pl.String)
        found.append(
            pl.DataFrame(
                {
                    "model": [tested.layer.model] * len(group),
                    "layer": [tested.layer.layer] * len(group),
                    "property": [property] * len(group),
                    "group": names.gather(group),
                    "neuron": neuron,
                    "share": tested.hits[group, neuron] / max(1, len(tested.sizes) - 1),
                },
                schema,
            )
        )
    return pl.concat(found)


def _test(
    con: "Connection",
    property: str,
    unit: str | None,
    within: str | None,
    permutations: int,
    seed: int,
    parameters: dict[str, Value],
) -> Iterator[_Tested]:
    at_least_one("permutations", permutations)
    question = ask(con, property, parameters)
    for of_grid, layers in asked_grids(con, question):
        labels = label(con, of_grid)
        pieces = cut(con, labels, chosen_unit(labels, unit, within))
        exchanged = exchange(pieces, within)
        note = why_not(labels) or _few(exchanged, permutations)
        for counts in read(con, pieces, layers):
            yield _Tested(counts.layer, pieces, *permuted_sizes(counts, exchanged, permutations, seed), note)


def _few(exchanged: Exchange, permutations: int) -> str | None:
    """What to say of labels that cannot be exchanged in as many ways as was asked."""
    kind, ways = exchanged.pieces.kind, exchanged.ways
    if ways == 1:
        return f"the labels of the {kind}s cannot be given out in another way"
    if ways <= permutations + 1:
        return f"there are {ways} ways to label the {kind}s; each is tried once, and no p-value is below 1/{ways}"
    return None


def permuted_sizes(
    counts: LayerCounts, exchanged: Exchange, permutations: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Sizes (1 + permutations, G) of the G_i, first as they are, and (G, D) permutations that have a neuron in one."""
    n = 0 if len(exchanged.pieces.labels.groups) < 2 else exchanged.n_draws(permutations)
    sizes = np.zeros((1 + n, len(exchanged.pieces.labels.groups)), np.int64)
    hits = np.zeros((sizes.shape[1], counts.layer.n_neurons), np.int64)
    if not len(exchanged.codes):
        return sizes, hits
    draws = (drawn for drawn, _ in zip(exchanged.draws(permutations, seed), range(1 + n), strict=False))

    def keep(members: np.ndarray, draws: slice, neurons: slice) -> tuple[np.ndarray, np.ndarray]:
        permuted = members[1:] if draws.start == 0 else members
        return np.count_nonzero(members, axis=-1), permuted.view(np.uint8).sum(axis=0, dtype=np.int32)

    if exchanged.of_units:
        results = over_labels(counts, draws, keep)
    else:
        drawn = (Drawn(np.stack(some), None) for some in batches(draws))
        results = over_pieces(counts, exchanged.cells, drawn, keep)
    for which, neurons, (n_found, n_hits) in results:
        sizes[which] += n_found
        hits[:, neurons] += n_hits
    return sizes, hits


def _against(n: int, null: np.ndarray) -> dict[str, Any]:
    """The columns that compare a size with those of permuted labels."""
    found: dict[str, Any] = {"n": n}
    if len(null):
        found["null_mean"] = float(null.mean())
        found["null_sd"] = float(null.std(ddof=1)) if len(null) > 1 else None
        found["null_low"], found["null_high"] = np.quantile(null, [0.025, 0.975]).tolist()
        found["p_value"] = (1 + int((null >= n).sum())) / (1 + len(null))
        found["fdr"] = min(1.0, found["null_mean"] / n) if n else None
    return found


def _with_q(rows: pl.DataFrame, level: float) -> pl.DataFrame:
    """Rows with q-values over the layers of each model, property and group."""

    def control(found: pl.DataFrame) -> pl.DataFrame:
        p = found["p_value"].to_numpy()
        q = np.full(len(p), np.nan)
        known = np.isfinite(p)
        if known.any():
            q[known] = false_discovery_control(p[known])
        return found.with_columns(q_value=pl.Series(q).fill_nan(None))

    if rows.is_empty():
        return rows
    of_layers = [control(found) for _, found in rows.group_by(["model", "property", "group"], maintain_order=True)]
    return (
        pl.concat(of_layers)
        .with_columns(stands_out=pl.col("q_value") <= level)
        .sort("model", "layer", maintain_order=True)
        .select(list(SCHEMA))
    )
