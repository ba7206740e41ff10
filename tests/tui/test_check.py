"""``neurons check``: silent about nothing that is wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from queries.sql_files import sql_files
from warehouse import Commit, snapshot
from warehouse.schema import table

Neurons = Callable[..., Any]


def test_a_good_warehouse_passes(neurons: Neurons, recorded: Path) -> None:
    done = neurons("check", recorded)
    assert (done.code, done.out) == (0, "")
    lines = done.err.splitlines()
    assert lines[:-1] == [f"{name} holds" for name in sorted(file.name for file in sql_files("checks"))]
    assert f"everything holds (snapshot {snapshot(recorded).id})" in lines[-1]
    assert neurons("check", recorded, "--quiet").err == ""


@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_damaged_file_is_named(neurons: Neurons, warehouse: Path, damage: str) -> None:
    path = Path(snapshot(warehouse).files("activations")[0])
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    elif damage == "cut":
        path.write_bytes(content[:-1])
    else:
        path.unlink()
    done = neurons("check", warehouse)
    assert done.code == 1
    (line,) = done.out.splitlines()
    assert path.name in line
    assert {"flip": "wrong digest", "cut": "bytes instead of", "remove": "missing"}[damage] in line
    assert done.err == "1 file is damaged; the invariants were not asked\n"


def test_a_broken_invariant_shows_its_bad_rows(neurons: Neurons, warehouse: Path) -> None:
    layout = snapshot(warehouse).layout
    with Commit(layout) as commit:
        commit.add("recordings", table("recordings", {"model": ["ghost"], "utterance_id": [1], "n_frames": [3]}))
        commit.publish("run-ghost", "run", {"run": "ghost"})
    done = neurons("check", warehouse, "--quiet")
    assert done.code == 1
    assert "does not hold: " in done.out
    assert "ghost" in done.out
    assert "do not hold" in done.err


def test_checksums_can_be_left_out(neurons: Neurons, warehouse: Path) -> None:
    manifest = next(iter((warehouse / "manifests").glob("model-*.json")))
    content = json.loads(manifest.read_text())
    content["files"][0]["sha256"] = "0" * 64
    manifest.write_text(json.dumps(content))
    assert neurons("check", warehouse).code == 1
    assert neurons("check", warehouse, "--no-checksums").code == 0
