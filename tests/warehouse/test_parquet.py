"""Row groups and size of the files."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse import Commit, create, snapshot
from warehouse.parquet import Format, row_groups

pieces_of_a_table = st.lists(st.tuples(st.sampled_from("ab"), st.lists(st.integers(0, 9), max_size=9)), max_size=9)


@settings(max_examples=200, deadline=None)
@given(pieces=pieces_of_a_table, most=st.integers(1, 6))
def test_row_groups_keep_rows_and_order_and_do_not_straddle(pieces: list[tuple[str, list[int]]], most: int) -> None:
    tables = [
        pa.table({"key": pa.array([key] * len(v), pa.string()), "v": pa.array(v, pa.int64())}) for key, v in pieces
    ]
    found = list(row_groups(tables, Format(most, ("key",))))
    expected = [(key, value) for key, values in pieces for value in values]
    assert [(row["key"], row["v"]) for group in found for row in group.to_pylist()] == expected
    for group in found:
        assert 0 < len(group) <= most
        assert len(set(group["key"].to_pylist())) == 1
    for first, second in pairwise(found):  # neighbours that fit together are together
        same = first["key"][0] == second["key"][0]
        assert not same or len(first) + len(second) > most or max(len(v) for _, v in pieces) > most


def test_a_row_group_of_activations_is_of_one_layer_and_small_on_disk(folder: Path) -> None:
    rng = np.random.default_rng(0)
    n, k, width = 20_000, 31, 3072
    layout = create(folder / "w")
    # Neurons that fire unequally often, as they do: the k strongest of a frame.
    odds = rng.lognormal(0, 1, width)

    def pieces() -> Iterator[pa.Table]:
        for layer in (1, 2):
            drawn = np.argsort(rng.exponential(1, (n // 20, width)) / odds, axis=1)[:, :k]
            yield pa.table(
                {
                    "model": pa.DictionaryArray.from_arrays(np.zeros(n * k, np.int32), ["m"]),
                    "layer": np.full(n * k, layer, np.int16),
                    "frame_id": np.repeat(np.arange(n), k),
                    "rank": np.tile(np.arange(k, dtype=np.int16), n),
                    "neuron": drawn[rng.integers(0, len(drawn), n)].ravel().astype(np.int32),
                }
            )

    with Commit(layout) as commit:
        commit.add("activations", pieces())
        commit.publish("a", "shard", {})
    state = snapshot(layout)
    (path,) = state.files("activations")
    file = pq.ParquetFile(path)
    layers = [set(file.read_row_group(i)["layer"].to_pylist()) for i in range(file.num_row_groups)]
    assert all(len(found) == 1 for found in layers)
    assert state.bytes("activations") * 8 / state.rows("activations") <= 13.5
