"""``--layers "cnn.*" "fc*"``: several values after one option, and all else as it was."""

from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from tui.several_values import Group, repeated


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("ingest w --layers a b c --audio x", "ingest w --layers a --layers b --layers c --audio x"),
        ("ingest w --audio x --layers a b", "ingest w --audio x --layers a --layers b"),
        ("ingest w --layers a b --layers c d", "ingest w --layers a --layers b --layers c --layers d"),
        ("ingest w --layers in:a -q --batch 2", "ingest w --layers in:a -q --batch 2"),
        ("ingest w --layers=a b", "ingest w --layers=a b"),
        ("ingest w --layers a -- b c", "ingest w --layers a -- b c"),
        ("ingest w --layers", "ingest w --layers"),
        ("ingest --layers a w --audio x", "ingest --layers a w --audio x"),
        ("ingest --audio x w --layers a b", "ingest --audio x w --layers a b"),
        ("sql w query", "sql w query"),
        ("--version", "--version"),
        ("", ""),
    ],
)
def test_what_several_values_mean(given: str, meant: str) -> None:
    assert repeated(given.split()) == meant.split()


@given(st.lists(st.sampled_from(["ingest", "a", "--layers", "--layers=a", "-q", "--", ""])))
def test_meaning_it_once_more_changes_nothing(args: list[str]) -> None:
    once = repeated(args)
    assert repeated(once) == once
    assert [arg for arg in once if arg != "--layers"] == [arg for arg in args if arg != "--layers"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("doctor m --layers a speech.flac", "doctor m --layers a speech.flac"),
        ("doctor m --layers a b speech.flac", "doctor m --layers a --layers b speech.flac"),
        ("doctor m --layers a ./speech.flac -q", "doctor m --layers a ./speech.flac -q"),
        ("doctor m --layers speech.flac a", "doctor m --layers speech.flac --layers a"),
        ("doctor m --layers a speech.flac --layers b c", "doctor m --layers a speech.flac --layers b --layers c"),
        ("doctor m --layers a *.flac", "doctor m --layers a --layers *.flac"),
        ("doctor m --layers a there/none.flac folder", "doctor m --layers a --layers there/none.flac --layers folder"),
        ("doctor m --layers a b\0", "doctor m --layers a --layers b\0"),
    ],
)
def test_a_file_that_is_there_is_no_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, meant: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("speech.flac", "*.flac"):
        Path(name).touch()
    Path("folder").mkdir()
    assert repeated(given.split()) == meant.split()


def run(arguments: str) -> str:
    app = typer.Typer(cls=Group)

    @app.callback()
    def neurons() -> None: ...

    @app.command()
    def ingest(warehouse: str, layers: list[str] | None = None, quiet: bool = False) -> None:
        typer.echo(f"{warehouse} {layers} {quiet}")

    done = CliRunner().invoke(app, arguments.split())
    return done.stdout if done.exit_code == 0 else done.stderr


def test_a_command_gets_them_all() -> None:
    assert run("ingest w --layers a b --quiet") == "w ['a', 'b'] True\n"
    assert run("ingest w --layers a --layers b") == "w ['a', 'b'] False\n"
    assert run("ingest --layers a w") == "w ['a'] False\n"
    assert "--layers" in run("ingest w --layers")  # still wants a value
