"""``neurons compare``: two models side by side as text and as data; wrong input in one line."""

import csv
import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from queries import connect
from queries.comparison import models_by_layer, pairs_by_layer, pairs_over_layers

Neurons = Callable[..., Any]


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory, speech: Path, tiny_model: Any) -> Path:
    """The small warehouse with three models: tiny, a slightly changed copy, and a wider one."""
    import torch

    from ingest import Corpus, ingest

    path = tmp_path_factory.mktemp("compare") / "study.warehouse"
    corpus = Corpus.from_files(speech / "audio", speech / "labels", speech / "metadata.csv", name="hummed")
    tuned = tiny_model()
    with torch.no_grad():
        for parameter in tuned.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)), alpha=0.02)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, model in (("tiny", tiny_model()), ("tuned", tuned), ("wide", tiny_model(width=96))):
            ingest(model, corpus, path, model_name=name, quiet=True)
    return path


def blocks(out: str) -> dict[str, list[list[str]]]:
    """Title -> rows of cells, the header first, of what the command printed."""
    found = {}
    for block in out.strip().split("\n\n"):
        title, header, _, *rows = block.splitlines()
        found[title] = [line.split() for line in (header, *rows)]
    return found


def test_models_and_what_changes_between_them(neurons: Neurons, three: Path) -> None:
    done = neurons("compare", three, "-p", "phone_class", "--model", "tuned", "--other", "tiny", "--sigma", 0.3)
    assert (done.code, done.err) == (0, "")
    printed = blocks(done.out)
    models, pairs = printed["phone_class: models"], printed["phone_class: property neurons from one model to another"]
    assert [row[0] for row in models[1:]] == ["tiny", "tuned"]
    with connect(three) as con:
        sql = "SELECT model, count(*) FROM property_neurons(p_property := 'phone_class', p_sigma := 0.3) GROUP BY model"
        sizes = dict(con.sql(sql).fetchall())
        expected = con.sql(
            "SELECT change, count(*) FROM set_changes(p_property := 'phone_class', p_sigma := 0.3, p_model := 'tuned', "
            "p_other := 'tiny') GROUP BY change"
        ).fetchall()
    assert {row[0]: int(row[1]) for row in models[1:]} == {name: sizes[name] for name in ("tiny", "tuned")}
    assert pairs[0] == ["from", "to", "joined", "left", "moved", "stayed", "Jaccard", "by", "chance"]
    (row,) = pairs[1:]
    assert row[:2] == ["tuned", "tiny"]
    counts = dict(zip(("joined", "left", "moved"), map(int, row[2:5]), strict=True))
    assert {change: n for change, n in counts.items() if n} == dict(expected) != {}
    assert int(row[5]) + counts["left"] + counts["moved"] == sizes["tuned"]


def test_models_that_cannot_be_compared_have_sizes_and_a_line(neurons: Neurons, three: Path) -> None:
    done = neurons("compare", three, "-p", "gender", "--model", "wide", "--other", "tiny")
    title = "gender: property neurons from one model to another"
    assert f"{title}\nwide and tiny: no layer of one number and width in both\n" in done.out
    everything = neurons("compare", three, "-p", "gender").out
    assert "tiny and wide: no layer" in everything
    assert "tuned and wide: no layer" in everything
    by_layer = neurons("compare", three, "-p", "gender", "--layers").out
    assert "tiny and wide, layer 1, 2: no layer of this number and one width in both" in by_layer


def test_a_row_for_each_layer(neurons: Neurons, three: Path) -> None:
    printed = blocks(neurons("compare", three, "-p", "pitch", "--model", "tiny", "--other", "tuned", "--layers").out)
    assert [row[:2] for row in printed["pitch: models"][1:]] == [
        [model, layer] for model in ("tiny", "tuned") for layer in ("1", "2")
    ]
    rows = printed["pitch: property neurons from one model to another"]
    assert [row[:3] for row in rows[1:]] == [["tiny", "tuned", "1"], ["tiny", "tuned", "2"]]


def test_silhouettes_are_those_of_the_analysis(neurons: Neurons, three: Path) -> None:
    done = neurons("compare", three, "-p", "phone_class", "--silhouettes", "--table", "models")
    header, *rows = blocks(done.out)["phone_class: models"]
    assert header[-3:] == ["best", "layer", "silhouette"]
    with connect(three) as con:
        found = models_by_layer(con, "phone_class", silhouettes=True)
    best = found.sort("silhouette", descending=True).group_by("model", maintain_order=True).first()
    expected = {row["model"]: (row["layer"], round(row["silhouette"], 3)) for row in best.to_dicts()}
    assert {row[0]: (int(row[-2]), float(row[-1])) for row in rows} == expected
    without = neurons("compare", three, "-p", "phone_class", "--table", "models").out
    assert "silhouette" not in without


def test_both_tables_as_data(neurons: Neurons, three: Path, tmp_path: Path) -> None:
    done = neurons("compare", three, "-p", "gender", "-p", "phone", "--format", "csv")
    with connect(three) as con:
        pairs = pl.concat([pairs_over_layers(pairs_by_layer(con, name)) for name in ("gender", "phone")])
        models = models_by_layer(con, "gender", p_sigma=0.5)
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [row["joined"] for row in rows] == ["" if n is None else str(n) for n in pairs["joined"]]
    out = tmp_path / "models.parquet"
    asked = ("--table", "models", "--layers", "--sigma", 0.5, "-o", out)
    assert neurons("compare", three, "-p", "gender", *asked).code == 0
    assert pl.read_parquet(out).equals(models)
    page = tmp_path / "it.md"
    assert neurons("compare", three, "-p", "gender", "-o", page).code == 0
    assert page.read_text().startswith("**gender: models**\n\n| model ")


def test_analyses_of_pairs_join_with_the_warehouse(neurons: Neurons, three: Path) -> None:
    query = "SELECT DISTINCT p.n_neurons = l.n_neurons FROM pairs_by_layer p JOIN layers l USING (model, layer)"
    done = neurons("analyse", three, "pairs_by_layer", "-p", "gender", "--set", "other=tuned", "--sql", query)
    assert done.code == 0, done.err
    done = neurons("analyse", three, "models_by_layer", "-p", "gender", "--layer", 1, "--format", "csv")
    assert [row["model"] for row in csv.DictReader(io.StringIO(done.out))] == ["tiny", "tuned", "wide"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "tinny"], "model: there is no tinny; did you mean tiny? there are: tiny, tuned, wide"),
        (["--other", "x"], "other: there is no x; there are: tiny, tuned, wide"),
        (["--model", "tiny", "--other", "tiny"], "other: tiny is the model itself; give one of: tuned, wide"),
        (["-p", "gendr"], "there is no gendr; there are: "),
        (["--corpus", "x"], "there is no x; there are: hummed"),
        (["--lambda", "50"], "50.0 percent cannot be counted"),
        (["--table", "x"], "--table 'x': give models or pairs"),
        (["--format", "x"], "format 'x' is none of"),
    ],
)
def test_wrong_input_is_one_line(neurons: Neurons, three: Path, arguments: list[str], said: str) -> None:
    done = neurons("compare", three, *arguments)
    assert done.code in (1, 2)
    assert done.out == ""
    assert said in done.err
    assert done.err.count("\n") == 1


def test_one_model_is_too_few(neurons: Neurons, recorded: Path) -> None:
    done = neurons("compare", recorded)
    said = "neurons: comparing takes two models, and there is tiny alone; record another one with neurons ingest\n"
    assert (done.code, done.out, done.err) == (1, "", said)
