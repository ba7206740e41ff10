"""``neurons probe`` and ``neurons verify``: what they print, keep, and refuse in one line."""

import json
from pathlib import Path

import numpy as np
import pytest
from drawn_means import Means, warehouse_of
from typer.testing import CliRunner

from queries import connect
from tui.cli import gathered

N = 60


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty utterances of twelve speakers, whose gender shows in layer 2."""
    draw = np.random.default_rng(0)
    speaker = np.arange(N) % 12
    means = {1: draw.normal(size=(N, 6)), 2: draw.normal(size=(N, 6)) + 3 * (speaker < 6)[:, None]}
    columns = {
        "speaker": [f"s{number:02d}" for number in speaker],
        "gender": ["F" if number < 6 else "M" for number in speaker],
        "age": [20 + int(number) for number in speaker],
    }
    return warehouse_of(tmp_path_factory.mktemp("probe") / "w", Means(means, columns, kind="ffn"))


def _run(*arguments: object) -> tuple[int, str, str]:
    found = CliRunner().invoke(gathered(["probe", "verify"]), [str(argument) for argument in arguments])
    return found.exit_code, found.stdout, found.stderr


def test_what_a_layer_knows_is_printed_and_kept(path: Path) -> None:
    asked = ["--kind", "ffn", "--layers", "2", "--seeds", "2", "--hidden", "0", "--shares", "10,50", "--by", "gender"]
    code, out, err = _run("probe", path, "--label", "gender", *asked, "--format", "json", "--learning-rate", "0.05")
    assert code == 0, err
    (row,) = json.loads(out)
    assert (row["layer"], row["architecture"], row["n_seeds"], row["twin"]) == (2, "linear", 2, None)
    assert row["accuracy"] > 0.9
    assert "gender, m: seed 1 is done, one of 2" in err
    assert f"in the warehouse as {row['probe']}" in err
    with connect(path) as con:
        (run,) = con.sql(f"FROM probe_runs WHERE probe = '{row['probe']}'").pl().to_dicts()
        shares = con.sql(
            f"SELECT DISTINCT share FROM probe_scores WHERE probe = '{row['probe']}' ORDER BY 1"
        ).fetchall()
    assert json.loads(run["settings"])["by"] == ["gender"]
    assert shares == [(10.0,), (20.0,), (50.0,), (100.0,)]


def test_numbers_are_cut_and_layers_follow_one_option(path: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    asked = [
        "--edges",
        "25",
        "--kind",
        "ffn",
        "--layers",
        "1",
        "2",
        "--seeds",
        "1",
        "--shares",
        "none",
        "--hidden",
        "2",
    ]
    code, out, err = _run("probe", path, "--label", "age", *asked, "-o", rows, "-q")
    assert (code, out, err) == (0, "", "")
    lines = rows.read_text().splitlines()
    assert len(lines) == 5  # two layers, linear and hidden, below the names


def test_speakers_are_verified(path: Path, tmp_path: Path) -> None:
    trials = tmp_path / "trials.txt"
    code, out, err = _run("verify", path, "--kind", "ffn", "--layers", "all", "--seeds", "1", "--write-trials", trials)
    assert code == 0, err
    assert [line.split()[5] for line in out.splitlines()[2:]] == ["all", "bottom", "random", "top"]
    assert {line.split()[0] for line in trials.read_text().splitlines()} == {"0", "1"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--label", "tall"], 1, "neurons: there is no label tall; there are the columns of utterances (corpus,"),
        (["--label", "age"], 1, "neurons: label age: class 20 has 1 speaker, fewer than the 5 folds; cut the number"),
        (["--label", "corpus"], 1, "neurons: label corpus has one class, c,"),
        (["--label", "gender", "--kind", "block"], 1, "neurons: label gender: model m has no means of utterances"),
        (["--label", "gender", "--model", "x"], 1, "neurons: there is no model x; there are: m"),
        (
            ["--label", "gender", "--layers", "7"],
            1,
            "neurons: model m has no means of kind ffn of layer 7; it has: 1, 2",
        ),
        (["--label", "gender", "--edges", "a"], 2, "neurons: --edges 'a': give numbers with commas between"),
        (["--label", "gender", "--label", "age", "--bins", "2"], 2, "neurons: --sql, --edges and --bins are about one"),
        (["--label", "gender", "--folds", "1"], 1, "neurons: folds 1: give 2 or more"),
    ],
)
def test_what_cannot_be_probed_is_one_line(path: Path, arguments: list[str], code: int, said: str) -> None:
    kind = [] if "--kind" in arguments else ["--kind", "ffn"]
    found, out, err = _run("probe", path, *kind, *arguments)
    assert (found, out) == (code, "")
    assert err.startswith(said)
    assert err.count("\n") == 1
