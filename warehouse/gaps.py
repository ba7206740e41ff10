"""Gaps: shards that were committed without the counts of a property, because it was declared later.

A query that meets a gap counts that part from facts; :func:`warehouse.fill.fill` counts it once and for all.
"""

from dataclasses import dataclass

from warehouse.manifest import Manifest
from warehouse.properties import Property, declared
from warehouse.snapshot import Snapshot


@dataclass(frozen=True)
class Gap:
    """A commit of shards that lacks the counts of some declared properties."""

    manifest: Manifest
    properties: tuple[Property, ...]


def gaps(state: Snapshot) -> list[Gap]:
    """What is not counted yet, in the order of the commits."""
    properties = declared(state)
    later: dict[str, set[str]] = {}
    for manifest in state.of_kind("counts"):
        later.setdefault(manifest.facts["of"], set()).update(manifest.facts["counted"])
    found = []
    for manifest in state.of_kind("shard"):
        counted = later.get(manifest.name, set()) | set(manifest.facts["counted"])
        lacking = tuple(prop for name, prop in properties.items() if name not in counted)
        if lacking:
            found.append(Gap(manifest, lacking))
    return found
