"""``neurons compact``: fewer files, the same answers, a fresh catalog."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from warehouse import snapshot

Neurons = Callable[..., Any]
QUERY = "FROM activation_probabilities ORDER BY ALL"


def test_answers_stay_and_files_get_fewer(neurons: Neurons, warehouse: Path) -> None:
    before = neurons("sql", warehouse, QUERY, "--format", "csv").out
    files = len(snapshot(warehouse).files("activations"))
    done = neurons("compact", warehouse, "--keep-hours", "0")
    assert (done.code, done.out) == (0, "")
    assert "commits are now" in done.err
    assert neurons("sql", warehouse, QUERY, "--format", "csv").out == before
    assert files > 1
    assert len(snapshot(warehouse).files("activations")) == 1


def test_the_catalog_follows(neurons: Neurons, warehouse: Path) -> None:
    neurons("compact", warehouse, "--keep-hours", "0", "--quiet")
    neurons("compact", warehouse, "--keep-hours", "0", "--quiet")  # sweeps what the first one merged
    with duckdb.connect(warehouse / "catalog.duckdb", read_only=True) as con:
        assert con.execute("SELECT count(*) FROM recordings").fetchall() == [(6,)]
