"""The definitions of the papers written out in plain Python, and questions to ask of them and of SQL alike."""

import math
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from hypothesis import strategies as st
from small_studies import PROPERTIES, Frame, Model, Study, reads

from warehouse.properties import Property


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
