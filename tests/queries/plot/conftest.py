"""Two drawn warehouses: one in which neurons answer to phones and speakers, and one with nothing to draw."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "warehouse"))

from drawn_study import Spoken, Study, draw

from queries import Connection, connect


@dataclass(frozen=True)
class Opened:
    """A study and a connection to it."""

    study: Study
    con: Connection


@pytest.fixture(scope="session")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """Sixty utterances of three speakers; two layers of 24 neurons, four active, drawn."""
    study = Study(tmp_path_factory.mktemp("ordinary") / "study.warehouse", widths=(24, 24), top_k=4)
    study.ingest("c", draw(np.random.default_rng(1), 60))
    with connect(study.layout.root, comments=False) as con:
        yield Opened(study, con)


@pytest.fixture(scope="session")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """One speaker of unknown gender, no F0 at all, and a single vowel beside three unvoiced consonants."""
    study = Study(tmp_path_factory.mktemp("odd") / "study.warehouse")
    phones = ("AA", "S", "T", "F") * 5
    metadata: dict[str, Any] = {"speaker": "s", "gender": None, "accent": "north"}
    study.ingest("c", [Spoken(f"u{i}", phones, (None,) * len(phones), metadata) for i in range(4)])
    with connect(study.layout.root, comments=False) as con:
        yield Opened(study, con)


@pytest.fixture(scope="session")
def drawn_rows() -> Callable[[Any, str], list[dict[str, Any]]]:
    """The rows of a chart's marks that have some column."""

    def rows(chart: Any, column: str) -> list[dict[str, Any]]:
        found = json.loads(chart.to_json()).get("datasets", {})
        return [row for dataset in found.values() for row in dataset if column in row]

    return rows
