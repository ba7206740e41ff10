"""Small commits, for tests of what a commit is."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse import Layout, Snapshot, snapshot
from warehouse.schema import table


def recordings(numbers: list[int]) -> pa.Table:
    """Rows of recordings of some utterances."""
    n = len(numbers)
    return table("recordings", {"model": ["m"] * n, "utterance_id": numbers, "n_frames": [1] * n, "shard": ["s"] * n})


def numbers_of(state: Snapshot) -> list[int]:
    """Utterances of all recordings."""
    return [n for path in state.files("recordings") for n in pq.read_table(path)["utterance_id"].to_pylist()]


def left_over(layout: Layout) -> list[Path]:
    """Files in the warehouse that no commit names."""
    named = {layout.root / file.path for m in snapshot(layout).manifests for file in m.files}
    files = [p for folder in (layout.data, layout.staging) for p in folder.rglob("*") if p.is_file()]
    return [p for p in files if p not in named and p != layout.sweeping]
