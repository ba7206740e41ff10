"""A full disk: one line, and nothing that was committed is lost."""

import re
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from small_commits import left_over, recordings

from warehouse import Commit, WarehouseError, create, snapshot
from warehouse.verify import verify


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own that is soon full."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a full disk is not tried: no small file system can be mounted here ({done.stderr.strip()})")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_one_line_and_takes_nothing_with_it(folder: Path) -> None:
    rng = np.random.default_rng(0)
    with small_disk(folder, "1m") as disk:
        layout = create(disk / "w")
        committed = 0
        said = ""
        while not said:
            try:
                with Commit(layout) as commit:
                    commit.add("recordings", recordings(rng.integers(0, 2**62, 5000).tolist()))
                    commit.publish(f"a{committed}", "shard", {})
                committed += 1
            except WarehouseError as error:
                said = str(error)
        assert re.fullmatch(r"\S+: the disk is full .* run the same command again, which goes on .*", said)
        assert committed > 3
        assert len(snapshot(layout).manifests) == committed
        assert list(verify(snapshot(layout))) == []
        assert left_over(layout) == []
        with Commit(layout) as commit:  # what was set free is enough for a small one
            commit.publish("small", "shard", {})


def test_a_disk_that_fills_at_any_point_of_a_commit_takes_nothing_with_it(folder: Path) -> None:
    rng = np.random.default_rng(0)
    published = []
    for filling in range(40_000, 112_000, 4096):
        with small_disk(folder, "128k") as disk:
            layout = create(disk / "w")
            with Commit(layout) as commit:
                commit.publish("before", "shard", {})
            (disk / "ballast").write_bytes(b"x" * filling)
            said = ""
            try:
                with Commit(layout) as commit:
                    for _ in range(3):
                        commit.add("recordings", recordings(rng.integers(0, 2**62, 1000).tolist()))
                    commit.publish("during", "shard", {})
            except WarehouseError as error:
                said = str(error)
            assert not said or "the disk is full" in said
            published.append(not said)
            assert {m.name for m in snapshot(layout).manifests} == ({"before"} if said else {"before", "during"})
            assert list(verify(snapshot(layout))) == []
            assert left_over(layout) == []
    assert published == sorted(published, reverse=True)
    assert 3 < sum(published) < len(published) - 3


def test_a_limit_on_file_sizes_is_one_line(folder: Path) -> None:
    layout = create(folder / "w")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with Commit(layout) as commit, pytest.raises(WarehouseError, match=r"cannot write .*File too large") as error:
            commit.add("recordings", recordings(np.random.default_rng(0).integers(0, 2**62, 50_000).tolist()))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert "\n" not in str(error.value)
    assert snapshot(layout).manifests == ()
    assert left_over(layout) == []
