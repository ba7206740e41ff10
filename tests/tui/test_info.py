"""``neurons info``: what is there, said from the manifests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from queries.contents import contents, rejected
from warehouse import create, snapshot
from warehouse.commit import Commit
from warehouse.properties import Property, declare

Neurons = Callable[..., Any]


def section(out: str, title: str) -> list[list[str]]:
    block = next(block for block in out.split("\n\n") if block.startswith(f"{title}\n"))
    _, header, _, *rows = block.splitlines()
    return [line.split() for line in (header, *rows)]


def test_it_names_models_corpora_properties_sizes_and_runs(neurons: Neurons, recorded: Path) -> None:
    done = neurons("info", recorded)
    assert (done.code, done.err) == (0, "")
    assert f"snapshot {snapshot(recorded).id}" in done.out.splitlines()[0]
    assert section(done.out, "models")[1][0] == "tiny"
    assert section(done.out, "corpora")[1][:2] == ["hummed", "6"]
    assert section(done.out, "recordings")[1][:4] == ["tiny", "hummed", "6", "6"]
    assert [row[0] for row in section(done.out, "properties")[1:]][:2] == ["phone_class", "phone"]
    assert "activations" in {row[0] for row in section(done.out, "tables")}
    assert section(done.out, "runs")[1][4:] == ["tiny", "hummed", *section(done.out, "runs")[1][6:]]


def test_it_says_what_is_not_counted_yet(neurons: Neurons, warehouse: Path) -> None:
    state = snapshot(warehouse)
    declare(state.layout, Property("old", "age > 20", made="by hand"))
    shards = len(list(state.of_kind("shard")))
    row = next(row for row in section(neurons("info", warehouse).out, "properties") if row[0] == "old")
    assert row[-1] == str(shards)
    assert row[-3:-1] == ["by", "hand"]


def test_sizes_are_those_on_disk(recorded: Path) -> None:
    state = snapshot(recorded)
    for table, rows, files, size in contents(state).tables:
        on_disk = [Path(path) for path in state.files(table)]
        assert (files, size) == (len(on_disk), sum(path.stat().st_size for path in on_disk))
        assert rows == state.rows(table)


def test_an_empty_warehouse_says_so(neurons: Neurons, tmp_path: Path) -> None:
    create(tmp_path / "w")
    done = neurons("info", tmp_path / "w")
    assert done.code == 0
    assert "nothing was ingested yet" in done.out


def test_rejected_utterances_are_found(tmp_path: Path) -> None:
    import pyarrow as pa

    from warehouse.schema import table

    layout = create(tmp_path / "w")
    reasons = [{"utterance": "u1", "reason": "empty"}, {"utterance": "u2", "reason": "short"}]
    row = {"run": ["r"], "model": ["m"], "corpus": ["c"], "rejected": pa.array([reasons])}
    with Commit(layout) as commit:
        commit.add("ingests", table("ingests", row))
        commit.publish("run-r-finished", "run", {"run": "r"})
    assert [(utterance, reason) for *_, utterance, reason in rejected(snapshot(layout))] == [
        ("u1", "empty"),
        ("u2", "short"),
    ]
