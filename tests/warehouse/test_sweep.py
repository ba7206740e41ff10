"""Sweeping: what nobody needs goes, what somebody may use stays."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from warehouse import Commit, Layout, create, snapshot
from warehouse.schema import table
from warehouse.sweep import sweep
from warehouse.verify import verify

HOUR = 3600.0


def _publish(layout: Layout, name: str, *replaces: str, kind: str = "shard", **facts: object) -> None:
    with Commit(layout) as commit:
        commit.add("recordings", table("recordings", {"utterance_id": [len(name)]}))
        assert commit.publish(name, kind, facts, replaces)


def _age(layout: Layout, seconds: float, pattern: str = "**/*") -> None:
    for path in sorted(layout.root.glob(pattern), reverse=True):
        changed = path.stat().st_mtime - seconds
        os.utime(path, (changed, changed))


def _data(layout: Layout) -> set[str]:
    return {path.name.split(".")[0] for path in layout.data.glob("*/*")}


def test_replaced_commits_stay_for_a_while(folder: Path) -> None:
    layout = create(folder / "w")
    _publish(layout, "a")
    _age(layout, 10 * HOUR)  # old, but replaced only now
    before = snapshot(layout)
    _publish(layout, "b", "a")
    sweep(layout, HOUR)
    assert _data(layout) == {"a", "b"}
    assert list(verify(before)) == []
    _age(layout, 2 * HOUR, "manifests/b.json")
    sweep(layout, HOUR)
    assert _data(layout) == {"b"}
    assert [m.name for m in snapshot(layout).manifests] == ["b"]
    assert list(verify(snapshot(layout))) == []


def test_a_chain_of_replacements_is_swept_from_its_start(folder: Path) -> None:
    layout = create(folder / "w")
    for name, replaces in (("z", ()), ("y", ("z",)), ("x", ("y",)), ("counts", ())):
        _publish(layout, name, *replaces, kind="counts" if name == "counts" else "shard", of="y")
    gone: list[set[str]] = []
    rename = os.rename
    names: list[str] = []

    def watch(source: Path, target: Path) -> None:
        rename(source, target)
        names.append(Path(source).stem)
        gone.append({m.name for m in snapshot(layout).manifests})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "rename", watch)
        sweep(layout, 0)
    assert sorted(names) == ["counts", "y", "z"]
    assert gone == [{"x"}] * 3  # a reader between two steps sees the same
    assert _data(layout) == {"x"}


def test_a_commit_never_leaves_before_what_it_replaced(folder: Path) -> None:
    layout = create(folder / "w")
    for name, replaces in (("a", ()), ("b", ("a",)), ("c", ("b",))):
        _publish(layout, name, *replaces)
    _age(layout, 2 * HOUR, "manifests/c.json")  # as a copy of the folder may have it
    sweep(layout, HOUR)
    assert [m.name for m in snapshot(layout).manifests] == ["c"]
    assert list(verify(snapshot(layout))) == []


def test_the_name_of_a_swept_commit_stays_taken(folder: Path) -> None:
    layout = create(folder / "w")
    _publish(layout, "a")
    _publish(layout, "merged", "a")
    with Commit(layout) as late:  # of a process that took its snapshot long ago
        late.add("recordings", table("recordings", {"utterance_id": [1]}))
        sweep(layout, 0)
        assert late.publish("a", "shard", {}) is None
    assert [m.name for m in snapshot(layout).manifests] == ["merged"]
    assert _data(layout) == {"merged"}


def test_what_dead_processes_left_goes_and_what_is_not_ours_stays(folder: Path) -> None:
    layout = create(folder / "w")
    _publish(layout, "a")
    dead = layout.staging / "999999-0123456789ab"
    dead.mkdir()
    (dead / "frames-0.parquet").write_text("half")
    (layout.staging / "a.json.999999.01234567").write_text("{")
    orphan = layout.data / "recordings" / "b.0123456789ab.0.parquet"
    orphan.write_text("half")
    foreign = layout.data / "recordings" / "notes.parquet"
    foreign.write_text("mine")
    left = {dead, orphan, layout.staging / "a.json.999999.01234567"}
    sweep(layout, HOUR)
    assert all(path.exists() for path in left)  # too young to tell
    _age(layout, 2 * HOUR)
    sweep(layout, HOUR)
    assert not any(path.exists() for path in left)
    assert foreign.read_text() == "mine"
    assert list(verify(snapshot(layout))) == []


def test_a_commit_under_way_is_not_disturbed(folder: Path) -> None:
    layout = create(folder / "w")
    with Commit(layout) as commit:
        commit.add("recordings", table("recordings", {"utterance_id": [1]}))
        commit.add("frames", table("frames", {"frame_id": [1]}))
        files = [commit._place("a", *commit._staged.pop(0))]  # one file in place, one aside: suspended for a day
        _age(layout, 24 * HOUR)
        sweep(layout, HOUR)
        assert (layout.root / files[0].path).exists()
        assert commit._staged[0][1].exists()


LONG = """
import sys, time
from warehouse import Commit, open_layout
from warehouse.schema import table
layout = open_layout(sys.argv[1])
for i in range(150):
    with Commit(layout) as commit:
        commit.add("recordings", table("recordings", {"utterance_id": [i]}))
        commit.publish(f"a{i}", "shard", {}, [f"a{i - 1}"] if i % 5 else [])
"""


def test_sweeping_all_the_time_takes_nothing_from_a_writer(folder: Path) -> None:
    layout = create(folder / "w")
    writers = [subprocess.Popen([sys.executable, "-c", LONG, str(layout.root)]) for _ in range(2)]
    while any(writer.poll() is None for writer in writers):
        sweep(layout, 0)
        time.sleep(0.002)
    assert [writer.returncode for writer in writers] == [0, 0]
    state = snapshot(layout)
    assert list(verify(state)) == []
    found = [n for path in state.files("recordings") for n in pq.read_table(path)["utterance_id"].to_pylist()]
    assert sorted(found) == list(range(4, 150, 5))
