"""Partial counts against plain counting over dictionaries."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from drawn_study import CLASSES, Spoken, Study, counts, draw, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse import Commit, counting
from warehouse.counting import Cells, FrameLabels, activation_counts, frame_counts
from warehouse.grid import Grid
from warehouse.properties import declared

NewFolder = Callable[[], Path]
KEYS = ("property", "layer", "group", "phone", "neuron")


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 12), k=st.integers(1, 4))
def test_counts_of_shards_are_those_of_plain_counting(new_folder: NewFolder, seed: int, n: int, k: int) -> None:
    study = Study(new_folder() / "w", top_k=k)
    study.ingest("c", draw(np.random.default_rng(seed), n), seed)
    of_frames, of_neurons = study.expected(study.groups())
    assert counts(study.state, "frame_counts") == of_frames
    assert counts(study.state, "activation_counts") == of_neurons
    order = {name: place for place, name in enumerate(declared(study.state))}
    for path in study.state.files("activation_counts"):
        found = pq.ParquetFile(path).read().to_pylist()
        keys = [(order[row["property"]], *(row[key] for key in KEYS[1:])) for row in found]
        assert keys == sorted(keys)


@st.composite
def labelled_frames(draw: st.DrawFn) -> tuple[FrameLabels, list[np.ndarray], list[int]]:
    n_frames = draw(st.integers(0, 30))
    cells = []
    for name in ("a", "b")[: draw(st.integers(0, 2))]:
        pairs = draw(
            st.lists(st.tuples(st.sampled_from("XYZ"), st.sampled_from("ijk")), min_size=n_frames, max_size=n_frames)
        )
        grouped = draw(st.lists(st.booleans(), min_size=n_frames, max_size=n_frames))
        used = sorted({pair for pair, has in zip(pairs, grouped, strict=True) if has})
        code = [used.index(pair) if has else -1 for pair, has in zip(pairs, grouped, strict=True)]
        cells.append(Cells(name, np.array(code, np.int64), tuple(g for g, _ in used), tuple(p for _, p in used)))
    flags = st.lists(st.booleans(), min_size=n_frames, max_size=n_frames)
    middle, last = np.array(draw(flags), bool), np.array(draw(flags), bool)
    widths = draw(st.lists(st.sampled_from([3, 5, 300]), max_size=3))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    neurons = [np.array([rng.permutation(w)[:2] for _ in range(n_frames)], np.uint16).reshape(-1, 2) for w in widths]
    readings = np.stack([np.ones(n_frames, bool), middle, middle & ~last])
    return FrameLabels(tuple(cells), readings), neurons, widths


@settings(max_examples=150, deadline=None)
@given(drawn=labelled_frames(), counters=st.sampled_from([1, 7, 400, 2**22]))
def test_kernel_counts_as_a_loop_does_in_sorted_order(
    drawn: tuple[FrameLabels, list[np.ndarray], list[int]], counters: int
) -> None:
    labels, neurons, widths = drawn
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "COUNTERS", counters)  # few counters at a time: the cells are counted in blocks
        found = [
            row
            for piece in activation_counts([labels] * len(widths), neurons, widths, "m", "c")
            for row in piece.to_pylist()
        ]
    expected: dict[tuple[object, ...], list[int]] = {}
    for cells in labels.cells:
        for layer, of_layer in enumerate(neurons, start=1):
            for frame, active in enumerate(of_layer.tolist()):
                code = int(cells.code[frame])
                for neuron in active if code >= 0 else ():
                    key = (cells.property, layer, cells.group[code], cells.phone[code], neuron)
                    of_key = expected.setdefault(key, [0, 0, 0])
                    for reading, counted in enumerate(labels.readings[:, frame].tolist()):
                        of_key[reading] += counted
    assert [tuple(row[key] for key in KEYS) for row in found] == sorted(expected)
    assert [[row["n"], row["n_middle"], row["n_reference"]] for row in found] == [expected[k] for k in sorted(expected)]


def test_phones_that_are_silence_or_noise_and_frames_without_a_group_do_not_count(folder: Path) -> None:
    study = Study(folder / "w")
    unknown = Spoken("a", ("", "AH", "spn", "S"), (None,) * 4, {"speaker": None, "gender": None, "accent": None})
    study.ingest("c", [unknown])
    found = {(row[2], row[3], row[4]): row[5:8] for row in rows(study.state, "frame_counts")}
    assert found == {
        ("phone_class", "vowel", "AH"): (1, 1, 1),
        ("phone_class", "unvoiced", "S"): (1, 1, 0),
        ("phone", "AH", "AH"): (1, 1, 1),
        ("phone", "S", "S"): (1, 1, 0),
        ("duration", "short", "AH"): (1, 1, 1),
        ("duration", "short", "S"): (1, 1, 0),
    }


def test_a_shard_without_any_group_is_counted_and_has_no_rows(folder: Path) -> None:
    study = Study(folder / "w")
    study.ingest("c", [Spoken("a", ("", "spn"), (None, None), {"speaker": None, "gender": None})])
    assert counts(study.state, "activation_counts") == counts(study.state, "frame_counts") == {}
    (shard,) = study.state.of_kind("shard")
    assert set(shard.facts["counted"]) == {"phone_class", "phone", "gender", "pitch", "duration", "speaker"}


def test_frame_counts_add_up_to_the_activations(folder: Path) -> None:
    study = Study(folder / "w", widths=(9,), top_k=3)
    study.ingest("c", draw(np.random.default_rng(3), 20))
    for reading in range(3):
        frames = sum(c[reading] for c in counts(study.state, "frame_counts").values())
        activations = sum(c[reading] for c in counts(study.state, "activation_counts").values())
        assert activations == 3 * frames > 0


def test_row_groups_of_counts_are_large_sorted_and_of_one_property(folder: Path) -> None:
    rng = np.random.default_rng(0)
    n, width, phones = 4000, 3072, sorted(CLASSES)
    labels = FrameLabels(
        tuple(Cells(name, rng.integers(0, 39, n), tuple("x" * 39), tuple(phones)) for name in ("a", "b")),
        np.ones((3, n), bool),
    )
    neurons = [np.array([rng.permutation(width)[:31] for _ in range(50)], np.uint16)[rng.integers(0, 50, n)]] * 12
    study = Study(folder / "w")
    with Commit(study.layout) as commit:
        commit.add("frame_counts", frame_counts(labels, Grid(20_000, 12_500, 25_000), "m", "c"))
        commit.add("activation_counts", activation_counts([labels] * 12, neurons, [width] * 12, "m", "c"))
        commit.publish("x", "counts", {"of": "nothing", "counted": ["a", "b"]})
    file = pq.ParquetFile(next(study.layout.data.glob("activation_counts/*")))
    sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    properties = [set(file.read_row_group(i)["property"].to_pylist()) for i in range(file.num_row_groups)]
    assert all(len(found) == 1 for found in properties)
    assert max(sizes) <= 491_520
    assert sum(size < 122_880 for size in sizes) <= 2  # the rest of a property
    found = file.read()
    keys = list(zip(*(found[key].to_pylist() for key in KEYS), strict=True))
    assert keys == sorted(keys)
