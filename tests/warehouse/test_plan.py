"""Plans: numbers that never overlap, whoever plans at the same time."""

import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
from drawn_study import GRID, Study, draw, rows
from hypothesis import given
from hypothesis import strategies as st

from warehouse import Grid, create, snapshot
from warehouse.plan import CorpusPlan, FramePlan, corpus_plans, cut, frame_plans, plan_frames


@given(st.lists(st.integers(1, 50)), st.integers(1, 60))
def test_cuts_are_consecutive_full_and_not_too_long(durations: list[int], most: int) -> None:
    pieces = list(cut(durations, most))
    assert [i for start, stop in pieces for i in range(start, stop)] == list(range(len(durations)))
    for start, stop in pieces:
        assert sum(durations[start:stop]) <= most or stop == start + 1
    for (start, stop), (_, following) in pairwise(pieces):
        assert following > stop
        assert sum(durations[start : stop + 1]) > most  # the next one did not fit


def _ranges_do_not_touch(ranges: list[tuple[int, int]]) -> bool:
    ordered = sorted(ranges)
    return all(stop <= start for (_, stop), (start, _) in pairwise(ordered))


def test_corpora_and_grids_get_numbers_of_their_own(folder: Path) -> None:
    study = Study(folder / "w")
    rng = np.random.default_rng(0)
    study.plan("a", draw(rng, 5))
    study.plan("b", draw(rng, 3))
    study.plan("a", draw(rng, 4, "later"))
    other = Grid(10_000, 17_500, 25_000)
    for plan in corpus_plans(study.state):
        plan_frames(study.layout, plan, other, [7] * plan.n_utterances)
        plan_frames(study.layout, plan, other, [7] * plan.n_utterances)  # it has them already
    plans, frames = corpus_plans(study.state), frame_plans(study.state)
    assert [(p.corpus, p.first_utterance_id, p.n_utterances) for p in plans] == [("a", 0, 5), ("b", 5, 3), ("a", 8, 4)]
    assert [p.name for p in corpus_plans(study.state, "a")] == [plans[0].name, plans[2].name]
    assert len(frames) == 6
    assert _ranges_do_not_touch([(p.first_frame_id, p.first_frame_id + sum(p.n_frames)) for p in frames])
    assert {p.grid for p in frames} == {GRID, other}
    assert len({plan.shard_name(i) for plan in plans for i in range(len(plan.shards))}) == sum(
        len(plan.shards) for plan in plans
    )


def test_first_frames_follow_one_another() -> None:
    plan = FramePlan("plan-000002", "plan-000001", GRID, 100, (3, 0, 4))
    assert plan.first_frames() == [100, 103, 103]
    assert FramePlan("p", "q", GRID, 5, ()).first_frames() == []


PLANNER = """
import sys, time
import pyarrow.parquet as pq
from warehouse import Grid, create, snapshot
from warehouse.plan import corpus_plans, plan_corpus, plan_frames
from warehouse.schema import table
layout = create(sys.argv[1])
time.sleep(max(0, float(sys.argv[2]) - time.time()))
who = sys.argv[3]
for round in range(8):
    names = [f"both-{round}-{i}" for i in range(3)] + [f"{who}-{round}-{i}" for i in range(2)]
    def missing(state):
        known = {n for f in state.files("utterances") for n in pq.read_table(f)["utterance"].to_pylist()}
        return [i for i, name in enumerate(names) if name not in known]
    def tables(chosen, first):
        columns = {"utterance_id": list(range(first, first + len(chosen))), "corpus": ["c"] * len(chosen)}
        return {"utterances": table("utterances", columns | {"utterance": [names[i] for i in chosen]})}
    plan_corpus(layout, "c", missing, tables, [1.0] * 5, 2.0, {})
    for plan in corpus_plans(snapshot(layout)):
        plan_frames(layout, plan, Grid(20000, 12500, 25000), [5] * plan.n_utterances)
"""


def test_processes_that_plan_at_once_share_the_numbers(folder: Path) -> None:
    start = str(time.time() + 1.2)
    command = [sys.executable, "-c", PLANNER, str(folder / "w"), start]
    planners = [subprocess.Popen([*command, who], stderr=subprocess.PIPE, text=True) for who in "xyz"]
    assert [planner.communicate()[1] for planner in planners] == [""] * 3
    state = snapshot(create(folder / "w"))
    plans: list[CorpusPlan] = corpus_plans(state)
    frames = frame_plans(state)
    ids = [i for p in plans for i in range(p.first_utterance_id, p.first_utterance_id + p.n_utterances)]
    assert ids == list(range(8 * (3 + 3 * 2)))
    assert sorted(p.corpus_plan for p in frames) == sorted(p.name for p in plans)
    assert _ranges_do_not_touch([(p.first_frame_id, p.first_frame_id + sum(p.n_frames)) for p in frames])
    names = rows(state, "utterances", "utterance_id", "utterance")
    assert len({name for _, name in names}) == len(names) == len({number for number, _ in names})
