"""A small warehouse whose names would like to be HTML, its report, and a browser to look at it with."""

import csv
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from queries import Connection, connect
from queries.report import write_report

HOSTILE = "<script>document.title='broken'</script><!--<b>&amp;\"'`"
"""A name of a speaker, and of a group of a property."""

END = "</script></style></table><img src=x onerror=alert(1)>"
"""Another one."""


@pytest.fixture(scope="session")
def hostile() -> tuple[str, str]:
    """Names of speakers and groups that would like to be HTML."""
    return HOSTILE, END


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory, make_speech: Any, tiny_model: Any) -> Path:
    """A warehouse of one corpus and the models tiny and twin, whose speakers and groups have hostile names."""
    from ingest import Corpus, ingest
    from queries.declare import declare_property

    folder = tmp_path_factory.mktemp("report")
    speech = make_speech(folder / "speech", n_utterances=8, n_speakers=4)
    _rename(speech / "metadata.csv", {"s0": HOSTILE, "s1": END})
    corpus = Corpus.from_files(speech / "audio", speech / "labels", speech / "metadata.csv", name=END.replace("/", ""))
    path = folder / "study.warehouse"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, seed in (("tiny", 0), ("twin", 1)):
            ingest(tiny_model(seed), corpus, path, model_name=name, quiet=True)
    quoted = HOSTILE.replace("'", "''")
    declare_property(path, END.replace("/", ""), sql=f"CASE WHEN gender = 'F' THEN '{quoted}' ELSE '{END}' END")
    return path


def _rename(path: Path, names: dict[str, str]) -> None:
    with open(path, newline="") as file:
        rows = [[names.get(value, value) for value in row] for row in csv.reader(file)]
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows(rows)


@pytest.fixture
def con(study: Path) -> Iterator[Connection]:
    with connect(study) as opened:
        yield opened


@pytest.fixture(scope="session")
def written(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole report of that warehouse."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    shown = ["gender", "pitch", END.replace("/", "")]
    with connect(study) as con:
        write_report(con, path, models=["tiny"], properties=shown, twin="twin", permutations=9, resamples=9)
    return path


@dataclass
class Looked:
    """A page in a browser, and what it said and asked for while it was opened."""

    page: Any
    said: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def looked(chromium: Any, written: Path) -> Looked:
    """The report in a browser, all charts drawn."""
    return look(chromium, written)


def look(browser: Any, path: Path) -> Looked:
    found = Looked(browser.new_page(viewport={"width": 1280, "height": 900}))
    found.page.on("console", lambda message: found.said.append(message.text))
    found.page.on("pageerror", lambda error: found.said.append(str(error)))
    found.page.on("request", lambda request: found.requests.append(request.url))
    found.page.goto(path.as_uri())
    found.page.wait_for_selector("html[data-charts=drawn]", timeout=60_000)
    return found
