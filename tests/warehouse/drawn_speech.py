"""Drawn speech: utterances and their frames in plain Python, and as rows of the warehouse's tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import pyarrow as pa

from warehouse import Grid
from warehouse.properties import UNVOICED, VOICED, VOWELS
from warehouse.schema import table

GRID = Grid(20_000, 12_500, 25_000)
CLASSES = dict.fromkeys(VOWELS, "vowel") | dict.fromkeys(VOICED, "voiced") | dict.fromkeys(UNVOICED, "unvoiced")


@dataclass(frozen=True)
class Spoken:
    """An utterance: a phone and F0 (Hz, None = unvoiced) per frame, and metadata."""

    name: str
    phones: tuple[str, ...]
    f0: tuple[float | None, ...]
    metadata: Mapping[str, object] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return len(self.phones)


@dataclass
class Frame:
    """All that is known of a recorded frame, in plain Python."""

    frame_id: int
    corpus: str
    spoken: Spoken
    utterance_id: int
    number: int
    segment: int
    segment_frames: int
    is_middle: bool
    is_last_run: bool
    neurons: dict[int, list[int]] = field(default_factory=dict)  # layer -> ranked neurons

    @property
    def phone(self) -> str:
        return self.spoken.phones[self.number]

    @property
    def readings(self) -> tuple[int, int, int]:
        return (1, int(self.is_middle), int(self.is_middle and not self.is_last_run))


def draw(rng: np.random.Generator, n: int, prefix: str = "u", n_speakers: int = 3) -> list[Spoken]:
    """Utterances with random phones, silences, F0 and metadata."""
    phones = ["", "spn", "AH", "IY", "B", "S", "T", "M"]
    found = []
    for i in range(n):
        runs = [str(p) for p in rng.choice(phones, rng.integers(1, 9)) for _ in range(rng.integers(1, 5))]
        f0 = [round(float(v), 3) if v > 100 else None for v in rng.uniform(40, 300, len(runs))]
        speaker = int(rng.integers(n_speakers))
        metadata = {
            "speaker": f"s{speaker}",
            "gender": [None, "M", "F"][speaker % 3],
            "accent": str(rng.choice(["north", "south"])),
        }
        found.append(Spoken(f"{prefix}{i}", tuple(runs), tuple(f0), metadata))
    return found


def plan_rows(corpus: str, spoken: Sequence[Spoken], first: int, phones: bool) -> dict[str, pa.Table]:
    metadata = {
        key: [s.metadata.get(key) for s in spoken] for key in dict.fromkeys(k for s in spoken for k in s.metadata)
    }
    own = {key: metadata.pop(key) for key in ("speaker", "gender") if key in metadata}
    columns = {
        "utterance_id": list(range(first, first + len(spoken))),
        "corpus": [corpus] * len(spoken),
        "utterance": [s.name for s in spoken],
        "duration": [s.n * 0.02 for s in spoken],
        **own,
        **metadata,
    }
    extra = [pa.field(key, pa.array(values).type) for key, values in metadata.items()]
    segments: dict[str, list[object]] = {"utterance_id": [], "segment": [], "phone": [], "start_s": [], "end_s": []}
    for number, s in enumerate(spoken, start=first):
        start = 0
        for index, (phone, run) in enumerate(groupby(s.phones)):
            end = start + len(list(run))
            row = (number, index, phone, start * 20_000 / 1e6, end * 20_000 / 1e6)
            for values, value in zip(segments.values(), row, strict=True):
                values.append(value)
            start = end
    inventory = list(CLASSES) if phones else []
    classes = [CLASSES[p] for p in inventory]
    return {
        "utterances": table("utterances", columns, extra),
        "segments": table("segments", segments),
        "phones": table("phones", {"corpus": [corpus] * len(inventory), "phone": inventory, "phone_class": classes}),
    }


def frame_rows_of(frames: Sequence[Frame]) -> pa.Table:
    n = len(frames)
    return table(
        "frames",
        {
            "frame_id": [f.frame_id for f in frames],
            "hop_us": [GRID.hop_us] * n,
            "window_us": [GRID.window_us] * n,
            "offset_us": [GRID.offset_us] * n,
            "utterance_id": [f.utterance_id for f in frames],
            "frame": [f.number for f in frames],
            "segment": [f.segment for f in frames],
            "phone": [f.phone for f in frames],
            "is_middle": [f.is_middle for f in frames],
            "is_last_run": [f.is_last_run for f in frames],
            "f0_hz": [f.spoken.f0[f.number] for f in frames],
            "given_pitch": [None] * n,
        },
    )
