"""The figure of models side by side shows what the tables of the comparison say."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "warehouse"))

from drawn_study import Study, draw

from queries import Connection, connect, plot
from queries.comparison import models_by_layer, pairs_by_layer, pairs_over_layers
from warehouse.errors import QueryError

CHANGES = ("stayed", "moved", "left", "joined")


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """Models a, b and wide over the same sixty utterances; wide has more neurons in its second layer."""
    folder = tmp_path_factory.mktemp("three") / "study.warehouse"
    first = Study(folder, widths=(24, 24), top_k=4, model="a")
    parts = first.ingest("c", draw(np.random.default_rng(1), 60))
    for seed, (model, widths) in enumerate({"b": (24, 24), "wide": (24, 30)}.items()):
        study = Study(folder, widths=widths, top_k=4, model=model, properties=())
        study.frames = first.frames
        for part in parts:
            study.record(part, np.random.default_rng(seed))
    with connect(folder, comments=False) as con:
        yield con


def test_lines_are_sizes_and_bars_are_changes(three: Connection, drawn_rows: Any) -> None:
    chart = plot.chart(three, "comparison", property=["gender"], p_sigma=0.5)
    sizes = {(row["model"], row["layer"]): row["n"] for row in drawn_rows(chart, "layer")}
    expected = models_by_layer(three, "gender", p_sigma=0.5)
    assert sizes == {(row["model"], row["layer"]): row["n"] for row in expected.to_dicts()}
    assert sum(sizes.values()) > 0
    found = {(row["pair"], row["change"]): row["n"] for row in drawn_rows(chart, "change")}
    pairs = pairs_over_layers(pairs_by_layer(three, "gender", p_sigma=0.5)).to_dicts()
    assert found == {(f"{row['model']} → {row['other']}", change): row[change] for row in pairs for change in CHANGES}
    said = {row["pair"]: row["said"] for row in drawn_rows(chart, "said")}
    (row,) = [row for row in pairs if row["other"] == "b"]
    assert said["a → b"] == f"J {row['jaccard']:.2f} ({row['jaccard_by_chance']:.2f})"


def test_the_model_that_is_named_is_the_one_before(three: Connection, drawn_rows: Any, tmp_path: Path) -> None:
    chart = plot.chart(three, "comparison", model="b", other="a", p_sigma=0.5)
    assert {row["pair"] for row in drawn_rows(chart, "change")} == {"b → a"}
    assert {row["model"] for row in drawn_rows(chart, "layer")} == {"a", "b"}
    plot.save(chart, tmp_path / "it.svg")
    text = (tmp_path / "it.svg").read_text().replace("\N{NO-BREAK SPACE}", " ")
    assert all(word in text for word in (*CHANGES, "phone_class", "gender", "pitch", "2 models", "J: Jaccard index"))


def test_what_cannot_be_drawn_is_said(three: Connection, ordinary: Any, tmp_path: Path) -> None:
    def text(con: Connection, **options: Any) -> str:
        plot.save(plot.chart(con, "comparison", property=["gender"], **options), tmp_path / "it.svg")
        return (tmp_path / "it.svg").read_text()

    assert "no neuron responds to one group of gender" in text(three, p_baseline=0.99, p_sigma=1.0)
    assert "comparing takes two models, and" in text(ordinary.con)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"other": "x"}, "other: there is no x; there are: a, b, wide"),
        ({"model": "a", "other": "a"}, "other: a is the model itself; give one of: b, wide"),
        ({"property": ["x"]}, "property: there is no x; there are: phone_class"),
    ],
)
def test_wrong_input_is_refused(three: Connection, options: dict[str, Any], said: str) -> None:
    with pytest.raises(QueryError) as caught:
        plot.chart(three, "comparison", **options)
    assert said in str(caught.value)
