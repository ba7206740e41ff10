"""Compaction: many small commits become one, with the same rows, so that answers come faster.

Readers are never disturbed: the merged commit names those it stands for, a snapshot taken before still finds
their files, and only :func:`warehouse.sweep.sweep` removes them, after a time.
"""

import fcntl
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from warehouse.commit import Commit
from warehouse.durable import explained, locked
from warehouse.errors import WarehouseError
from warehouse.fill import fill
from warehouse.gaps import gaps
from warehouse.grid import Grid
from warehouse.layout import Layout, slug
from warehouse.manifest import Manifest
from warehouse.merge import added_up, in_order
from warehouse.schema import SCHEMA
from warehouse.snapshot import Snapshot, snapshot
from warehouse.stored import stored, with_window
from warehouse.sweep import sweep

LARGE = 2 * 2**30  # bytes from which a file of facts is left as it is


def compact(layout: Layout, keep_seconds: float = 86_400, note: Callable[[str], None] = lambda text: None) -> None:
    """Merge the commits of each (model, corpus) and of each corpus's frames, and sweep what was merged before.

    Args:
        layout: the warehouse.
        keep_seconds: how long merged commits stay for readers that still use them.
        note: told what is being done.

    Raises:
        WarehouseError: another process compacts, or the disk is full or not writable.
    """
    with _alone(layout):
        fill(layout, lambda gap: note(f"counted {', '.join(p.name for p in gap.properties)}"))
        state = snapshot(layout)
        # A merged commit must not claim counts that one of its parts lacks.
        incomplete = {gap.manifest.name for gap in gaps(state)}
        complete = [m for m in state.of_kind("shard") if m.name not in incomplete]
        for (model, corpus), commits in _grouped(complete, "model", "corpus").items():
            counts = [m for m in state.of_kind("counts") if m.facts["of"] in {c.name for c in commits}]
            if len(commits) + len(counts) > 1:
                note(f"merging {len(commits)} commits of {model} on {corpus}")
                _merge_shards(state, commits, counts)
        keys = ("corpus", "hop_us", "offset_us", "window_us")
        for (corpus, *grid), commits in _grouped(state.of_kind("labels"), *keys).items():
            if len(commits) > 1:
                note(f"merging {len(commits)} commits of labels of {corpus}: {Grid(*grid)}")
                _merge_labels(state, commits, Grid(*grid))
        with explained(layout.root):
            sweep(layout, keep_seconds)


@contextmanager
def _alone(layout: Layout) -> Iterator[None]:
    """Hold the place of the one process that compacts; the kernel frees it when the process dies."""
    with explained(layout.root):
        try:
            lock = locked(layout.compacting, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WarehouseError(f"{layout.root}: another process compacts it; wait for that one") from None
    with lock:
        yield


def _grouped(manifests: Iterable[Manifest], *keys: str) -> dict[tuple, list[Manifest]]:
    groups: dict[tuple, list[Manifest]] = defaultdict(list)
    for manifest in manifests:
        groups[tuple(manifest.facts[key] for key in keys)].append(manifest)
    return groups


def _merge_shards(state: Snapshot, commits: Sequence[Manifest], counts: Sequence[Manifest]) -> None:
    facts = _merged_facts(commits)
    facts["n_frames"] = sum(m.facts["n_frames"] for m in commits)
    facts["counted"] = sorted({name for m in (*commits, *counts) for name in m.facts["counted"]})
    with Commit(state.layout) as commit:
        for table in ("recordings", "activations", "utterance_means", "segment_means"):
            _merge_facts(state, commit, table, commits)
        for table in ("frame_counts", "activation_counts"):
            commit.add(table, added_up(table, stored(state, table, [*commits, *counts]), commit.folder / "spill"))
        name = f"shard-{slug(facts['model'])}-{slug(facts['corpus'])}-merged-{commit.token}"
        commit.publish(name, "shard", facts, [m.name for m in (*commits, *counts)])


def _merge_labels(state: Snapshot, commits: Sequence[Manifest], grid: Grid) -> None:
    facts = _merged_facts(commits)
    old = [m for m in commits if m.schema < SCHEMA]
    with Commit(state.layout) as commit:
        _merge_facts(state, commit, "frames", [m for m in commits if m not in old])
        # Frames of the first version do not say their window.
        paths = [state.layout.root / file.path for file in state.data_files("frames", old)]
        commit.add("frames", (with_window(piece, grid) for piece in in_order("frames", paths)))
        name = f"labels-{slug(facts['corpus'])}-{facts['hop_us']}-{facts['offset_us']}-merged-{commit.token}"
        commit.publish(name, "labels", facts, [m.name for m in commits])


def _merged_facts(commits: Sequence[Manifest]) -> dict[str, Any]:
    return {
        **commits[0].facts,
        "shards": sorted({shard for m in commits for shard in m.facts["shards"]}),
        "utterance_ids": sorted(number for m in commits for number in m.facts["utterance_ids"]),
    }


def _merge_facts(state: Snapshot, commit: Commit, table: str, commits: Sequence[Manifest]) -> None:
    """Add the rows of a table of some commits to another, in few files none of which is much above ``LARGE``."""
    files = state.data_files(table, commits)
    commit.keep(file for file in files if file.bytes >= LARGE)
    batch, size = [], 0
    for file in files:
        if file.bytes < LARGE:
            batch.append(state.layout.root / file.path)
            size += file.bytes
            if size >= LARGE:
                commit.add(table, in_order(table, batch))
                batch, size = [], 0
    commit.add(table, in_order(table, batch))
