"""Rankings as rows of the table ``probe_rankings``."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from queries.probes.features import STATISTICS, Features
from queries.probes.one_split import Measured, View
from queries.probes.ranking import class_ranking, ranking

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, eq=False)
class Ranked:
    """Features in the order of one ranking.

    Attributes:
        of_layer: layer whose features they are; None = those of all layers together.
        class_: class that they speak of; None = all.
        seed: of the split; None = by the weights averaged over the seeds.
        features: places among the features of all layers, (k,).
        weights: (k,) weight for the class; of all classes, the one furthest from 0.
        mass: percent at which each came, (k,); NaN = it has no weight.
    """

    of_layer: View
    class_: str | None
    seed: int | None
    features: np.ndarray
    weights: np.ndarray
    mass: np.ndarray


def rankings(
    measured: Mapping[int, Measured], features: Features, views: Sequence[View], classes: Sequence[str], depth: int
) -> Iterator[list[Ranked]]:
    """The rankings of each view: of the weights averaged over the seeds, of each class by these, and of each seed.

    Args:
        measured: what each seed gave.
        features: of the model.
        views: what was probed.
        classes: names.
        depth: features of the ranking of a class that are kept.
    """
    for view in views:
        start = 0 if view is None else features.slices[view].start
        theta = np.mean([found.weights[view] for found in measured.values()], axis=0)
        order, mass = ranking(theta)
        found = [Ranked(view, None, None, start + order, furthest(theta)[order], mass)]
        for which, name in enumerate(classes):
            order, mass = (column[:depth] for column in class_ranking(theta, which))
            found.append(Ranked(view, name, None, start + order, theta[order, which], mass))
        for seed, of_seed in measured.items():
            order, mass = of_seed.orders[view]
            found.append(Ranked(view, None, seed, start + order, furthest(of_seed.weights[view])[order], mass))
        yield found


def ranking_rows(probe: str, ranked: Sequence[Ranked], features: Features) -> "pa.Table":
    """Rows of ``probe_rankings``."""
    import pyarrow as pa

    from warehouse.schema import TABLES, table

    schema = TABLES["probe_rankings"].schema
    lengths = [len(one.features) for one in ranked]
    which = np.repeat(np.arange(len(ranked)), lengths)
    constants = {
        "probe": [probe] * len(ranked),
        "of_layer": [one.of_layer for one in ranked],
        "class": [one.class_ for one in ranked],
        "seed": [one.seed for one in ranked],
    }
    columns = {name: pa.array(values, schema.field(name).type).take(which) for name, values in constants.items()}
    places = np.concatenate([one.features for one in ranked])
    return table(
        "probe_rankings",
        {
            **columns,
            "rank": np.concatenate([np.arange(1, n + 1) for n in lengths]),
            "layer": features.layer[places],
            "neuron": features.neuron[places],
            "statistic": pa.array(STATISTICS).take(features.statistic[places]),
            "weight": np.concatenate([one.weights for one in ranked]).astype(np.float32),
            "mass": pa.array(np.concatenate([one.mass for one in ranked]).astype(np.float32), from_pandas=True),
        },
    )


def furthest(theta: np.ndarray) -> np.ndarray:
    """Of each feature's weights (D, C) the one furthest from 0, (D,)."""
    place = np.abs(theta).argmax(1)[:, None]
    found: np.ndarray = np.take_along_axis(theta, place, 1)[:, 0]
    return found
