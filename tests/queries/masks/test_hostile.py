"""Files from strangers: whatever is in them, loading ends in a mask or in one line that names the file."""

import io
import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from queries.masks import Mask, MaskLayer
from queries.masks.formats import FORMATS
from queries.masks.formats.files import MOST_BYTES
from warehouse.errors import MaskError

Refusal = Callable[..., str]
LAYERS = (MaskLayer(1, "a.0", "b.0", 8), MaskLayer(2, None, "b.1", 6))
MASK = Mask.of_neurons(LAYERS, {1: [0, 7], 2: [3]}, "erase", {"sql": "SELECT 1"})
WRITTEN = {name: entry.write(MASK) for name, entry in FORMATS.items()}


def named(value: Any) -> str:
    """Name of a test: the message, never the file."""
    return value[:50] if isinstance(value, str) else "file"


class Payload:
    """Pickled, it makes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return (open, (str(self.target), "w"))


@pytest.mark.parametrize("suffix", [entry.suffix for entry in FORMATS.values()] + [".pkl"])
@pytest.mark.parametrize("format", [None, *FORMATS])
def test_a_pickle_is_never_executed(tmp_path: Path, suffix: str, format: str | None, refusal: Refusal) -> None:
    target = tmp_path / "executed"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        refusal(pickle.dumps(Payload(target), protocol), f"m{suffix}", format)
    inside = io.BytesIO()
    torch.save({"b.0": Payload(target)}, inside)
    refusal(inside.getvalue(), f"m{suffix}", format)
    old = io.BytesIO()
    torch.save([Payload(target)], old, _use_new_zipfile_serialization=False)
    refusal(old.getvalue(), f"m{suffix}", format)
    objects = io.BytesIO()
    np.savez(objects, __mask__=np.array([Payload(target)], dtype=object))
    refusal(objects.getvalue(), f"m{suffix}", format)
    assert not target.exists()
    assert "which could run code" in refusal(pickle.dumps(Payload(target)))


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_cut_anywhere_is_refused(name: str, refusal: Refusal) -> None:
    whole = WRITTEN[name].rstrip(b"\n")
    for at in range(len(whole)):
        refusal(whole[:at], format=name if at % 2 else None)


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
def test_a_changed_file_is_a_mask_or_one_line(name: str, data: st.DataObject, tmp_path_factory: Any) -> None:
    changed = bytearray(WRITTEN[name])
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "changed.bin"
    path.write_bytes(changed)
    line = f"{path}: "
    try:
        assert Mask.load(path, layers=LAYERS).layers == LAYERS
    except MaskError as error:
        line = str(error)
    assert line.startswith(f"{path}: ")
    assert "\n" not in line


@given(noise=st.binary(max_size=200))
def test_noise_is_refused(noise: bytes, refusal: Refusal) -> None:
    if noise.strip() not in (b"{}",):
        refusal(noise)


def described(**changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(WRITTEN["json"])
    return {**content, **changes}


def layer(**changes: Any) -> list[dict[str, Any]]:
    first, second = described()["layers"]
    return [{**first, **changes}, second]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (described(neuron_warehouse_mask=2), "a mask of version 2; this program reads version 1"),
        (described(neuron_warehouse_mask=True), "a mask of version True"),
        (described(kind="drop"), "kind 'drop': must be erase or keep"),
        (described(kind=["keep"]), "must be erase or keep"),
        (described(layer_base=0), "layers counted from 0"),
        (described(layers={}), "no list of at most"),
        (described(layers=[1]), "a layer has not exactly"),
        (described(layers=layer(d=3)), "a layer has not exactly in_module, layer, n_neurons, neurons, out_module"),
        (described(layers=layer(layer=0)), "layer 0: layers are numbers from 1"),
        (described(layers=layer(layer=True)), "layer True: layers are numbers"),
        (described(layers=layer(layer=1.0)), "layer 1.0: layers are numbers"),
        (described(layers=layer(layer=2)), "ascending order, each once"),
        (described(layers=layer(out_module="b.1")), "a module of its own"),
        (described(layers=layer(n_neurons=0)), "layer 1: 0 is no number of neurons"),
        (described(layers=layer(n_neurons=1 << 60)), "is no number of neurons"),
        (described(layers=layer(n_neurons=1 << 22)), "more than 4194304 neurons"),
        (described(layers=layer(n_neurons=-3)), "-3 is no number of neurons"),
        (described(layers=layer(n_neurons=9)), "is of another model: layer 1 has n_neurons 9, and 8 is expected"),
        *(
            (described(layers=layer(out_module=path)), "is no path of a module")
            for path in (
                *("", ".", "a..b", "..", "../a", "a/b", "a.b.", ".a", "__class__", "a.__dict__", "a b", "a\nb", "ä"),
                *(None, 3, ["a"], "a" * 201, ".".join("a" * 100), "a\u0000"),
            )
        ),
        (described(layers=layer(in_module="__init__.x")), "in_module '__init__.x' is no path"),
        (described(layers=layer(neurons=None)), "layer 1 has no list of neurons"),
        (described(layers=layer(neurons=[-1])), r"layer 1 (b.0): no neuron -1; it has neurons 0 to 7"),
        (described(layers=layer(neurons=[8])), "no neuron 8"),
        (described(layers=layer(neurons=[True])), "no neuron True"),
        (described(layers=layer(neurons=[1.0])), "no neuron 1.0"),
        (described(layers=layer(neurons=["1"])), "no neuron '1'"),
        (described(layers=layer(neurons=[1 << 80])), "no neuron 1208925819614629174706176"),
        (described(layers=layer(neurons=[[]])), "no neuron []"),
        (described(provenance=None), "its provenance is not names and texts"),
        (described(provenance={"a": 1}), "provenance 'a': 1 is no text"),
        (described(provenance={"a": "\ud800"}), "no text that can be written in UTF-8"),
        ({"1": [8]}, "layer 1 (b.0): no neuron 8"),
        ({"1": [True]}, "no neuron True"),
        ({"3": [1]}, "has layer 3, and the model has layers 1, 2"),
        ({"0": [1]}, "JSON, but no mask"),
        ({"01": [1]}, "JSON, but no mask"),
        ({"1": {"0": 1}}, "JSON, but no mask"),
        ([[1]], "JSON, but no mask"),
    ],
    ids=named,
)
def test_wrong_json_is_refused(content: Any, message: str, refusal: Refusal) -> None:
    assert message in refusal(json.dumps(content).encode())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"1": [1], "1": [2]}', "'1' is there twice"),
        (b'{"1": [NaN]}', "NaN is no number of JSON"),
        (b'{"1": [Infinity]}', "Infinity is no number"),
        (b'{"1": [1e999]}', "no neuron inf"),
        (b'{"1": [' + b"9" * 5000 + b"]}", "not the JSON it should be"),
        (b'{"1": [1], "\xff": []}', "not the JSON it should be"),
        (b'{"1": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", "nested too deep"),
        (b'{"1": ' + b"[" * 200_000, "more JSON than a mask can have"),
        (b'{"1": [' + b"[]," * 100_000 + b"1]}", "more JSON than a mask can have"),
        (b'{"1": [' + b"1," * 4_300_000 + b"1]}", "more JSON than a mask can have"),
        (b'{"1": "' + b"a" * (33 << 20) + b'"}', "more JSON than a mask can have"),
    ],
    ids=named,
)
def test_json_that_is_none_or_too_much_is_refused(text: bytes, message: str, refusal: Refusal) -> None:
    assert message in refusal(text)


def tensors(header: Any, body: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def with_tensor(**changes: Any) -> dict[str, Any]:
    start = struct.unpack("<Q", WRITTEN["safetensors"][:8])[0]
    header = json.loads(WRITTEN["safetensors"][8 : 8 + start])
    return {**header, "b.0": {**header["b.0"], **changes}}


BODY = b"\0" * 14
DAMAGED = "damaged or no safetensors file ("
"""What the library says follows."""


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (tensors({}, length=1 << 62), "no mask in any known format"),
        (tensors({}, length=3), "no mask in any known format"),
        (tensors(b"{" + b" " * (17 << 20)), "no mask in any known format"),
        (tensors(b"{" + b"[" * 100_000), "more JSON than a mask can have"),
        (tensors({"b.0": 1}), DAMAGED),
        (tensors({"__metadata__": {"kind": 3}}), DAMAGED),
        (tensors({"__metadata__": []}), DAMAGED),
        (tensors(with_tensor(dtype="F9"), BODY), DAMAGED),
        (tensors(with_tensor(dtype="F32", shape=[2]), BODY), "'b.0' is float32; the tensors of a mask are bool"),
        (tensors(with_tensor(dtype="BF16", shape=[4]), BODY), "holds a tensor of type 'BF16', which NumPy lacks"),
        (tensors(with_tensor(shape=[9]), BODY), DAMAGED),
        (tensors(with_tensor(shape=[1 << 62, 1 << 62]), BODY), DAMAGED),
        (tensors(with_tensor(shape=[1] * 99 + [8]), BODY), DAMAGED),
        (tensors(with_tensor(shape=[2, 4]), BODY), "has shape (2, 4); its layer wants (8,)"),
        (tensors(with_tensor(shape=[-8]), BODY), DAMAGED),
        (tensors(with_tensor(shape=[8.0]), BODY), DAMAGED),
        (tensors(with_tensor(shape=[True] * 2), BODY), DAMAGED),
        (tensors(with_tensor(data_offsets=[0]), BODY), DAMAGED),
        (tensors(with_tensor(data_offsets=[6, 14]), BODY), DAMAGED),
        (tensors(with_tensor(), BODY + b"\0"), DAMAGED),
        (tensors(with_tensor(), BODY[:-1]), DAMAGED),
        (tensors(with_tensor(), b"\2" + BODY[1:]), "other values than true and false"),
        (
            tensors({**with_tensor(), "c": {"dtype": "BOOL", "shape": [0], "data_offsets": [14, 14]}}, BODY),
            "is not to have",
        ),
        (tensors(b'{"a": {}, "a": {}}'), "'a' is there twice"),
        (
            tensors({**with_tensor(), "__metadata__": {"neuron_warehouse_mask": "1", "kind": "keep"}}, BODY),
            "layers counted",
        ),
        (tensors({**with_tensor(), "__metadata__": {"layout": "prune"}}, BODY), "metadata describe no mask"),
    ],
    ids=named,
)
def test_wrong_safetensors_are_refused(data: bytes, message: str, refusal: Refusal) -> None:
    assert message in refusal(data)


def test_masks_that_contradict_themselves_are_refused(refusal: Refusal) -> None:
    prune = bytearray(WRITTEN["prune"])
    prune[-14] ^= 1  # a column of the first layer's second linear, or its like in the first
    assert "contradicts" in refusal(bytes(prune))
    assert "its layout is 'prune'" in refusal(WRITTEN["prune"], format="safetensors")
    assert "load it as safetensors" in refusal(WRITTEN["safetensors"], format="prune")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    for path, message in (
        (tmp_path / "none", "none: cannot be read (No such file or directory)"),
        (tmp_path, "cannot be read (Is a directory)"),
        (tmp_path / "pipe", "pipe: not a plain file"),
        (Path("/dev/zero"), "/dev/zero: not a plain file"),
        (Path("a\0b"), "cannot be read (embedded null byte)"),
    ):
        with pytest.raises(MaskError) as caught:
            Mask.load(path)
        assert message in str(caught.value)
    with open(tmp_path / "large.pt", "wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(MaskError, match=r"large.pt: larger than 256 MiB, which no mask is"):
        Mask.load(tmp_path / "large.pt")
