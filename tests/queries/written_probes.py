"""Probes written down by hand: rows of their four tables, behind the surface of a small warehouse."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from queries.facts import KnownProbe, Layer, SurfaceFacts
from queries.surface import create_surface
from warehouse import Commit, Layout
from warehouse.grid import Grid
from warehouse.properties import Property
from warehouse.schema import TABLES, table

PROBE_TABLES = ("probe_runs", "probe_splits", "probe_scores", "probe_rankings")
GRID = (20_000, 12_500, 25_000)
Feature = tuple[int, int] | tuple[int, int, str]
"""Layer, neuron, and the statistic where it is not the mean."""


@dataclass
class Probe:
    """A probe and what it found.

    Attributes:
        name: its identifier.
        n_features: features of all layers together.
    """

    name: str
    label: str = "gender"
    model: str = "m"
    kind: str = "ffn"
    task: str = "classification"
    statistics: str = "mean"
    n_features: int = 20
    twin: str | None = None
    split: str = "speaker"
    scores: list[dict[str, Any]] = field(default_factory=list)
    rankings: list[dict[str, Any]] = field(default_factory=list)
    splits: list[dict[str, Any]] = field(default_factory=list)

    def score(
        self,
        layer: int | None,
        values: Sequence[float | None],
        architecture: str = "linear",
        neurons: str = "all",
        treatment: str = "trained",
        share: float = 100.0,
        **columns: Any,
    ) -> "Probe":
        """One row a seed, of the accuracy on true labels unless the columns say otherwise."""
        said = {"source": "model", "labels": "true", "measure": "accuracy", "n": 10, "n_features": self.n_features}
        for seed, value in enumerate(values):
            row = {"layer": layer, "architecture": architecture, "neurons": neurons, "treatment": treatment}
            self.scores.append({**said, **row, "share": share, "seed": seed, "value": value, **columns})
        return self

    def retrained(self, layer: int | None, by_share: dict[float, float], neurons: str = "top") -> "Probe":
        """Accuracies of one seed, trained again on shares of the features."""
        for share, value in by_share.items():
            n = max(1, int(share * self.n_features / 100 + 0.5))
            self.score(layer, [value], neurons=neurons, treatment="retrained", share=share, n_features=n)
        return self

    def ranked(self, of_layer: int | None, features: Iterable[Feature], **columns: Any) -> "Probe":
        """Features from the most salient to the least."""
        for place, (layer, neuron, *statistic) in enumerate(features, start=1):
            row = {"of_layer": of_layer, "rank": place, "layer": layer, "neuron": neuron, "weight": 1.0, "mass": 1.0}
            self.rankings.append({**row, "statistic": statistic[0] if statistic else "mean", **columns})
        return self

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Rows of one of the tables."""
        if name == "probe_runs":
            said = ("label", "model", "kind", "task", "statistics", "n_features", "twin", "split")
            return [{"probe": self.name, **{column: getattr(self, column) for column in said}}]
        found = {"probe_scores": self.scores, "probe_rankings": self.rankings, "probe_splits": self.splits}[name]
        return [{"probe": self.name, **row} for row in found]

    def commit(self, layout: Layout, told: Sequence[str] = ("label", "model", "kind", "task")) -> None:
        """Write it into a warehouse, as whoever makes a probe does; the manifest tells these columns of its run."""
        with Commit(layout) as commit:
            for name in PROBE_TABLES:
                commit.add(name, arrow(name, self.rows(name)))
            facts = {"probe": self.name, **{name: getattr(self, name) for name in told}}
            assert commit.publish(f"probe-{self.name}", "probe", facts)


def arrow(name: str, rows: Sequence[dict[str, Any]]) -> Any:
    """Rows as a table of the warehouse."""
    return table(name, {column: [row.get(column) for row in rows] for column, *_ in TABLES[name].columns})


def opened(known: Sequence[Probe] = (), models: Sequence[str] = ("m",)) -> duckdb.DuckDBPyConnection:
    """The surface over models of two layers with 10 neurons each, and probes that there are names of."""
    con = duckdb.connect()
    layers = [(model, layer) for model in models for layer in (1, 2)]
    rows = {
        "models": [{"model": model, "n_layers": 2, "lambda_pct": 20.0} for model in models],
        "layers": [
            {"model": m, "layer": n, "n_neurons": 10, "top_k": 2, **dict(zip(_GRID, GRID, strict=True))}
            for m, n in layers
        ],
        "properties": [{"property": "gender", "definition": "gender"}],
    }
    for name in TABLES:
        con.from_arrow(arrow(name, rows.get(name, ()))).create(name)
    properties = (Property("gender", "gender"),)
    facts = SurfaceFacts(
        lambdas=dict.fromkeys(models, 20.0),
        layers=tuple(Layer(model, layer, 10, 2, Grid(*GRID)) for model, layer in layers),
        corpora=("c",),
        properties=properties,
        recorded=dict.fromkeys(models, ("c",)),
        sums=frozenset({"gender"}),
        probes=tuple(KnownProbe(probe.name, probe.label, probe.model, probe.kind, probe.task) for probe in known),
    )
    create_surface(con, facts, comments=False)
    fill(con, known)
    return con


_GRID = ("hop_us", "offset_us", "window_us")


def fill(con: duckdb.DuckDBPyConnection, probes: Sequence[Probe]) -> None:
    """Put probes in the place of those that the tables hold."""
    for name in PROBE_TABLES:
        con.execute(f"DELETE FROM {name}")
        rows = arrow(name, [row for probe in probes for row in probe.rows(name)])
        con.register("written", rows)
        con.execute(f"INSERT INTO {name} FROM written")
        con.unregister("written")


def dicts(con: duckdb.DuckDBPyConnection, sql: str) -> Iterator[dict[str, Any]]:
    """Rows of a query by their columns."""
    found = con.sql(sql)
    return (dict(zip(found.columns, row, strict=True)) for row in found.fetchall())
