"""Small warehouses that Hypothesis draws: labels, models, activations, and the surface over them."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from random import Random
from typing import Any

import duckdb
from hypothesis import strategies as st

from queries.facts import Layer, SurfaceFacts
from queries.surface import create_surface
from warehouse.grid import Grid
from warehouse.properties import Bins, Property
from warehouse.schema import TABLES, table

CLASSES = {"AA": "vowel", "IY": "vowel", "B": "voiced", "S": "unvoiced"}
VOICED = ("AA", "IY", "B")
HISS = "CASE phone WHEN 'S' THEN 'hiss' ELSE lower(phone_class) END"
PROPERTIES = (
    Property("phone_class", "phone_class"),
    Property("phone", "phone"),
    Property("gender", "gender"),
    Property("speaker", "speaker"),
    Property("hiss", HISS),
    Property("pitch", "f0_hz", Bins(edges=(120.0, 180.0)), ("low", "middle", "high"), VOICED),
)
GRID = (20_000, 12_500, 25_000)


@dataclass(frozen=True)
class Frame:
    """A frame and everything that a question can ask of it."""

    id: int
    corpus: str
    utterance: int
    number: int
    phone: str
    is_middle: bool
    is_last_run: bool
    gender: str | None
    speaker: str
    f0: float | None
    segment: int = 0

    def group(self, prop: str) -> str | None:
        """The group under a property, as its definition says."""
        if self.phone in ("", "spn"):
            return None
        if prop == "pitch":
            return None if self.f0 is None else "low" if self.f0 <= 120 else "middle" if self.f0 <= 180 else "high"
        by_phone = {
            "phone_class": CLASSES[self.phone],
            "phone": self.phone,
            "hiss": "hiss" if self.phone == "S" else CLASSES[self.phone],
        }
        return by_phone.get(prop) or {"gender": self.gender, "speaker": self.speaker}[prop]


@dataclass
class Model:
    """A model: its λ, its widths by layer, what it has recorded in which shard, and the ranked neurons."""

    name: str
    lambda_pct: float
    widths: dict[int, int]
    shards: dict[int, int]
    ranked: dict[tuple[int, int], list[int]] = field(default_factory=dict)

    def top_k(self, layer: int, lambda_pct: float | None = None) -> int:
        """K of a layer, docs/method.md."""
        share = self.lambda_pct if lambda_pct is None else lambda_pct
        return max(1, math.floor(share * self.widths[layer] / 100 + 0.5))


@dataclass
class Study:
    """Drawn frames, declared phones of each corpus, and models."""

    frames: list[Frame]
    phones: dict[str, set[str]]
    models: list[Model]


SPOKEN = st.tuples(
    st.sampled_from(["c", "d"]),
    st.sampled_from(["s1", "s2"]),
    st.sampled_from(["M", "F", "M", "F", None]),
    st.lists(st.tuples(st.sampled_from([*CLASSES, *CLASSES, "", "spn"]), st.integers(1, 4)), min_size=3, max_size=8),
)
"""Corpus, speaker, gender, and runs of phones of an utterance."""


@st.composite
def studies(draw: st.DrawFn, least: int = 1, most: int = 2) -> Study:
    """Two corpora at most, a few utterances of a few runs, ``least`` to ``most`` models with two layers each."""
    random = Random(draw(st.integers(0, 999)))
    frames: list[Frame] = []
    for utterance, (corpus, speaker, gender, runs) in enumerate(draw(st.lists(SPOKEN, min_size=2, max_size=6))):
        phones = [phone for phone, length in runs for _ in range(length)]
        start = 0
        for segment, (phone, same) in enumerate(groupby(phones)):
            length = len(list(same))
            for number in range(start, start + length):
                middle, last = number == (2 * start + length - 1) // 2, start + length == len(phones)
                f0 = random.choice([None, 100.0, 120.0, 150.0, 200.0])
                numbers = (len(frames), corpus, utterance, number)
                frames.append(Frame(*numbers, phone, middle, last, gender, speaker, f0, segment))
            start += length
    models = [draw(_models(name, frames, random)) for name in ["a", "b", "c"][: draw(st.integers(least, most))]]
    return Study(
        frames,
        {
            corpus: {frame.phone for frame in frames if frame.corpus == corpus} - {"", "spn"}
            | draw(st.sets(st.sampled_from([*CLASSES])))
            for corpus in sorted({frame.corpus for frame in frames})
        },
        models,
    )


@st.composite
def _models(draw: st.DrawFn, name: str, frames: list[Frame], random: Random) -> Model:
    widths = {layer: draw(st.sampled_from([7, 20])) for layer in (1, 2)}
    utterances = sorted({frame.utterance for frame in frames})
    recorded = utterances if draw(st.booleans()) else draw(st.sets(st.sampled_from(utterances), min_size=1))
    several = draw(st.booleans())
    shards = {utterance: utterance % 2 if several else 0 for utterance in recorded}
    model = Model(name, draw(st.sampled_from([10.0, 15.0, 30.0])), widths, shards)
    for layer, width in widths.items():
        for frame in frames:
            if frame.utterance in shards:
                # Neurons of the phone, of the gender, of everybody, and chance, so that sets are not empty.
                liked = [["AA", "IY", "B", "S", "", "spn"].index(frame.phone), 4 + "MF".find(frame.gender or "M"), 6]
                random.shuffle(liked)
                others = random.sample(range(width), width)
                ranked = list(dict.fromkeys([*liked[: random.randint(0, 3)], *others]))
                model.ranked[layer, frame.id] = ranked[: model.top_k(layer)]
    return model


def reads(frame: Frame, reading: str) -> bool:
    return reading == "all" or (frame.is_middle and (reading == "middle" or not frame.is_last_run))


def tables(study: Study) -> Iterator[tuple[str, dict[str, list[Any]]]]:
    """The warehouse's tables; counts in one part a shard."""

    def columns(name: str, rows: Iterable[tuple]) -> tuple[str, dict[str, list[Any]]]:
        listed = list(rows)
        names = [column for column, *_ in TABLES[name].columns]
        return name, {column: [row[i] for row in listed] for i, column in enumerate(names)}

    utterances = {frame.utterance: frame for frame in study.frames}
    yield columns(
        "utterances", [(u, f.corpus, f"u{u}", f.speaker, f.gender, 1.0, None, None) for u, f in utterances.items()]
    )
    yield columns("phones", [(c, phone, CLASSES[phone]) for c, phones in study.phones.items() for phone in phones])
    yield columns(
        "frames",
        [
            (f.id, *GRID, f.utterance, f.number, f.segment, f.phone, f.is_middle, f.is_last_run, f.f0, None)
            for f in study.frames
        ],
    )
    yield columns(
        "models",
        [(m.name, "x", "x", "x", *GRID, 16_000, False, len(m.widths), m.lambda_pct) for m in study.models],
    )
    yield columns(
        "layers",
        [(m.name, n, n, "ffn", w, m.top_k(n), "i", "o", *GRID) for m in study.models for n, w in m.widths.items()],
    )
    yield columns("recordings", [(m.name, u, 1, f"{s}") for m in study.models for u, s in m.shards.items()])
    yield "properties", {"property": [p.name for p in PROPERTIES], "definition": [p.definition for p in PROPERTIES]}
    yield columns(
        "activations",
        [
            (m.name, layer, frame, rank, neuron)
            for m in study.models
            for (layer, frame), ranked in m.ranked.items()
            for rank, neuron in enumerate(ranked)
        ],
    )
    n_frames: dict[tuple, Counter[str]] = defaultdict(Counter)
    n_active: dict[tuple, Counter[str]] = defaultdict(Counter)
    for model in study.models:
        for frame in study.frames:
            if frame.utterance in model.shards:
                part = (model.shards[frame.utterance], model.name, frame.corpus)
                for prop in PROPERTIES:
                    group = frame.group(prop.name)
                    if group is not None:
                        readings = [reading for reading in ("all", "middle", "reference") if reads(frame, reading)]
                        n_frames[*part, prop.name, group, frame.phone].update(readings)
                        for layer in model.widths:
                            for neuron in model.ranked[layer, frame.id]:
                                key = (*part, layer, prop.name, group, frame.phone, neuron)
                                n_active[key].update(readings)
    for name, counted in (("frame_counts", n_frames), ("activation_counts", n_active)):
        grid = GRID if name == "frame_counts" else ()
        yield columns(name, [(*key[1:], n["all"], n["middle"], n["reference"], *grid) for key, n in counted.items()])


def opened(study: Study) -> duckdb.DuckDBPyConnection:
    """The surface over a study."""
    con = duckdb.connect()
    filled: Mapping[str, dict] = dict(tables(study))
    for name in TABLES:
        con.from_arrow(table(name, filled.get(name, {}))).create(name)
    one_part = all(len(set(model.shards.values())) == 1 for model in study.models)
    recorded = {
        m.name: tuple(sorted({f.corpus for f in study.frames if f.utterance in m.shards})) for m in study.models
    }
    facts = SurfaceFacts(
        {m.name: m.lambda_pct for m in study.models},
        tuple(Layer(m.name, n, w, m.top_k(n), Grid(*GRID)) for m in study.models for n, w in m.widths.items()),
        tuple(study.phones),
        PROPERTIES,
        frozenset(prop.name for prop in PROPERTIES) if one_part else frozenset(),
        recorded,
    )
    create_surface(con, facts, comments=False)
    return con
