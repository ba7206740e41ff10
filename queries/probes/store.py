"""Probes enter the warehouse: one commit each, whole or not at all, and never changed afterwards."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from queries.probes.labels import Labelled
from queries.probes.scores import Score
from queries.probes.settings import Settings
from queries.probes.splits import Split, split_by

if TYPE_CHECKING:
    import pyarrow as pa

    from warehouse import Layout

_SOFTWARE = ("neuron-warehouse", "torch", "numpy", "scikit-learn")


@dataclass(frozen=True)
class Described:
    """What a probe was, beside its rows and settings.

    Attributes:
        probe: identifier.
        task: ``classification`` or ``verification``.
        model: name of the model.
        twin: name of its twin; None = none.
        layers: what was probed, as text: numbers and ``all``.
        n_features: of all layers together.
        snapshot: digest of the commits that it saw.
        more: further settings, such as where trials come from.
    """

    probe: str
    task: str
    model: str
    twin: str | None
    layers: tuple[str, ...]
    n_features: int
    snapshot: str
    more: tuple[tuple[str, Any], ...] = ()


def new_identifier() -> str:
    """A name that no other probe has."""
    return os.urandom(6).hex()


def commit_probe(
    layout: "Layout",
    described: Described,
    rows: Labelled,
    settings: Settings,
    splits: Sequence[Split],
    scores: Sequence[Score],
    rankings: "Iterable[pa.Table]",
) -> None:
    """Add a probe to its warehouse.

    Args:
        layout: the warehouse.
        described: what it was.
        rows: with their classes.
        settings: how it was made.
        splits: of its seeds.
        scores: rows of ``probe_scores`` without the probe's name.
        rankings: rows of ``probe_rankings``.

    Raises:
        WarehouseError: the disk is full or not writable.
    """
    from warehouse import Commit
    from warehouse.schema import TABLES, table

    with Commit(layout) as commit:
        run = _run(described, rows, settings)
        commit.add("probe_runs", table("probe_runs", {name: [value] for name, value in run.items()}))
        commit.add("probe_splits", (_split_rows(described.probe, rows, split) for split in splits))
        names = [name for name in TABLES["probe_scores"].schema.names if name != "probe"]
        columns: dict[str, Any] = {name: [row[name] for row in scores] for name in names}
        commit.add("probe_scores", table("probe_scores", {"probe": [described.probe] * len(scores), **columns}))
        commit.add("probe_rankings", rankings)
        facts = {name: run[name] for name in ("probe", "label", "model", "kind", "task")}
        commit.publish(f"probe-{described.probe}", "probe", facts)


def _run(described: Described, rows: Labelled, settings: Settings) -> dict[str, Any]:
    fitting = settings.fitting
    counts = np.bincount(rows.target, minlength=len(rows.classes))
    label = {"label": rows.label.name, "sql": rows.label.sql, "edges": rows.label.edges, "bins": rows.label.bins}
    return {
        "probe": described.probe,
        "made": datetime.now(UTC).replace(tzinfo=None),
        "task": described.task,
        "model": described.model,
        "twin": described.twin,
        "kind": settings.kind,
        "unit": rows.unit,
        "statistics": settings.statistics,
        "label": rows.label.name,
        "definition": rows.label.definition,
        "corpus": settings.corpus,
        "classes": list(rows.classes),
        "class_rows": counts.tolist(),
        "n_rows": len(rows.rows),
        "n_speakers": rows.n_speakers,
        "layers": list(described.layers),
        "n_features": described.n_features,
        "split": "speaker" if described.task == "verification" else split_by(rows),
        "folds": None if settings.split is not None else settings.folds,
        "seeds": list(settings.seeds),
        "solver": fitting.solver,
        "epochs": fitting.epochs,
        "batch": fitting.batch,
        "learning_rate": fitting.learning_rate,
        "lambda1": fitting.lambda1,
        "lambda2": fitting.lambda2,
        "hidden": fitting.hidden,
        "settings": json.dumps({**label, **asdict(settings), **dict(described.more)}),
        "snapshot": described.snapshot,
        "versions": json.dumps({name: version(name) for name in _SOFTWARE}),
    }


def _split_rows(probe: str, rows: Labelled, split: Split) -> "pa.Table":
    from warehouse.schema import table

    part = np.full(len(rows.rows), "unused", dtype=object)
    part[split.train], part[split.test] = "train", "test"
    known = np.sort(np.concatenate([split.train, split.test, split.unused]))
    chosen = rows.rows[known]
    return table(
        "probe_splits",
        {
            "probe": [probe] * len(known),
            "seed": [split.seed] * len(known),
            "utterance_id": chosen["utterance_id"].to_arrow(),
            "segment": chosen["segment"].to_list(),
            "class": chosen["class"].to_list(),
            "part": part[known].tolist(),
        },
    )


def layer_names(views: Iterable[int | None]) -> Iterator[str]:
    """What is probed as text: numbers of layers, and ``all``."""
    return ("all" if view is None else str(view) for view in views)
