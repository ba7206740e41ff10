"""Drawn warehouses, and the sets of neurons that plain counting of frames gives."""

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "warehouse"))
sys.path.insert(0, str(Path(__file__).parents[1]))

from drawn_study import Study, draw

from queries import Connection, connect
from warehouse.properties import BUILT_IN, Property

Sets = dict[str, set[int]]


@dataclass(frozen=True)
class Opened:
    """A study and a connection to it; what a frame's group is, by property and frame."""

    study: Study
    con: Connection
    groups: dict[str, dict[int, str | None]] = field(default_factory=dict)


@pytest.fixture(scope="session")
def folder() -> Iterator[Callable[[], Path]]:
    """Makes empty folders, in memory where that can be."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as root:
        numbers = count()

        def make() -> Path:
            found = Path(root) / str(next(numbers))
            found.mkdir()
            return found

        yield make


@pytest.fixture(scope="session")
def drawn(folder: Callable[[], Path]) -> Iterator[Opened]:
    """Sixty utterances of six speakers, two of them M, two F and two unknown; widths 12 and 7, two active."""
    study = Study(folder() / "study.warehouse", properties=[*BUILT_IN, Property("accent", "accent")])
    study.ingest("c", draw(np.random.default_rng(5), 60, n_speakers=6))
    with connect(study.layout.root) as con:
        yield Opened(study, con, {**study.groups(), "accent": study.by("accent")})


def sets_of(frames: Iterable[tuple[str, str, list[int]]], width: int, k: int, sigma: float) -> Sets:
    """G_i of frames (group, phone, active neurons), by the definitions ([A] eq. 3, 4)."""
    n_frames: Counter[tuple[str, str]] = Counter()
    n_active: Counter[tuple[str, str, int]] = Counter()
    for group, phone, neurons in frames:
        n_frames[group, phone] += 1
        n_active.update((group, phone, neuron) for neuron in neurons)
    candidates: Sets = {}
    for group in {group for group, _ in n_frames}:
        phones = [phone for g, phone in n_frames if g == group]
        candidates[group] = {
            neuron
            for neuron in range(width)
            if (n := sum(n_active[group, p, neuron] / n_frames[group, p] > k / width for p in phones))
            and n >= sigma * len(phones) - 1e-9
        }
    return {
        group: {j for j in found if sum(j in others for others in candidates.values()) == 1}
        for group, found in candidates.items()
    }


@pytest.fixture(scope="session")
def plain() -> Callable[..., Sets]:
    """Gives :func:`sets_of`."""
    return sets_of


@pytest.fixture(scope="session")
def labelled() -> Callable[..., list[Any]]:
    """Frames of a study that have a group under a property: (frame, group)."""

    def frames(opened: Opened, prop: str) -> list[Any]:
        groups = opened.groups[prop]
        unvoiced = {"S", "T"} if prop == "pitch" else set()
        return [
            (frame, groups[i])
            for i, frame in sorted(opened.study.frames.items())
            if frame.phone not in {"", "spn", *unvoiced} and groups[i] is not None
        ]

    return frames
