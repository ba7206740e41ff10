"""``neurons analyse``: every analysis by name, as a table that joins; wrong input in one line."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from queries import connect
from queries.analyses import ANALYSES
from queries.certainty import permutation_null

Neurons = Callable[..., Any]
SMALL = {
    "permutations": ["--set", "permutations=20"],
    "resamples": ["--set", "resamples=20"],
    "splits": ["--set", "splits=4"],
    "min_frames": ["--set", "min_frames=1"],
    "twin": ["--model", "tiny", "--set", "twin=tiny"],
    "a": ["--set", "a=gender", "--set", "b=phone_class"],
}
OF_PAIRS = ("models_by_layer", "pairs_by_layer")
"""Those that take two models; tests/tui/test_compare.py asks them."""


@pytest.mark.parametrize("name", [name for name in ANALYSES if name not in OF_PAIRS])
def test_every_analysis_gives_a_table_of_a_row_a_line(neurons: Neurons, recorded: Path, name: str) -> None:
    analysis = ANALYSES[name]
    options = [part for option in analysis.options for part in SMALL.get(option, ())]
    if name not in ("neuron_clusters", "confounds"):
        options += ["-p", "gender"]
    done = neurons("analyse", recorded, name, "--layer", 1, *options, "--format", "csv")
    assert (done.code, done.err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert rows
    assert {row["model"] for row in rows} == {"tiny"}
    assert {row["layer"] for row in rows} == {"1"}


def test_it_is_the_function_of_that_name(neurons: Neurons, recorded: Path, tmp_path: Path) -> None:
    out = tmp_path / "null.parquet"
    options = ("-p", "gender", "-p", "phone_class", "--sigma", 0.5, "--set", "permutations=30", "--set", "seed=3")
    assert neurons("analyse", recorded, "permutation-null", *options, "-o", out).code == 0
    with connect(recorded) as con:
        expected = pl.concat(
            [permutation_null(con, prop, permutations=30, seed=3, p_sigma=0.5) for prop in ("gender", "phone_class")]
        )
    assert pl.read_parquet(out).equals(expected)


def test_its_rows_join_with_the_warehouse(neurons: Neurons, recorded: Path) -> None:
    query = "SELECT layer, n_neurons, top_k FROM separation JOIN layers USING (model, layer) ORDER BY layer"
    done = neurons("analyse", recorded, "separation", "-p", "gender", "--sql", query, "--format", "csv")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].startswith("layer,n_neurons")
    assert len(lines) == 3


def test_the_list_names_every_analysis_and_its_options(neurons: Neurons) -> None:
    listed = neurons("analyse", "--list").out
    for analysis in ANALYSES.values():
        line = next(line for line in listed.splitlines() if line.split()[:1] == [analysis.name])
        assert set(analysis.options) <= set(line.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "there is no analysis nonsense; there are: separation, "),
        (["stability"], "stability is of a property; name one"),
        (["stability", "-p", "gendr"], "there is no gendr; there are: "),
        (["stability", "-p", "gender", "--set", "halves=2"], "stability has no option halves; it has: "),
        (["stability", "-p", "gender", "--set", "halves"], "give a name and a value"),
        (["neuron_clusters", "-p", "gender"], "neuron_clusters is not of a property"),
        (["against_twin", "-p", "gender"], "against_twin needs model"),
        (["pairs_by_layer"], "comparing takes two models, and there is tiny alone; record another one"),
        (["separation", "--sql", "DELETE FROM separation"], "is refused"),
        (["separation", "--layer", "7"], "there is no 7; there are: 1, 2"),
        ([], "give a warehouse and the name of an analysis"),
    ],
)
def test_wrong_input_is_one_line(neurons: Neurons, recorded: Path, arguments: list[str], said: str) -> None:
    done = neurons("analyse", recorded, *arguments)
    assert done.code in (1, 2)
    assert said in done.err
    assert done.err.count("\n") == 1
