"""``neurons probe-report``: a folder with a page and files, or one line on stderr and no folder."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

Neurons = Callable[..., Any]


def test_it_writes_a_page_and_files_and_says_where(neurons: Neurons, recorded: Path, tmp_path: Path) -> None:
    from queries.probes import Label, probe

    study = shutil.copytree(recorded, tmp_path / "study.warehouse")
    half = Label("half", sql="SELECT utterance_id, CAST(utterance_id % 2 AS VARCHAR) AS label FROM utterances")
    probe(study, half, kind="ffn", seeds=1, folds=2, shares=(50.0,), hidden=0, epochs=1)
    done = neurons("probe-report", study, "-o", tmp_path / "new" / "probes")
    assert (done.code, done.out) == (0, "")
    page = tmp_path / "new" / "probes" / "probes.html"
    assert done.err.splitlines()[-1].startswith(f"{page}: ")
    assert page.read_text(encoding="utf-8").endswith("</html>\n")
    assert (page.parent / "table_7.csv").read_text(encoding="utf-8").startswith("probe,label,model,kind,layer,")
    quiet = neurons("probe-report", study, "-o", tmp_path / "again", "--label", "age", "--quiet")
    assert (quiet.code, quiet.err) == (1, "neurons: there is no probe of label 'age'; there are: half\n")


def test_without_a_probe_it_says_what_makes_one(neurons: Neurons, recorded: Path, tmp_path: Path) -> None:
    done = neurons("probe-report", recorded, "-o", tmp_path / "new")
    assert (done.code, done.out) == (1, "")
    assert done.err == "neurons: the warehouse holds no probe yet; make one with neurons probe\n"
    assert list(tmp_path.iterdir()) == []
