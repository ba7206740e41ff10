"""Commits: whole or not at all, when things go well, fail, race, and are killed."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from small_commits import left_over, numbers_of, recordings

from warehouse import Commit, WarehouseError, create, snapshot
from warehouse.manifest import Manifest
from warehouse.verify import verify


def test_a_commit_is_what_was_added(folder: Path) -> None:
    layout = create(folder / "w")
    with Commit(layout) as commit:
        commit.add("recordings", recordings([3, 1]))
        commit.add("recordings", (recordings([n]) for n in (4, 5)))
        assert snapshot(layout).manifests == ()
        made = commit.publish("a", "shard", {"model": "m", "n": [1]}, ["b"])
    assert made == Manifest.read(layout.manifests / "a.json")
    state = snapshot(layout)
    assert state.manifests == (made,)
    assert numbers_of(state) == [3, 1, 4, 5]
    assert state.rows("recordings") == 4
    assert state.bytes("recordings") == sum(Path(path).stat().st_size for path in state.files("recordings"))
    assert list(verify(state)) == []
    assert left_over(layout) == []


def test_nothing_but_rows_makes_a_file(folder: Path) -> None:
    layout = create(folder / "w")
    with Commit(layout) as commit:
        commit.add("recordings", [])
        commit.add("recordings", recordings([]))
        commit.add("recordings", iter([recordings([]), recordings([])]))
        commit.publish("a", "shard", {})
    assert snapshot(layout).files("recordings") == ()
    with pytest.raises(KeyError):
        snapshot(layout).files("nonsense")


def test_the_first_commit_of_a_name_stands(folder: Path) -> None:
    layout = create(folder / "w")
    for number, stands in ((1, True), (2, False)):
        with Commit(layout) as commit:
            commit.add("recordings", recordings([number]))
            assert (commit.publish("a", "shard", {}) is not None) == stands
    assert numbers_of(snapshot(layout)) == [1]
    assert left_over(layout) == []


def test_without_publication_nothing_stays(folder: Path) -> None:
    layout = create(folder / "w")

    def pieces() -> Iterator[pa.Table]:
        yield recordings([1])
        raise FileNotFoundError("an audio file")

    def attempt() -> None:
        with Commit(layout) as commit:
            commit.add("recordings", recordings([0]))
            commit.add("recordings", pieces())

    with pytest.raises(FileNotFoundError, match="an audio file"):
        attempt()
    assert left_over(layout) == []
    assert not any(path.is_dir() for path in layout.staging.iterdir())
    assert not any(Path(f"/proc/self/fd/{fd}").resolve().is_relative_to(folder) for fd in os.listdir("/proc/self/fd"))


def test_an_interruption_after_publication_takes_nothing_back(folder: Path) -> None:
    layout = create(folder / "w")

    def interrupted() -> None:
        with Commit(layout) as commit:
            commit.add("recordings", recordings([1]))
            commit.publish("a", "shard", {})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert numbers_of(snapshot(layout)) == [1]
    assert list(verify(snapshot(layout))) == []


def test_a_name_too_long_for_the_disk_is_one_line(folder: Path) -> None:
    layout = create(folder / "w")
    with Commit(layout) as commit, pytest.raises(WarehouseError, match=r"cannot write .*File name too long") as error:
        commit.publish("x" * 300, "shard", {})
    assert "\n" not in str(error.value)


def test_files_of_earlier_commits_can_be_kept(folder: Path) -> None:
    layout = create(folder / "w")
    with Commit(layout) as commit:
        commit.add("recordings", recordings([1]))
        commit.publish("a", "shard", {})
    with Commit(layout) as commit:
        commit.keep(snapshot(layout).data_files("recordings"))
        commit.add("recordings", recordings([2]))
        commit.publish("b", "shard", {}, ["a"])
    assert [m.name for m in snapshot(layout).manifests] == ["b"]
    assert numbers_of(snapshot(layout)) == [1, 2]


def test_a_folder_that_cannot_be_written_is_one_line(folder: Path) -> None:
    layout = create(folder / "w")
    layout.staging.rmdir()
    layout.staging.write_text("in the way")
    with pytest.raises(WarehouseError, match=r"cannot write .* run the same command again") as error, Commit(layout):
        pass
    assert "\n" not in str(error.value)


RACER = """
import os, sys, time
from warehouse import Commit, create
from warehouse.schema import table
time.sleep(max(0, float(sys.argv[2]) - time.time()))
won = 0
for i in range(60):
    with Commit(create(sys.argv[1])) as commit:
        rows = {"model": [str(os.getpid())], "utterance_id": [i], "n_frames": [1], "shard": ["s"]}
        commit.add("recordings", table("recordings", rows))
        won += commit.publish(f"a{i}", "shard", {"i": i}) is not None
print(won)
"""


def test_processes_that_commit_the_same_names_share_them(folder: Path) -> None:
    start = str(time.time() + 1.2)
    command = [sys.executable, "-c", RACER, str(folder / "w"), start]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    won = [int(racer.communicate()[0]) for racer in racers]
    assert sum(won) == 60
    state = snapshot(folder / "w")
    assert sorted(numbers_of(state)) == list(range(60))
    assert left_over(state.layout) == []
    assert list(verify(state)) == []


# Imports once and forks a writer per line, so that many can be killed in little time.
WRITERS = """
import os, sys
from warehouse import Commit, open_layout
from warehouse.schema import table
layout = open_layout(sys.argv[1])
def write(first):
    number = first
    while True:
        with Commit(layout) as commit:
            n = 1 + number % 700
            for name in ("recordings", "frames"):
                columns = {"utterance_id": [number] * n}
                commit.add(name, table(name, columns))
            commit.publish(f"shard-{number}", "shard", {"number": number, "rows": n})
        number += 1
for line in sys.stdin:
    child = os.fork()
    if not child:
        write(int(line))
    print(child, flush=True)
    os.waitpid(child, 0)
    print("dead", flush=True)
"""


def test_a_writer_killed_at_any_instant_leaves_whole_commits(folder: Path) -> None:
    layout = create(folder / "w")
    random.seed(1)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    server = subprocess.Popen([sys.executable, "-c", WRITERS, str(layout.root)], **pipes)  # type: ignore[call-overload]
    read: list[str] = []
    number = 0
    for _ in range(40):
        server.stdin.write(f"{number}\n")
        server.stdin.flush()
        child = int(server.stdout.readline())
        time.sleep(random.uniform(0.002, 0.06))
        seen = {m.name for m in snapshot(layout).manifests}  # a reader beside the writer
        os.kill(child, signal.SIGKILL)
        assert server.stdout.readline() == "dead\n"
        state = snapshot(layout)
        names = {m.name for m in state.manifests}
        assert seen <= names
        assert set(read) <= names  # what was committed stays
        read = sorted(names)
        for manifest in state.manifests:
            assert [f.rows for f in manifest.files] == [manifest.facts["rows"]] * 2
        number = 1 + max((m.facts["number"] for m in state.manifests), default=-1)
        assert names == {f"shard-{i}" for i in range(number)}
    server.stdin.close()
    server.wait()
    assert number > 40
    assert list(verify(state)) == []
    assert left_over(layout)  # at least one was killed in the middle
