"""Edges of quantile properties: computed once per corpus and grid, when counting starts, and then frozen.

Counts of different shards can only be added when every shard was cut at the same edges.
"""

import duckdb

from warehouse.commit import Commit
from warehouse.facts import corpus_facts
from warehouse.grid import Grid
from warehouse.layout import Layout, slug
from warehouse.properties import Property, declared, number, phone_counts_sql, sql_list
from warehouse.schema import table
from warehouse.snapshot import Snapshot, snapshot


def freeze_missing_edges(layout: Layout, corpus: str, grid: Grid) -> None:
    """Fix the edges of the declared quantile properties that have none yet for a corpus on a grid.

    A property without a value on any frame of the corpus gets NULL: it labels no frame there, for good. Whole
    utterances are cut where their frames are, so that a group is of the same utterances in every layer.
    """
    state = snapshot(layout)
    ready = countable(state, corpus, grid)
    missing = [prop for name, prop in declared(state).items() if name not in ready]
    con = corpus_facts(state, corpus, grid) if missing else None
    for prop in missing:
        assert con is not None
        known = frame_edges(state, corpus, prop.name) if grid == Grid.UTTERANCE else None
        _freeze(layout, prop, corpus, grid, known or quantile_edges(con, prop))


def countable(state: Snapshot, corpus: str, grid: Grid) -> dict[str, Property]:
    """Declared properties that can be counted for a corpus on a grid: all but those without frozen edges."""
    frozen = {
        m.facts["property"]
        for m in state.of_kind("edges")
        if (m.facts["corpus"], m.facts["hop_us"], m.facts["offset_us"]) == (corpus, grid.hop_us, grid.offset_us)
    }
    return {
        name: prop
        for name, prop in declared(state).items()
        if prop.bins is None or prop.bins.quantiles is None or name in frozen
    }


def frame_edges(state: Snapshot, corpus: str, name: str) -> list[float] | None:
    """Edges that are frozen for the frames of a corpus; of those on several grids, the first in order."""
    found = {
        (m.facts["hop_us"], m.facts["offset_us"]): m.facts["edges"]
        for m in state.of_kind("edges")
        if (m.facts["corpus"], m.facts["property"]) == (corpus, name) and m.facts["hop_us"]
    }
    return found[min(found)] if found else None


def quantile_edges(con: duckdb.DuckDBPyConnection, prop: Property) -> list[float] | None:
    """Edges of a quantile property over the frames that a connection holds.

    Linear interpolation between order statistics, over the frames (or segments) whose phone counts and which
    have a value. A segment has the least value of its frames, should they differ.

    Args:
        con: holds ``frame_facts`` of one corpus on one grid.
        prop: a property that bins by quantile.

    Returns:
        The edges from below; None when no frame has a value.
    """
    assert prop.bins is not None
    assert prop.bins.quantiles is not None
    counts = phone_counts_sql(prop)
    values = f"SELECT {number(prop)} AS value FROM frame_facts WHERE {counts}"
    if prop.bins.over == "segments":
        values = f"SELECT min({number(prop)}) AS value FROM frame_facts WHERE {counts} GROUP BY utterance_id, segment"
    found = con.sql(f"SELECT quantile_cont(value, {sql_list(prop.bins.quantiles)}) FROM ({values}) AS counted")
    edges: list[float] | None = found.fetchall()[0][0]
    return edges


def _freeze(layout: Layout, prop: Property, corpus: str, grid: Grid, edges: list[float] | None) -> None:
    row: dict[str, object] = {"property": prop.name, "corpus": corpus}
    row |= {"hop_us": grid.hop_us, "offset_us": grid.offset_us, "edges": edges}
    with Commit(layout) as commit:
        commit.add("property_edges", table("property_edges", {key: [value] for key, value in row.items()}))
        name = f"edges-{slug(prop.name)}+{slug(corpus)}+{grid.hop_us}+{grid.offset_us}"
        commit.publish(name, "edges", row)
