"""``neurons report``: a page in a file, or one line on stderr and no file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Neurons = Callable[..., Any]


def test_it_writes_a_page_and_says_what_it_computes(neurons: Neurons, recorded: Path, tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.html"
    done = neurons("report", recorded, "-o", path, "--property", "gender", "--sigma", "0.7", "--quick")
    assert (done.code, done.out) == (0, "")
    assert "tiny: neurons per layer" in done.err
    assert done.err.splitlines()[-1].startswith(f"{path}: ")
    page = path.read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert page.endswith("</html>\n")
    assert "at least 0.7 (σ)" in page
    assert "Left out: this report was made with 0 permutations." in page
    assert [found.name for found in path.parent.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["-o", "report.pdf"], 2, "a report is HTML; give a file that ends in .html"),
        (["-o", "report.html", "--quick", "--permutations", "9"], 2, "--quick leaves permutations and resamples out"),
        (["-o", "report.html", "--model", "nobody"], 1, "there is no model 'nobody'; there are: tiny"),
        (["-o", "report.html", "--sigma", "2"], 1, "p_sigma: 2.0 is no share of the phones"),
        (["-o", "report.html", "--where", "nothing > 1"], 1, "nothing"),
    ],
)
def test_a_mistake_is_one_line_and_no_file(
    neurons: Neurons,
    recorded: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list,
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = neurons("report", recorded, *arguments)
    assert done.code == code
    assert message in done.err
    assert len(done.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
