"""Sweeping: what was merged long ago, and what dead processes left, leaves the disk."""

import fcntl
import os
import re
import shutil
import time
from graphlib import TopologicalSorter
from pathlib import Path

from warehouse.durable import locked, sync_folder
from warehouse.layout import Layout
from warehouse.manifest import Manifest
from warehouse.snapshot import live

YOUNG = 60.0  # seconds in which nothing in the staging folder is touched: its owner may be about to lock it
DATA_FILE = re.compile(r".+\.([0-9a-f]{12})\.\d+\.parquet")


def sweep(layout: Layout, keep_seconds: float) -> None:
    """Remove commits that were replaced ``keep_seconds`` ago, and files that no commit names.

    The manifests of the former move to ``manifests/replaced``, where their names stay taken: a process that
    started long ago cannot commit the same again.

    Args:
        layout: the warehouse.
        keep_seconds: how long readers may still use what was replaced; also the age from which a file without a
            commit is taken for what a dead process left.
    """
    now = time.time()
    _sweep_manifests(layout, now - keep_seconds)
    # In this order: a commit under way has a locked folder until its manifest is there.
    found = {path: match for path in layout.data.glob("*/*") if (match := DATA_FILE.fullmatch(path.name))}
    under_way = _sweep_staging(layout, now - max(keep_seconds, YOUNG))
    named = {file.path for manifest in _manifests(layout) for file in manifest.files}
    for path, match in found.items():
        if (
            path.relative_to(layout.root).as_posix() not in named
            and match[1] not in under_way
            and _changed(path) <= now - keep_seconds
        ):
            path.unlink(missing_ok=True)


def _manifests(layout: Layout) -> list[Manifest]:
    return [Manifest.read(path) for path in layout.manifests.glob("*.json")]


def _sweep_manifests(layout: Layout, before: float) -> None:
    manifests = {m.name: m for m in _manifests(layout)}
    standing = {m.name for m in live(manifests.values())}
    replaced_at = {
        name: _changed(layout.manifests / f"{m.name}.json") for m in manifests.values() for name in m.replaces
    }
    layout.replaced.mkdir(exist_ok=True)
    there = set(manifests)
    with locked(layout.sweeping):
        # What a commit replaced leaves before the commit itself, or it would stand again.
        for name in TopologicalSorter({m.name: m.replaces for m in manifests.values()}).static_order():
            if name in there - standing and there.isdisjoint(manifests[name].replaces):
                path = layout.manifests / f"{name}.json"
                of = manifests[name].facts.get("of", "")
                if replaced_at.get(name, replaced_at.get(of, _changed(path))) <= before:
                    os.rename(path, layout.replaced / path.name)
                    there.remove(name)
        for folder in (layout.replaced, layout.manifests):  # for good, before any file of theirs goes
            sync_folder(folder)


def _sweep_staging(layout: Layout, before: float) -> set[str]:
    """Remove what dead processes left.

    Returns:
        Tokens of the commits under way.
    """
    under_way = set()
    for path in layout.staging.iterdir():
        if path.is_dir():
            if _changed(path) <= before and not _under_way(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                under_way.add(path.name.rpartition("-")[2])
        elif path not in {layout.sweeping, layout.compacting} and _changed(path) <= before:
            path.unlink(missing_ok=True)
    return under_way


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # its owner was faster
        return float("-inf")


def _under_way(folder: Path) -> bool:
    try:
        locked(folder / "lock", fcntl.LOCK_EX | fcntl.LOCK_NB).close()
    except BlockingIOError:
        return True
    except FileNotFoundError:  # its owner was faster
        pass
    return False
