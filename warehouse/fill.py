"""Filling gaps: counting a property over shards that were committed before it was declared."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from warehouse.commit import Commit
from warehouse.counting import FrameLabels, activation_counts, frame_counts, label_frames
from warehouse.edges import freeze_missing_edges
from warehouse.facts import frame_rows, shard_facts
from warehouse.gaps import Gap, gaps
from warehouse.grid import Grid
from warehouse.layers import layer_grids, layer_widths
from warehouse.layout import Layout, slug
from warehouse.manifest import Manifest
from warehouse.plan import cut
from warehouse.properties import Property
from warehouse.snapshot import Snapshot, snapshot

FRAMES_AT_ONCE = 100_000


def fill(layout: Layout, advance: Callable[[Gap], None] = lambda gap: None) -> None:
    """Count what is not counted yet, each property of each commit in a commit of its own.

    Args:
        layout: the warehouse.
        advance: told each gap that was filled.

    Raises:
        WarehouseError: the disk is full or not writable.
    """
    state = snapshot(layout)
    found = gaps(state)
    recorded = {(gap.manifest.facts["corpus"], gap.manifest.facts["model"]) for gap in found}
    grids = {(corpus, grid) for corpus, model in recorded for grid in layer_grids(state, model)}
    # Whole utterances at the end: they are cut where their frames are.
    for corpus, grid in sorted(grids, key=lambda found: (found[1].is_whole, found)):
        freeze_missing_edges(layout, corpus, grid)
    state = snapshot(layout)
    for gap in found:
        for prop in gap.properties:
            _fill(state, gap.manifest, prop)
        advance(gap)


def _fill(state: Snapshot, manifest: Manifest, prop: Property) -> None:
    model, corpus = manifest.facts["model"], manifest.facts["corpus"]
    widths = layer_widths(state, model)
    grids = layer_grids(state, model)
    # One property a commit: the name is taken for good, so nothing is counted twice, whoever fills what.
    with Commit(state.layout) as commit:
        for utterance_ids in _parts(state, manifest):
            ids: dict[Grid, np.ndarray] = {}
            labels: dict[Grid, FrameLabels] = {}
            for grid in dict.fromkeys(grids):
                frames = frame_rows(state, manifest.facts["shards"], grid, utterance_ids)
                ids[grid] = frames["frame_id"].to_numpy()
                labels[grid] = label_frames(shard_facts(state, corpus, frames), [prop])
                commit.add("frame_counts", frame_counts(labels[grid], grid, model, corpus))
            neurons = _neurons(state.files("activations", [manifest]), [ids[grid] for grid in grids])
            of_layers = [labels[grid] for grid in grids]
            commit.add("activation_counts", activation_counts(of_layers, neurons, widths, model, corpus))
        facts = {"of": manifest.name, "model": model, "corpus": corpus, "counted": [prop.name]}
        commit.publish(f"counts-{manifest.name}+{slug(prop.name)}", "counts", facts)


def _parts(state: Snapshot, manifest: Manifest) -> Iterator[list[int]]:
    """Utterances of a commit, a number at a time whose frames fit in memory."""
    files = state.files("recordings", [manifest])
    rows = pa.concat_tables([pq.read_table(file, columns=["utterance_id", "n_frames"]) for file in files])
    rows = rows.sort_by("utterance_id")
    numbers = rows["utterance_id"].to_pylist()
    for start, stop in cut(rows["n_frames"].to_pylist(), FRAMES_AT_ONCE):
        yield numbers[start:stop]


def _neurons(files: Sequence[str], frame_ids: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Recorded neurons of some frames, layer by layer.

    Args:
        files: files of activations, each sorted by frame and rank within a layer.
        frame_ids: (T,) the frames of each layer, ascending.

    Yields:
        (T, k) neurons of a layer.
    """
    layer, frame = pc.field("layer"), pc.field("frame_id")
    for number, of_layer in enumerate(frame_ids, start=1):
        near = (frame >= int(of_layer[0])) & (frame <= int(of_layer[-1]))
        wanted = near & (layer == number)
        pieces = [pq.read_table(file, columns=["frame_id", "neuron"], filters=wanted) for file in files]
        rows = pa.concat_tables(pieces)
        ids, neurons = rows["frame_id"].to_numpy(), rows["neuron"].to_numpy()
        order = np.argsort(ids, kind="stable")  # the files interlock where an utterance came later
        order = order[np.isin(ids[order], of_layer)]
        yield neurons[order].reshape(len(of_layer), -1)
