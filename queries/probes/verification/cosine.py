"""Scores of verification: the cosine between two utterances over chosen features."""

from collections.abc import Callable

import numpy as np

from queries.probes.verification.trials import Trials
from warehouse.errors import QueryError

BLOCK = 2**20  # numbers of a block of rows: 8 MiB


def cosine_scores(
    features: np.ndarray,
    trials: Trials,
    chosen: np.ndarray | None = None,
    *,
    mean: np.ndarray | None = None,
    scale: np.ndarray | None = None,
) -> np.ndarray:
    """Cosines between the two utterances of each trial, over the chosen features.

    Give the mean, best over utterances that are in no trial: neurons have large means that all utterances share, and
    around 0 these make every cosine nearly 1. Neurons with large variance count for more unless a scale is given too.
    Nothing is learned here: without mean and scale the features are taken as they are.

    Rows are taken, centred and multiplied some at a time in float64, so memory beyond the scores stays below a few
    blocks, also for features on disk (``np.memmap``).

    Args:
        features: (n, d) float32, a row an utterance.
        trials: over the rows.
        chosen: (k,) which features count, from 0, each once; None = all.
        mean: (d,) what is taken off every row; None = nothing.
        scale: (d,) what every row is divided by afterwards, above 0; None = nothing.

    Returns:
        (trials,) float64 from -1 to 1.

    Raises:
        QueryError: a row of a trial is 0 in all chosen features, or not finite, so that it has no direction; a row
            or feature that is not there; a mean or scale of another length, or a scale that is not above 0.
    """
    trials.check(len(features))
    rows = _reader(features, chosen, mean, scale)
    step = max(1, BLOCK // max(1, features.shape[1]))
    norms = _norms(rows, np.unique([trials.first, trials.second]), len(features), step)
    scores = np.empty(len(trials))
    for start in range(0, len(trials), step):
        part = slice(start, start + step)
        first, second = trials.first[part], trials.second[part]
        products = np.einsum("ij,ij->i", rows(first), rows(second))
        scores[part] = products / (norms[first] * norms[second])
    return scores.clip(-1, 1)


def _reader(
    features: np.ndarray, chosen: np.ndarray | None, mean: np.ndarray | None, scale: np.ndarray | None
) -> Callable[[np.ndarray], np.ndarray]:
    """What gives (m, k) float64 of some rows: the chosen features, centred and scaled."""
    width = features.shape[1]
    if chosen is not None:
        chosen = np.asarray(chosen)
        _check_chosen(chosen, width)
    mean = _of_chosen("mean", mean, chosen, width)
    scale = _of_chosen("scale", scale, chosen, width)
    if scale is not None and not (scale > 0).all():
        raise QueryError("scale: one of a chosen feature is not above 0; give 1 where a feature is constant")

    def rows(positions: np.ndarray) -> np.ndarray:
        taken = features[positions]
        taken = (taken if chosen is None else taken[:, chosen]).astype(np.float64, order="C")
        if mean is not None:
            taken -= mean
        if scale is not None:
            taken /= scale
        return taken

    return rows


def _check_chosen(chosen: np.ndarray, width: int) -> None:
    if chosen.ndim != 1 or chosen.dtype.kind not in "iu" or not len(chosen):
        raise QueryError("chosen: give the numbers of one feature or more, from 0")
    if chosen.min() < 0 or chosen.max() >= width:
        wrong = int(chosen.min() if chosen.min() < 0 else chosen.max())
        raise QueryError(f"chosen: there is no feature {wrong}; there are {width}, counted from 0")
    numbers, times = np.unique(chosen, return_counts=True)
    if times.max() > 1:
        raise QueryError(f"chosen: feature {numbers[times.argmax()]} is there more than once; give each once")


def _of_chosen(name: str, values: np.ndarray | None, chosen: np.ndarray | None, width: int) -> np.ndarray | None:
    if values is None:
        return None
    values = np.asarray(values, np.float64)
    if values.shape != (width,):
        raise QueryError(f"{name}: has shape {values.shape}; give one number for each of {width} features")
    return values if chosen is None else values[chosen]


def _norms(rows: Callable[[np.ndarray], np.ndarray], used: np.ndarray, n: int, step: int) -> np.ndarray:
    """(n,) Euclidean norms of the used rows, NaN elsewhere."""
    norms = np.full(n, np.nan)
    for start in range(0, len(used), step):
        some = used[start : start + step]
        taken = rows(some)
        norms[some] = np.sqrt(np.einsum("ij,ij->i", taken, taken))
    for wrong, what in (
        (norms[used] == 0, "0 in all chosen features"),
        (~np.isfinite(norms[used]), "not finite"),
    ):
        if wrong.any():
            listed = used[wrong].tolist()
            such = ", ".join(map(str, listed[:5])) + (", …" if len(listed) > 5 else "")
            raise QueryError(
                f"cosine: {len(listed)} of {len(used)} rows have no direction, being {what}: {such}; "
                "leave their trials out, or choose other features"
            )
    return norms
