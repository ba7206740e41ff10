"""A study small enough to count by hand, behind the views and macros of every warehouse; and a drawn warehouse."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "warehouse"))

from drawn_study import Study, draw
from written_probes import Probe, fill, opened

from queries import Connection, connect
from queries.facts import Layer, SurfaceFacts
from queries.surface import create_surface
from warehouse.grid import Grid
from warehouse.properties import Property
from warehouse.schema import TABLES, table

GRID = (20_000, 12_500, 25_000)
SPOKEN = {
    ("c", "F", "f0"): "AA:0,1 AA:0,2 S:3,0 S:3,4",
    ("c", "M", "m0"): "AA:5,1 AA:5,6 AA:5,7 S:8,3",
}
"""(corpus, gender, speaker) -> the phone and the neurons of each frame, strongest first."""

_COUNT = """
INSERT INTO frame_counts
SELECT 'm', 'c', g.property, g."group", f.phone, count(*), count(*) FILTER (WHERE f.is_middle),
    count(*) FILTER (WHERE f.is_middle AND NOT f.is_last_run), f.hop_us, f.offset_us, f.window_us
FROM frames AS f INNER JOIN frame_groups AS g ON f.frame_id = g.frame_id GROUP BY ALL;
INSERT INTO activation_counts
SELECT 'm', 'c', a.layer, g.property, g."group", f.phone, a.neuron, count(*), count(*) FILTER (WHERE f.is_middle),
    count(*) FILTER (WHERE f.is_middle AND NOT f.is_last_run)
FROM activations AS a INNER JOIN frames AS f ON a.frame_id = f.frame_id
INNER JOIN frame_groups AS g ON f.frame_id = g.frame_id GROUP BY ALL;
"""


@pytest.fixture(scope="session")
def by_hand() -> Iterator[duckdb.DuckDBPyConnection]:
    """Model m with one layer of 10 neurons, 2 active (chance 0.2); properties gender and phone_class.

    The inventory is AA, IY (vowels) and S (unvoiced); IY is never said.
    """
    frames, activations, utterances, segments = [], [], [], []
    for number, ((corpus, gender, speaker), said) in enumerate(SPOKEN.items()):
        utterances.append((number, corpus, f"u{number}", speaker, gender, 0.08, None, None))
        spoken = [frame.split(":") for frame in said.split()]
        phones = [phone for phone, _ in spoken]
        for segment, phone in enumerate(dict.fromkeys(phones)):
            first, last = phones.index(phone), phones.index(phone) + phones.count(phone)
            segments.append((number, segment, phone, "as", first * 0.02, last * 0.02))
        for frame, (phone, neurons) in enumerate(spoken):
            first, n = phones.index(phone), phones.count(phone)  # a phone has one run in each utterance
            middle, last = frame == (2 * first + n - 1) // 2, phone == phones[-1]
            segment = list(dict.fromkeys(phones)).index(phone)
            frames.append((len(frames), *GRID, number, frame, segment, phone, middle, last, None, None))
            ranked = enumerate(int(neuron) for neuron in neurons.split(","))
            activations += [("m", 1, frames[-1][0], rank, neuron) for rank, neuron in ranked]
    rows = {
        "models": [("m", "made", "by hand", "0", *GRID, 16_000, False, 1, 20.0)],
        "layers": [("m", 1, 1, "ffn", 10, 2, "in", "out", *GRID)],
        "utterances": utterances,
        "phones": [("c", "AA", "vowel"), ("c", "IY", "vowel"), ("c", "S", "unvoiced")],
        "recordings": [("m", number, 4, "s") for number in range(len(utterances))],
        "segments": segments,
        "frames": frames,
        "activations": activations,
        "properties": [("gender", "gender"), ("phone_class", "phone_class")],
    }
    with duckdb.connect() as con:
        for name, spec in TABLES.items():
            columns = zip(spec.schema.names, zip(*rows.get(name, ()), strict=True), strict=False)
            con.from_arrow(table(name, dict(columns))).create(name)
        properties = (Property("gender", "gender"), Property("phone_class", "phone_class"))
        facts = SurfaceFacts(
            lambdas={"m": 20.0},
            layers=(Layer("m", 1, 10, 2, Grid(*GRID)),),
            corpora=("c",),
            properties=properties,
            recorded={"m": ("c",)},
            sums=frozenset(prop.name for prop in properties),
        )
        create_surface(con, facts)
        con.execute(_COUNT)
        yield con


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A warehouse of two corpora, sixty utterances of six speakers; layers of 12 and 7 neurons, two active, drawn.

    Not to be changed.
    """
    study = Study(tmp_path_factory.mktemp("drawn") / "study.warehouse")
    study.ingest("c", draw(np.random.default_rng(1), 40), seed=1)
    study.ingest("d", draw(np.random.default_rng(2), 20, prefix="v"), seed=2)
    return study


@pytest.fixture(scope="session")
def drawn_con(drawn: Study) -> Iterator[Connection]:
    """The drawn warehouse, opened."""
    with connect(drawn.layout.root) as con:
        yield con


@pytest.fixture(scope="session")
def over_probes() -> Iterator[duckdb.DuckDBPyConnection]:
    known = (Probe("p"), Probe("q", "accent"), Probe("r", "gender", "n"))
    with opened(known, models=("m", "n")) as con:
        yield con


@pytest.fixture
def probed(over_probes: duckdb.DuckDBPyConnection) -> Callable[..., duckdb.DuckDBPyConnection]:
    """Gives the surface over probes that are written down, of models m and n with two layers of 10 neurons.

    Their names are p (gender, m), q (accent, m) and r (gender, n): those that questions can name.
    """

    def over(*probes: Probe) -> duckdb.DuckDBPyConnection:
        fill(over_probes, probes)
        return over_probes

    return over
