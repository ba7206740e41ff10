"""What docs/models.md shows runs: its functions, its commands, and its family, against a forward pass by hand."""

import importlib
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional
from typer.testing import CliRunner

import ingest.models
from ingest.models import families, load, wrap
from ingest.recorder import Recorder
from tui.cli import gathered
from warehouse.errors import ModelError
from warehouse.grid import Grid

PAGE = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
FUNCTIONS, FAMILY, REGISTRATION = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [
    shlex.split(line)[1:]
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines()
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_speech: Any) -> Iterator[Path]:
    """A working directory with ``corpus``, ``paper_b.py`` and the weights that the commands name."""
    pytest.importorskip("transformers", reason="the extra neuron-warehouse[transformers] is not installed")
    corpus = make_speech(tmp_path / "corpus", n_utterances=3)
    shutil.move(corpus / "labels", corpus / "alignments")
    shutil.move(corpus / "metadata.csv", corpus / "speakers.csv")
    (tmp_path / "paper_b.py").write_text(FUNCTIONS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    made = importlib.import_module("paper_b")
    for name in ("cnn", "mockingjay"):
        torch.save(getattr(made, name)().state_dict(), f"{name}.pt")
    yield tmp_path
    del sys.modules["paper_b"]


@pytest.mark.slow
def test_its_commands_record_the_models_of_the_paper(here: Path) -> None:
    shown = ""
    for command in COMMANDS:
        if "ingest" in command and any("paper_b" in word for word in command):
            done = CliRunner().invoke(gathered(["ingest"]), [*command, "--no-f0", "--no-means", "--quiet"])
            assert done.exit_code == 0, done.output
        elif command[0] == "doctor":
            shutil.copy("corpus/audio/u000.flac", "speech.flac")
            done = CliRunner().invoke(gathered(["doctor"]), command)
            assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "OK"), done.output
        elif command[0] == "sql":
            shown = CliRunner().invoke(gathered(["sql"]), [*command, "--format", "csv"]).stdout
    cnn = [("cnn.0", 500), ("cnn.1", 500), ("cnn.2", 500), ("cnn.3", 3000), ("fc1", 1500), ("fc2", 600)]
    hops = [10_000, 20_000, 20_000, 20_000, 0, 0]
    expected = [f"cnn,{n},{site},{d},{hop}" for n, ((site, d), hop) in enumerate(zip(cnn, hops, strict=True), 1)]
    expected += [f"mockingjay,{n},ffn,3072,10000" for n in (1, 2, 3)]
    expected += [f"mockingjay_blocks,{n},encoder.layer.{n - 1},768,10000" for n in (1, 2, 3)]
    assert shown.splitlines() == ["model,layer,site,n_neurons,hop_us", *expected]


def test_its_commands_are_known() -> None:
    """Of those that need downloaded weights, the options at least."""
    known = gathered()
    for command in COMMANDS:
        helped = CliRunner().invoke(known, [command[0], "--help"]).stdout
        assert all(option in helped for option in command if option.startswith("--"))


@pytest.fixture
def registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module ``patches``, registered by the page's line."""
    (tmp_path / "patches.py").write_text(FAMILY)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    patches = importlib.import_module("patches")
    before = dict(families.FAMILIES)
    exec(compile(REGISTRATION, "models.md", "exec"), vars(ingest.models) | {"patches": patches})
    yield patches
    families.FAMILIES.clear()
    families.FAMILIES.update(before)
    del sys.modules["patches"]


def by_hand(state: dict[str, Tensor], waveform: np.ndarray) -> list[np.ndarray]:
    """What lies between the two linears of each block, (frames, D)."""
    x = functional.layer_norm(torch.from_numpy(waveform), waveform.shape)
    x = x[: len(x) // 320 * 320].view(-1, 320) @ state["patches.weight"][:, 0].T + state["patches.bias"]
    found = []
    for number in range(2):
        block = {key.removeprefix(f"blocks.{number}."): value for key, value in state.items()}
        width = x.shape[1]
        q, k, v = (x @ block["self_attn.in_proj_weight"].T + block["self_attn.in_proj_bias"]).split(width, 1)
        mixed = []
        for part in torch.arange(width).chunk(4):
            mixed.append((q[:, part] @ k[:, part].T / len(part) ** 0.5).softmax(-1) @ v[:, part])
        attended = torch.cat(mixed, 1) @ block["self_attn.out_proj.weight"].T + block["self_attn.out_proj.bias"]
        x = functional.layer_norm(x + attended, (width,), block["norm1.weight"], block["norm1.bias"])
        neurons = (x @ block["linear1.weight"].T + block["linear1.bias"]).relu()
        x = x + neurons @ block["linear2.weight"].T + block["linear2.bias"]
        x = functional.layer_norm(x, (width,), block["norm2.weight"], block["norm2.bias"])
        found.append(neurons.numpy())
    return found


def test_its_family_is_one_file_and_one_line(registered: Any) -> None:
    assert len(REGISTRATION.splitlines()) == 1
    sizes = {"width": 16, "neurons": 40, "blocks": 2}
    module = registered.Patches(**sizes)
    torch.save({"sizes": sizes, "model": module.state_dict()}, "trained.pt")
    model = load("patches:trained.pt")
    assert (model.family, model.source, model.grid) == ("patches", "patches:trained.pt", Grid(20_000, 10_000, 20_000))
    assert model.normalize
    assert model.normalize_known
    waveform = np.random.default_rng(0).standard_normal(8_100).astype(np.float32) / 10 + 0.2
    with Recorder(model, 10, values=True) as recorder:
        (recording,) = recorder.record([waveform])
    for neurons, values, truth in zip(
        recording.neurons, recording.values, by_hand(module.state_dict(), waveform), strict=True
    ):
        assert len(neurons) == len(truth) == 25
        np.testing.assert_allclose(values, np.take_along_axis(truth, neurons.astype(np.int64), 1), atol=1e-4)
        np.testing.assert_allclose(values, -np.sort(-truth, 1)[:, :4], atol=1e-4)
    assert wrap(module).family == "patches"
    assert wrap(module, normalize=True).checksum == model.checksum
    assert load("patches:trained.pt", layers=["blocks.*"]).sites[1].n_neurons == 16
    assert load("patches:trained.pt", random_init=1).checksum != model.checksum
    torch.save(module.state_dict(), "bare.pt")
    assert load("patches:trained.pt", weights="bare.pt").checksum == model.checksum
    with pytest.raises(ModelError, match=r"bare\.pt holds no 'sizes': give a file that train_patches\.py wrote"):
        load("patches:bare.pt")


def test_it_is_registered_no_longer() -> None:
    assert "patches" not in families.FAMILIES
