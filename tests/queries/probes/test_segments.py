"""Probes of segments: phones, on means that were recorded of each of them."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from drawn_means import Means, warehouse_of

from queries import connect
from queries.probes import Label, probe
from warehouse import Commit, open_layout
from warehouse.errors import QueryError
from warehouse.schema import table

N, EACH = 40, 6
PHONES = ("AA", "S", "M")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Forty utterances of ten speakers, six segments each: a phone, silence, or one too short for a frame."""
    draw = np.random.default_rng(1)
    columns = {"speaker": [f"s{i % 10}" for i in range(N)], "gender": ["F" if i % 2 else "M" for i in range(N)]}
    path = warehouse_of(tmp_path / "w", Means({1: draw.normal(size=(N, 5))}, columns))
    rows = [(utt, at, "" if at == 0 else PHONES[(utt + at) % 3]) for utt in range(N) for at in range(EACH)]
    seen = [(utt, at, phone) for utt, at, phone in rows if at != 5]
    means = draw.normal(size=(len(seen), 5))
    for row, (_, _, phone) in enumerate(seen):
        if phone:
            means[row, PHONES.index(phone)] += 4
    n = len(rows)
    with Commit(open_layout(path)) as commit:
        segments = {
            "utterance_id": [r[0] for r in rows],
            "segment": [r[1] for r in rows],
            "phone": [r[2] for r in rows],
        }
        commit.add("segments", table("segments", {**segments, "start_s": [0.0] * n, "end_s": [0.1] * n}))
        classes = {"corpus": ["c"] * 3, "phone": list(PHONES), "phone_class": ["vowel", "unvoiced", "voiced"]}
        commit.add("phones", table("phones", classes))
        commit.add(
            "segment_means",
            table(
                "segment_means",
                {
                    "model": ["m"] * len(seen),
                    "kind": ["block"] * len(seen),
                    "layer": [1] * len(seen),
                    "utterance_id": [r[0] for r in seen],
                    "segment": [r[1] for r in seen],
                    "n_frames": [5] * len(seen),
                    "mean": list(means.astype(np.float32)),
                },
            ),
        )
        commit.publish("segments-of-m", "corpus", {"corpus": "c"})
    return path


def _ask(path: Path, sql: str) -> pl.DataFrame:
    with connect(path, comments=False) as con:
        return con.sql(sql).pl()


@pytest.mark.parametrize(
    ("label", "classes"), [("phone", ["AA", "M", "S"]), ("phone_class", ["unvoiced", "voiced", "vowel"])]
)
def test_phones_are_told_from_the_means_of_segments(path: Path, label: str, classes: list[str]) -> None:
    probe(path, label, seeds=1, hidden=0, shares=(), epochs=60)
    (run,) = _ask(path, "FROM probe_runs").to_dicts()
    assert (run["unit"], run["classes"], run["n_rows"], run["split"]) == ("segment", classes, N * 4, "speaker")
    accuracy = _ask(path, "SELECT accuracy FROM probe_accuracies WHERE layer = 1")["accuracy"][0]
    assert accuracy > 0.9
    splits = _ask(path, "SELECT s.*, u.speaker FROM probe_splits AS s JOIN utterances AS u USING (utterance_id)")
    assert splits["segment"].is_not_null().all()
    assert splits.group_by("speaker").agg(pl.col("part").n_unique())["part"].max() == 1


def test_a_query_labels_segments(path: Path) -> None:
    label = Label("late", sql="SELECT utterance_id, segment, segment > 2 AS label FROM segments WHERE phone <> ''")
    probe(path, label, seeds=1, hidden=0, shares=(), leave_out_missing=True)
    (run,) = _ask(path, "FROM probe_runs").to_dicts()
    assert (run["unit"], run["class_rows"]) == ("segment", [N * 2, N * 2])


def test_segments_of_one_speaker_stay_together_when_he_is_the_label(path: Path) -> None:
    label = Label(
        "who", sql="SELECT utterance_id, segment, speaker AS label FROM segments JOIN utterances USING (utterance_id)"
    )
    probe(path, label, seeds=1, folds=4, hidden=0, shares=(), leave_out_missing=True)
    parts = _ask(path, "SELECT utterance_id, count(DISTINCT part) AS n FROM probe_splits GROUP BY 1")["n"]
    assert parts.max() == 1


def test_segments_have_no_deviations(path: Path) -> None:
    with pytest.raises(QueryError, match="segments have no deviations on record, only means"):
        probe(path, "phone", statistics="mean+std")
