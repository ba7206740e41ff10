"""The lines of docs/masks.md, executed where this package is not loaded, take the right neurons out of a model."""

import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from queries.masks import Mask, MaskLayer
from queries.masks.formats import FORMATS, usage
from queries.masks.formats.files import MOST_BYTES
from queries.masks.formats.strict_json import MOST_JSON_BYTES
from queries.masks.layers import MOST_NEURONS

DOCS = Path(__file__).parents[3] / "docs" / "masks.md"
PATH = "encoder.transformer.layers.{}.feed_forward.{}_dense"
NEURONS = {1: [0, 3, 4], 2: []}
HARNESS = """
import copy, sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
for name in ("queries", "warehouse", "ingest", "tui"):
    sys.modules[name] = None  # importing it fails
import torch
from torch import nn
{builder}
original = two_networks()
original.load_state_dict(torch.load("model.pt", weights_only=True))
for block in sorted(Path().glob("*.py.txt")):
    model = copy.deepcopy(original)
    exec(block.read_text(), dict(model=model))
    torch.save(model.state_dict(), block.name.removesuffix(".py.txt") + ".state.pt")
"""


def blocks() -> dict[str, list[str]]:
    """Format -> the code blocks of its section."""
    text = DOCS.read_text(encoding="utf-8").partition("\n## Formats\n")[2].partition("\n## ")[0]
    sections = re.split(r"^### `(\w+)`$", text, flags=re.MULTILINE)[1:]
    return {
        name: re.findall(r"^```python\n(.*?)^```$", body, re.MULTILINE | re.DOTALL)
        for name, body in zip(sections[::2], sections[1::2], strict=True)
    }


def two_networks() -> nn.Module:
    """A model with torchaudio's names."""
    torch.manual_seed(0)
    networks = [
        nn.ModuleDict(
            {"feed_forward": nn.ModuleDict({"intermediate_dense": nn.Linear(3, 6), "output_dense": nn.Linear(6, 3)})}
        )
        for _ in range(2)
    ]
    return nn.ModuleDict(
        {"encoder": nn.ModuleDict({"transformer": nn.ModuleDict({"layers": nn.ModuleList(networks)})})}
    )


def block(name: str, kind: str) -> str:
    found = blocks()[name]
    return found[0] if kind == "erase" else found[-1]


@pytest.fixture(scope="module")
def masks() -> dict[str, Mask]:
    layers = [MaskLayer(n + 1, PATH.format(n, "intermediate"), PATH.format(n, "output"), 6) for n in range(2)]
    return {kind: Mask.of_neurons(layers, NEURONS, kind) for kind in ("erase", "keep")}  # type: ignore[arg-type]


def test_every_format_has_a_section_with_the_lines_that_the_command_prints(masks: dict[str, Mask]) -> None:
    assert list(blocks()) == list(FORMATS)
    for name, entry in FORMATS.items():
        for kind, mask in masks.items():
            assert block(name, kind) == usage(mask, name, f"mask{entry.suffix}") + "\n"


def test_the_documented_lines_take_the_neurons_out(masks: dict[str, Mask], tmp_path: Path) -> None:
    model = two_networks()
    torch.save(model.state_dict(), tmp_path / "model.pt")
    for name, entry in FORMATS.items():
        for kind, mask in masks.items():
            file = f"{kind}{entry.suffix}"
            mask.save(tmp_path / file)
            (tmp_path / f"{name}-{kind}.py.txt").write_text(block(name, kind).replace(f"mask{entry.suffix}", file))
    harness = HARNESS.format(builder=inspect.getsource(two_networks))
    done = subprocess.run(
        [sys.executable, "-c", harness], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    original = model.state_dict()
    for name in FORMATS:
        for kind, mask in masks.items():
            state = torch.load(tmp_path / f"{name}-{kind}.state.pt", weights_only=True)
            expected = {key: value.clone() for key, value in original.items()}
            for layer in mask.layers:
                gone = torch.from_numpy(mask.removed()[layer.out_module].copy())
                expected[f"{layer.out_module}.weight"][:, gone] = 0
                if name == "prune":
                    expected[f"{layer.in_module}.weight"][gone] = 0
                    expected[f"{layer.in_module}.bias"][gone] = 0
            for key, value in expected.items():
                assert torch.equal(_value(state, key), value), (name, kind, key)


def _value(state: dict[str, torch.Tensor], key: str) -> torch.Tensor:
    """A weight, masked where ``torch.nn.utils.prune`` took it over."""
    return state[key] if key in state else state[f"{key}_orig"] * state[f"{key}_mask"]


def test_paths_without_a_pattern_are_left_to_the_script() -> None:
    layers = [MaskLayer(1, None, "first.fc2", 4), MaskLayer(2, None, "second.fc2", 4)]
    assert "get_submodule(PATHS[int(layer)])" in usage(Mask.of_neurons(layers, {}), "paper", 'a"b.json')
    assert 'open("a\\"b.json")' in usage(Mask.of_neurons(layers, {}), "paper", 'a"b.json')


def test_the_documented_bounds_are_those_of_the_code() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert f"Files up to {MOST_BYTES >> 20} MiB" in text
    assert f"JSON up to {MOST_JSON_BYTES >> 20} MiB" in text
    assert f"{MOST_NEURONS:,} neurons" in text


def test_the_documented_python_makes_the_masks_that_it_says(
    study: Path, tiny_model: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.warehouse").symlink_to(study)
    text = DOCS.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
    small = text.replace("p_sigma=0.9", "p_sigma=0.4").replace("'phone')", "'gender', p_sigma := 0.4)")
    small = small.replace('kind="keep")', 'kind="keep", p_sigma=0.4)').replace(", 0.2, ", ", 0.9, ")
    names: dict[str, Any] = {"model": tiny_model()}
    exec(small, names)
    assert Mask.load("erase.safetensors") == names["both"] == names["female"] | names["early"]
    assert len(names["protected"] - names["kept"]) == 0
    assert len(names["kept"]) == round(0.9 * 128)
