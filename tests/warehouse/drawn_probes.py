"""Probes whose numbers are drawn by lot, written into a warehouse, and the same rows in plain Python."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from warehouse import Commit, Layout
from warehouse.schema import TABLES, table

SHARES = (1.0, 5.0, 10.0, 15.0, 20.0, 25.0, 50.0, 75.0)
MADE = datetime(2026, 3, 1, 12, 0)

Row = dict[str, Any]


@dataclass
class DrawnProbe:
    """A probe whose accuracies grow with the layer and with the share, with noise from seed to seed.

    Attributes:
        name: identifier; it seeds what is drawn.
        widths: neurons of each layer, from layer 1.
        views: what is probed: layers, and None = all together.
        age: minutes after the first probe.
    """

    name: str
    label: str
    classes: tuple[str, ...]
    kind: str = "ffn"
    model: str = "tiny-speech"
    twin: str | None = "untrained"
    statistics: tuple[str, ...] = ("mean",)
    widths: tuple[int, ...] = (48, 48, 48, 48)
    views: tuple[int | None, ...] = (1, 2, 3, 4, None)
    seeds: int = 3
    hidden: bool = True
    age: int = 0

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(list(self.name.encode()))
        self.scores = list(self._scores())
        self.rankings = [row for view in self.views for row in self._rankings(view)]

    def n_features(self, view: int | None) -> int:
        """Features of a layer, or of all together."""
        width = sum(self.widths) if view is None else self.widths[view - 1]
        return width * len(self.statistics)

    def commit(self, layout: Layout) -> None:
        """Write it, as whoever makes a probe does."""
        with Commit(layout) as commit:
            for name, rows in (
                ("probe_runs", [self._run()]),
                ("probe_scores", self.scores),
                ("probe_rankings", self.rankings),
            ):
                columns = [column for column, *_ in TABLES[name].columns if column != "probe"]
                told = {column: [row.get(column) for row in rows] for column in columns}
                commit.add(name, table(name, {"probe": [self.name] * len(rows), **told}))
            run = {"label": self.label, "model": self.model, "kind": self.kind, "task": "classification"}
            facts = {"probe": self.name, **run}
            assert commit.publish(f"probe-{self.name}", "probe", facts)

    def values(self, **said: Any) -> list[float]:
        """Accuracies of the rows with some columns, seed by seed."""
        said = {"measure": "accuracy", "source": "model", "labels": "true", **said}
        return [row["value"] for row in self.scores if all(row[name] == value for name, value in said.items())]

    def ranking(self, view: int | None = None, of_class: str | None = None) -> list[Row]:
        """The rows of a ranking over the seeds, the most salient first."""
        wanted = {"of_layer": view, "class": of_class, "seed": None}
        rows = [row for row in self.rankings if all(row[name] == value for name, value in wanted.items())]
        return sorted(rows, key=lambda row: int(row["rank"]))

    def _run(self) -> Row:
        return {
            "made": MADE + timedelta(minutes=self.age),
            "task": "classification",
            "model": self.model,
            "twin": self.twin,
            "kind": self.kind,
            "unit": "utterance",
            "statistics": "+".join(self.statistics),
            "label": self.label,
            "classes": list(self.classes),
            "class_rows": [30 // len(self.classes)] * len(self.classes),
            "n_rows": 30,
            "n_speakers": 6,
            "split": "speaker",
            "layers": ["all" if view is None else str(view) for view in self.views],
            "n_features": self.n_features(None),
            "seeds": list(range(self.seeds)),
            "solver": "adam",
            "lambda1": 0.01,
            "lambda2": 0.01,
        }

    def _scores(self) -> Iterator[Row]:
        chance = 1 / len(self.classes)
        for seed in range(self.seeds):
            yield from self._both(seed, None, chance, architecture="majority", n_features=0)
            for view in self.views:
                good = 0.6 + 0.05 * (view or 5)
                at: Row = {"n_features": self.n_features(view)}
                yield from self._both(seed, view, good, **at)
                if self.hidden:
                    yield from self._both(seed, view, good + 0.02, architecture="hidden", **at)
                yield from self._both(seed, view, chance, labels="control", **at)
                if self.twin is not None:
                    yield from self._both(seed, view, good - 0.2, source="twin", **at)
                if view is not None and None in self.views:
                    continue
                for neurons, worse in (("top", 0.12), ("random", 0.25), ("bottom", 0.35)):
                    for share in SHARES:
                        kept: Row = {"n_features": max(1, int(share * self.n_features(view) / 100 + 0.5))}
                        value = good - worse * (1 - share / 100) ** 4
                        kept |= {"neurons": neurons, "share": share, "treatment": "retrained"}
                        yield from self._both(seed, view, value, **kept)

    def _both(self, seed: int, view: int | None, value: float, **said: Any) -> Iterator[Row]:
        row = {
            "source": "model",
            "layer": view,
            "architecture": "linear",
            "labels": "true",
            "neurons": "all",
            "treatment": "trained",
            "share": 100.0,
            "seed": seed,
            "by_column": None,
            "group": None,
            "n": 10,
            **said,
        }
        for measure in ("accuracy", "balanced_accuracy"):
            yield {**row, "measure": measure, "value": round(value + float(self._rng.normal(0, 0.01)), 4)}

    def _rankings(self, view: int | None) -> Iterator[Row]:
        layers: Sequence[int] = range(1, len(self.widths) + 1) if view is None else [view]
        features = [(a, n, s) for a in layers for n in range(self.widths[a - 1]) for s in self.statistics]
        named: list[tuple[str | None, int | None]] = [(None, None), *((None, seed) for seed in range(self.seeds))]
        for of_class, seed in [*named, *((name, None) for name in self.classes)]:
            order = self._rng.permutation(len(features))
            for rank, place in enumerate(order.tolist(), start=1):
                layer, neuron, statistic = features[place]
                weight = (-1) ** rank * 0.5 / rank
                at = {"of_layer": view, "class": of_class, "seed": seed, "rank": rank, "mass": 1.0}
                yield {**at, "layer": layer, "neuron": neuron, "statistic": statistic, "weight": weight}
