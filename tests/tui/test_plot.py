"""``neurons plot``: a file, a line on stderr, and one line where something is wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from queries.plot import FIGURES
from tui.docs import command_helps


def test_a_figure_is_written_and_said(neurons: Callable[..., Any], recorded: Path, tmp_path: Path) -> None:
    target = tmp_path / "patterns.svg"
    done = neurons("plot", recorded, "3", "-o", target, "-p", "gender", "-l", 2, "--set", "seed=1", "--sigma", 0.5)
    assert (done.code, done.out) == (0, "")
    assert done.err == f"{target}: Activation patterns in the plane\n"
    assert "seed\N{NO-BREAK SPACE}1" in target.read_text()
    quiet = neurons("plot", recorded, "neuron", "-o", tmp_path / "n.png", "--layer", 1, "--neuron", 3, "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    assert (tmp_path / "n.png").read_bytes().startswith(b"\x89PNG")


def test_parameters_reach_the_macros(neurons: Callable[..., Any], recorded: Path, tmp_path: Path) -> None:
    target = tmp_path / "it.svg"
    asked = ["--sigma", 0.5, "--lambda", 5, "--frames", "middle", "--baseline", 0.1, "--z", 1, "--min-frames", 2]
    done = neurons("plot", recorded, 7, "-o", target, *asked, "--where", "frame > 3", "--corpus", "hummed")
    assert done.code == 1  # recorded with less
    assert "p_lambda: 5.0 percent cannot be counted" in done.err
    asked[3] = 0.5
    done = neurons("plot", recorded, 7, "-o", target, *asked, "--where", "frame > 3", "--corpus", "hummed")
    assert done.code == 0
    text = target.read_text().replace("\N{NO-BREAK SPACE}", " ")
    for said in ("σ = 0.5", "λ = 0.5 %", "middle frames", "p &gt; 0.1", "z = 1.0", "≥ 2 frames", "corpus hummed"):
        assert said in text


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nonsense", "-o", "it.png"], 1, "there is no figure nonsense; there are"),
        (["3"], 2, "there is no file to write to; give one with -o, such as -o patterns.png"),
        ([], 2, "there is no figure; give one that --list names"),
        (["3", "-o", "it.jpg"], 1, "it.jpg: the suffix says no format of a picture; give one of .png, .svg"),
        (["3", "-o", "it.png", "-p", "x"], 1, "property: there is no x; there are: phone_class"),
        (["3", "-o", "it.png", "-l", "7"], 1, "layer: there is no 7; there are: 1, 2"),
        (["3", "-o", "it.png", "--set", "seed"], 2, "give a name and a value"),
        (["3", "-o", "it.png", "--neuron", "1"], 1, "neuron: the figure patterns takes no such option"),
        (["3", "-o", "it.png", "--model", "x"], 1, "p_model: there is no x; there are: tiny"),
        (["7", "-o", "it.png", "--ppi", "7"], 1, "ppi: 7 pixels per inch"),
        (["7", "-o", "no/such/folder/it.png"], 1, "check the path"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    neurons: Callable[..., Any],
    recorded: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = neurons("plot", recorded, *arguments)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert done.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_the_list_and_the_help_name_every_figure(neurons: Callable[..., Any], recorded: Path) -> None:
    listed = neurons("plot", recorded, "--list").out
    text = dict(command_helps())["neurons plot"]
    for figure in FIGURES.values():
        assert f"\n{figure.name}" in f"\n{listed}"
        assert figure.name in text
        assert all(option in listed for option in figure.options)
