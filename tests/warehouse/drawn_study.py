"""A small warehouse filled by hand, and the same content in plain Python to check answers against.

It goes through the warehouse's own functions, as an ingest does, with drawn labels and activations.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from drawn_speech import CLASSES, GRID, Frame, Spoken, draw, frame_rows_of, plan_rows

from warehouse import Commit, Snapshot, create, snapshot
from warehouse.counting import activation_counts, frame_counts, label_frames
from warehouse.edges import countable, freeze_missing_edges
from warehouse.facts import frame_rows, shard_facts
from warehouse.plan import corpus_plans, frame_plans, plan_corpus, plan_frames
from warehouse.properties import BUILT_IN, Property, declare
from warehouse.schema import TABLES, table

Counts = dict[tuple[object, ...], tuple[int, int, int]]

__all__ = ["CLASSES", "GRID", "Spoken", "Study", "counts", "draw", "rows"]


@dataclass(frozen=True)
class Part:
    """A shard: some utterances of a corpus plan."""

    name: str
    corpus: str
    spoken: tuple[Spoken, ...]
    utterance_ids: tuple[int, ...]
    first_frames: tuple[int, ...]


class Study:
    """A warehouse with one model, and what was put into it."""

    def __init__(
        self,
        folder: Path,
        widths: Sequence[int] = (12, 7),
        top_k: int = 2,
        properties: Iterable[Property] = BUILT_IN,
        model: str = "m",
        segment_means: bool = False,
    ) -> None:
        self.layout = create(folder)
        self.segment_means = segment_means
        self.widths, self.top_k, self.model = widths, top_k, model
        self.frames: dict[int, Frame] = {}
        self.parts: list[Part] = []
        self.edges: dict[str, dict[str, list[float] | None]] = {}  # corpus -> property -> edges, once frozen
        layers = [
            {
                "layer": i,
                "n_neurons": n,
                "top_k": top_k,
                "in_module": f"block.{i}.in",
                "out_module": f"block.{i}.out",
                **asdict(GRID),
            }
            for i, n in enumerate(widths, start=1)
        ]
        described = {
            "model": model,
            "lambda_pct": 100 * top_k / max(widths),
            "checksum": "sha256:drawn",
            **asdict(GRID),
        }
        with Commit(self.layout) as commit:
            commit.add("models", _rows("models", [{**described, "n_layers": len(layers)}]))
            commit.add("layers", _rows("layers", [{**described, **layer, "site": "ffn"} for layer in layers]))
            commit.publish(f"model-{model}", "model", {**described, "layers": layers})
        for prop in properties:
            declare(self.layout, prop)

    @property
    def state(self) -> Snapshot:
        return snapshot(self.layout)

    def plan(self, corpus: str, spoken: Sequence[Spoken], shard_frames: int = 60) -> list[Part]:
        """Give utterances their numbers."""

        def tables(chosen: Sequence[int], first: int) -> dict[str, pa.Table]:
            return plan_rows(corpus, [spoken[i] for i in chosen], first, phones=first_time)

        first_time = not corpus_plans(self.state, corpus)
        seconds = [s.n * 0.02 for s in spoken]
        plan_corpus(self.layout, corpus, lambda _: range(len(spoken)), tables, seconds, shard_frames * 0.02 + 1e-9, {})
        plan = corpus_plans(self.state, corpus)[-1]
        plan_frames(self.layout, plan, GRID, [s.n for s in spoken])
        numbered = next(p for p in frame_plans(self.state) if p.corpus_plan == plan.name)
        ids = range(plan.first_utterance_id, plan.first_utterance_id + len(spoken))
        firsts = numbered.first_frames()
        parts = [
            Part(plan.shard_name(i), corpus, tuple(spoken[a:b]), tuple(ids[a:b]), tuple(firsts[a:b]))
            for i, (a, b) in enumerate(plan.shards)
        ]
        self.parts += parts
        return parts

    def label(self, part: Part, only: Sequence[int] | None = None) -> None:
        """Commit the frames of a shard, or of some of its utterances by place."""
        places = range(len(part.spoken)) if only is None else only
        frames = [f for place in places for f in self._truth(part, place)]
        self.frames |= {f.frame_id: f for f in frames}
        facts = {
            "shards": [part.name],
            "corpus": part.corpus,
            "utterance_ids": [part.utterance_ids[p] for p in places],
            **asdict(GRID),
        }
        with Commit(self.layout) as commit:
            commit.add("frames", frame_rows_of(frames))
            assert commit.publish(f"labels-{part.name}-{places[0]}-{len(places)}", "labels", facts)

    def record(self, part: Part, rng: np.random.Generator, only: Sequence[int] | None = None) -> None:
        """Commit drawn activations of a shard with their counts, as an ingest does."""
        places = range(len(part.spoken)) if only is None else only
        numbers = [part.utterance_ids[p] for p in places]
        state = self.state
        frames = frame_rows(state, [part.name], GRID, numbers)
        ids = frames["frame_id"].to_pylist()
        neurons = [self.strongest(layer, ids, rng) for layer in range(1, len(self.widths) + 1)]
        for layer, of_layer in enumerate(neurons, start=1):
            for frame_id, row in zip(ids, of_layer.tolist(), strict=True):
                self.frames[frame_id].neurons[layer] = row
        properties = countable(state, part.corpus, GRID)
        labels = label_frames(shard_facts(state, part.corpus, frames), properties.values())
        facts = {
            "model": self.model,
            "corpus": part.corpus,
            "shards": [part.name],
            "utterance_ids": numbers,
            "n_frames": len(ids),
            "hop_us": GRID.hop_us,
            "offset_us": GRID.offset_us,
            "counted": list(properties),
        }
        n = len(numbers)
        lengths = [part.spoken[p].n for p in places]
        columns = {"model": [self.model] * n, "utterance_id": numbers, "n_frames": lengths, "shard": [part.name] * n}
        with Commit(self.layout) as commit:
            commit.add("recordings", table("recordings", columns))
            commit.add("activations", self._activations(ids, neurons))
            commit.add("utterance_means", self._means(numbers, rng))
            if self.segment_means:
                commit.add("segment_means", self._segment_means(frames))
            commit.add("frame_counts", frame_counts(labels, GRID, self.model, part.corpus))
            counts = activation_counts([labels] * len(self.widths), neurons, self.widths, self.model, part.corpus)
            commit.add("activation_counts", counts)
            name = f"shard-{self.model}-{part.name}-{places[0]}-{len(places)}"
            assert commit.publish(name, "shard", facts)

    def strongest(self, layer: int, ids: Sequence[int], rng: np.random.Generator) -> np.ndarray:
        """(frames, k) uint16: the ranked neurons of some frames, by their numbers; here any."""
        width = self.widths[layer - 1]
        return np.array([rng.permutation(width)[: self.top_k] for _ in ids], np.uint16)

    def ingest(self, corpus: str, spoken: Sequence[Spoken], seed: int = 0, shard_frames: int = 60) -> list[Part]:
        """Plan, label and record utterances."""
        rng = np.random.default_rng(seed)
        parts = self.plan(corpus, spoken, shard_frames)
        for part in parts:
            self.label(part)
        self.freeze(corpus)
        for part in parts:
            self.record(part, rng)
        return parts

    def freeze(self, corpus: str) -> None:
        """Fix the edges of quantile properties."""
        freeze_missing_edges(self.layout, corpus, GRID)
        self.edges.setdefault(corpus, self._edges(corpus))

    def _edges(self, corpus: str) -> dict[str, list[float] | None]:
        frames = [f for f in self.frames.values() if f.corpus == corpus]
        pitched = [f.spoken.f0[f.number] for f in frames if _pitched(f.phone)]
        segments = {(f.utterance_id, f.segment): f for f in frames if f.phone not in {"", "spn"}}
        return {
            "pitch": _tertiles([np.float32(v) for v in pitched if v is not None]),
            "duration": _tertiles([_seconds(f) for f in segments.values()]),
        }

    def _truth(self, part: Part, place: int) -> Iterator[Frame]:
        spoken, first = part.spoken[place], part.first_frames[place]
        runs = [list(run) for _, run in groupby(range(spoken.n), key=lambda i: spoken.phones[i])]
        for segment, run in enumerate(runs):
            middle = (run[0] + run[-1]) // 2
            for i in run:
                yield Frame(
                    first + i,
                    part.corpus,
                    spoken,
                    part.utterance_ids[place],
                    i,
                    segment,
                    len(run),
                    i == middle,
                    run is runs[-1],
                )

    def _activations(self, ids: Sequence[int], neurons: Sequence[np.ndarray]) -> Iterator[pa.Table]:
        for layer, of_layer in enumerate(neurons, start=1):
            n, k = of_layer.shape
            yield pa.table(
                {
                    "model": pa.DictionaryArray.from_arrays(np.zeros(n * k, np.int32), [self.model]),
                    "layer": np.full(n * k, layer, np.int16),
                    "frame_id": np.repeat(np.array(ids, np.int64), k),
                    "rank": np.tile(np.arange(k, dtype=np.int16), n),
                    "neuron": of_layer.ravel().astype(np.int32),
                }
            )

    def _means(self, numbers: Sequence[int], rng: np.random.Generator) -> Iterator[pa.Table]:
        n = len(numbers)
        for kind in ("ffn", "block"):
            for layer, width in enumerate(self.widths, start=1):
                columns = {
                    "model": [self.model] * n,
                    "kind": [kind] * n,
                    "layer": [layer] * n,
                    "utterance_id": numbers,
                    "n_frames": [1] * n,
                    "mean": rng.random((n, width)).tolist(),
                    "std": rng.random((n, width)).tolist(),
                }
                yield table("utterance_means", columns)

    def _segment_means(self, frames: pa.Table) -> Iterator[pa.Table]:
        keys = list(zip(frames["utterance_id"].to_pylist(), frames["segment"].to_pylist(), strict=True))
        n_frames = Counter(keys)
        n = len(n_frames)
        for kind in ("block", "ffn"):
            for layer, width in enumerate(self.widths, start=1):
                columns = {
                    "model": [self.model] * n,
                    "kind": [kind] * n,
                    "layer": [layer] * n,
                    "utterance_id": [utterance for utterance, _ in n_frames],
                    "segment": [segment for _, segment in n_frames],
                    "n_frames": list(n_frames.values()),
                    "mean": np.random.default_rng([*sum(n_frames, ()), layer]).random((n, width)).tolist(),
                }
                yield table("segment_means", columns)

    def expected(self, groups: Mapping[str, Mapping[int, str | None]]) -> tuple[Counts, Counts]:
        """Frame counts and activation counts by plain counting.

        Args:
            groups: property -> frame_id -> group.
        """
        of_frames: dict[tuple[object, ...], Counter[int]] = defaultdict(Counter)
        of_neurons: dict[tuple[object, ...], Counter[int]] = defaultdict(Counter)
        for name, group_of in groups.items():
            for frame in self.frames.values():
                group = group_of[frame.frame_id]
                if frame.phone in {"", "spn"} or group is None or not frame.neurons:
                    continue
                key = (self.model, frame.corpus)
                for reading, counted in enumerate(frame.readings):
                    of_frames[*key, name, group, frame.phone][reading] += counted
                    for layer, neurons in frame.neurons.items():
                        for neuron in neurons:
                            of_neurons[*key, layer, name, group, frame.phone, neuron][reading] += counted
        return tuple({k: (c[0], c[1], c[2]) for k, c in found.items()} for found in (of_frames, of_neurons))  # type: ignore[return-value]

    def groups(self) -> dict[str, dict[int, str | None]]:
        """Groups of every frame under the built-in properties, by their definition in words."""
        found: dict[str, dict[int, str | None]] = {prop.name: {} for prop in BUILT_IN}
        for i, f in self.frames.items():
            edges = self.edges.get(f.corpus) or self._edges(f.corpus)
            hz = f.spoken.f0[f.number]
            found["phone_class"][i] = CLASSES.get(f.phone)
            found["phone"][i] = f.phone
            found["gender"][i] = f.spoken.metadata.get("gender")  # type: ignore[assignment]
            found["speaker"][i] = f.spoken.metadata.get("speaker")  # type: ignore[assignment]
            found["pitch"][i] = _bin(None if hz is None else np.float32(hz), edges["pitch"], ("low", "middle", "high"))
            found["duration"][i] = _bin(_seconds(f), edges["duration"], ("short", "middle", "long"))
        return found

    def by(self, column: str) -> dict[int, str | None]:
        """Group of every frame under a property that is a metadata column."""
        return {i: f.spoken.metadata.get(column) for i, f in self.frames.items()}  # type: ignore[misc]


def _rows(name: str, found: Sequence[Mapping[str, object]]) -> pa.Table:
    columns = [column for column, *_ in TABLES[name].columns if column in found[0]]
    return table(name, {column: [row[column] for row in found] for column in columns})


def _seconds(frame: Frame) -> float:
    return frame.segment_frames * 20_000 / 1e6


def _tertiles(values: Sequence[float]) -> list[float] | None:
    return np.quantile(np.array(values, np.float64), [1 / 3, 2 / 3]).tolist() if len(values) else None


def _bin(value: float | None, edges: list[float] | None, labels: Sequence[str]) -> str | None:
    if value is None or edges is None:
        return None
    return labels[sum(float(value) > edge for edge in edges)]


def _pitched(phone: str) -> bool:
    return phone not in {"", "spn"} and CLASSES.get(phone) != "unvoiced"


def rows(state: Snapshot, name: str, *columns: str) -> list[tuple]:
    """Rows of a table as a snapshot has them, in the order of the files; all columns unless some are named."""
    pieces = [pq.ParquetFile(path).read() for path in state.files(name)]
    found = pa.concat_tables([TABLES[name].schema.empty_table(), *pieces], promote_options="permissive")
    return list(zip(*(found[column].to_pylist() for column in columns or found.column_names), strict=True))


def counts(state: Snapshot, name: str) -> Counts:
    """Partial counts of a snapshot, added up; all of its frames are on one grid."""
    total: dict[tuple[object, ...], np.ndarray] = defaultdict(lambda: np.zeros(3, np.int64))
    columns = [column for column, *_ in TABLES[name].columns if not column.endswith("_us")]
    for *key, n, n_middle, n_reference in rows(state, name, *columns):
        total[tuple(key)] += (n, n_middle, n_reference)
    return {key: tuple(values.tolist()) for key, values in total.items()}
