"""Pruned models to a file and back, and files that lie."""

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from queries.editing import load_pruned, prune, save_pruned
from queries.editing.pruned_files import KEPT, PREFIX
from queries.tensor_files import LONGEST_HEADER, read_tensors
from warehouse.errors import MaskError


def same(a: nn.Module, b: nn.Module) -> bool:
    a_state, b_state = a.state_dict(), b.state_dict()
    return a_state.keys() == b_state.keys() and all(torch.equal(a_state[name], b_state[name]) for name in a_state)


def test_there_and_back(tiny: Any, tmp_path: Path) -> None:
    fresh = copy.deepcopy(tiny)
    kept = prune(tiny.module, tiny.drawn(1, 0.6))
    with torch.no_grad():
        for weight in tiny.module.parameters():  # as after training
            weight.add_(0.01)
    save_pruned(tiny.module, tmp_path / "pruned.safetensors", kept)
    assert os.listdir(tmp_path) == ["pruned.safetensors"]
    again = load_pruned(fresh.module, tmp_path / "pruned.safetensors")
    assert again == kept
    assert again.provenance == kept.provenance
    assert same(fresh.module, tiny.module)
    assert torch.equal(fresh(), tiny())


@pytest.mark.parametrize("neurons", [{}, {1: []}, {2: [47]}])
def test_layers_without_neurons_and_heads(
    make: Callable[..., Any], tmp_path: Path, neurons: dict[int, list[int]]
) -> None:
    def built() -> nn.Module:
        torch.manual_seed(1)
        return nn.ModuleDict({"upstream": make("fairseq").module, "head": nn.Linear(32, 3)})

    model, fresh = built(), built()
    kept = prune(model, make("fairseq").mask(neurons, "keep"))
    save_pruned(model, tmp_path / "p.safetensors", kept)
    assert load_pruned(fresh, tmp_path / "p.safetensors") == kept
    assert same(model, fresh)


def test_biases_that_means_made(make: Callable[..., Any], tmp_path: Path) -> None:
    tiny, fresh = make("fairseq", bias=False), make("fairseq", bias=False)
    mask = tiny.mask({1: [0, 1]})
    means = {layer.out_module: np.ones(48) for layer in mask.layers}
    save_pruned(tiny.module, tmp_path / "p.safetensors", prune(tiny.module, mask, means=means))
    load_pruned(fresh.module, tmp_path / "p.safetensors")
    assert torch.equal(fresh(), tiny())
    assert fresh.module.encoder.layers[1].fc2.bias is None


def test_another_precision_stays_the_models(one: Any, tmp_path: Path) -> None:
    fresh = copy.deepcopy(one.module).half()
    save_pruned(one.module, tmp_path / "p.safetensors", prune(one.module, one.drawn(1)))
    load_pruned(fresh, tmp_path / "p.safetensors")
    assert same(fresh, one.module.half())


def test_the_formats_own_library_reads_it(one: Any, tmp_path: Path) -> None:
    one.module.register_buffer("steps", torch.tensor(3))
    one.module.register_buffer("flags", torch.tensor([True, False, True]))
    one.module.register_buffer("coarse", torch.ones(3).bfloat16())
    save_pruned(one.module, tmp_path / "p.safetensors", prune(one.module, one.drawn(1)))
    found = safetensors.torch.load_file(tmp_path / "p.safetensors")
    assert found.keys() == one.module.state_dict().keys()
    assert all(torch.equal(found[name], value) for name, value in one.module.state_dict().items())
    safetensors.torch.save_file(found, tmp_path / "theirs.safetensors", {"a": "b"})
    tensors, metadata = read_tensors(tmp_path / "theirs.safetensors")
    assert metadata == {"a": "b"}
    assert all(torch.equal(tensors[name], value) for name, value in found.items())


def test_a_uniform_one_sets_the_configuration(make: Callable[..., Any], tmp_path: Path) -> None:
    tiny, fresh = make("Hubert"), make("Hubert")
    save_pruned(tiny.module, tmp_path / "p.safetensors", prune(tiny.module, tiny.uniform(1, 5)))
    load_pruned(fresh.module, tmp_path / "p.safetensors")
    assert fresh.module.config.intermediate_size == 5


def refused(fresh: nn.Module, path: Path, said: str) -> None:
    before = copy.deepcopy(fresh)
    with pytest.raises(MaskError, match=said) as caught:
        load_pruned(fresh, path)
    assert "\n" not in str(caught.value)
    assert same(before, fresh)
    assert str(before) == str(fresh)


def test_models_that_do_not_fit(make: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "p.safetensors"
    tiny = make("fairseq")
    save_pruned(tiny.module, path, prune(tiny.module, tiny.drawn(1)))
    refused(make("fairseq", width=40).module, path, r"encoder\.layers\.0\.fc1 \(layer 1\) has 40 rows, the mask 48")
    refused(make("fairseq", n_layers=1).module, path, r"has no module encoder\.layers\.1\.fc1")
    refused(make("fairseq", n_layers=3).module, path, r"lacks encoder\.layers\.2\.fc1\.bias, .* and 3 more; build the")
    refused(make("fairseq", d=16).module, path, r"fc1\.weight is \(\d+, 32\), not \(\d+, 16\)")
    headed = make("fairseq").module
    headed.head = nn.Linear(32, 2)
    refused(headed, path, r"lacks head\.bias, head\.weight")
    unbiased = make("fairseq").module
    unbiased.encoder.layers[0].final_layer_norm = nn.LayerNorm(32, bias=False)
    refused(unbiased, path, r"has too much: encoder\.layers\.0\.final_layer_norm\.bias")
    refused(tiny.module, path, r"the mask 48 neurons")  # it was pruned already


def test_a_model_that_is_not_what_is_said_to_be_kept(one: Any, tmp_path: Path) -> None:
    prune(one.module, one.mask({1: [0]}))
    with pytest.raises(MaskError, match="of which the model was said to have kept"):
        save_pruned(one.module, tmp_path / "p.safetensors", one.mask({1: [0, 1]}))
    assert not os.listdir(tmp_path)
    with pytest.raises(MaskError, match="cannot be written"):
        save_pruned(one.module, tmp_path / "no" / "p.safetensors", one.mask({1: [0]}))
    one.module.register_buffer("odd", torch.ones(2, dtype=torch.complex128))
    with pytest.raises(MaskError, match=r"odd is torch\.complex128"):
        save_pruned(one.module, tmp_path / "p.safetensors", one.mask({1: [0]}))


@pytest.fixture
def saved(one: Any, tmp_path: Path) -> tuple[Path, nn.Module]:
    fresh = copy.deepcopy(one.module)
    path = tmp_path / "p.safetensors"
    save_pruned(one.module, path, prune(one.module, one.drawn(1)))
    return path, fresh


def header_of(path: Path) -> tuple[dict[str, Any], bytes]:
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    return json.loads(raw[8 : 8 + length]), raw[8 + length :]


def write(path: Path, header: Any, data: bytes) -> None:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


NAME = "encoder.layers.0.fc1.bias"
DAMAGED = r"is damaged or no safetensors file \("


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda h: h[NAME].update(dtype="F8"), DAMAGED),
        (lambda h: h[NAME].update(dtype=["F32"]), DAMAGED),
        (lambda h: h[NAME].update(shape=[2**40]), DAMAGED),
        (lambda h: h[NAME].update(shape=[0, 2**63], data_offsets=[0, 0]), DAMAGED),
        (lambda h: h[NAME].update(shape=[-1]), DAMAGED),
        (lambda h: h[NAME].update(shape=[True]), DAMAGED),
        (lambda h: h[NAME].update(shape=[2**62] * 200), DAMAGED),
        (lambda h: h[NAME].update(data_offsets=[0, 10**9]), DAMAGED),
        (lambda h: h.update({NAME: 3}), DAMAGED),
        (lambda h: h.pop(NAME), DAMAGED),
        (lambda h: h.update(twice=h[NAME]), DAMAGED),
        (lambda h: h.update(__metadata__={"a": 1}), DAMAGED),
        (lambda h: h.pop("__metadata__"), "does not say which neurons it kept"),
    ],
)
def test_headers_that_lie(saved: tuple[Path, nn.Module], change: Callable[[Any], Any], said: str) -> None:
    path, fresh = saved
    header, data = header_of(path)
    change(header)
    write(path, header, data)
    refused(fresh, path, said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.update(neuron_warehouse_mask=2), "a mask of version 2; this program reads version 1"),
        (lambda f: f.pop("layers"), "it has no list of at most"),
        (lambda f: f["layers"][0].update(neurons=["1"]), "no neuron '1'"),
        (lambda f: f["layers"][0].update(neurons=[48]), "no neuron 48"),
        (lambda f: f["layers"][0].update(n_neurons=2**60), "is no number of neurons"),
        (lambda f: f["layers"][1].update(layer=1), "ascending order, each once"),
        (lambda f: f["layers"][0].update(out_module="nowhere"), "has no module nowhere"),
        (lambda f: f["layers"][0].update(in_module=None), "has no first linear on record"),
        (lambda f: f["layers"][0].update(neurons=[0]), r"fc1\.weight is \(\d+, 32\), not \(1, 32\)"),
        (lambda f: f.update(kind="erase"), r"fc1\.bias is|fc1\.weight is"),
        (lambda f: f.update(provenance=[1]), "its provenance is not names and texts"),
    ],
)
def test_masks_that_lie(saved: tuple[Path, nn.Module], change: Callable[[Any], Any], said: str) -> None:
    path, fresh = saved
    header, data = header_of(path)
    kept = json.loads(header["__metadata__"][KEPT])
    change(kept)
    header["__metadata__"][KEPT] = json.dumps(kept)
    write(path, header, data)
    refused(fresh, path, said)


def test_texts_that_lie(saved: tuple[Path, nn.Module]) -> None:
    path, fresh = saved
    header, data = header_of(path)
    told = header["__metadata__"]
    for name, text, said in (
        (PREFIX, "other.", r"has no module other\.encoder"),
        (KEPT, "[" * 30_000, "nested too deep|not the JSON"),
        (KEPT, "[" * 60_000, "more JSON than a mask can have"),
        (KEPT, "[1]", "does not describe itself"),
    ):
        write(path, {**header, "__metadata__": {**told, name: text}}, data)
        refused(fresh, path, said)


def test_files_that_are_none(saved: tuple[Path, nn.Module], tmp_path: Path) -> None:
    path, fresh = saved
    raw = path.read_bytes()
    for hostile in (2**63, 2**40, 10**8, len(raw)):
        path.write_bytes(hostile.to_bytes(8, "little") + raw[8:])
        refused(fresh, path, "is no safetensors file, or a truncated one")
    for short in (b"", raw[:5], raw[: len(raw) // 2], raw[:-1], raw + b"x"):
        path.write_bytes(short)
        refused(fresh, path, "safetensors")
    for text in (b"[1]", b"{", b"\xff\xfe", b"[" * 100_000):
        write(path, text, b"")
        refused(fresh, path, "no safetensors file")
    write(path, b'{"a":' + b"[" * 100_000, b"")
    refused(fresh, path, DAMAGED)
    write(path, b"{" + b" " * LONGEST_HEADER, b"")
    refused(fresh, path, "is no safetensors file, or a truncated one")
    refused(fresh, tmp_path / "absent.safetensors", "No such file")
    refused(fresh, tmp_path, "cannot be read")


def test_the_old_file_stays_until_the_new_one_is_whole(
    saved: tuple[Path, nn.Module], one: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = saved
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MaskError, match="No space left"):
        save_pruned(one.module, path, one.drawn(1))
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_byte_may_be_wrong(saved: tuple[Path, nn.Module], tmp_path: Path, data: st.DataObject) -> None:
    path, fresh = saved
    raw = bytearray(path.read_bytes())
    length = int.from_bytes(raw[:8], "little")
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, length + 8))] = data.draw(st.integers(0, 255))
    (tmp_path / "wrong").write_bytes(raw)
    before = copy.deepcopy(fresh)
    try:
        load_pruned(fresh, tmp_path / "wrong")
    except MaskError:
        assert same(before, fresh)
    else:
        fresh.__dict__.update(before.__dict__)  # a change that means nothing, such as in the provenance
