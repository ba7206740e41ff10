"""Layers found in or named on any module, models from functions, and the registry."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from ingest.models import load, wrap
from ingest.models.base import conv_grid
from ingest.models.families import FAMILIES, register
from ingest.models.named import FAMILY
from ingest.recorder import Recorder
from warehouse.errors import ModelError
from warehouse.grid import Grid


class Probe(nn.Module):
    """A temporal CNN with fully connected layers behind it, widths all different [B]."""

    def __init__(self) -> None:
        super().__init__()
        self.cnn = nn.Sequential(nn.Conv1d(1, 20, 320, 320), nn.ReLU(), nn.Conv1d(20, 30, 1))
        self.fc1 = nn.Linear(30, 15)
        self.fc2 = nn.Linear(15, 6)

    def forward(self, waveforms: Tensor) -> Tensor:
        return self.fc2(self.fc1(self.cnn(waveforms[:, None]).transpose(1, 2)))


def encoder(names: tuple[str, str], depth: int = 3) -> nn.Module:
    def block() -> nn.Module:
        first, second = names
        inner = nn.ModuleDict({"norm": nn.LayerNorm(8)})
        for name, linear in ((first, nn.Linear(8, 32)), (second, nn.Linear(32, 8))):
            home, parts = inner, name.split(".")
            for part in parts[:-1]:
                if part not in home:
                    home[part] = nn.ModuleDict()
                home = home[part]
            home[parts[-1]] = linear
        return inner

    return nn.ModuleDict({"encoder": nn.ModuleDict({"layers": nn.ModuleList(block() for _ in range(depth))})})


@pytest.mark.parametrize(
    "names", [("fc1", "fc2"), ("linear1", "linear2"), ("w_1", "w_2"), ("intermediate.dense", "output.dense")]
)
def test_feed_forwards_are_found_by_their_names(names: tuple[str, str]) -> None:
    model = wrap(encoder(names), hop_ms=20)
    assert [(s.layer, s.block, s.site, s.n_neurons) for s in model.sites] == [(i, i, "ffn", 32) for i in (1, 2, 3)]
    assert model.sites[1].in_module == f"encoder.layers.1.{names[0]}"
    assert model.sites[1].out_module == f"encoder.layers.1.{names[1]}"
    assert model.sites[1].block_module == "encoder.layers.1"
    assert model.family == "named"


def test_more_than_ten_layers_keep_their_order() -> None:
    model = wrap(encoder(("fc1", "fc2"), depth=12), hop_ms=20)
    assert [s.out_module for s in model.sites] == [f"encoder.layers.{i}.fc2" for i in range(12)]
    named = wrap(encoder(("fc1", "fc2"), depth=12), layers=["in:encoder.layers.*.fc2"], hop_ms=20)
    assert named.sites == model.sites


def test_a_classifier_is_no_feed_forward() -> None:
    head = nn.ModuleDict({"fc1": nn.Linear(8, 32), "fc2": nn.Linear(32, 5)})
    module = nn.ModuleDict({"body": encoder(("fc1", "fc2")), "head": head})
    assert all(s.out_module.startswith("body.") for s in wrap(module, hop_ms=20).sites)


def test_patterns_name_outputs_in_their_own_order() -> None:
    model = wrap(Probe(), layers=["fc?", "cnn.2"], hop_ms=20)
    assert [(s.layer, s.block, s.site, s.out_module, s.n_neurons, s.reads) for s in model.sites] == [
        (1, 1, "fc1", "fc1", 15, "output"),
        (2, 2, "fc2", "fc2", 6, "output"),
        (3, 3, "cnn.2", "cnn.2", 30, "output"),
    ]
    assert [s.in_module for s in model.sites] == ["fc1", "fc2", "cnn.2"]
    with Recorder(model, 50) as recorder:
        (recording,) = recorder.record([torch.randn(3_200).numpy()])
    assert [x.shape for x in recording.neurons] == [(10, 8), (10, 3), (10, 15)]


def test_patterns_name_inputs() -> None:
    model = wrap(Probe(), layers=["in:fc2"], hop_ms=20)
    (site,) = model.sites
    assert (site.site, site.n_neurons, site.reads, site.in_module) == ("fc2", 15, "input", None)


def test_a_star_stays_within_a_part() -> None:
    module = encoder(("intermediate.dense", "output.dense"))
    assert len(wrap(module, layers=["**.dense"], hop_ms=20).sites) == 6
    assert len(wrap(module, layers=["encoder.layers.1.**.dense"], hop_ms=20).sites) == 2
    assert len(wrap(module, layers=["encoder.*.*.output.dense"], hop_ms=20).sites) == 3
    with pytest.raises(ModelError, match="no module matches"):
        wrap(module, layers=["encoder.*.dense"], hop_ms=20)


def test_a_pattern_that_matches_nothing_lists_near_names() -> None:
    with pytest.raises(ModelError, match=r"'in:encoder.layers.\*.fc3'; near names: encoder\.layers\.\*\.fc") as caught:
        wrap(encoder(("fc1", "fc2")), layers=["in:encoder.layers.*.fc3"], hop_ms=20)
    assert "\n" not in str(caught.value)


def test_no_feed_forwards_lists_the_linears() -> None:
    with pytest.raises(ModelError, match=r"no feed-forward networks in Probe: .*its Linear modules: fc1, fc2"):
        wrap(Probe(), hop_ms=20)
    with pytest.raises(ModelError, match=r"it has no Linear; its modules: \*$"):
        wrap(nn.ModuleList([nn.Conv1d(1, 2, 3)]), hop_ms=20)


def test_modules_without_a_width_are_tried_or_refused() -> None:
    assert [site.n_neurons for site in wrap(Probe(), layers=["cnn.*"], hop_ms=20).sites] == [20, 20, 30]
    with pytest.raises(ModelError, match=r"act is a ReLU, which does not say how wide its output is"):
        wrap(nn.ModuleDict({"act": nn.ReLU()}), layers=["act"], hop_ms=20)


@pytest.mark.parametrize("pattern", ["into:fc1", "in:", ":fc1", ""])
def test_patterns_of_another_form(pattern: str) -> None:
    with pytest.raises(ModelError, match="write PATTERN or out:PATTERN for outputs, in:PATTERN for inputs"):
        wrap(Probe(), layers=[pattern], hop_ms=20)


def test_both_sides_of_a_module_are_refused() -> None:
    with pytest.raises(ModelError, match="both the input and the output of 'fc1'"):
        wrap(Probe(), layers=["fc1", "in:fc1"], hop_ms=20)


def test_a_frame_rate_is_measured_or_asked_for() -> None:
    with pytest.raises(ModelError, match=r"cannot be run on 1 waveform.*state --hop-ms"):
        wrap(encoder(("fc1", "fc2")))
    assert wrap(Probe(), layers=["fc1"]).grid == Grid(20_000, 10_000, 20_000)  # as the model's convolutions say
    assert wrap(Probe(), layers=["fc1"], hop_ms=20).grid == Grid(20_000, 10_000, 20_000)
    assert wrap(Probe(), layers=["fc1"], hop_ms=10, window_ms=25, offset_ms=17.5).grid == Grid(10_000, 17_500, 25_000)
    with pytest.raises(ModelError, match="--offset-ms -1"):
        wrap(Probe(), layers=["fc1"], hop_ms=10, offset_ms=-1)


@pytest.mark.parametrize(
    ("layers", "rate", "grid"),
    [
        ([(10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2)], 16_000, Grid(20_000, 12_500, 25_000)),
        ([(400, 160)], 16_000, Grid(10_000, 12_500, 25_000)),
        ([(401, 160)], 16_000, Grid(10_000, 12_531, 25_062)),
    ],
)
def test_the_grid_of_convolutions(layers: list[tuple[int, int]], rate: int, grid: Grid) -> None:
    assert conv_grid(layers, rate) == grid
    stack = nn.Sequential(*(nn.Conv1d(1, 1, kernel, stride) for kernel, stride in layers))
    for n_samples in (401, 560, 561, 719, 720, 721, 5_000):
        assert stack(torch.zeros(1, 1, n_samples)).shape[2] == grid.n_frames(n_samples, rate)


MODULE = """
import torch
from torch import nn
from ingest.models import wrap

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.ModuleDict({"fc1": nn.Linear(320, 640), "fc2": nn.Linear(640, 320)})])
    def forward(self, w):
        return self.layers[0]["fc2"](self.layers[0]["fc1"](w.unfold(1, 320, 320)))

def complete(): return wrap(Net(), hop_ms=20, source="by hand")
def number(): return 3
def fails(): raise ValueError("no such file: x.pt")
def fails_at_length(): raise ValueError("no such file: y.pt\\nlook elsewhere")
THREE = 3
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of a Python module in the working directory, new for each test."""
    name = f"my_models_{abs(hash(str(tmp_path)))}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    (tmp_path / f"{name}_broken.py").write_text("import no_such_package_anywhere")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return name


def test_a_function_that_returns_a_module(here: str) -> None:
    model = load(f"python:{here}:Net", hop_ms=20, random_init=1)
    assert model.source == f"python:{here}:Net, random weights, seed 1"
    assert model.sites[0].n_neurons == 640
    assert model.checksum == load(f"python:{here}:Net", hop_ms=20, random_init=1).checksum
    torch.save(model.module.state_dict(), "w.pt")
    assert load(f"python:{here}:Net", hop_ms=20, weights="w.pt").checksum == model.checksum


def test_a_function_that_returns_a_speech_model(here: str) -> None:
    assert load(f"python:{here}:complete").source == "by hand"
    with pytest.raises(ModelError, match="state layers and grid in the function"):
        load(f"python:{here}:complete", hop_ms=10)
    with pytest.raises(ModelError, match="state layers and grid in the function"):
        load(f"python:{here}:complete", layers=["fc1"])
    repeated = load(f"python:{here}:complete", hop_ms=20, offset_ms=10, window_ms=20, sample_rate=16_000)
    assert repeated.source == "by hand"


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("{}:number", "returned a int"),
        ("{}:fails", r"failed \(ValueError: no such file: x.pt\)"),
        ("{}:fails_at_length", r"failed \(ValueError: no such file: y.pt\)"),
        ("{}:THREE", "is a int, not a function"),
        ("{}:absent", "has no attribute 'absent'"),
        ("{}_broken:x", "no module 'no_such_package_anywhere'"),
        ("no_module_of_this_name:x", "no module 'no_module_of_this_name' in"),
        ("{}", "write python:module:function"),
    ],
)
def test_functions_that_do_not_serve(here: str, what: str, words: str) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        load("python:" + what.format(here))
    assert "\n" not in str(caught.value)


def test_a_family_is_registered_once() -> None:
    assert list(FAMILIES) == ["torchaudio", "transformers", "fairseq", "melhubert", "mel", "named"]
    with pytest.raises(ValueError, match="registered already"):
        register(FAMILY)
