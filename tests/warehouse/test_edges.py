"""Edges of quantile properties: numpy's quantiles, frozen once."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from drawn_study import GRID, Spoken, Study, draw, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.edges import countable, freeze_missing_edges, quantile_edges
from warehouse.fill import fill
from warehouse.grid import Grid
from warehouse.properties import BUILT_IN, Bins, Property, declare

NewFolder = Callable[[], Path]
PITCH, DURATION = BUILT_IN[3], BUILT_IN[4]


def _edges(study: Study) -> dict[tuple[str, str], list[float] | None]:
    return {(row[0], row[1]): row[4] for row in rows(study.state, "property_edges")}


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.floats(50, 500, width=32) | st.none(), min_size=1, max_size=50),
    shares=st.lists(st.floats(0.01, 0.99), min_size=1, max_size=4, unique=True),
)
def test_edges_are_the_quantiles_of_numpy(values: list[float | None], shares: list[float]) -> None:
    con = duckdb.connect()
    con.execute("CREATE TABLE frame_facts (phone VARCHAR, f0_hz FLOAT)")
    con.executemany("INSERT INTO frame_facts VALUES ('AH', ?)", [[v] for v in values])
    con.execute("INSERT INTO frame_facts VALUES ('', 1000), ('spn', 1000), ('S', 1000), ('AH', 'nan')")
    prop = Property("pitch", "f0_hz", Bins(quantiles=tuple(sorted(shares))), ("x",) * (len(shares) + 1), ("AH", "B"))
    known = [v for v in values if v is not None]
    if known:
        expected = np.quantile(np.array(known, np.float64), sorted(shares))
        assert quantile_edges(con, prop) == pytest.approx(expected.tolist(), rel=1e-12)
    else:
        assert quantile_edges(con, prop) is None


def test_a_segment_counts_once_and_equal_durations_fall_together(folder: Path) -> None:
    # Segments of 60 ms start at many instants, where end - start differs in the last digits.
    study = Study(folder / "w")
    runs = [("AH", 3), ("S", 3), ("", 1), ("B", 1), ("AH", 3), ("M", 7), ("S", 3)] * 5
    phones = tuple(phone for phone, n in runs for _ in range(n))
    spoken = [Spoken(f"u{i}", ("",) * i + phones, (None,) * (i + len(phones))) for i in range(8)]
    study.ingest("c", spoken, shard_frames=10_000)
    edges = _edges(study)["duration", "c"]
    assert edges == pytest.approx([0.06, 0.06])
    group_of = {(row[4], row[3]) for row in rows(study.state, "frame_counts") if row[2] == "duration"}
    assert group_of == {("AH", "short"), ("S", "short"), ("B", "short"), ("M", "long")}


def test_edges_are_frozen_per_corpus_and_grid(folder: Path) -> None:
    study = Study(folder / "w")
    rng = np.random.default_rng(0)
    study.ingest("a", draw(rng, 6))
    first = _edges(study)
    study.ingest("b", draw(rng, 6))
    study.ingest("a", draw(rng, 6, "more"))
    assert {key: edges for key, edges in _edges(study).items() if key[1] == "a"} == first
    assert set(_edges(study)) == {(prop, corpus) for prop in ("pitch", "duration") for corpus in "ab"}
    assert list(countable(study.state, "a", GRID)) == [prop.name for prop in BUILT_IN]
    other = Grid(10_000, 12_500, 25_000)
    assert set(countable(study.state, "a", other)) == {p.name for p in BUILT_IN} - {"pitch", "duration"}


def test_a_property_that_no_frame_has_gets_no_edges_for_good(folder: Path) -> None:
    study = Study(folder / "w")
    study.ingest("c", [Spoken("a", ("AH", "S"), (None, None))])
    assert _edges(study)["pitch", "c"] is None
    assert set(countable(study.state, "c", GRID)) == {prop.name for prop in BUILT_IN}
    assert not any(row[2] == "pitch" for row in rows(study.state, "frame_counts"))


def test_an_unlabelled_corpus_has_pitch(folder: Path) -> None:
    study = Study(folder / "w")
    study.ingest("c", [Spoken("a", ("*",) * 7, (None, 100.0, 110.0, 150.0, 160.0, 210.0, 220.0))])
    assert _edges(study)["pitch", "c"] == pytest.approx(np.quantile([100, 110, 150, 160, 210, 220], [1 / 3, 2 / 3]))
    found = {row[3]: row[5] for row in rows(study.state, "frame_counts") if row[2] == "pitch"}
    assert found == {"low": 2, "middle": 2, "high": 2}


def test_names_with_dashes_do_not_take_each_others_edges(folder: Path) -> None:
    study = Study(folder / "w", properties=())
    for name in ("a", "a-b"):
        declare(study.layout, Property(name, "f0_hz", Bins(quantiles=(0.5,)), ("low", "high")))
    for corpus in ("b-c", "c"):
        study.ingest(corpus, [Spoken("u", ("AH",) * 3, (100.0, 200.0, 300.0))])
    assert set(_edges(study)) == {(name, corpus) for name in ("a", "a-b") for corpus in ("b-c", "c")}


def test_a_property_declared_between_freezing_and_counting_waits(folder: Path) -> None:
    study = Study(folder / "w", properties=())
    (part,) = study.plan("c", [Spoken("u", ("AH",) * 3, (100.0, 200.0, 300.0))])
    study.label(part)
    freeze_missing_edges(study.layout, "c", GRID)
    declare(study.layout, PITCH)
    study.record(part, np.random.default_rng(0))
    (shard,) = study.state.of_kind("shard")
    assert shard.facts["counted"] == []  # not counted as if no frame had a pitch
    fill(study.layout)
    found = {row[3]: row[5] for row in rows(study.state, "frame_counts")}
    assert found == {"low": 1, "middle": 1, "high": 1}
