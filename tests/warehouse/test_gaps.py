"""Gaps: counting later gives what counting at commit time would have given."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from drawn_study import GRID, Spoken, Study, counts, draw, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse import fill as fill_module
from warehouse.compact import compact
from warehouse.edges import countable
from warehouse.fill import fill
from warehouse.gaps import gaps
from warehouse.properties import BUILT_IN, Bins, Property, declare
from warehouse.schema import table

NewFolder = Callable[[], Path]
ACCENT = Property("accent", "accent")


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 8), at_once=st.sampled_from([25, 250_000]))
def test_counting_later_is_counting_at_commit_time(new_folder: NewFolder, seed: int, n: int, at_once: int) -> None:
    spoken = draw(np.random.default_rng(seed), n)
    early, late = Study(new_folder() / "w"), Study(new_folder() / "w", properties=())
    for study in (early, late):
        study.ingest("c", spoken, seed)
    for prop in BUILT_IN:
        declare(late.layout, prop)
    assert {p.name for gap in gaps(late.state) for p in gap.properties} == {p.name for p in BUILT_IN}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fill_module, "FRAMES_AT_ONCE", at_once)
        fill(late.layout)
    assert gaps(late.state) == []
    for name in ("frame_counts", "activation_counts"):
        assert counts(late.state, name) == counts(early.state, name)


def test_a_property_declared_later_is_counted_once(folder: Path) -> None:
    study = Study(folder / "w")
    study.ingest("c", draw(np.random.default_rng(0), 12))
    assert gaps(study.state) == []
    declare(study.layout, ACCENT)
    told: list[str] = []
    shards = [m.name for m in study.state.of_kind("shard")]
    assert len(shards) > 1
    fill(study.layout, lambda gap: told.append(gap.manifest.name))
    fill(study.layout, lambda gap: told.append(gap.manifest.name))
    assert told == shards
    expected = study.expected(study.groups() | {"accent": study.by("accent")})
    assert (counts(study.state, "frame_counts"), counts(study.state, "activation_counts")) == expected


def test_two_that_fill_overlapping_gaps_count_nothing_twice(folder: Path) -> None:
    study = Study(folder / "w", properties=())
    study.ingest("c", draw(np.random.default_rng(0), 8))
    declare(study.layout, ACCENT)
    before = study.state  # of a process that knows of one property only
    declare(study.layout, BUILT_IN[0])
    fill(study.layout)
    for gap in gaps(before):
        for prop in gap.properties:
            fill_module._fill(before, gap.manifest, prop)
    assert len(list(study.state.of_kind("counts"))) == 2 * len(list(study.state.of_kind("shard")))
    groups = {"accent": study.by("accent"), "phone_class": study.groups()["phone_class"]}
    assert (counts(study.state, "frame_counts"), counts(study.state, "activation_counts")) == study.expected(groups)


def test_edges_of_a_property_declared_later_are_frozen_when_it_is_counted(folder: Path) -> None:
    study = Study(folder / "w", properties=())
    study.ingest("c", draw(np.random.default_rng(0), 8))
    declare(study.layout, BUILT_IN[3])
    assert BUILT_IN[3].name not in countable(study.state, "c", GRID)
    fill(study.layout)
    expected = study.expected({"pitch": study.groups()["pitch"]})
    assert (counts(study.state, "frame_counts"), counts(study.state, "activation_counts")) == expected
    assert expected[0]


def test_gaps_of_merged_commits_are_filled_too(folder: Path) -> None:
    study = Study(folder / "w")
    study.ingest("c", draw(np.random.default_rng(0), 12))
    compact(study.layout)
    declare(study.layout, ACCENT)
    assert len(gaps(study.state)) == 1
    fill(study.layout)
    expected = study.expected(study.groups() | {"accent": study.by("accent")})
    assert (counts(study.state, "frame_counts"), counts(study.state, "activation_counts")) == expected


def test_neurons_of_some_frames_are_found_in_files_that_interlock(folder: Path) -> None:
    rng = np.random.default_rng(0)
    neurons = {layer: rng.integers(0, 50, (40, 3)) for layer in (1, 2)}
    files = []
    for file, frames in enumerate((range(0, 40, 2), range(1, 40, 4), range(3, 40, 4))):
        columns: dict[str, list] = {"layer": [], "frame_id": [], "rank": [], "neuron": []}
        for layer, frame, rank in product((1, 2), frames, range(3)):
            row = (layer, frame, rank, neurons[layer][frame, rank])
            for values, value in zip(columns.values(), row, strict=True):
                values.append(value)
        files.append(str(folder / f"{file}.parquet"))
        rows_of_file = table("activations", {"model": ["m"] * len(columns["layer"]), **columns})
        pq.write_table(rows_of_file, files[-1], row_group_size=7)
    wanted = np.array([3, 4, 5, 17, 30])
    found = list(fill_module._neurons(files, [wanted, wanted]))
    assert [of_layer.tolist() for of_layer in found] == [neurons[layer][wanted].tolist() for layer in (1, 2)]


def test_a_column_that_only_another_corpus_has_labels_nothing(folder: Path) -> None:
    study = Study(folder / "w")
    study.ingest("with", draw(np.random.default_rng(0), 4))
    declare(study.layout, ACCENT)
    declare(study.layout, Property("older", "age", Bins(edges=(50.0,)), ("no", "yes")))
    study.ingest("old", [Spoken("o", ("AH", "S"), (None, None), {"age": 51})])
    study.ingest("without", [Spoken("x", ("AH", "S"), (None, None), {"speaker": "s"})])
    fill(study.layout)
    found = {(row[1], row[2], row[3]) for row in rows(study.state, "frame_counts")}
    assert {group for corpus, name, group in found if name == "accent"} == {"north", "south"}
    assert {(corpus, group) for corpus, name, group in found if name == "older"} == {("old", "yes")}
    assert gaps(study.state) == []
