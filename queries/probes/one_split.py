"""Everything that is measured on one split: accuracies beside their baselines, the ranking, efficacy, minimal sets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from queries.probes.features import Features
from queries.probes.labels import Labelled
from queries.probes.linear import Linear, fit_linear
from queries.probes.ranking import ranking
from queries.probes.scores import Score, Scored, accuracies, accuracies_by_group, control
from queries.probes.settings import Settings, n_kept
from queries.probes.splits import Split
from queries.probes.standard import standardised

if TYPE_CHECKING:
    from torch import Tensor

View = int | None
"""A layer, or None for all layers together."""


@dataclass(frozen=True, eq=False)
class Parts:
    """A split's features and classes.

    Attributes:
        train: standardised features, float32 (n_train, D).
        test: the same of the test part (n_test, D).
        train_targets: classes, int64 (n_train, m); the first labelling is the true one.
        test_targets: int64 (n_test, m).
        n_classes: C.
        seed: of the split.
    """

    train: "Tensor"
    test: "Tensor"
    train_targets: np.ndarray
    test_targets: np.ndarray
    n_classes: int
    seed: int


@dataclass(frozen=True, eq=False)
class Measured:
    """What a split gave.

    Attributes:
        scores: rows of ``probe_scores`` without the probe's name.
        weights: of each view the weights of the linear probe for the true labels, float (d, C).
        orders: of each view its features as :func:`queries.probes.ranking.ranking` has them, and their percents.
    """

    scores: list[Score] = field(default_factory=list)
    weights: dict[View, np.ndarray] = field(default_factory=dict)
    orders: dict[View, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)


def measure(
    features: Features,
    twin: Features | None,
    rows: Labelled,
    split: Split,
    views: Sequence[View],
    settings: Settings,
    groups: dict[str, np.ndarray],
) -> Measured:
    """Fit and score everything on one split.

    Args:
        features: of the model.
        twin: of its twin of random weights, for the same rows and layers; None = there is none.
        rows: with their classes.
        split: training and test part.
        views: what is probed.
        settings: how.
        groups: column -> value of every row, by which errors are told apart.
    """
    found = Measured()
    train_targets, test_targets = _labellings(rows, split)
    tested = {name: values[split.test] for name, values in groups.items()}
    largest = np.full(len(split.test), np.bincount(rows.target[split.train]).argmax())
    majority = Scored("model", None, "majority", split.seed, 0)
    found.scores.extend(accuracies(majority, largest, rows.target[split.test]))
    found.scores.extend(accuracies_by_group(majority, largest, rows.target[split.test], tested))
    train, test = standardised(features.values, split)
    parts = Parts(train, test, train_targets, test_targets, len(rows.classes), split.seed)
    linear = _linear(parts, slices_of(features, views), settings)
    found.scores.extend(_of_linear(linear, parts, views, "model", tested))
    if settings.fitting.hidden:
        found.scores.extend(_of_hidden(parts, features, views, settings, "model", tested))
    for view, weights in zip(views, linear.weights, strict=True):
        found.weights[view] = weights[:, 0].contiguous().numpy()  # a copy, which does not keep those of control labels
        found.orders[view] = ranking(found.weights[view])
    found.scores.extend(_zeroed(linear, parts, found, views, settings))
    del linear  # before others are fitted: of many classes and features it is large
    for view in [None] if None in views else views:
        found.scores.extend(_retrained(parts, slices_of(features, [view])[0], found.orders[view][0], view, settings))
    if twin is not None:
        del parts, train, test  # before as much again is made
        train, test = standardised(twin.values, split)
        parts = Parts(train, test, train_targets[:, :1], test_targets[:, :1], len(rows.classes), split.seed)
        linear = _linear(parts, slices_of(twin, views), settings)
        found.scores.extend(_of_linear(linear, parts, views, "twin", {}))
        if settings.fitting.hidden:
            found.scores.extend(_of_hidden(parts, twin, views, settings, "twin", {}))
    return found


def _labellings(rows: Labelled, split: Split) -> tuple[np.ndarray, np.ndarray]:
    """True classes, and beside them those of control labels: permuted within each part, so equally distributed."""
    draw = np.random.default_rng((split.seed, 3))
    train, test = rows.target[split.train], rows.target[split.test]
    return np.stack([train, draw.permutation(train)], 1), np.stack([test, draw.permutation(test)], 1)


def slices_of(features: Features, views: Sequence[View]) -> tuple[slice, ...]:
    """The columns of each view in the matrix of all features."""
    return tuple(slice(0, features.n) if view is None else features.slices[view] for view in views)


def _linear(parts: Parts, slices: tuple[slice, ...], settings: Settings) -> Linear:
    import torch

    targets = torch.from_numpy(parts.train_targets)
    return fit_linear(parts.train, slices, targets, parts.n_classes, settings.fitting, parts.seed)


def _of_linear(
    linear: Linear, parts: Parts, views: Sequence[View], source: str, groups: dict[str, np.ndarray]
) -> Iterator[Score]:
    for place, view in enumerate(views):
        scored = Scored(source, view, "linear", parts.seed, len(linear.weights[place]))
        yield from _of_labellings(scored, linear.predict(parts.test, place), parts.test_targets, groups)


def _of_hidden(
    parts: Parts,
    features: Features,
    views: Sequence[View],
    settings: Settings,
    source: str,
    groups: dict[str, np.ndarray],
) -> Iterator[Score]:
    import torch

    from queries.probes.hidden import fit_hidden

    slices = slices_of(features, views)
    targets = torch.from_numpy(parts.train_targets)
    network = fit_hidden(parts.train, slices, targets, parts.n_classes, settings.fitting, parts.seed)
    for view, columns, predicted in zip(views, slices, network.predict(parts.test), strict=True):
        scored = Scored(source, view, "hidden", parts.seed, columns.stop - columns.start)
        yield from _of_labellings(scored, predicted, parts.test_targets, groups)


def _of_labellings(
    scored: Scored, predicted: np.ndarray, wanted: np.ndarray, groups: dict[str, np.ndarray]
) -> Iterator[Score]:
    """Scores of true labels, by group too, and of control labels where there are some; predicted is (m, n)."""
    yield from accuracies(scored, predicted[0], wanted[:, 0])
    yield from accuracies_by_group(scored, predicted[0], wanted[:, 0], groups)
    if len(predicted) > 1:
        yield from accuracies(control(scored), predicted[1], wanted[:, 1])


def _zeroed(
    linear: Linear, parts: Parts, found: Measured, views: Sequence[View], settings: Settings
) -> Iterator[Score]:
    """Efficacy: the trained probe on some features, the others being zeroed ([B] §3)."""
    for place, view in enumerate(views):
        kept = n_kept(settings.share, len(linear.weights[place]))
        for neurons, order in orders(found.orders[view][0], view, parts.seed).items():
            predicted = linear.predict(parts.test, place, order[:kept])[0]
            scored = Scored(
                "model", view, "linear", parts.seed, kept, neurons=neurons, treatment="zeroed", share=settings.share
            )
            yield next(accuracies(scored, predicted, parts.test_targets[:, 0]))


def _retrained(parts: Parts, columns: slice, order: np.ndarray, view: View, settings: Settings) -> Iterator[Score]:
    """Probes trained on a share of the features alone: minimal sets, and what as many others give ([B] §3)."""
    if not settings.shares:
        return
    sizes = [n_kept(share, len(order)) for share in settings.shares]
    for neurons, sorted_features in orders(order, view, parts.seed).items():
        # Only the features that some share keeps, in their order: a share is then a run of columns.
        prefixes = tuple(slice(0, size) for size in sizes)
        chosen = columns.start + sorted_features[: max(sizes)]
        predicted = _trained_again(parts, chosen, prefixes, settings)
        for share, size, of_share in zip(settings.shares, sizes, predicted, strict=True):
            scored = Scored(
                "model", view, "linear", parts.seed, size, neurons=neurons, treatment="retrained", share=share
            )
            yield next(accuracies(scored, of_share, parts.test_targets[:, 0]))


def _trained_again(
    parts: Parts, chosen: np.ndarray, prefixes: tuple[slice, ...], settings: Settings
) -> list[np.ndarray]:
    """What probes of the first of some features say of the test part; nothing else of them stays in memory."""
    import torch

    features = torch.from_numpy(chosen)
    targets = torch.from_numpy(parts.train_targets[:, :1].copy())
    train = parts.train[:, features]
    linear = fit_linear(train, prefixes, targets, parts.n_classes, settings.fitting, parts.seed)
    test = parts.test[:, features]
    return [linear.predict(test, place)[0] for place in range(len(prefixes))]


def orders(order: np.ndarray, view: View, seed: int) -> dict[str, np.ndarray]:
    """Features from the top of the ranking, from its bottom, and in an order that is drawn."""
    drawn = np.random.default_rng((seed, 4, view or 0)).permutation(len(order))
    return {"top": order, "random": drawn, "bottom": order[::-1].copy()}
