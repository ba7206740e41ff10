"""How often a probe is right: rows of the table ``probe_scores``."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

UNKNOWN = "?"
"""Group of rows whose column is NULL."""


@dataclass(frozen=True)
class Scored:
    """What was scored; the columns of ``probe_scores`` that tell its rows apart.

    Attributes:
        source: ``model`` or ``twin``.
        layer: None = all layers together.
        architecture: ``linear``, ``hidden``, ``majority`` or ``cosine``.
        seed: of the split.
        labels: ``true`` or ``control``.
        neurons: ``all``, ``top``, ``random`` or ``bottom``.
        treatment: ``trained``, ``zeroed`` or ``retrained``.
        share: features that were kept, percent.
        n_features: how many these are.
    """

    source: str
    layer: int | None
    architecture: str
    seed: int
    n_features: int
    labels: str = "true"
    neurons: str = "all"
    treatment: str = "trained"
    share: float = 100.0


Score = dict[str, Any]


def accuracies(scored: Scored, predicted: np.ndarray, wanted: np.ndarray) -> Iterator[Score]:
    """Share of the rows that are right, and its mean over the classes that there are.

    Args:
        scored: what was scored.
        predicted: classes, int64 (n,).
        wanted: classes, int64 (n,).
    """
    right = predicted == wanted
    yield score(scored, "accuracy", float(right.mean()), len(right))
    sizes = np.bincount(wanted)
    of_class = np.bincount(wanted, right, minlength=len(sizes))[sizes > 0] / sizes[sizes > 0]
    yield score(scored, "balanced_accuracy", float(of_class.mean()), len(right))


def accuracies_by_group(
    scored: Scored, predicted: np.ndarray, wanted: np.ndarray, groups: Mapping[str, np.ndarray]
) -> Iterator[Score]:
    """The same for the rows of each value of some columns; NULL is a value.

    Args:
        scored: what was scored.
        predicted: classes, int64 (n,).
        wanted: classes, int64 (n,).
        groups: column -> value of each row, as objects (n,).
    """
    for column, values in groups.items():
        names = np.array([UNKNOWN if value is None else str(value) for value in values])
        for name in np.unique(names).tolist():
            here = names == name
            for found in accuracies(scored, predicted[here], wanted[here]):
                yield {**found, "by_column": column, "group": name}


def score(scored: Scored, measure: str, value: float | None, n: int) -> Score:
    """A row of ``probe_scores`` without the probe's name."""
    return {**asdict(scored), "measure": measure, "value": value, "n": n, "by_column": None, "group": None}


def control(scored: Scored) -> Scored:
    """The same for control labels."""
    return replace(scored, labels="control")
