"""Warehouses whose files were written before layers could have frames of their own: read, added to, compacted."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from drawn_study import Study, draw

from queries import connect
from queries.checks import run_checks
from warehouse import snapshot
from warehouse.compact import compact
from warehouse.properties import Property, declare

LATER = {"frames": ["window_us"], "layers": ["window_us"], "frame_counts": ["hop_us", "offset_us", "window_us"]}
SQL = 'SELECT layer, "group", neuron, n_phones_active, n_phones FROM group_candidates({}) ORDER BY ALL'
QUESTIONS = (
    "p_property := 'gender'",
    "p_property := 'pitch', p_frames := 'reference', p_sigma := 0.03",
    "p_property := 'speaker', p_where := 'frame > 1', p_sigma := 0.3",
)

CHECKED = ("frames_are_numbered", "frame_counts_are_frames", "activation_counts_add_up", "recorded_frames_exist")


def as_it_was(folder: Path) -> None:
    """Take from every file and manifest what the first version did not write."""
    for path in (folder / "manifests").glob("*.json"):
        manifest = json.loads(path.read_text())
        del manifest["schema"]
        for layer in manifest["facts"].get("layers", ()):
            for name in ("hop_us", "offset_us", "window_us"):
                layer.pop(name, None)
        for file in manifest["files"]:
            if file["table"] in LATER:
                target = folder / file["path"]
                pq.write_table(pq.read_table(target).drop_columns(LATER[file["table"]]), target, row_group_size=50)
                content = target.read_bytes()
                file |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        path.write_text(json.dumps(manifest))


@pytest.fixture
def study(tmp_path: Path) -> Study:
    found = Study(tmp_path / "study.warehouse")
    found.ingest("c", draw(np.random.default_rng(1), 12), seed=1)
    return found


def answers(folder: Path) -> list[list[tuple]]:
    with connect(folder) as con:
        return [con.sql(SQL.format(asked)).fetchall() for asked in QUESTIONS]


def test_answers_are_the_same_before_and_after_more_is_added_and_merged(study: Study, tmp_path: Path) -> None:
    old = tmp_path / "old.warehouse"
    shutil.copytree(study.layout.root, old)
    as_it_was(old)
    expected = answers(study.layout.root)
    assert all(expected)
    assert answers(old) == expected
    with connect(old) as con:
        assert con.sql("SELECT DISTINCT window_us FROM frames").fetchall() == [(25_000,)]
        assert con.sql("SELECT DISTINCT hop_us, window_us FROM frame_counts").fetchall() == [(20_000, 25_000)]
        assert con.sql("SELECT DISTINCT window_us FROM layers").fetchall() == [(25_000,)]
    # The same shards again, of the present version, in both: what was there before is merged with them.
    for layout in (study.layout, snapshot(old).layout):
        study.layout = layout
        study.parts.clear()
        study.ingest("d", draw(np.random.default_rng(2), 8, prefix="v"), seed=2)
        declare(layout, Property("voice", "gender"))
    grown = answers(old)
    assert grown != expected
    root = study.layout.root.with_name("study.warehouse")
    assert answers(root) == grown
    compact(snapshot(old).layout, keep_seconds=0)
    assert answers(old) == grown
    assert len(list(snapshot(old).of_kind("labels"))) == 2  # of two corpora
    with connect(old) as con:
        assert [check.name for check in run_checks(con, names=CHECKED) if check.rows] == []
