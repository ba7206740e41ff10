"""How fast property neurons come, at the size of LibriSpeech dev-clean: 968,842 frames, 12 x 3072 neurons.

    python benchmarks/answers.py ../shared/data/dev-clean-labels [--warehouse drawn.warehouse]

From counts, the figure is the time of ``FROM property_neurons(p_property := …)`` over all layers. From facts, at
λ = 0.5, the baseline is NumPy doing the same work from the same files: read, count by cell and neuron, and keep the
neurons of exactly one group.
"""

import argparse
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from drawn import LAYERS, TOP_K, WIDTH, dev_clean
from figures import figure, seconds

from queries import connect
from warehouse import snapshot
from warehouse.properties import UNVOICED, VOICED, VOWELS

REPEATS = 5
HALF = 15  # neurons of a frame at λ = 0.5: floor(0.005 * 3072 + 0.5)


def numpy_gender_neurons(warehouse: Path, sigma: float = 0.8) -> set[tuple[int, int]]:
    """Property neurons of gender at λ = 0.5, all layers, by NumPy alone."""
    state = snapshot(warehouse)
    phones = sorted(VOWELS + VOICED + UNVOICED)
    frames = pl.read_parquet(list(state.files("frames")), columns=["frame_id", "utterance_id", "phone"])
    genders = pl.read_parquet(list(state.files("utterances")), columns=["utterance_id", "gender"])
    known = frames.join(genders, on="utterance_id").sort("frame_id")
    phone = known["phone"].replace_strict({p: i for i, p in enumerate(phones)}, default=-1).to_numpy()
    cell = np.where(phone < 0, -1, phone + len(phones) * (known["gender"] == "M").to_numpy())
    sizes = np.bincount(cell[cell >= 0], minlength=2 * len(phones))
    first = int(known["frame_id"][0])
    found = set()
    for layer in range(1, LAYERS + 1):
        wanted = [("layer", "=", layer), ("rank", "<", HALF)]
        rows = pq.read_table(list(state.files("activations")), columns=["frame_id", "neuron"], filters=wanted)
        of_row = cell[rows["frame_id"].to_numpy() - first]
        counts = of_row >= 0
        flat = of_row[counts] * WIDTH + rows["neuron"].to_numpy()[counts]
        n = np.bincount(flat, minlength=len(sizes) * WIDTH).reshape(2, len(phones), WIDTH)
        active = n > HALF / WIDTH * sizes.reshape(2, len(phones), 1)
        shown = (sizes.reshape(2, len(phones)) > 0).sum(axis=1)
        candidate = active.sum(axis=1) >= sigma * shown[:, None] - 1e-9
        found |= {(layer, int(j)) for j in np.flatnonzero(candidate.sum(axis=0) == 1)}
    return found


def main() -> None:
    """Build the warehouse if need be, and time the questions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--warehouse", type=Path, help="where to keep the drawn warehouse between runs")
    arguments = parser.parse_args()
    with dev_clean(arguments.labels, arguments.warehouse) as warehouse, connect(warehouse, threads=2) as con:
        for prop in ("phone_class", "gender", "pitch", "speaker"):
            question = f"SELECT count(*) FROM property_neurons(p_property := '{prop}')"
            con.sql(question).fetchall()
            figure(f"{prop} from counts", seconds(lambda q=question: con.sql(q).fetchall(), REPEATS), "s")
        question = "SELECT layer, neuron FROM property_neurons(p_property := 'gender', p_lambda := 0.5)"
        answer = set(con.sql(question).fetchall())
        if answer != numpy_gender_neurons(warehouse):
            raise SystemExit("SQL and NumPy do not agree")
        pairs = [
            (seconds(lambda: con.sql(question).fetchall(), 1), seconds(lambda: numpy_gender_neurons(warehouse), 1))
            for _ in range(3)
        ]
        mine, baseline = (sorted(column)[1] for column in zip(*pairs, strict=True))
        figure(f"gender at λ = 0.5 from {LAYERS} x {TOP_K} ranks a frame", mine, "s", baseline, "NumPy")


if __name__ == "__main__":
    main()
