"""Declares properties: checks a labelling of frames against what is in the warehouse, then counts it once."""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import duckdb

from queries.expressions import column_expression, qualified
from warehouse import Grid, Layout, QueryError, Snapshot, snapshot
from warehouse.edges import freeze_missing_edges
from warehouse.fill import fill
from warehouse.gaps import Gap
from warehouse.layers import grid_of
from warehouse.properties import (
    Bins,
    Property,
    check_bins,
    declare,
    declared,
    declared_already,
    frame_facts_sql,
    group_select,
)
from warehouse.stored import stored

MOST_GROUPS = 5_000
"""More groups than this are a mistake: a number that wants bins, or a name of every frame."""

WITHOUT_VOICE = ("unvoiced",)

_SIZES = {2: ("low", "high"), 3: ("low", "middle", "high")}
_NUMBERS = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\)")
_BROKEN = re.compile(r"FLOAT|DOUBLE|DECIMAL\(.*\)")
_IS_BROKEN = "coalesce(bool_or(CAST(value AS DOUBLE) <> round(CAST(value AS DOUBLE))), false)"
_COUNTS = "phone NOT IN ('', 'spn')"


@dataclass(frozen=True)
class Declared:
    """A property that is declared and counted.

    Attributes:
        property: the property as it is stored.
        groups: (group, frames) of each group, largest first.
    """

    property: Property
    groups: tuple[tuple[str, int], ...]


def declare_property(
    path: str | Path,
    name: str,
    *,
    column: str | None = None,
    sql: str | None = None,
    bins: int | Sequence[float] | None = None,
    edges: Sequence[float] | None = None,
    over: str = "frames",
    labels: Sequence[str] = (),
    phones: str | Sequence[str] = "all",
    advance: Callable[[Gap], None] = lambda gap: None,
) -> Declared:
    """Declare a property and count it in every shard, so that answers come from counts.

    Run again with the same arguments, it goes on where it stopped.

    Args:
        path: the warehouse.
        name: name of the property.
        column: a column of ``frame_facts``, such as a metadata column; its value is the group.
        sql: instead, an SQL expression over those columns.
        bins: cut a number into that many quantile bins, or at these quantiles (shares in (0, 1)); their edges are
            frozen per corpus and grid when counting starts.
        edges: cut a number at these edges, the same for every corpus; a value on an edge belongs below.
        over: ``frames`` or ``segments``: of what the quantiles are taken; a segment counts once.
        labels: names of the bins from below; low, middle, high for three.
        phones: phones that count in the readings ``all`` and ``middle``: ``all``, ``voiced`` (all but unvoiced
            consonants, as for pitch), a phone class, or a list of phones.
        advance: told of each commit that was counted.

    Raises:
        QueryError: the definition cannot be used, in one line.
    """
    state = snapshot(path)
    _check_name(name)
    if (column is None) == (sql is None):
        raise QueryError(f"property {name!r}: say what it is by a column or by an SQL expression, one of the two")
    with frame_facts(state) as facts:
        columns = columns_of(facts)
        definition = column_expression(column, columns) if column is not None else qualified(sql or "", columns)
        cut, names = _bins(name, bins, edges, over, labels)
        made = _made(column, sql, bins, edges, over, phones)
        prop = Property(name, definition, cut, names, *_phones(facts, phones), made)
        if declared(state).get(name) != prop:
            _check_values(facts, prop)
    return _count(state, prop, advance)


def declare_as(path: str | Path, prop: Property, advance: Callable[[Gap], None] = lambda gap: None) -> Declared:
    """Declare a property that is made already, and count it in every shard.

    Args:
        path: the warehouse.
        prop: the property, such as :func:`queries.speaker_pitch.speaker_pitch` makes.
        advance: told of each commit that was counted.

    Raises:
        QueryError: as of :func:`declare_property`.
    """
    state = snapshot(path)
    (made,) = list(undeclared(state, [prop])) or [prop]
    return _count(state, made, advance)


def undeclared(state: Snapshot, properties: Sequence[Property]) -> tuple[Property, ...]:
    """Those of some properties that a warehouse does not have, checked and as they would be stored.

    Raises:
        QueryError: another property of a name is there; a name, an expression, bins, phones or values make no sense.
    """
    found: list[Property] = []
    taken = declared(state)
    with frame_facts(state) as facts:
        columns = columns_of(facts)
        for given in properties:
            prop = replace(given, definition=qualified(given.definition, columns))
            there = taken.get(prop.name)
            if there is not None and replace(there, made=prop.made) != prop:
                raise declared_already(there)
            if there is None:
                _check_name(prop.name)
                _check_property(facts, prop)
                found.append(prop)
                taken[prop.name] = prop
    return tuple(found)


def _check_property(facts: duckdb.DuckDBPyConnection, prop: Property) -> None:
    check_bins(prop)
    if prop.bins is not None and prop.bins.over not in {"frames", "segments"}:
        raise QueryError(f"property {prop.name!r}: quantiles are taken over frames or segments, not {prop.bins.over!r}")
    if prop.phones is not None:
        _phones(facts, prop.phones)
    _check_values(facts, prop)
    try:
        facts.execute(f"EXPLAIN {group_select(prop)}")
    except duckdb.Error as error:
        raise QueryError(f"property {prop.name!r}: {str(error).partition(chr(10))[0]}") from None


def _count(state: Snapshot, prop: Property, advance: Callable[[Gap], None]) -> Declared:
    layout = state.layout
    declare(layout, prop)
    for corpus, grid in sorted(_grids(state), key=lambda found: found[1].is_whole):
        freeze_missing_edges(layout, corpus, grid)
    fill(layout, advance)
    return Declared(prop, _groups(layout, prop))


def frame_facts(state: Snapshot) -> duckdb.DuckDBPyConnection:
    """In-memory DuckDB with ``frame_facts`` and ``property_edges``.

    Of each corpus it has the frames of one grid, the first in order that are no whole utterances, where there are such:
    so that nothing is counted once a grid.
    """
    con = duckdb.connect()
    for name in ("utterances", "segments", "phones", "property_edges"):
        con.execute(f"CREATE VIEW {name} AS {stored(state, name)}")
    of_corpus: dict[str, Grid] = {}
    for corpus, grid in sorted(_grids(state), key=lambda found: (found[1].is_whole, found)):
        of_corpus.setdefault(corpus, grid)
    labels = [m for m in state.of_kind("labels") if of_corpus[m.facts["corpus"]] == grid_of(m.facts)]
    con.execute(f"CREATE VIEW frames AS {stored(state, 'frames', labels)}")
    con.execute(f"CREATE VIEW frame_facts AS {frame_facts_sql()}")
    return con


def columns_of(facts: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Columns of ``frame_facts`` and DuckDB's names of their types."""
    return {name: kind for name, kind, *_ in facts.execute("DESCRIBE frame_facts").fetchall()}


def _check_name(name: str) -> None:
    if not name.strip() or name != name.strip() or len(name) > 100 or not name.isprintable():
        raise QueryError(f"property name {name!r}: give a name of 1 to 100 printable characters")


def _bins(
    name: str, bins: int | Sequence[float] | None, edges: Sequence[float] | None, over: str, labels: Sequence[str]
) -> tuple[Bins | None, tuple[str, ...]]:
    if bins is None and edges is None:
        if labels:
            raise QueryError(f"property {name!r}: labels name bins; say where to cut with --bins or --edges")
        return None, ()
    if bins is not None and edges is not None:
        raise QueryError(f"property {name!r}: bins are quantiles and edges are values; give one of the two")
    if over not in {"frames", "segments"}:
        raise QueryError(f"property {name!r}: quantiles are taken over frames or segments, not {over!r}")
    if edges is not None:
        cuts = tuple(float(edge) for edge in edges)
        cut = Bins(edges=cuts)
    else:
        shares = [i / bins for i in range(1, bins)] if isinstance(bins, int) else list(bins or ())
        cuts = tuple(float(share) for share in shares)
        if not all(0 < share < 1 for share in cuts):
            raise QueryError(f"property {name!r}: quantiles lie between 0 and 1; for edges in units use --edges")
        cut = Bins(quantiles=cuts, over=over)
    if not cuts or any(below >= above for below, above in pairwise(cuts)):
        raise QueryError(f"property {name!r}: cuts must ascend, and there must be one at least (2 bins)")
    names = tuple(labels) or _SIZES.get(len(cuts) + 1) or tuple(f"bin{i}" for i in range(1, len(cuts) + 2))
    if len(names) != len(cuts) + 1 or len(set(names)) != len(names):
        raise QueryError(f"property {name!r}: {len(cuts)} cuts make {len(cuts) + 1} bins, each with a name of its own")
    return cut, names


def _phones(
    facts: duckdb.DuckDBPyConnection, wanted: str | Sequence[str]
) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """Phones that count (None = all), and phone classes that do not."""
    if wanted == "all":
        return None, ()
    if wanted == "voiced":
        return None, WITHOUT_VOICE
    classes: Mapping[str, str | None] = dict(
        facts.execute("SELECT DISTINCT phone, phone_class FROM phones ORDER BY phone").fetchall()
    )
    chosen = tuple(phone for phone, kind in classes.items() if kind == wanted)
    if not chosen:
        chosen = tuple(wanted.split(",") if isinstance(wanted, str) else wanted)
    unknown = [phone for phone in chosen if phone not in classes]
    if unknown or not chosen:
        known = sorted({kind for kind in classes.values() if kind})
        raise QueryError(
            f"phone {', '.join(unknown)!r} is in no corpus; there are {', '.join(classes)}, and the classes "
            f"{', '.join(known) or 'none'}"
        )
    return chosen, ()


def _made(
    column: str | None,
    sql: str | None,
    bins: int | Sequence[float] | None,
    edges: Sequence[float] | None,
    over: str,
    phones: str | Sequence[str],
) -> str:
    """How the property was declared, in the words of the command."""
    parts = [f"--column {shlex.quote(column)}" if column is not None else f"--sql {shlex.quote(sql or '')}"]
    if bins is not None:
        parts.append(f"--bins {bins if isinstance(bins, int) else ','.join(f'{share:g}' for share in bins)}")
        parts.append(f"--over {over}")
    if edges is not None:
        parts.append(f"--edges {','.join(f'{edge:g}' for edge in edges)}")
    if phones != "all":
        parts.append(f"--phones {phones if isinstance(phones, str) else ','.join(phones)}")
    return " ".join(parts)


def _check_values(facts: duckdb.DuckDBPyConnection, prop: Property) -> None:
    """Evaluate a definition on every frame: what cannot be cast fails here and not in the middle of an ingest."""
    try:
        kind = str(facts.sql(f"SELECT ({prop.definition}) AS value FROM frame_facts").types[0])
        distinct, present, broken = facts.execute(
            f"SELECT count(DISTINCT value), count(value), {_IS_BROKEN if _BROKEN.fullmatch(kind) else 'false'} FROM "
            f"(SELECT CAST(({prop.definition}) AS VARCHAR) AS value FROM frame_facts WHERE {_COUNTS})"
        ).fetchall()[0]
    except duckdb.Error as error:
        raise QueryError(f"property {prop.name!r}: {prop.definition}: {str(error).partition(chr(10))[0]}") from None
    what = f"property {prop.name!r}: {prop.definition} is {kind}"
    if prop.bins is not None and not _NUMBERS.fullmatch(kind):
        raise QueryError(f"{what}, and bins need a number; leave out the bins, or cast it with --sql")
    if prop.bins is None and (distinct > MOST_GROUPS or broken or 5 * distinct > max(present, 500)):
        remedy = "cut it with --bins 3" if _NUMBERS.fullmatch(kind) else "give an expression that fewer values have"
        raise QueryError(f"{what} and gives {distinct} groups to {present} frames; {remedy}")
    if not present:
        raise QueryError(f"{what} and NULL in every frame whose phone counts; there is nothing to group")


def _grids(state: Snapshot) -> list[tuple[str, Grid]]:
    """Corpora and the grids that their labels lie on."""
    return list(dict.fromkeys((m.facts["corpus"], grid_of(m.facts)) for m in state.of_kind("labels")))


def _groups(layout: Layout, prop: Property) -> tuple[tuple[str, int], ...]:
    with frame_facts(snapshot(layout)) as facts:
        counted = f'SELECT "group", count(*) FROM ({group_select(prop)}) GROUP BY ALL ORDER BY 2 DESC, 1'
        return tuple(facts.execute(counted).fetchall())
