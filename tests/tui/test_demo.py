"""``neurons demo``: the main job from nothing but the installed packages."""

import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tui.commands.demo import record

Neurons = Callable[..., Any]
RUN = [sys.executable, "-c", "import sys; sys.argv[0] = 'neurons'; from tui.cli import main; main()"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo of one sentence a voice."""
    pytest.importorskip("espeakng_loader", reason="the extra [demo] is not installed")
    path = tmp_path_factory.mktemp("demo") / "my demo"
    record(path, quiet=True, n_sentences=1)
    return path


def test_run_again_it_prints_what_it_found(neurons: Neurons, folder: Path) -> None:
    done = neurons("demo", folder)
    assert done.code == 0
    assert "recorded already" in done.err
    titles = [line.partition(":")[0] for line in done.out.splitlines() if ": neurons of" in line]
    assert titles == ["phone_class", "gender", "pitch"]
    headers = [line.split() for line in done.out.splitlines() if line.startswith("layer")]
    assert headers == [
        ["layer", "unvoiced", "voiced", "vowel", "property", "neurons"],
        ["layer", "F", "M", "property", "neurons"],
        ["layer", "low", "middle", "high", "property", "neurons"],
    ]
    assert sum(line.split()[0] == "4" for line in done.out.splitlines() if line.strip()) == 3


def test_the_corpus_has_four_women_four_men_and_two_accents(neurons: Neurons, folder: Path) -> None:
    counted = "count(DISTINCT speaker) AS n, count(DISTINCT accent) AS a"
    query = f"SELECT gender, {counted} FROM utterances GROUP BY ALL ORDER BY ALL"
    done = neurons("sql", folder / "demo.warehouse", query, "--format", "csv")
    assert done.out.split() == ["gender,n,a", "F,4,2", "M,4,2"]


def test_the_next_commands_work_when_they_are_pasted(neurons: Neurons, folder: Path) -> None:
    lines = neurons("demo", folder).err.splitlines()
    commands = [shlex.split(line) for line in lines[lines.index("try next:") + 1 :]]
    assert len(commands) >= 5
    for name, *arguments in commands:
        assert name == "neurons"
        done = neurons(*arguments)
        assert done.code == 0, (arguments, done.err)


@pytest.mark.slow
def test_the_whole_demo_leaves_a_warehouse_and_prints_sets(tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader", reason="the extra [demo] is not installed")
    done = subprocess.run([*RUN, "demo"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (tmp_path / "neurons-demo" / "demo.warehouse" / "catalog.duckdb").is_file()
    assert "gender: neurons of" in done.stdout
