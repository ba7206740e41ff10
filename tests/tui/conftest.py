"""A small warehouse for the commands, and a way to run them in this process."""

import shutil
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[1] / "warehouse"))

from tui.cli import gathered


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def neurons() -> Callable[..., Ran]:
    """Runs ``neurons`` with some arguments in this process; what is no fault of the user's is raised."""
    app = gathered()

    def run(*arguments: object, stdin: str | None = None) -> Ran:
        before = torch.get_num_threads()
        done = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin, prog_name="neurons")
        torch.set_num_threads(before)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Ran(done.exit_code, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory, make_speech: Any) -> Path:
    """Folder of a corpus of 6 utterances: audio, labels, metadata.csv."""
    return Path(make_speech(tmp_path_factory.mktemp("tui") / "speech", n_utterances=6))


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory, speech: Path, tiny_model: Any) -> Path:
    """A warehouse with one corpus and one model in several shards; not to be changed."""
    from ingest import Corpus, ingest
    from queries import write_catalog

    path = tmp_path_factory.mktemp("tui") / "study.warehouse"
    corpus = Corpus.from_files(speech / "audio", speech / "labels", speech / "metadata.csv", name="hummed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ingest(tiny_model(), corpus, path, model_name="tiny", quiet=True, shard_minutes=0.05)
    write_catalog(path)
    return path


@pytest.fixture
def warehouse(recorded: Path, tmp_path: Path) -> Path:
    """A copy of that warehouse, to be changed."""
    return Path(shutil.copytree(recorded, tmp_path / "study.warehouse"))
