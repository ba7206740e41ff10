"""Compaction: the same rows in fewer files, whatever happens meanwhile."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from drawn_study import Study, counts, draw, rows

from warehouse import Snapshot, WarehouseError, snapshot
from warehouse import compact as compact_module
from warehouse.compact import compact
from warehouse.gaps import gaps
from warehouse.properties import BUILT_IN, Property, declare
from warehouse.verify import verify

FACTS = (
    *("recordings", "activations", "utterance_means", "segment_means"),
    *("frames", "utterances", "segments", "phones"),
)
SORTED_BY = {
    "activations": ("layer", "frame_id", "rank"),
    "utterance_means": ("kind", "layer", "utterance_id"),
    "segment_means": ("kind", "layer", "utterance_id", "segment"),
    "frames": ("frame_id",),
    "recordings": ("utterance_id",),
    "activation_counts": ("property", "layer", "group", "phone", "neuron"),
    "frame_counts": ("property", "group", "phone"),
}


def busy_study(folder: Path, n: int = 10, properties: Sequence[Property] = BUILT_IN[1:4]) -> Study:
    """Two corpora; in one of them some utterances of every shard came later; a property declared meanwhile."""
    study, rng = Study(folder, properties=properties, segment_means=True), np.random.default_rng(5)
    study.ingest("a", draw(rng, 5), shard_frames=30)
    parts = study.plan("b", draw(rng, n), shard_frames=80)
    halves = [[range(0, len(p.spoken), 2), range(1, len(p.spoken), 2)] for p in parts]
    for part, (even, odd) in zip(parts, halves, strict=True):
        study.label(part, even)
        if len(odd):
            study.label(part, odd)
    study.freeze("b")
    for number, (part, (even, odd)) in enumerate(zip(parts, halves, strict=True)):
        study.record(part, rng, odd if number % 2 and len(odd) else even)
    declare(study.layout, Property("accent", "accent"))
    for number, (part, (even, odd)) in enumerate(zip(parts, halves, strict=True)):
        if len(odd):
            study.record(part, rng, even if number % 2 else odd)
    return study


def content(state: Snapshot) -> dict[str, object]:
    """Facts as multisets of rows, counts as sums."""
    facts: dict[str, object] = {name: Counter(map(repr, rows(state, name))) for name in FACTS}
    return facts | {name: counts(state, name) for name in ("frame_counts", "activation_counts")}


def expected_counts(study: Study) -> tuple[object, object]:
    names = {m.facts["property"] for m in study.state.of_kind("property")}
    groups = study.groups() | {"accent": study.by("accent")}
    return study.expected({name: groups[name] for name in names})


def test_compaction_keeps_every_row_and_leaves_one_file_and_one_row_per_key(folder: Path) -> None:
    study = busy_study(folder / "w", properties=BUILT_IN)
    before = content(study.state)
    n_commits = len(study.state.manifests)
    said: list[str] = []
    compact(study.layout, note=said.append)
    state = study.state
    after = content(state)
    assert {name: after[name] for name in FACTS} == {name: before[name] for name in FACTS}
    assert (after["frame_counts"], after["activation_counts"]) == expected_counts(study)
    assert gaps(state) == []
    assert len(state.manifests) < n_commits
    for name in SORTED_BY:
        assert len(state.data_files(name)) == 2  # one a corpus
    assert len(rows(state, "activation_counts")) == len(counts(state, "activation_counts"))
    assert any("merging" in line and "m on b" in line for line in said)
    assert list(verify(state)) == []
    shards = {m.name: set(m.facts["shards"]) for m in state.of_kind("shard")}
    for part in study.parts:
        (shard,) = state.for_shard("shard", part.name)
        assert part.name in shards[shard.name]
        (labels,) = state.for_shard("labels", part.name)
        assert set(part.utterance_ids) <= set(labels.facts["utterance_ids"]) & set(shard.facts["utterance_ids"])


def test_compacted_files_are_sorted_and_no_row_group_straddles(folder: Path) -> None:
    study = busy_study(folder / "w")
    compact(study.layout)
    means = {name: ["kind", "layer"] for name in ("utterance_means", "segment_means")}
    apart = {"activations": ["layer"], "activation_counts": ["property"], **means}
    for name, keys in SORTED_BY.items():
        for path in study.state.files(name):
            file = pq.ParquetFile(path)
            found = file.read(columns=list(keys)).to_pylist()
            values = [tuple(row[key] for key in keys) for row in found]
            assert values == sorted(values)
            for group in range(file.num_row_groups):
                piece = file.read_row_group(group)
                assert all(len(set(piece[column].to_pylist())) == 1 for column in apart.get(name, ()))


def test_compacting_twice_changes_nothing(folder: Path) -> None:
    study = busy_study(folder / "w")
    compact(study.layout)
    once = study.state
    compact(study.layout)
    assert study.state == once


def test_what_came_after_is_merged_with_what_was_merged_before(folder: Path) -> None:
    study = busy_study(folder / "w")
    compact(study.layout, keep_seconds=0)
    rng = np.random.default_rng(1)
    for part in study.plan("b", draw(rng, 4, "more")):
        study.label(part)
        study.record(part, rng)
    before = content(study.state)
    compact(study.layout, keep_seconds=0)
    assert content(study.state) == before
    assert (before["frame_counts"], before["activation_counts"]) == expected_counts(study)
    assert len(study.state.data_files("activations")) == 2


def test_large_files_of_facts_stay_as_they_are(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = busy_study(folder / "w", n=20)
    before = content(study.state)
    files = study.state.data_files("activations")
    sizes = sorted(f.bytes for f in files)
    monkeypatch.setattr(compact_module, "LARGE", sizes[len(sizes) // 2])
    compact(study.layout)
    kept = {f for f in files if f.bytes >= sizes[len(sizes) // 2]}
    assert kept
    assert kept < set(study.state.data_files("activations")) | kept
    assert {name: content(study.state)[name] for name in FACTS} == {name: before[name] for name in FACTS}


def test_counts_too_many_for_memory_are_added_up_on_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = busy_study(folder / "w")
    monkeypatch.setattr("warehouse.merge.MEMORY", "20MiB")
    compact(study.layout)
    assert (counts(study.state, "frame_counts"), counts(study.state, "activation_counts")) == expected_counts(study)
    assert not any((study.layout.root).rglob("spill"))


def test_a_commit_that_lacks_counts_is_left_for_the_next_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = busy_study(folder / "w")
    monkeypatch.setattr(compact_module, "fill", lambda layout, note: None)  # as if counted a moment too early
    compact(study.layout)
    monkeypatch.undo()
    assert any("accent" in {p.name for p in gap.properties} for gap in gaps(study.state))
    compact(study.layout)
    assert (counts(study.state, "frame_counts"), counts(study.state, "activation_counts")) == expected_counts(study)


def test_only_one_process_compacts(folder: Path) -> None:
    study = Study(folder / "w")
    hold = (
        "import sys, fcntl\nlock = open(sys.argv[1], 'w')\nfcntl.flock(lock, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\nsys.stdin.read()"
    )
    command = [sys.executable, "-c", hold, str(study.layout.compacting)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(WarehouseError, match="another process compacts it; wait") as error:
            compact(study.layout)
        assert "\n" not in str(error.value)
        other.kill()
    compact(study.layout)  # the lock of the dead is free


# Imports once; forks a process that compacts for every line.
COMPACTORS = """
import os, sys
from warehouse import open_layout
from warehouse.compact import compact
layout = open_layout(sys.argv[1])
for line in sys.stdin:
    child = os.fork()
    if not child:
        compact(layout, keep_seconds=float(line))
        os._exit(0)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Compactors:
    """Processes that compact a warehouse, started fast and killed at will."""

    def __init__(self, root: Path) -> None:
        command = [sys.executable, "-c", COMPACTORS, str(root)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def start(self, keep_seconds: float) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{keep_seconds}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def ended(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


@pytest.mark.slow
def test_a_compaction_killed_at_any_instant_loses_nothing(folder: Path) -> None:
    study = busy_study(folder / "w")
    compact(study.layout)
    whole = content(study.state)
    random.seed(2)
    compactors = Compactors(study.layout.root)
    rng = np.random.default_rng(9)
    killed = 0
    for number in range(24):
        if number % 4 == 0:
            for part in study.plan("b", draw(rng, 3, f"{number}-"), shard_frames=15):
                study.label(part)
                study.record(part, rng)
            whole = content(study.state)
        child = compactors.start(0)
        time.sleep(random.uniform(0.005, 0.12))
        os.kill(child, signal.SIGKILL)
        killed += compactors.ended() == -signal.SIGKILL
        assert content(study.state) == whole
    compactors.start(0)
    assert compactors.ended() == 0
    compactors.close()
    assert killed > 12
    assert content(study.state) == whole
    assert (whole["frame_counts"], whole["activation_counts"]) == expected_counts(study)
    assert list(verify(study.state)) == []


def test_readers_keep_their_snapshot_while_others_write_and_compact(folder: Path) -> None:
    study = Study(folder / "w", widths=(9,))
    study.ingest("a", draw(np.random.default_rng(0), 2))
    compactors = Compactors(study.layout.root)
    rng = np.random.default_rng(1)
    held: list[tuple[Snapshot, int, int]] = []
    for number in range(6):
        child = compactors.start(3600)
        for part in study.plan("a", draw(rng, 3, f"{number}-"), shard_frames=20):
            study.label(part)
            study.record(part, rng)
            held.append((state := snapshot(study.layout), _consistent(state), len(state.manifests)))
        assert child
        assert compactors.ended() == 0
    compactors.close()
    assert len({n_rows for _, n_rows, _ in held}) == len(held)  # every commit was seen
    for state, n_rows, _ in held:
        assert _consistent(state) == n_rows  # merged since, and still there


def _consistent(state: Snapshot) -> int:
    """Number of activations, once counts, facts and frames are seen to be of the same shards."""
    con = duckdb.connect()
    for name in ("activations", "activation_counts", "frames", "frame_counts", "recordings"):
        con.read_parquet(list(state.files(name))).create_view(name)
    con.execute(
        "CREATE VIEW counted AS SELECT a.neuron, f.phone FROM activations AS a INNER JOIN frames AS f "
        "USING (frame_id) WHERE f.phone NOT IN ('', 'spn')"
    )
    (difference,) = con.sql(
        "SELECT count(*) FROM (SELECT neuron, phone, count(*) AS n FROM counted GROUP BY ALL) AS x FULL JOIN "
        "(SELECT neuron, phone, sum(n) AS n FROM activation_counts WHERE property = 'phone' GROUP BY ALL) AS y "
        "USING (neuron, phone) WHERE x.n IS DISTINCT FROM y.n"
    ).fetchall()[0]
    assert difference == 0
    (n_frames,) = con.sql("SELECT sum(n_frames) FROM recordings").fetchall()[0]
    (n_rows,) = con.sql("SELECT count(*) FROM activations").fetchall()[0]
    assert n_rows == 2 * n_frames
    return n_rows
