"""Every answer against the definitions written out in plain Python, over drawn labels, activations and questions."""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queries.facts import Layer, SurfaceFacts
from queries.surface import create_surface
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
GRID = (20_000, 12_500)


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


@dataclass(frozen=True)
class Question:
    """The parameters of the macros, without ``p_``."""

    model: str | None = None
    corpus: str | None = None
    property: str | None = None
    layer: int | None = None
    frames: str = "all"
    lambda_: float | None = None
    sigma: float = 0.8
    baseline: float | None = None
    min_frames: int | None = None
    z: float | None = None
    where: str | None = None


def parameters(asked: Question, names: Collection[str] | None = None) -> str:
    """A question as SQL, or those of its parameters that are named."""
    given = {name.rstrip("_"): value for name, value in vars(asked).items() if value is not None}
    literals = {name: "'" + v.replace("'", "''") + "'" if isinstance(v, str) else v for name, v in given.items()}
    return ", ".join(f"p_{name} := {value}" for name, value in literals.items() if names is None or name in names)


CONDITIONS = {
    "frame > 1": lambda frame: frame.number > 1,
    "gender = 'M'": lambda frame: frame.gender == "M",
    "f0_hz > 120 AND speaker <> 's1'": lambda frame: (frame.f0 or 0) > 120 and frame.speaker != "s1",
    "utterance_id IN (SELECT utterance_id FROM recordings)": lambda frame: True,
    "false": lambda frame: False,
}


SPOKEN = st.tuples(
    st.sampled_from(["c", "d"]),
    st.sampled_from(["s1", "s2"]),
    st.sampled_from(["M", "F", "M", "F", None]),
    st.lists(st.tuples(st.sampled_from([*CLASSES, *CLASSES, "", "spn"]), st.integers(1, 4)), min_size=3, max_size=8),
)
"""Corpus, speaker, gender, and runs of phones of an utterance."""


@st.composite
def studies(draw: st.DrawFn) -> Study:
    """Two corpora at most, a few utterances of a few runs, two models at most, with two layers each."""
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
    models = [draw(_models(name, frames, random)) for name in ["a", "b"][: draw(st.integers(1, 2))]]
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


def questions(study: Study) -> st.SearchStrategy[Question]:
    """Questions that a study can answer."""
    least = min(model.lambda_pct for model in study.models)
    return st.builds(
        Question,
        model=st.sampled_from([None, *(model.name for model in study.models)]),
        corpus=st.sampled_from([None, *study.phones]),
        property=st.sampled_from([None, *(prop.name for prop in PROPERTIES)]),
        layer=st.sampled_from([None, None, 1, 2]),
        frames=st.sampled_from(["all", "middle", "reference"]),
        lambda_=st.sampled_from([None, None, least, 5.0, 7.5, 10.0]).filter(lambda x: x is None or x <= least),
        sigma=st.sampled_from([0.3, 0.5, 2 / 3, 0.8, 1.0]),
        baseline=st.sampled_from([None, None, 0.0, 0.25, 0.5]),
        min_frames=st.sampled_from([None, None, None, 0, 2, 3]),
        z=st.sampled_from([None, None, None, 0.0, 1.0, 1.96]),
        where=st.sampled_from([None, None, None, None, *CONDITIONS]),
    )


def reads(frame: Frame, reading: str) -> bool:
    return reading == "all" or (frame.is_middle and (reading == "middle" or not frame.is_last_run))


def wilson(hits: int, n: int, z: float) -> float:
    p = hits / n
    return (p + z * z / (2 * n) + z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)


@dataclass
class Expected:
    """What the definitions give: frames of each cell, p of each cell and neuron, S_k, N_i, G_i and P."""

    cells: dict[tuple, int] = field(default_factory=dict)
    n_phones: dict[tuple, int] = field(default_factory=dict)

    probabilities: dict[tuple, tuple[int, int]] = field(default_factory=dict)
    patterns: set[tuple] = field(default_factory=set)
    candidates: dict[tuple, tuple[int, int]] = field(default_factory=dict)
    group_neurons: set[tuple] = field(default_factory=set)


def brute_force(study: Study, asked: Question) -> Expected:
    """[A] §3.2 to §4.1, word by word."""
    expected = Expected()
    for model in study.models:
        for prop in PROPERTIES:
            if asked.model in (None, model.name) and asked.property in (None, prop.name):
                for layer in model.widths:
                    if asked.layer in (None, layer):
                        _of_layer(study, model, prop, layer, asked, expected)
    return expected


def _of_layer(study: Study, model: Model, prop: Property, layer: int, asked: Question, expected: Expected) -> None:
    reference = asked.frames == "reference"
    recorded_corpora = {frame.corpus for frame in study.frames if frame.utterance in model.shards}
    in_scope = [c for c in study.phones if c in recorded_corpora and asked.corpus in (None, c)]
    inventory = {phone for corpus in in_scope for phone in study.phones[corpus]}
    holds = CONDITIONS[asked.where] if asked.where else lambda frame: True
    k = model.top_k(layer, asked.lambda_)
    n_frames: Counter[tuple[str, str]] = Counter()
    n_active: Counter[tuple[str, str, int]] = Counter()
    for frame in study.frames:
        group = frame.group(prop.name)
        counts = reference or prop.phones is None or frame.phone in prop.phones
        if (
            frame.utterance in model.shards
            and frame.corpus in in_scope
            and group is not None
            and counts
            and reads(frame, asked.frames)
            and holds(frame)
        ):
            n_frames[group, frame.phone] += 1
            for neuron in model.ranked[layer, frame.id][:k]:
                n_active[group, frame.phone, neuron] += 1
    seen = {cell: n for cell, n in n_frames.items() if n >= (asked.min_frames or 1)}
    baseline = k / model.widths[layer] if asked.baseline is None else asked.baseline
    key = (model.name, layer, prop.name)
    expected.cells |= {(*key, *cell): n for cell, n in seen.items()}
    active: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for (group, phone, neuron), hits in n_active.items():
        if (group, phone) in seen:
            n = seen[group, phone]
            expected.probabilities[(*key, group, phone, neuron)] = (hits, n)
            if (hits / n if asked.z is None else wilson(hits, n, -asked.z)) > baseline:
                expected.patterns.add((*key, group, phone, neuron))
                active[group][neuron].add(phone)
    found = Counter()
    candidates = []
    for group in {group for group, _ in seen}:
        neurons = active[group]
        n_phones = len({phone for g, phone in seen if g == group})
        if reference:
            frame_like = Frame(0, "", 0, 0, "", True, False, None, "", None)
            can_have = {
                phone
                for phone in inventory
                if prop.name not in ("phone_class", "phone", "hiss")
                or Frame(**{**vars(frame_like), "phone": phone}).group(prop.name) == group
            }
            n_phones = len(can_have)
        expected.n_phones[(*key, group)] = n_phones
        for neuron, phones in neurons.items():
            if len(phones) >= asked.sigma * n_phones - 1e-9:
                expected.candidates[(*key, group, neuron)] = (len(phones), n_phones)
                candidates.append((group, neuron))
                found[neuron] += 1
    expected.group_neurons |= {(*key, group, neuron) for group, neuron in candidates if found[neuron] == 1}


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
        [(m.name, "x", "x", "x", *GRID, 25_000, 16_000, False, len(m.widths), m.lambda_pct) for m in study.models],
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
        yield columns(name, [(*key[1:], n["all"], n["middle"], n["reference"]) for key, n in counted.items()])


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
        tuple(Layer(m.name, n, w, m.top_k(n)) for m in study.models for n, w in m.widths.items()),
        tuple(study.phones),
        PROPERTIES,
        frozenset(prop.name for prop in PROPERTIES) if one_part else frozenset(),
        recorded,
    )
    create_surface(con, facts, comments=False)
    return con


def compare(con: duckdb.DuckDBPyConnection, study: Study, asked: Question) -> None:
    expected = brute_force(study, asked)
    patterns = {cell: expected.probabilities[cell] for cell in expected.patterns}
    z = 1.96 if asked.z is None else asked.z
    for name, counted in (
        ("activation_probabilities", expected.probabilities),
        ("activation_patterns", patterns),
        ("S_k", patterns),
    ):
        rows = con.execute(f"FROM {name}({parameters(asked)})").fetchall()
        assert {row[:6]: row[6:8] for row in rows} == counted
        assert len(rows) == len(counted)
        for *_, hits, n, p, low, high in rows:
            assert p == hits / n
            assert low == pytest.approx(max(0, wilson(hits, n, -z)), abs=1e-12)
            assert high == pytest.approx(min(1, wilson(hits, n, z)), abs=1e-12)
    candidates = con.execute(f"FROM N_i({parameters(asked)})").fetchall()
    assert {row[:5]: row[5:] for row in candidates} == expected.candidates
    assert len(candidates) == len(expected.candidates)
    assert sorted(con.execute(f"FROM G_i({parameters(asked)})").fetchall()) == sorted(expected.group_neurons)
    neurons = con.execute(f"FROM property_neurons({parameters(asked)})").fetchall()
    assert sorted(neurons) == sorted((*key[:3], key[4]) for key in expected.group_neurons)


def compare_overlap(con: duckdb.DuckDBPyConnection, study: Study, asked: Question) -> None:
    everything = Question(**{**vars(asked), "property": None})
    sets: dict[tuple, set[int]] = defaultdict(set)
    for model, layer, prop, _, neuron in brute_force(study, everything).group_neurons:
        sets[model, layer, prop].add(neuron)
    names = sorted(prop.name for prop in PROPERTIES)
    expected = {
        (m.name, layer, a, b): tuple(map(len, (x := sets[m.name, layer, a], y := sets[m.name, layer, b], x & y)))
        for m in study.models
        for layer in m.widths
        for a in names
        for b in names
        if a < b and asked.property in (None, a, b) and asked.model in (None, m.name) and asked.layer in (None, layer)
    }
    rows = con.execute(f"FROM property_overlap({parameters(asked)})").fetchall()
    assert {row[:4]: row[4:] for row in rows} == expected
    assert len(rows) == len(expected)


def compare_profiles(con: duckdb.DuckDBPyConnection, study: Study, asked: Question) -> None:
    found = brute_force(study, asked)
    expected = {}
    for model in study.models:
        for layer, width in model.widths.items():
            for prop in PROPERTIES:
                if (
                    asked.model not in (None, model.name)
                    or asked.layer not in (None, layer)
                    or asked.property not in (None, prop.name)
                ):
                    continue
                key = (model.name, layer, prop.name)
                groups = {cell[3] for cell in found.cells if cell[:3] == key}
                for group in groups or {None}:
                    cell = (*key, group)
                    responds = [at for at in found.patterns if at[:4] == cell]
                    n_phones = found.n_phones.get(cell, 0)
                    expected[cell] = (
                        width,
                        sum(n for at, n in found.cells.items() if at[:4] == cell),
                        n_phones,
                        len({at[5] for at in responds}),
                        len(responds) / n_phones if n_phones else None,
                        sum(at[:4] == cell for at in found.candidates),
                        sum(at[:4] == cell for at in found.group_neurons),
                    )
    rows = con.execute(f"FROM layer_profiles({parameters(asked)})").fetchall()
    assert {row[:4]: row[4:] for row in rows} == expected
    assert len(rows) == len(expected)


def compare_segments(con: duckdb.DuckDBPyConnection, study: Study, asked: Question, neuron: int) -> None:
    holds = CONDITIONS[asked.where] if asked.where else lambda frame: True
    expected = []
    for model in study.models:
        for layer in model.widths:
            ranks: dict[tuple[int, int, str], list[int | None]] = defaultdict(list)
            for frame in study.frames:
                if frame.utterance in model.shards and asked.corpus in (None, frame.corpus) and holds(frame):
                    ranked = model.ranked[layer, frame.id][: model.top_k(layer, asked.lambda_)]
                    rank = ranked.index(neuron) if neuron in ranked else None
                    ranks[frame.utterance, frame.segment, frame.phone].append(rank)
            if asked.model in (None, model.name) and asked.layer in (None, layer):
                active = [(cell, [r for r in of_it if r is not None], len(of_it)) for cell, of_it in ranks.items()]
                active = [found for found in active if found[1]]
                active.sort(key=lambda x: (-len(x[1]) / x[2], -len(x[1]), min(x[1]), x[0]))
                for place, (cell, hits, n) in enumerate(active[:3], start=1):
                    expected.append((model.name, layer, neuron, place, *cell, len(hits), n, min(hits)))
    given = filter(None, (f"p_neuron := {neuron}", parameters(asked, {"model", "corpus", "layer", "lambda", "where"})))
    rows = con.execute(
        "SELECT model, layer, neuron, place, utterance_id, segment, phone, n_active, n_frames, best_rank "
        f"FROM top_segments(p_limit := 3, {', '.join(given)})"
    ).fetchall()
    assert rows == expected


EXAMPLES = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@EXAMPLES
@given(st.data())
def test_answers_are_what_the_definitions_say(data: st.DataObject) -> None:
    study = data.draw(studies())
    with opened(study) as con:
        for _ in range(4):
            compare(con, study, data.draw(questions(study)))


@pytest.mark.slow
@settings(EXAMPLES, max_examples=60)
@given(st.data())
def test_many_answers_are_what_the_definitions_say(data: st.DataObject) -> None:
    study = data.draw(studies())
    with opened(study) as con:
        for _ in range(4):
            asked = data.draw(questions(study))
            compare(con, study, asked)
            compare_overlap(con, study, asked)


@settings(EXAMPLES, max_examples=8)
@given(st.data())
def test_overlaps_are_what_the_definitions_say(data: st.DataObject) -> None:
    study = data.draw(studies())
    with opened(study) as con:
        compare_overlap(con, study, data.draw(questions(study)))


@settings(EXAMPLES, max_examples=15)
@given(st.data())
def test_profiles_and_segments_are_what_the_definitions_say(data: st.DataObject) -> None:
    study = data.draw(studies())
    with opened(study) as con:
        for _ in range(3):
            compare_profiles(con, study, data.draw(questions(study)))
            compare_segments(con, study, data.draw(questions(study)), data.draw(st.integers(0, 6)))
