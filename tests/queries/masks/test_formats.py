"""Every format gives back the mask that was written, says what it lacks, and is told by its content."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open

from queries.masks import Mask, MaskLayer
from queries.masks.formats import FORMATS, format_of
from queries.masks.formats.detect import detect
from queries.masks.formats.registry import Format, register
from warehouse.errors import MaskError

Make = Callable[..., Mask]
Layers = tuple[MaskLayer, ...]

names = st.text("abcXYZ019_-", min_size=1, max_size=8).filter(lambda name: not name.startswith("__"))
paths = st.lists(names, min_size=1, max_size=4).map(".".join)
texts = st.text(st.characters(codec="utf-8"), max_size=30)


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    numbers = sorted(draw(st.sets(st.integers(1, 1000), max_size=5)))
    outs = draw(st.lists(paths, min_size=len(numbers), max_size=len(numbers), unique=True))
    firsts = paths.filter(lambda path: path not in outs)
    ins = draw(
        st.lists(st.none() | firsts, min_size=len(numbers), max_size=len(numbers), unique_by=lambda p: p or object())
    )
    widths = draw(st.lists(st.integers(1, 20), min_size=len(numbers), max_size=len(numbers)))
    layers = tuple(MaskLayer(*row) for row in zip(numbers, ins, outs, widths, strict=True))
    chosen = tuple(np.array(draw(st.lists(st.booleans(), min_size=w, max_size=w)), dtype=bool) for w in widths)
    return Mask(
        draw(st.sampled_from(["erase", "keep"])), layers, chosen, draw(st.dictionaries(texts, texts, max_size=4))
    )


def read(entry: Format, data: bytes, mask: Mask) -> Mask:
    if entry.read is not None:
        return entry.read(data)
    assert entry.read_with is not None
    return entry.read_with(data, mask.layers, mask.kind)


@pytest.mark.parametrize("name", FORMATS)
@given(mask=masks())
def test_what_is_written_is_read_back(name: str, mask: Mask) -> None:
    entry = FORMATS[name]
    data = entry.write(mask)
    assert detect(data) == name
    back = read(entry, data, mask)
    assert back == mask
    if entry.read is not None:
        assert dict(back.provenance) == dict(mask.provenance)
        assert entry.write(back) == data


@pytest.mark.parametrize("kind", ["erase", "keep"])
@pytest.mark.parametrize("name", FORMATS)
def test_files_are_written_by_suffix_and_told_by_content(name: str, kind: str, make: Make, tmp_path: Path) -> None:
    mask = make({1: [0, 7], 3: [2]}, kind, sql="SELECT λ", model="m")
    path = tmp_path / f"Mask{FORMATS[name].suffix.upper()}"
    mask.save(path)
    path.rename(tmp_path / "renamed.bin")
    lacking = {"layers": mask.layers, "kind": kind} if FORMATS[name].read_with else {}
    assert Mask.load(tmp_path / "renamed.bin", **lacking) == mask  # type: ignore[arg-type]
    assert [entry.name for entry in tmp_path.iterdir()] == ["renamed.bin"]


@pytest.mark.parametrize("name", ["paper", "lape"])
def test_formats_that_lack_the_layers_say_so(name: str, make: Make, layers: Layers, tmp_path: Path) -> None:
    path = tmp_path / "m"
    make({1: [3]}, "keep").save(path, name)
    with pytest.raises(MaskError, match=rf"m: the format {name} does not say which modules .* give layers="):
        Mask.load(path)
    assert Mask.load(path, layers=layers) == make({1: [3]}, "erase")
    with pytest.raises(MaskError, match="m: kind 'drop' of a mask: must be erase or keep"):
        Mask.load(path, layers=layers, kind="drop")  # type: ignore[arg-type]
    narrow = tuple(MaskLayer(layer.layer, layer.in_module, layer.out_module, 3) for layer in layers)
    with pytest.raises(MaskError, match=r"layer 1 .*: no neuron 3; it has neurons 0 to 2"):
        Mask.load(path, layers=narrow)


def test_another_model_or_kind_is_refused_by_name(make: Make, layers: Layers, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    make({1: [3]}).save(path)
    wider = (*layers[:2], MaskLayer(3, layers[2].in_module, layers[2].out_module, 9))
    renamed = (MaskLayer(1, layers[0].in_module, "encoder.fc2", 8), *layers[1:])
    for expected, message in (
        (wider, "m.safetensors: is of another model: layer 3 has n_neurons 8, and 9 is expected"),
        (renamed, r"layer 1 has out_module encoder.*output_dense, and encoder.fc2 is expected"),
        (layers[:2], "is of a model with 3 layers; 2 are expected"),
    ):
        with pytest.raises(MaskError, match=message):
            Mask.load(path, layers=expected)
    with pytest.raises(MaskError, match=r"says what to erase, not what to keep; .*as_kind\('keep'\)"):
        Mask.load(path, kind="keep")


def test_the_authors_layout_and_theirs_of_languages(make: Make, layers: Layers, tmp_path: Path) -> None:
    mask = make({1: [0, 7], 3: [2]})
    mask.save(tmp_path / "m.paper.json")
    assert json.loads((tmp_path / "m.paper.json").read_text()) == {"1": [0, 7], "2": [], "3": [2]}
    (tmp_path / "theirs.json").write_text('{"3": [2], "1": [7, 0]}')
    assert Mask.load(tmp_path / "theirs.json", layers=layers) == mask
    mask.save(tmp_path / "m.lape.pt")
    ((*lists,),) = torch.load(tmp_path / "m.lape.pt", weights_only=True)
    assert [(found.dtype, found.tolist()) for found in lists] == [
        (torch.int64, [0, 7]),
        (torch.int64, []),
        (torch.int64, [2]),
    ]
    none = torch.tensor([], dtype=torch.int64)
    torch.save([[torch.tensor([7]), none, none], [torch.tensor([0]), none, torch.tensor([2])]], tmp_path / "two")
    both = Mask.load(tmp_path / "two", layers=layers)
    assert both == mask
    assert both.provenance["groups"] == "2, taken together"


def test_other_libraries_read_the_files(make: Make, layers: Layers, tmp_path: Path) -> None:
    mask = make({1: [0, 7], 2: [1]}, "keep", sql="SELECT 'ä'")
    for name in ("m.safetensors", "m.prune.safetensors", "m.npz", "m.pt"):
        mask.save(tmp_path / name)
    vectors = {layer.out_module: vector for layer, vector in zip(layers, mask.chosen, strict=True)}
    with safe_open(tmp_path / "m.safetensors", "np") as file:
        assert set(file.keys()) == set(vectors)
        assert all((file.get_tensor(path) == vector).all() for path, vector in vectors.items())
        assert file.metadata()["kind"] == "keep"
        assert json.loads(file.metadata()["provenance"]) == {"sql": "SELECT 'ä'"}
        assert json.loads(file.metadata()["layers"])[2] == vars(layers[2])
    with safe_open(tmp_path / "m.prune.safetensors", "np") as file:
        assert file.get_tensor(f"{layers[0].in_module}.weight_mask").shape == (8, 1)
        assert file.get_tensor(f"{layers[0].in_module}.bias_mask").tolist() == mask.chosen[0].tolist()
        assert file.get_tensor(f"{layers[0].out_module}.weight_mask").shape == (1, 8)
    with np.load(tmp_path / "m.npz", allow_pickle=False) as arrays:
        assert json.loads(arrays["__mask__"].tobytes())["kind"] == "keep"
        assert all((arrays[path] == vector).all() for path, vector in vectors.items())
    tensors = torch.load(tmp_path / "m.pt", weights_only=True)
    assert all((tensors[path].numpy() == vector).all() for path, vector in vectors.items())


def test_npz_of_numpy_itself_is_read(make: Make, tmp_path: Path) -> None:
    mask = make({1: [0, 7]})
    mask.save(tmp_path / "m.npz")
    with np.load(tmp_path / "m.npz") as arrays:
        np.savez_compressed(tmp_path / "again.npz", **arrays)
    assert Mask.load(tmp_path / "again.npz") == mask


def test_a_file_is_replaced_whole_or_left_alone(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.json"
    make({1: [0]}).save(path)
    before = path.read_bytes()

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", fail)
        with pytest.raises(MaskError, match=r"m.json: cannot be written \(No space left on device\)"):
            make({1: [1]}).save(path)
    assert (path.read_bytes(), [p.name for p in tmp_path.iterdir()]) == (before, ["m.json"])
    make({1: [1]}).save(path)
    assert Mask.load(path) == make({1: [1]})


@pytest.mark.parametrize(
    ("path", "format", "message"),
    [
        ("m.bin", None, "m.bin: the suffix says no format; give one of .safetensors, .json, .paper.json"),
        ("m", None, "the suffix says no format"),
        ("m.json", "pickle", "format 'pickle' is none of safetensors, json, paper, npz, pt, prune, lape"),
        ("nowhere/m.json", None, "nowhere/m.json: cannot be written"),
    ],
)
def test_what_cannot_be_written_is_said(make: Make, tmp_path: Path, path: str, format: Any, message: str) -> None:
    with pytest.raises(MaskError, match=message):
        make({}).save(tmp_path / path, format)


@pytest.mark.parametrize(
    ("layer", "provenance", "message"),
    [
        (MaskLayer(1, "a", "b..c", 3), {}, "out_module 'b..c' is no path"),
        (MaskLayer(1, "__class__", "b", 3), {}, "in_module '__class__' is no path"),
        (MaskLayer(1, "a", "b", 3), {"n": 3}, "provenance 'n': 3 is no text"),
        (MaskLayer(1, "a", "b", 3), {"n": "\ud800"}, "provenance 'n' is no text that can be written in UTF-8"),
    ],
)
@pytest.mark.parametrize("name", ["safetensors", "json", "npz", "pt", "prune"])
def test_what_could_not_be_read_back_is_not_written(
    name: str, layer: MaskLayer, provenance: Any, message: str, tmp_path: Path
) -> None:
    with pytest.raises(MaskError, match=message):
        Mask.of_neurons([layer], {}, "erase", provenance).save(tmp_path / "m", name)
    assert not list(tmp_path.iterdir())


def test_longer_suffixes_win_and_none_is_taken_twice() -> None:
    for name, entry in FORMATS.items():
        assert format_of(Path(f"x/y{entry.suffix}")).name == name
    with pytest.raises(ValueError, match="is there already"):
        register(Format("other", ".json", "", lambda mask: b""))
