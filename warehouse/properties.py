"""Properties: labellings of frames, as data.

A property is an SQL expression over ``frame_facts``; its value, or the bin that its value falls in, is the
frame's group. Everything that counts frames, when a shard is committed or when a query reads facts, gets its
groups from :func:`group_select`, so that both always agree.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from warehouse.errors import QueryError
from warehouse.layout import Layout, slug
from warehouse.manifest import Manifest
from warehouse.snapshot import Snapshot

SILENCE = ""
SPOKEN_NOISE = "spn"
UNLABELLED = "*"

VOWELS = ("IY", "IH", "EH", "AE", "AA", "AH", "AO", "UH", "EY", "AY", "OY", "AW", "OW", "ER", "UW")
VOICED = ("B", "D", "G", "JH", "DH", "Z", "ZH", "V", "M", "N", "NG", "L", "R", "W", "Y")
UNVOICED = ("P", "T", "K", "CH", "TH", "S", "SH", "F", "HH")


@dataclass(frozen=True)
class Bins:
    """How a number becomes a group. A value on an edge belongs to the bin below.

    Attributes:
        edges: the same edges for every corpus; None when they are quantiles.
        quantiles: shares in (0, 1) whose quantiles, per corpus and grid, are the edges.
        over: ``frames`` or ``segments``: of what the quantiles are taken; a segment counts once.
        given: column of frame_facts that holds the group where the corpus brought its own; NULL elsewhere.
    """

    edges: tuple[float, ...] | None = None
    quantiles: tuple[float, ...] | None = None
    over: str = "frames"
    given: str | None = None

    def to_json(self) -> str:
        """The bins as JSON text, without what is not set."""
        content = {"edges": self.edges, "quantiles": self.quantiles, "given": self.given}
        kept: dict[str, Any] = {key: value for key, value in content.items() if value is not None}
        if self.quantiles is not None:
            kept["over"] = self.over
        return json.dumps(kept)

    @classmethod
    def from_json(cls, text: str) -> "Bins":
        """Read what :meth:`to_json` wrote."""
        content: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in json.loads(text).items()}
        return cls(**content)


@dataclass(frozen=True)
class Property:
    """A labelling of frames.

    Attributes:
        name: name in SQL.
        definition: SQL expression over the columns of frame_facts; NULL = the frame has no group.
        bins: how its value becomes a group; None when the value is the group.
        labels: names of the bins from below.
        phones: phones that count in the readings ``all`` and ``middle``, and ``*``; None = all.
        without_classes: phone classes that do not count in those readings; a phone without a class counts.
        made: how it was declared, for people.
    """

    name: str
    definition: str
    bins: Bins | None = None
    labels: tuple[str, ...] = ()
    phones: tuple[str, ...] | None = None
    without_classes: tuple[str, ...] = ()
    made: str = "built in"


BUILT_IN: tuple[Property, ...] = (
    Property("phone_class", "phone_class"),
    Property("phone", "phone"),
    Property("gender", "gender"),
    Property(
        "pitch",
        "f0_hz",
        Bins(quantiles=(1 / 3, 2 / 3), given="given_pitch"),
        ("low", "middle", "high"),
        without_classes=("unvoiced",),
    ),
    Property("duration", "segment_s", Bins(quantiles=(1 / 3, 2 / 3), over="segments"), ("short", "middle", "long")),
    Property("speaker", "speaker"),
)


_OF_FRAMES = re.compile(
    r"\b(phone|phone_class|word|segment|segment_s|start_s|end_s|f0_hz|given_pitch|frame|is_middle|is_last_run)\b", re.I
)
"""Columns of frame_facts that a frame which stands for a whole utterance does not have."""


def quote(text: str) -> str:
    """Text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def sql_list(values: Iterable[str | float]) -> str:
    """Values as an SQL list literal; numbers are written as DOUBLE, not as DECIMAL."""
    return "[" + ", ".join(quote(v) if isinstance(v, str) else f"{float(v):.17e}" for v in values) + "]"


def group_select(prop: Property) -> str:
    """SELECT that gives the group of every frame that has one.

    The statement reads ``frame_facts`` and, for quantile bins, ``property_edges``. A frame that stands for a whole
    utterance has no group of a definition that looks at less than that, whatever an ELSE would say of it.

    Returns:
        SQL text with columns property, frame_id, "group".
    """
    source, group = "frame_facts", f"CAST(({prop.definition}) AS VARCHAR)"
    if prop.bins is not None:
        edges = f"CAST({sql_list(prop.bins.edges or ())} AS DOUBLE[])"
        if prop.bins.quantiles is not None:
            edges = "frozen.edges"
            source += (
                f" LEFT JOIN (SELECT corpus, hop_us, offset_us, edges FROM property_edges "
                f"WHERE property = {quote(prop.name)}) AS frozen USING (corpus, hop_us, offset_us)"
            )
        value = number(prop)
        group = (
            f"CASE WHEN {value} IS NOT NULL THEN "
            f"{sql_list(prop.labels)}[1 + len(list_filter({edges}, lambda edge: {value} > edge))] END"
        )
        if prop.bins.given is not None:
            group = f"coalesce({prop.bins.given}, {group})"
    whole = " AND hop_us > 0" if _OF_FRAMES.search(prop.definition) else ""
    # In two steps, because a column of the metadata may be called "group", too.
    return (
        f'SELECT {quote(prop.name)} AS property, frame_id, value AS "group" FROM ('
        f"SELECT frame_id, {group} AS value FROM {source} "
        f"WHERE coalesce(phone, '{UNLABELLED}') NOT IN ('{SILENCE}', '{SPOKEN_NOISE}'){whole}"
        ") AS labelled WHERE value IS NOT NULL"
    )


def number(prop: Property) -> str:
    """SQL expression for the number that a property bins; NaN counts as missing."""
    return f"nullif(CAST(({prop.definition}) AS DOUBLE), CAST('nan' AS DOUBLE))"


def phone_counts_sql(prop: Property) -> str:
    """Condition on ``phone`` and ``phone_class``: whether a phone counts outside the reference reading."""
    phone = f"coalesce(phone, '{UNLABELLED}')"
    conditions = [f"{phone} NOT IN ('{SILENCE}', '{SPOKEN_NOISE}')"]
    if prop.phones is not None:
        conditions.append(f"list_contains({sql_list((*prop.phones, UNLABELLED))}, {phone})")
    if prop.without_classes:
        conditions.append(f"coalesce(NOT list_contains({sql_list(prop.without_classes)}, phone_class), true)")
    return " AND ".join(conditions)


def frame_facts_sql() -> str:
    """The SELECT that defines frame_facts over frames, utterances, segments and phones."""
    return files("warehouse").joinpath("sql", "frame_facts.sql").read_text(encoding="utf-8")


def declared(snapshot: Snapshot) -> dict[str, Property]:
    """Properties of a warehouse by name: built-in ones first, then by time of declaration."""
    found = {m.facts["property"]: m for m in snapshot.of_kind("property")}
    order = {prop.name: rank for rank, prop in enumerate(BUILT_IN)}
    names = sorted(found, key=lambda name: (order.get(name, len(order)), found[name].created, name))
    return {name: _from_facts(found[name]) for name in names}


def _from_facts(manifest: Manifest) -> Property:
    facts = manifest.facts
    return Property(
        facts["property"],
        facts["definition"],
        Bins.from_json(facts["bins"]) if facts["bins"] else None,
        tuple(facts["labels"] or ()),
        tuple(facts["phones"]) if facts["phones"] is not None else None,
        tuple(facts["without_classes"] or ()),
        facts["made"],
    )


def property_row(prop: Property) -> dict[str, Any]:
    """A property as a row of the table properties."""
    return {
        "property": prop.name,
        "definition": prop.definition,
        "bins": prop.bins.to_json() if prop.bins else None,
        "labels": list(prop.labels) or None,
        "phones": list(prop.phones) if prop.phones is not None else None,
        "without_classes": list(prop.without_classes) or None,
        "made": prop.made,
    }


def with_properties(state: Snapshot, properties: Iterable[Property]) -> Snapshot:
    """A snapshot as if more properties had just been declared, with nothing counted yet; no file is written."""
    added = (
        Manifest(f"property-{slug(prop.name)}", "property", f"9999-12-31T{place:06}", facts=property_row(prop))
        for place, prop in enumerate(properties)
    )
    return Snapshot(state.layout, (*state.manifests, *added))


def declare(layout: Layout, prop: Property) -> None:
    """Add a property to a warehouse, unless it is there.

    Raises:
        QueryError: another property of that name exists, or its bins make no sense.
    """
    check_bins(prop)
    from warehouse.commit import Commit  # loads Arrow, which whoever only reads can do without
    from warehouse.schema import table

    row = property_row(prop)
    with Commit(layout) as commit:
        commit.add("properties", table("properties", {key: [value] for key, value in row.items()}))
        name = f"property-{slug(prop.name)}"
        if commit.publish(name, "property", row) is None:
            there = _from_facts(Manifest.read(layout.manifests / f"{name}.json"))
            if replace(there, made=prop.made) != prop:
                raise declared_already(there)


def declared_already(there: Property) -> QueryError:
    """The error for a property whose name another has."""
    definition = there.definition if len(there.definition) <= 200 else f"{there.definition[:200]}…"
    return QueryError(f"property {there.name!r} is declared already, as {definition}; choose another name")


def check_bins(prop: Property) -> None:
    """Refuse bins that make no sense.

    Raises:
        QueryError: edges do not ascend, quantiles are no shares, or labels are not as many as bins.
    """
    if prop.bins is None:
        return
    cuts = prop.bins.edges if prop.bins.edges is not None else prop.bins.quantiles or ()
    if list(cuts) != sorted(set(cuts)):
        raise QueryError(f"property {prop.name!r}: its bins {list(cuts)} do not ascend; sort them, each once")
    if prop.bins.quantiles is not None and not all(0 < share < 1 for share in cuts):
        raise QueryError(f"property {prop.name!r}: its quantiles {list(cuts)} are not all between 0 and 1; mend them")
    if len(prop.labels) != len(cuts) + 1 or len(set(prop.labels)) != len(prop.labels):
        raise QueryError(
            f"property {prop.name!r}: {len(cuts)} edges make {len(cuts) + 1} bins; give as many different labels"
        )
