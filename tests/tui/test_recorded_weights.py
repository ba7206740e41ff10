"""The weights of a recorded model are found again, also where its frames were stated when it was recorded."""

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingest import Corpus, ingest, load
from queries import Mask, connect
from queries.masks import keep_mask, l1_scores, mask_layers

MODULE = """
import torch
from torch import nn
from ingest import wrap

class Framed(nn.Module):
    def __init__(self):
        super().__init__()
        self.front = nn.Linear(320, 8)
        self.body = nn.ModuleDict({"fc1": nn.Linear(8, 16), "fc2": nn.Linear(16, 8)})

    def forward(self, waveforms):
        x = self.front(waveforms.unfold(1, 320, 320))
        return x + self.body["fc2"](torch.relu(self.body["fc1"](x)))

def build():
    torch.manual_seed(0)
    return Framed()

def complete():
    return wrap(build(), hop_ms=20, normalize=True)
"""


@pytest.fixture(scope="module")
def framed(tmp_path_factory: pytest.TempPathFactory, speech: Path) -> Any:
    """A warehouse with a model whose front end nothing recognises; its module ``framed_model`` can be imported."""
    folder = tmp_path_factory.mktemp("framed")
    (folder / "framed_model.py").write_text(MODULE)
    corpus = Corpus.from_files(speech / "audio", speech / "labels", speech / "metadata.csv", name="hummed")
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.syspath_prepend(str(folder))
        model = load("python:framed_model:build", hop_ms=20, normalize=True)
        ingest(model, corpus, folder / "framed.warehouse", model_name="framed", quiet=True)
        yield folder / "framed.warehouse"
        sys.modules.pop("framed_model", None)


@pytest.mark.parametrize("function", ["build", "complete"])
def test_norms_are_those_of_a_model_whose_frames_were_stated(
    neurons: Callable[..., Any], framed: Path, tmp_path: Path, function: str
) -> None:
    fill = ["--fill", "l1", "--spec", f"python:framed_model:{function}"]
    done = neurons("export", framed, "--density", 0.25, *fill, "-o", tmp_path / "m.json")
    assert done.code == 0, done.err
    with connect(framed) as con:
        layers = mask_layers(con)
    module = sys.modules["framed_model"].build()
    assert Mask.load(tmp_path / "m.json") == keep_mask(layers, l1_scores(module, layers), 0.25)
