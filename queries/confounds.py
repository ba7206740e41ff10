"""What remains of the neurons of one property when another is held constant, and the other way round.

Neurons of pitch may be neurons of gender in disguise: most low frames are men's. So each set is counted again within
one group of the other property at a time, where that other property cannot tell frames apart.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import polars as pl

from queries.calls import Value, call, literal
from queries.group_order import group_order
from queries.parameters import PARAMETERS
from queries.speaker_pitch import NAME as SPEAKER_PITCH
from queries.speaker_pitch import speaker_pitch
from queries.sql_files import sql_files
from warehouse.errors import QueryError
from warehouse.properties import quote

if TYPE_CHECKING:
    from queries.connection import Connection

ALL, BALANCED, IN_PLACE = "all", "balanced", "in place"
"""Conditions that are no group: none at all, every group in turn, and another property in place of this one."""

INSTEAD: Mapping[str, str] = MappingProxyType({"pitch": SPEAKER_PITCH})
"""Properties that are compared with a version of themselves from which a confound was taken out."""

SCHEMA = {
    "model": pl.String,
    "layer": pl.Int32,
    "property": pl.String,
    "within_property": pl.String,
    "within_group": pl.String,
    "group": pl.String,
    "n": pl.Int64,
    "n_within": pl.Int64,
    "n_remain": pl.Int64,
    "share": pl.Float64,
    "expected_share": pl.Float64,
    "note": pl.String,
}

Layer = tuple[str, int]
Frames = tuple[str, int]
Neurons = set[tuple[str, int]]
"""Neurons with the group that they respond to."""


_LAYERS = """
SELECT model, layer, n_neurons, top_k, grid_number(hop_us, offset_us, window_us) FROM layers ORDER BY model, layer
"""


@dataclass(frozen=True)
class _Found:
    """Sets of neurons, and the groups that were seen.

    Attributes:
        widths: recorded layers and their numbers of neurons.
        frames: recorded layers and whose frames they have: model and grid.
        sets: (model, layer), property -> its group neurons, unconditioned.
        within: (model, layer), property, group of the other property -> its group neurons in that group's frames.
        groups: frames, property -> its groups in their order.
        shown: frames, property, group of the other property -> groups of the property that have frames there.
    """

    widths: Mapping[Layer, int]
    frames: Mapping[Layer, Frames]
    sets: Mapping[tuple[Layer, str], Neurons]
    within: Mapping[tuple[Layer, str, str], Neurons]
    groups: Mapping[tuple[Frames, str], list[str]]
    shown: Mapping[tuple[Frames, str, str], set[str]]


def confounds(
    con: "Connection", a: str = "gender", b: str = "pitch", *, instead: Mapping[str, str] = INSTEAD, **parameters: Value
) -> pl.DataFrame:
    """The two-way table of what remains of each property's neurons within the groups of the other.

    A neuron remains when it is a group neuron of the same group before and after ([A] eq. 4). Both questions, all
    groups and the caller's p_where are answered from one pass over the activations of each layer.

    Args:
        con: an open warehouse.
        a: a property.
        b: another one.
        instead: for one of the two, a property that is asked in its place, such as pitch in semitones around the
            speaker's median (:func:`queries.speaker_pitch.speaker_pitch`, which is counted for this question where it
            is not declared) for pitch in Hz; groups of one name are the same. Where no frame has one, a row says so.
        **parameters: of the macro ``group_neurons``; p_property excepted.

    Returns:
        One row per model, layer, property of the two, condition and group. property, within_property: the one that is
        counted, the one that is held constant. within_group: a group of within_property whose frames alone count;
        ``all`` = no condition; ``balanced`` = neurons that remain within every group; ``in place`` = within_property
        was asked instead. group: a group of property, null = all together, the property neurons. n: neurons without
        the condition. n_within: neurons under it. n_remain: those of n that are among n_within. share: n_remain / n.
        expected_share: what n_within neurons drawn by lot would hold of n, n_within / D. note: what stands in the way.

    Raises:
        QueryError: a and b are one property, or a parameter does not exist.
        duckdb.Error: an unknown name or a value out of range.
    """
    if a == b or "p_property" in parameters:
        raise QueryError(f"confounds are between two properties, not {a!r} and {b!r}; name them as a and b")
    with _session(con, instead.get(a), instead.get(b)) as asked:
        found = _find(asked, a, b, {x: y for x, y in instead.items() if x in (a, b)}, parameters)
    rows: list[tuple[Any, ...]] = []
    for layer in found.widths:
        for name, other in ((a, b), (b, a)):
            rows += _within(found, layer, name, other)
            if name in instead:
                rows += _in_place(found, layer, name, instead[name])
    return pl.DataFrame(rows, SCHEMA, orient="row")


@contextmanager
def _session(con: "Connection", *wanted: str | None) -> Iterator["Connection"]:
    """The connection, or one that has pitch around the speaker's median, where that is wanted, unknown and possible."""
    known = {name for (name,) in con.sql("SELECT property FROM properties").fetchall()}
    if SPEAKER_PITCH not in wanted or SPEAKER_PITCH in known:
        yield con
        return
    try:
        semitones = speaker_pitch(con)
    except QueryError:  # no F0 of a known speaker: the rows say that nothing has a group
        yield con
        return
    with con.with_properties([semitones]) as session:
        yield session


def _find(con: "Connection", a: str, b: str, instead: Mapping[str, str], parameters: Mapping[str, Value]) -> _Found:
    labels = dict(con.sql("SELECT property, labels FROM properties").fetchall())
    names = [a, b, *(y for y in instead.values() if y in labels)]
    sets: dict[tuple[Layer, str], Neurons] = defaultdict(set)
    for name in names:
        asked = call("group_neurons", {**parameters, "p_property": name})
        for model, layer, group, neuron in con.sql(f'SELECT model, layer, "group", neuron FROM {asked}').fetchall():
            sets[(model, layer), name].add((group, neuron))
    layers = [
        row
        for row in con.sql(_LAYERS).fetchall()
        if parameters.get("p_model", row[0]) == row[0] and int(parameters.get("p_layer", row[1])) == row[1]
    ]
    within: dict[tuple[Layer, str, str], Neurons] = defaultdict(set)
    shown: dict[tuple[Frames, str, str], set[str]] = defaultdict(set)
    for model, grid, layer, name, of_other, group, neuron in con.sql(_joint(con, a, b, layers, parameters)).fetchall():
        if neuron is None:
            shown[(model, grid), name, of_other].add(group)
        else:
            within[(model, layer), name, of_other].add((group, neuron))
    listed, models = (", ".join(map(quote, sorted(found))) for found in ({*names}, {model for model, *_ in layers}))
    seen = (
        'SELECT DISTINCT model, grid_number(hop_us, offset_us, window_us), property, "group" FROM frame_counts '
        f"WHERE property IN ({listed}) AND model IN ({models or 'NULL'})"
    )
    groups: dict[tuple[Frames, str], list[str]] = defaultdict(list)
    for model, grid, name, group in con.sql(seen).fetchall():
        groups[(model, grid), name].append(group)
    for (_, name), here in groups.items():
        here.sort(key=group_order(labels[name]))
    widths = {(model, layer): width for model, layer, width, *_ in layers}
    frames = {(model, layer): (model, grid) for model, layer, _, _, grid in layers}
    return _Found(widths, frames, sets, within, groups, shown)


def _joint(con: "Connection", a: str, b: str, layers: Iterable[Any], parameters: Mapping[str, Value]) -> str:
    """The question for the sets of each property within the groups of the other."""
    (file,) = sql_files("confounds")
    given = {name: literal(parameters[name]) if name in parameters else PARAMETERS[name].default for name in PARAMETERS}
    places = {**given, "a": quote(a), "b": quote(b), "n_frames": str(con.snapshot.rows("frames"))}
    parts = (
        {"model": quote(model), "layer": str(layer), "n_neurons": str(width), "top_k": str(top_k), "cells": cells}
        for model, layer, width, top_k, _ in layers
        for cells in ("first_cells", "other_cells")
    )
    return file.with_places(places, parts)


def _within(found: _Found, layer: Layer, name: str, other: str) -> Iterator[tuple[Any, ...]]:
    frames, before = found.frames[layer], found.sets.get((layer, name), set())
    of_other = found.groups.get((frames, other), [])
    yield from _rows(found, layer, name, other, ALL, before, "")
    after = [found.within.get((layer, name, group), set()) for group in of_other]
    for group, remaining in zip(of_other, after, strict=True):
        n_groups = len(found.shown.get((frames, name, group), ()))
        note = (
            f"no frame that counts is in group {group} of {other} and has a group of {name}"
            if n_groups == 0
            else f"within {group} of {other} there is one group of {name}, and nothing to tell it from"
            if n_groups == 1
            else ""
        )
        yield from _rows(found, layer, name, other, group, remaining if n_groups > 1 else None, note)
    compared = [group for group in of_other if len(found.shown.get((frames, name, group), ())) > 1]
    note = (
        f"no frame that counts has a group of {other}"
        if not of_other
        else f"two groups of {name} are not compared within every group of {other}"
        if len(compared) < len(of_other)
        else ""
    )
    yield from _rows(found, layer, name, other, BALANCED, None if note else set.intersection(*after), note)


def _in_place(found: _Found, layer: Layer, name: str, other: str) -> Iterator[tuple[Any, ...]]:
    there = found.groups.get((found.frames[layer], other))
    note = "" if there else f"no frame has a group of {other}; declare it, or give it to connect(properties=[…])"
    yield from _rows(
        found, layer, name, other, IN_PLACE, found.sets.get((layer, other), set()) if there else None, note
    )


def _rows(
    found: _Found, layer: Layer, name: str, other: str, within: str, after: Neurons | None, note: str
) -> Iterator[tuple[Any, ...]]:
    """Rows of one condition: of the property neurons, then of each group's."""
    everything, groups = found.sets.get((layer, name), set()), found.groups.get((found.frames[layer], name), [])
    if not groups:
        note = f"no frame that counts has a group of {name}"
    elif len(groups) == 1:
        note = note or f"{name} has one group, {groups[0]}, and nothing to tell it from"
    for group in (None, *groups):
        before = {pair for pair in everything if group in (None, pair[0])}
        now = None if after is None else {pair for pair in after if group in (None, pair[0])}
        said = note or ("" if before else f"no {'property' if group is None else group} neurons in this layer")
        remain = None if now is None else len(before & now)
        yield (
            *layer,
            name,
            other,
            within,
            group,
            len(before),
            None if now is None else len(now),
            remain,
            remain / len(before) if before and remain is not None else None,
            None if now is None else len(now) / found.widths[layer],
            said or None,
        )
