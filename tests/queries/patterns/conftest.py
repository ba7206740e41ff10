"""Two drawn warehouses: an ordinary one, and one where most properties have nothing to tell apart."""

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
    """Ninety utterances of three speakers; layers of 12 and 7 neurons, two active, drawn."""
    study = Study(tmp_path_factory.mktemp("ordinary") / "study.warehouse")
    study.ingest("c", draw(np.random.default_rng(1), 90))
    with connect(study.layout.root) as con:
        yield Opened(study, con)


@pytest.fixture(scope="session")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """One speaker of unknown gender, no F0 at all, and a single vowel beside three unvoiced consonants."""
    study = Study(tmp_path_factory.mktemp("odd") / "study.warehouse")
    phones = ("AA", "S", "T", "F") * 5
    metadata: dict[str, Any] = {"speaker": "s", "gender": None, "accent": "north"}
    study.ingest("c", [Spoken(f"u{i}", phones, (None,) * len(phones), metadata) for i in range(4)])
    with connect(study.layout.root) as con:
        yield Opened(study, con)


@pytest.fixture(scope="session")
def active_in() -> Callable[..., dict[tuple[str, str], set[int]]]:
    """S_k of every cell (group, phone) of a layer, counted frame by frame ([A] eq. 3)."""

    def count(study: Study, property: str, layer: int, without: frozenset[str] = frozenset()) -> Any:
        group_of = study.groups()[property]
        frames: dict[tuple[str, str], list[list[int]]] = {}
        for frame in study.frames.values():
            group = group_of[frame.frame_id]
            if frame.phone not in {"", "spn"} and frame.phone not in without and group is not None:
                frames.setdefault((group, frame.phone), []).append(frame.neurons[layer])
        width = study.widths[layer - 1]
        return {
            cell: {j for j in range(width) if sum(j in active for active in found) / len(found) > study.top_k / width}
            for cell, found in frames.items()
        }

    return count
