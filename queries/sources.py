"""Base tables of a connection: views over the Parquet files of a snapshot, and the facts that plans depend on."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, fields

import duckdb

from queries.facts import KnownProbe, SurfaceFacts, layers_of
from queries.sql_files import sql_files
from warehouse.gaps import gaps
from warehouse.grid import Grid
from warehouse.layers import grid_of
from warehouse.manifest import Manifest
from warehouse.properties import declared, group_select, quote, sql_list
from warehouse.schema import TABLES
from warehouse.snapshot import Snapshot
from warehouse.stored import stored

GapKey = tuple[str, str, str]


def create_base_tables(con: duckdb.DuckDBPyConnection, state: Snapshot, comments: bool = True) -> None:
    """Create every table of a snapshot as a view over its Parquet files; one without files is empty.

    Args:
        con: an empty DuckDB.
        state: the snapshot.
        comments: whether to register what each table and column means.
    """
    selects = {name: stored(state, name) for name in TABLES}
    selects["properties"] += "".join(_properties_not_stored(state))
    selects["property_edges"] += "".join(_edges_not_frozen(state))
    con.execute(";\n".join(f"CREATE VIEW {name} AS {select}" for name, select in selects.items()))
    if comments:
        con.execute(";\n".join(_comments()))


def fill_gaps(con: duckdb.DuckDBPyConnection, state: Snapshot) -> None:
    """Complete the counts by those of shards that lack a property, counted when somebody asks for it.

    Args:
        con: holds the base tables and the views of frames.
        state: the snapshot.
    """
    found = _gaps(state)
    if not found:
        return
    for file in sql_files("gaps"):
        wanted = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind, _ in TABLES[file.name].columns)
        late = (
            f"SELECT {wanted} FROM ({file.with_places(_replacements(state, key, grid, manifests), layers)})"
            for key, manifests in found.items()
            for grid, layers in _parts(state, key[0]).items()
        )
        con.execute(f"CREATE OR REPLACE VIEW {file.name} AS {' UNION ALL '.join((stored(state, file.name), *late))}")
        con.execute(";\n".join(_comments([file.name])))


def surface_facts(state: Snapshot) -> SurfaceFacts:
    """What plans depend on, from the manifests of a snapshot."""
    models = state.facts("model")
    recorded: dict[str, set[str]] = {facts["model"]: set() for facts in models}
    for facts in state.facts("shard"):
        recorded[facts["model"]].add(facts["corpus"])
    properties = declared(state)
    layers = tuple(layer for facts in models for layer in layers_of(facts))
    return SurfaceFacts(
        {facts["model"]: float(facts["lambda_pct"]) for facts in models},
        layers,
        tuple(sorted({facts["corpus"] for facts in state.facts("corpus")})),
        tuple(properties.values()),
        frozenset(properties) - _in_parts(state),
        {model: tuple(sorted(corpora)) for model, corpora in recorded.items()},
        state.rows("frames"),
        tuple(sorted({grid_of(f) for f in state.facts("labels")} | {x.grid for x in layers})),
        tuple(_probes(state)),
    )


def _probes(state: Snapshot) -> Iterator[KnownProbe]:
    """The probes of a snapshot, by their manifests; where one of these does not say everything, by the table."""
    names = [field.name for field in fields(KnownProbe)]
    found = {facts["probe"]: facts for facts in state.facts("probe")}
    if any(name not in facts for facts in found.values() for name in names):
        with duckdb.connect() as con:
            told = con.execute(f"SELECT {', '.join(names)} FROM ({stored(state, 'probe_runs')})").fetchall()
        found |= {row[0]: dict(zip(names, row, strict=True)) for row in told}
    return (KnownProbe(*(facts[name] for name in names)) for facts in found.values())


def _properties_not_stored(state: Snapshot) -> Iterator[str]:
    """Rows of properties that a snapshot was given and the warehouse does not have."""
    for manifest in state.of_kind("property"):
        if not manifest.files:
            columns = (
                f'CAST({_literal(manifest.facts[name])} AS {kind}) AS "{name}"'
                for name, kind, _ in TABLES["properties"].columns
            )
            yield f" UNION ALL BY NAME SELECT {', '.join(columns)}"


def _literal(value: str | Sequence[str] | None) -> str:
    if value is None:
        return "NULL"
    return quote(value) if isinstance(value, str) else sql_list(value)


def _edges_not_frozen(state: Snapshot) -> Iterator[str]:
    """Edges of quantile properties that were declared just now, as counting will freeze them."""
    binned = [prop for prop in declared(state).values() if prop.bins is not None and prop.bins.quantiles is not None]
    frozen = {(f["property"], f["corpus"], f["hop_us"], f["offset_us"]) for f in state.facts("edges")}
    # Of frames that differ in their window alone, which are the same but for the last ones, the first stand for all.
    labelled = sorted({(f["corpus"], grid_of(f)) for f in state.facts("labels")}, reverse=True)
    grids = {(corpus, grid.hop_us, grid.offset_us): grid for corpus, grid in labelled}
    known: dict[tuple[str, str], list[float] | None] = {}
    for (corpus, *_), grid in sorted(grids.items(), reverse=True):  # whole utterances last: cut where frames are
        missing = [prop for prop in binned if (prop.name, corpus, grid.hop_us, grid.offset_us) not in frozen]
        if missing:
            from warehouse.edges import frame_edges, quantile_edges
            from warehouse.facts import corpus_facts

            with corpus_facts(state, corpus, grid) as con:
                for prop in missing:
                    edges = None
                    if grid == Grid.UTTERANCE:
                        edges = frame_edges(state, corpus, prop.name) or known.get((corpus, prop.name))
                    edges = known[corpus, prop.name] = edges or quantile_edges(con, prop)
                    yield (
                        f" UNION ALL SELECT {quote(prop.name)}, {quote(corpus)}, {grid.hop_us}, {grid.offset_us}, "
                        f"{'NULL' if edges is None else sql_list(edges)}"
                    )


def _comments(tables: Iterable[str] = TABLES) -> Iterator[str]:
    for name in tables:
        yield f"COMMENT ON VIEW {name} IS {quote(f'One row per {TABLES[name].grain}.')}"
        for column, _, meaning in TABLES[name].columns:
            yield f'COMMENT ON COLUMN {name}."{column}" IS {quote(meaning)}'


def _gaps(state: Snapshot) -> dict[GapKey, list[Manifest]]:
    """Commits that lack the counts of a property, by model, corpus and property."""
    found: dict[GapKey, list[Manifest]] = defaultdict(list)
    for gap in gaps(state):
        facts = gap.manifest.facts
        for prop in gap.properties:
            found[facts["model"], facts["corpus"], prop.name].append(gap.manifest)
    return found


def _replacements(state: Snapshot, key: GapKey, grid: Grid, manifests: Sequence[Manifest]) -> dict[str, str]:
    model, corpus, name = key
    files = {table: state.files(table, manifests) for table in ("activations", "recordings")}
    return {
        "model": quote(model),
        "corpus": quote(corpus),
        "property": quote(name),
        "groups": group_select(declared(state)[name]),
        **{column: str(value) for column, value in asdict(grid).items()},
        "n_frames": str(state.rows("frames")),
        **{table: f"[{', '.join(map(quote, found))}]" for table, found in files.items()},
    }


def _parts(state: Snapshot, model: str) -> dict[Grid, list[dict[str, str]]]:
    """Layers of a model by their grid, each with the two sets of cells that are counted apart."""
    found: dict[Grid, list[dict[str, str]]] = defaultdict(list)
    for layer in layers_of(next(facts for facts in state.facts("model") if facts["model"] == model)):
        found[layer.grid] += [{"layer": str(layer.layer), "cells": cells} for cells in ("first_cells", "other_cells")]
    return found


def _in_parts(state: Snapshot) -> set[str]:
    """Properties whose counts of some model and corpus are spread over several files."""
    parts: Counter[tuple[str, str, str]] = Counter()
    for manifest in state.of_kind("shard", "counts"):
        n_files = len(state.data_files("activation_counts", [manifest]))
        for name in manifest.facts["counted"]:
            parts[manifest.facts["model"], manifest.facts["corpus"], name] += n_files
    parts.update(_gaps(state).keys())
    return {name for (*_, name), n in parts.items() if n > 1}
