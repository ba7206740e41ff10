"""The command as a whole: it is documented, it starts at once, and it fails in one line."""

import subprocess
import sys
from pathlib import Path

import pytest

from tui.docs import command_helps

HELPS = dict(command_helps())
RUN = [sys.executable, "-c", "import sys; sys.argv[0] = 'neurons'; from tui.cli import main; main()"]


def neurons(*arguments: str, stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*RUN, *arguments], input=stdin, capture_output=True, text=True, check=False, cwd=cwd)


@pytest.mark.parametrize("name", HELPS)
def test_every_command_has_an_example_that_begins_with_its_name(name: str) -> None:
    _, found, example = HELPS[name].partition("\n  Example:\n")
    assert found, f"{name} --help has no Example"
    first = example.splitlines()[0].strip()
    assert name.removesuffix(" show") in first


@pytest.mark.parametrize("name", HELPS)
def test_every_option_is_described(name: str) -> None:
    for block in ("Options:", "Arguments:", "Commands:"):
        section = HELPS[name].partition(f"\n{block}\n")[2].partition("\n\n")[0]
        entries = [line for line in section.splitlines() if line.startswith("  ") and line[2] != " "]
        for entry in entries:
            described = entry.strip().partition("  ")[2].strip() or section.partition(entry)[2].strip()
            assert described, entry


def test_the_commands_are_those_of_the_design() -> None:
    assert {name.removeprefix("neurons ") for name in HELPS} == {
        "neurons",
        "tui",
        "demo",
        "doctor",
        "ingest",
        "sql",
        "properties",
        "properties show",
        "properties add",
        "analyse",
        "compare",
        "probe",
        "verify",
        "probe-report",
        "plot",
        "report",
        "export",
        "info",
        "check",
        "compact",
    }


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom tui.cli import gathered\ntry:\n    gathered()(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = 'duckdb pyarrow polars numpy torch rich textual sqlglot scipy sklearn warehouse ingest queries'\n"
        "print([m for m in heavy.split() if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_the_version_is_that_of_the_distribution() -> None:
    from importlib.metadata import version

    assert neurons("--version").stdout == f"neurons {version('neuron-warehouse')}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sql", "nowhere.warehouse", "FROM models"], "no such warehouse; make one with"),
        (["info", "nowhere.warehouse"], "no such warehouse"),
        (["check", "nowhere.warehouse"], "no such warehouse"),
        (["compact", "nowhere.warehouse"], "no such warehouse"),
        (["properties", "nowhere.warehouse"], "no such warehouse"),
        (["properties", "add", "nowhere.warehouse", "x", "--column", "y"], "no such warehouse"),
        (["info", "."], "not a warehouse"),
    ],
)
def test_a_folder_that_is_no_warehouse_gets_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    done = neurons(*arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("neurons: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["nonsense"], ["sql"], ["sql", "w", "q", "--nonsense"], ["properties", "add"]])
def test_wrong_usage_exits_with_2_and_points_to_help(arguments: list[str]) -> None:
    done = neurons(*arguments)
    assert done.returncode == 2
    assert "Usage: neurons" in done.stderr
    assert "--help" in done.stderr
