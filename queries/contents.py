"""What a warehouse holds, from its manifests: a look that costs the same however much audio is in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from warehouse.gaps import gaps
from warehouse.layers import grids_of_layers
from warehouse.properties import Property, declared
from warehouse.schema import TABLES
from warehouse.snapshot import Snapshot

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Contents:
    """The contents of a snapshot, each part as rows with the columns that its docstring line names.

    Attributes:
        models: (model, family, source, layers, neurons, lambda_pct, hop_ms, values, means); hop_ms is text where
            layers have frames at several rates.
        corpora: (corpus, utterances, hours, labels, phone set).
        recordings: (model, corpus, utterances, of, frames, shards).
        properties: (property, definition, bins, made, shards not counted yet).
        tables: (table, rows, files, bytes).
        runs: (started, finished, model, corpus, threads, rejected).
    """

    models: Rows
    corpora: Rows
    recordings: Rows
    properties: Rows
    tables: Rows
    runs: Rows


def contents(state: Snapshot) -> Contents:
    """Gather what a snapshot holds; of the data itself only durations and runs are read."""
    return Contents(
        [_model(facts) for facts in state.facts("model")],
        _corpora(state),
        _recordings(state),
        _properties(state),
        [(name, state.rows(name), len(state.files(name)), state.bytes(name)) for name in TABLES if state.rows(name)],
        _runs(state),
    )


def rejected(state: Snapshot) -> Rows:
    """Utterances that runs left out: (started, model, corpus, utterance, reason)."""
    columns = "started::TIMESTAMP, model, corpus, r.utterance, r.reason"
    return _ask(state, "ingests", f"SELECT {columns} FROM runs, UNNEST(rejected) AS t(r) ORDER BY ALL")


def _model(facts: dict[str, Any]) -> tuple[Any, ...]:
    widths = sorted({layer["n_neurons"] for layer in facts["layers"]})
    neurons = str(widths[0]) if len(widths) == 1 else f"{widths[0]}..{widths[-1]}"
    kept = facts["model"], facts["family"], facts["source"], facts["n_layers"], neurons, facts["lambda_pct"]
    hops = dict.fromkeys(grid.hop_us / 1000 for grid in grids_of_layers(facts))
    hop_ms = next(iter(hops)) if len(hops) == 1 else ", ".join(f"{hop:g}" if hop else "utterance" for hop in hops)
    return *kept, hop_ms, facts["values"], facts["means"]


def _corpora(state: Snapshot) -> Rows:
    sql = "SELECT corpus, sum(duration) / 3600 FROM runs GROUP BY corpus"
    hours: dict[str, float] = dict(_ask(state, "utterances", sql))
    found: dict[str, list[Any]] = {}
    for facts in state.facts("corpus"):
        row = found.setdefault(facts["corpus"], [0, "phones" if facts["labelled"] else "none", facts["phone_set"]])
        row[0] += facts["n_utterances"]
    return [(corpus, row[0], hours.get(corpus), *row[1:]) for corpus, row in sorted(found.items())]


def _recordings(state: Snapshot) -> Rows:
    planned: dict[str, int] = {}
    for facts in state.facts("corpus"):
        planned[facts["corpus"]] = planned.get(facts["corpus"], 0) + facts["n_utterances"]
    found: dict[tuple[str, str], list[int]] = {}
    for facts in state.facts("shard"):
        row = found.setdefault((facts["model"], facts["corpus"]), [0, 0, 0])
        row[0] += len(facts["utterance_ids"])
        row[1] += facts["n_frames"]
        row[2] += len(facts["shards"])
    return [(*key, row[0], planned[key[1]], *row[1:]) for key, row in sorted(found.items())]


def _properties(state: Snapshot) -> Rows:
    lacking: dict[str, int] = {}
    for gap in gaps(state):
        for prop in gap.properties:
            lacking[prop.name] = lacking.get(prop.name, 0) + 1
    return [
        (name, prop.definition, _bins(prop), prop.made, lacking.get(name, 0)) for name, prop in declared(state).items()
    ]


def _bins(prop: Property) -> str | None:
    if prop.bins is None:
        return None
    cuts, what = (prop.bins.edges, "edges") if prop.bins.edges is not None else (prop.bins.quantiles or (), "quantiles")
    over = "" if prop.bins.edges is not None else f" over {prop.bins.over}"
    given = f", unless {prop.bins.given} says it" if prop.bins.given else ""
    return f"{what} {', '.join(f'{cut:g}' for cut in cuts)}{over}{given}"


def _runs(state: Snapshot) -> Rows:
    sql = "SELECT started::TIMESTAMP, finished::TIMESTAMP, model, corpus, threads, len(rejected) FROM runs ORDER BY ALL"
    return _ask(state, "ingests", sql)


def _ask(state: Snapshot, table: str, sql: str) -> Rows:
    files: Sequence[str] = state.files(table)
    if not files:
        return []
    import duckdb  # what the manifests tell needs none of it

    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.read_parquet(list(files), union_by_name=True, hive_partitioning=False).create_view("runs")
        return con.execute(sql).fetchall()
