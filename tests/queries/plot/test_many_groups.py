"""Figures of more groups than there are colours to tell apart."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "warehouse"))

from drawn_study import Spoken, Study

from queries import Connection, connect, plot

PHONES = ("AA", "S", "T", "B", "IY", "F")
QUICK: dict[str, dict[str, Any]] = {
    "null": {"permutations": 10},
    "stability": {"splits": 2},
    "twin": {"twin": "m", "resamples": 10},
}


OF_A_PROPERTY = [name for name in plot.FIGURES if {"property", "properties"} & {*plot.FIGURES[name].options}]


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """Ten speakers, more than there are colours to tell apart."""
    study = Study(tmp_path_factory.mktemp("crowd") / "study.warehouse", widths=(24, 24), top_k=6)
    random = np.random.default_rng(2)
    spoken = []
    for number in range(40):
        phones = tuple(np.repeat(random.permutation(PHONES), 2).tolist())
        metadata = {"speaker": f"s{number % 10}", "gender": "FM"[number % 2], "accent": None}
        spoken.append(Spoken(f"u{number}", phones, tuple(random.uniform(80, 260, len(phones)).tolist()), metadata))
    study.ingest("c", spoken)
    with connect(study.layout.root, comments=False) as con:
        yield con


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "prop"), [*((name, "speaker") for name in OF_A_PROPERTY), ("patterns", "phone"), ("heatmap", "phone")]
)
def test_a_property_of_many_groups_is_drawn(crowd: Connection, tmp_path: Path, name: str, prop: str) -> None:
    options: dict[str, Any] = {"property": prop}
    if name in ("overlap", "confounds"):
        options = {"properties": [prop, "gender"]}
    plot.save(plot.chart(crowd, name, p_sigma=0.3, **options, **QUICK.get(name, {})), tmp_path / "it.svg")
    assert (tmp_path / "it.svg").stat().st_size > 1000
