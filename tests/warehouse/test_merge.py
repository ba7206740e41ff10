"""Merging sorted files, against sorting everything at once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.merge import added_up, in_order
from warehouse.schema import table

NewFolder = Callable[[], Path]

# For every file: which of 12 frames it holds, and how many rows make a row group.
files_of_frames = st.lists(st.integers(0, 4), min_size=12, max_size=12)


@settings(max_examples=60, deadline=None)
@given(owner=files_of_frames, n_layers=st.integers(1, 3), per_group=st.integers(1, 7))
def test_activations_of_interlocking_files_come_in_order(
    new_folder: NewFolder, owner: list[int], n_layers: int, per_group: int
) -> None:
    folder, k = new_folder(), 2
    paths = []
    for file in sorted(set(owner)):
        frames = [frame for frame, of in enumerate(owner) if of == file]
        paths.append(folder / f"{file}.parquet")
        with pq.ParquetWriter(paths[-1], table("activations", {}).schema) as out:
            for layer in range(1, n_layers + 1):
                rows = [(layer, frame, rank, 100 * layer + 10 * frame + rank) for frame in frames for rank in range(k)]
                columns = dict(zip(("layer", "frame_id", "rank", "neuron"), zip(*rows, strict=True), strict=True))
                out.write_table(table("activations", {"model": ["m"] * len(rows), **columns}), row_group_size=per_group)
    pieces = list(in_order("activations", paths))
    found = [tuple(row.values())[1:] for piece in pieces for row in piece.to_pylist()]
    assert found == [
        (layer, frame, rank, 100 * layer + 10 * frame + rank)
        for layer in range(1, n_layers + 1)
        for frame in range(12)
        for rank in range(k)
    ]
    assert all(len(set(piece["layer"].to_pylist())) == 1 for piece in pieces)


def test_files_that_do_not_interlock_are_read_one_row_group_at_a_time(folder: Path) -> None:
    paths = []
    for file in range(3):
        ids = np.arange(1000) + 1000 * file
        paths.append(folder / f"{file}.parquet")
        pq.write_table(table("frames", {"frame_id": ids}), paths[-1], row_group_size=100)
    pieces = list(in_order("frames", paths[::-1]))
    assert [len(piece) for piece in pieces] == [100] * 30
    assert pa.concat_tables(pieces)["frame_id"].to_pylist() == list(range(3000))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n_files=st.integers(1, 4))
def test_counts_are_added_up_per_key_in_order(new_folder: NewFolder, seed: int, n_files: int) -> None:
    folder, rng = new_folder(), np.random.default_rng(seed)
    expected: dict[tuple[object, ...], np.ndarray] = {}
    files = []
    for file in range(n_files):
        n = int(rng.integers(1, 40))
        keys = {
            "model": ["m"] * n,
            "corpus": ["c"] * n,
            "layer": rng.integers(1, 3, n),
            "property": rng.choice(["it's", 'a "b"'], n),
            "group": rng.choice(["", "x", "ü"], n),
            "phone": rng.choice(["AH", "S"], n),
            "neuron": rng.integers(0, 3, n),
        }
        values = rng.integers(0, 2**40, (3, n))
        columns = dict(zip(("n", "n_middle", "n_reference"), values, strict=True))
        rows = table("activation_counts", keys | columns)
        for *key, a, b, c in zip(*(column.to_pylist() for column in rows.columns), strict=True):
            expected[tuple(key)] = expected.get(tuple(key), np.zeros(3, np.int64)) + np.array([a, b, c])
        files.append(str(folder / f"{file}.parquet"))
        pq.write_table(rows, files[-1])
    pieces = list(added_up("activation_counts", f"FROM read_parquet({files})", folder / "spill"))
    found = [tuple(row.values()) for piece in pieces for row in piece.to_pylist()]
    by_order = sorted(expected, key=lambda key: (key[3], key[2], *key[4:]))
    assert [row[:7] for row in found] == by_order
    assert [row[7:] for row in found] == [tuple(expected[key].tolist()) for key in by_order]
    assert list(added_up("activation_counts", f"FROM read_parquet({files[:1]}) WHERE false", folder / "spill")) == []
