"""Every snippet of docs/editing.md runs, one after the other."""

import re
import sys
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import ingest
from ingest.models import wrap
from queries.masks import Mask

GUIDE = Path(__file__).parents[3] / "docs" / "editing.md"


def test_the_guide_runs(
    tmp_path: Path,
    make_speech: Callable[..., Path],
    tiny_model: Callable[..., nn.Module],
    make: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    speech = make_speech(tmp_path / "speech", n_utterances=6)
    corpus = ingest.Corpus.from_files(
        speech / "audio", speech / "labels", speech / "metadata.csv", name="c", phones="arpabet"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ingest.ingest(tiny_model(), corpus, tmp_path / "study.warehouse", model_name="m", quiet=True, lambda_pct=10)
    of_fairseq = make("fairseq")
    of_fairseq.drawn(1).save(tmp_path / "erase-female.safetensors")
    expected = of_fairseq.replaced(Mask.load(tmp_path / "erase-female.safetensors"))
    fairseq = types.ModuleType("fairseq")
    fairseq.checkpoint_utils = types.SimpleNamespace(  # type: ignore[attr-defined]
        load_model_ensemble_and_task=lambda files: ([of_fairseq.module], None, None)
    )
    monkeypatch.setitem(sys.modules, "fairseq", fairseq)
    monkeypatch.setattr(ingest, "load", lambda spec: wrap(tiny_model()), raising=False)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(blocks) == 8
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, GUIDE.name, "exec"), names)
    assert len(names["female"])
    assert len(names["protected"])
    assert capsys.readouterr().out.count("\n") == 6
    assert names["step"].n_neurons == 6
    torch.testing.assert_close(of_fairseq(), expected, rtol=0, atol=1e-6)


def test_every_refusal_it_lists_is_one() -> None:
    """The words of the table are those of the code."""
    source = "".join(
        path.read_text() for path in (Path(__file__).parents[3] / "queries" / "editing").glob("*.py")
    ).replace('"\n            f"', "").replace('" "', "")  # fmt: skip
    for words in (
        "has no module",
        "say which with prefix=",
        "neurons",
        "was made for model",
        "computes its weight anew at every call",
        "its neurons are what comes out of this module",
        "has no first linear on record",
        "shares a weight with another module",
    ):
        assert words in GUIDE.read_text()
        assert words in source
