"""Plans: which numbers the utterances and frames of a corpus get, and how it is cut into shards.

Plans are the only commits whose content depends on earlier ones, because numbers must not overlap. They form a
sequence, ``plan-000001``, ``plan-000002``, …; two processes that want the next place race for its name, and
the loser looks again. Everything else follows from a plan alone, whoever does the work and in whatever order.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate

import pyarrow as pa

from warehouse.commit import Commit
from warehouse.grid import Grid
from warehouse.layers import grid_of
from warehouse.layout import Layout
from warehouse.manifest import Manifest
from warehouse.snapshot import Snapshot, snapshot


@dataclass(frozen=True)
class CorpusPlan:
    """Utterances that came into a corpus together.

    Attributes:
        name: name of the commit.
        corpus: name of the corpus.
        first_utterance_id: number of the first; the others follow.
        n_utterances: how many.
        shards: (start, stop) positions in the plan, one pair a shard.
    """

    name: str
    corpus: str
    first_utterance_id: int
    n_utterances: int
    shards: tuple[tuple[int, int], ...]

    def shard_name(self, shard: int) -> str:
        """Name of a shard, unique in the warehouse."""
        return f"{self.name}-s{shard:05d}"


@dataclass(frozen=True)
class FramePlan:
    """Numbers of the frames of a corpus plan on a grid.

    Attributes:
        name: name of the commit.
        corpus_plan: name of the corpus plan.
        grid: the grid.
        first_frame_id: number of the first frame; the others follow.
        n_frames: frames of each utterance, in the order of the plan.
    """

    name: str
    corpus_plan: str
    grid: Grid
    first_frame_id: int
    n_frames: tuple[int, ...]

    def first_frames(self) -> list[int]:
        """Number of the first frame of each utterance."""
        return list(accumulate(self.n_frames[:-1], initial=self.first_frame_id)) if self.n_frames else []


def corpus_plans(state: Snapshot, corpus: str | None = None) -> list[CorpusPlan]:
    """Corpus plans of a warehouse, in order; of one corpus where it is named."""
    plans = (_corpus_plan(m) for m in _in_order(state, "corpus"))
    return [plan for plan in plans if corpus is None or plan.corpus == corpus]


def frame_plans(state: Snapshot) -> list[FramePlan]:
    """Frame plans of a warehouse, in order."""
    return [_frame_plan(m) for m in _in_order(state, "grid")]


def plan_corpus(
    layout: Layout,
    corpus: str,
    select: Callable[[Snapshot], Sequence[int]],
    tables: Callable[[Sequence[int], int], dict[str, pa.Table]],
    durations: Sequence[float],
    shard_seconds: float,
    facts: dict[str, object],
) -> None:
    """Give numbers to the utterances that a corpus does not have yet, and cut them into shards.

    Args:
        layout: the warehouse.
        corpus: name of the corpus.
        select: positions of the utterances that a state of the warehouse lacks.
        tables: rows of the plan's tables, from those positions and the first utterance_id.
        durations: seconds of each utterance, by position.
        shard_seconds: most audio in a shard; a longer utterance is a shard of its own.
        facts: what else the commit should say.
    """

    def write(commit: Commit, state: Snapshot) -> dict[str, object] | None:
        chosen = select(state)
        if not len(chosen):
            return None
        first = max((p.first_utterance_id + p.n_utterances for p in corpus_plans(state)), default=0)
        for name, rows in tables(chosen, first).items():
            commit.add(name, rows)
        shards = [list(pair) for pair in cut([durations[i] for i in chosen], shard_seconds)]
        return {
            **facts,
            "corpus": corpus,
            "first_utterance_id": first,
            "n_utterances": len(chosen),
            "shards": shards,
        }

    _append(layout, "corpus", write)


def plan_frames(layout: Layout, plan: CorpusPlan, grid: Grid, n_frames: Sequence[int]) -> None:
    """Give numbers to the frames of a corpus plan on a grid, unless it has them."""

    def write(_commit: Commit, state: Snapshot) -> dict[str, object] | None:
        earlier = frame_plans(state)
        if any(p.corpus_plan == plan.name and p.grid == grid for p in earlier):
            return None
        return {
            "corpus_plan": plan.name,
            **asdict(grid),
            "first_frame_id": max((p.first_frame_id + sum(p.n_frames) for p in earlier), default=0),
            "n_frames": list(n_frames),
        }

    _append(layout, "grid", write)


def cut(durations: Sequence[float], most: float) -> Iterator[tuple[int, int]]:
    """Cut a sequence into consecutive runs whose durations add up to at most ``most``.

    Yields:
        (start, stop) positions.
    """
    start, total = 0, 0.0
    for position, duration in enumerate(durations):
        if position > start and total + duration > most:
            yield start, position
            start, total = position, 0.0
        total += duration
    if start < len(durations):
        yield start, len(durations)


def _append(layout: Layout, kind: str, write: Callable[[Commit, Snapshot], dict[str, object] | None]) -> None:
    while True:
        state = snapshot(layout)
        number = 1 + max((int(m.name.rpartition("-")[2]) for m in state.of_kind("corpus", "grid")), default=0)
        with Commit(layout) as commit:
            facts = write(commit, state)
            if facts is None or commit.publish(f"plan-{number:06d}", kind, facts) is not None:
                return


def _in_order(state: Snapshot, kind: str) -> list[Manifest]:
    return sorted(state.of_kind(kind), key=lambda m: m.name)


def _corpus_plan(m: Manifest) -> CorpusPlan:
    shards = tuple((start, stop) for start, stop in m.facts["shards"])
    return CorpusPlan(m.name, m.facts["corpus"], m.facts["first_utterance_id"], m.facts["n_utterances"], shards)


def _frame_plan(m: Manifest) -> FramePlan:
    n_frames = tuple(m.facts["n_frames"])
    return FramePlan(m.name, m.facts["corpus_plan"], grid_of(m.facts), m.facts["first_frame_id"], n_frames)
