"""Snapshots: one state of the warehouse, whoever writes meanwhile."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from warehouse import Commit, FormatError, Layout, create, snapshot
from warehouse.manifest import Manifest


def _publish(layout: Layout, name: str, kind: str = "shard", facts: Mapping[str, Any] = {}, *replaces: str) -> None:
    with Commit(layout) as commit:
        assert commit.publish(name, kind, facts, replaces)


def test_replaced_commits_are_not_seen(folder: Path) -> None:
    layout = create(folder / "w")
    for name in ("a", "b", "c"):
        _publish(layout, name)
    _publish(layout, "ab", "shard", {}, "a", "b")
    assert [m.name for m in snapshot(layout).manifests] == ["c", "ab"]
    _publish(layout, "abc", "shard", {}, "ab", "c")
    assert [m.name for m in snapshot(layout).manifests] == ["abc"]


def test_counts_fall_with_the_commit_that_they_were_added_to(folder: Path) -> None:
    layout = create(folder / "w")
    _publish(layout, "a")
    _publish(layout, "counts-a", "counts", {"of": "a"})
    assert len(snapshot(layout).manifests) == 2
    _publish(layout, "merged", "shard", {}, "a")  # by a process that did not see the counts
    assert [m.name for m in snapshot(layout).manifests] == ["merged"]


def test_equal_commits_have_equal_identities(folder: Path) -> None:
    one, other = create(folder / "1"), create(folder / "2")
    assert snapshot(one).id == snapshot(other).id
    for layout, names in ((one, "ab"), (other, "ba")):
        for name in names:
            _publish(layout, name)
    assert snapshot(one).id == snapshot(other).id
    _publish(one, "c")
    assert snapshot(one).id != snapshot(other).id


def test_commits_are_found_by_kind_and_shard(folder: Path) -> None:
    layout = create(folder / "w")
    _publish(layout, "a", "shard", {"shards": ["s1", "s2"], "n": 1})
    _publish(layout, "b", "labels", {"shards": ["s1"]})
    _publish(layout, "c", "counts", {"of": "a"})
    state = snapshot(folder / "w")
    assert [m.name for m in state.of_kind("shard", "counts")] == ["a", "c"]
    assert [m.name for m in state.for_shard("shard", "s1")] == ["a"]
    assert [m.name for m in state.for_shard("labels", "s1")] == ["b"]
    assert state.for_shard("labels", "s2") == ()
    assert state.facts("shard") == [{"shards": ["s1", "s2"], "n": 1}]


def test_a_damaged_manifest_is_one_line(folder: Path) -> None:
    layout = create(folder / "w")
    _publish(layout, "a")
    path = layout.manifests / "a.json"
    whole = json.loads(path.read_text())
    damaged = ["", "{", "[]", "3", "{}", '{"files": 1}', "\x00", json.dumps(whole | {"files": [{"path": "x"}]})]
    damaged += [json.dumps({k: v for k, v in whole.items() if k != key}) for key in ("name", "kind", "files")]
    for text in damaged:
        path.write_text(text)
        with pytest.raises(FormatError, match=r"damaged manifest .* restore it from a copy") as error:
            snapshot(layout)
        assert "\n" not in str(error.value)
        assert str(path) in str(error.value)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(FormatError, match="damaged manifest"):
        snapshot(layout)


def test_a_manifest_reads_as_it_was_written(folder: Path) -> None:
    layout = create(folder / "w")
    with Commit(layout) as commit:
        made = commit.publish("ä", "run", {"text": "ü\n'\"", "none": None, "list": [1, 2.5]}, ["x"])
    assert Manifest.read(layout.manifests / "ä.json") == made
    assert snapshot(layout).manifests == (made,)


CHAIN = """
import sys
from warehouse import Commit, open_layout
layout = open_layout(sys.argv[1])
for i in range(400):
    with Commit(layout) as commit:
        commit.publish(f"{i:04}", "shard", {"i": i}, [f"{i - 1:04}"] if i % 3 == 0 and i else [])
"""


def test_a_reader_never_sees_a_commit_without_those_before_it(folder: Path) -> None:
    layout = create(folder / "w")
    writer = subprocess.Popen([sys.executable, "-c", CHAIN, str(layout.root)])
    sizes = set()
    while writer.poll() is None:
        found = [m.facts["i"] for m in snapshot(layout).manifests]
        last = max(found, default=-1)
        assert sorted(found) == [i for i in range(last + 1) if i % 3 != 2 or i == last]
        sizes.add(len(found))
        time.sleep(0.001)
    assert writer.returncode == 0
    assert len(sizes) > 5
