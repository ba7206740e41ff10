"""Files from strangers: whatever is in them, loading ends in a mask or in one line that names the file."""

import io
import json
import pickle
import struct
import subprocess
import sys
import zipfile
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
from queries.masks.formats.archives import pack
from queries.masks.formats.files import MOST_BYTES
from warehouse.errors import MaskError

Make = Callable[..., Mask]
Layers = tuple[MaskLayer, ...]
LAYERS = (MaskLayer(1, "a.0", "b.0", 8), MaskLayer(2, None, "b.1", 6))
MASK = Mask.of_neurons(LAYERS, {1: [0, 7], 2: [3]}, "erase", {"sql": "SELECT 1"})
WRITTEN = {name: entry.write(MASK) for name, entry in FORMATS.items()}


def refusal(folder: Path, data: bytes, name: str = "hostile.bin", format: str | None = None) -> str:
    """The one line that refuses a file."""
    path = folder / name
    path.write_bytes(data)
    with pytest.raises(MaskError) as caught:
        Mask.load(path, format, layers=LAYERS)
    line = str(caught.value)
    assert line.startswith(f"{path}: ")
    assert "\n" not in line
    assert len(line) < 1500
    return line


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
def test_a_pickle_is_never_executed(tmp_path: Path, suffix: str, format: str | None) -> None:
    target = tmp_path / "executed"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        refusal(tmp_path, pickle.dumps(Payload(target), protocol), f"m{suffix}", format)
    inside = io.BytesIO()
    torch.save({"b.0": Payload(target)}, inside)
    refusal(tmp_path, inside.getvalue(), f"m{suffix}", format)
    old = io.BytesIO()
    torch.save([Payload(target)], old, _use_new_zipfile_serialization=False)
    refusal(tmp_path, old.getvalue(), f"m{suffix}", format)
    objects = io.BytesIO()
    np.savez(objects, __mask__=np.array([Payload(target)], dtype=object))
    refusal(tmp_path, objects.getvalue(), f"m{suffix}", format)
    assert not target.exists()
    assert "which could run code" in refusal(tmp_path, pickle.dumps(Payload(target)))


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
def test_a_file_cut_anywhere_is_refused(name: str, data: st.DataObject, tmp_path_factory: Any) -> None:
    whole = WRITTEN[name]
    at = data.draw(st.integers(0, len(whole) - 1 - (whole[-1:] == b"\n")))
    refusal(tmp_path_factory.getbasetemp(), whole[:at], format=data.draw(st.sampled_from([None, name])))


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


@given(st.binary(max_size=200))
def test_noise_is_refused(tmp_path_factory: Any, noise: bytes) -> None:
    if noise.strip() not in (b"{}",):
        refusal(tmp_path_factory.getbasetemp(), noise)


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
def test_wrong_json_is_refused(tmp_path: Path, content: Any, message: str) -> None:
    assert message in refusal(tmp_path, json.dumps(content).encode())


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
def test_json_that_is_none_or_too_much_is_refused(tmp_path: Path, text: bytes, message: str) -> None:
    assert message in refusal(tmp_path, text)


def tensors(header: Any, body: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def with_tensor(**changes: Any) -> dict[str, Any]:
    start = struct.unpack("<Q", WRITTEN["safetensors"][:8])[0]
    header = json.loads(WRITTEN["safetensors"][8 : 8 + start])
    return {**header, "b.0": {**header["b.0"], **changes}}


BODY = b"\0" * 14


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (tensors({}, length=1 << 62), "no mask in any known format"),
        (tensors({}, length=3), "no mask in any known format"),
        (tensors(b"{" + b" " * (17 << 20)), "no mask in any known format"),
        (tensors(b"{" + b"[" * 100_000), "more JSON than a mask can have"),
        (tensors({"b.0": 1}), "has not exactly dtype, shape"),
        (tensors({"__metadata__": {"kind": 3}}), "metadata are not names and texts"),
        (tensors({"__metadata__": []}), "metadata are not names and texts"),
        (tensors(with_tensor(dtype="F32"), BODY), "'b.0' is 'F32'; the tensors of a mask are BOOL"),
        (tensors(with_tensor(shape=[9]), BODY), "do not lie where its shape says"),
        (tensors(with_tensor(shape=[1 << 62, 1 << 62]), BODY), "do not lie where its shape says"),
        (tensors(with_tensor(shape=[2, 4]), BODY), "has shape (2, 4); its layer wants (8,)"),
        (tensors(with_tensor(shape=[-8]), BODY), "shape or offsets of 'b.0'"),
        (tensors(with_tensor(shape=[8.0]), BODY), "shape or offsets of 'b.0'"),
        (tensors(with_tensor(shape=[True] * 2), BODY), "shape or offsets of 'b.0'"),
        (tensors(with_tensor(data_offsets=[0]), BODY), "offsets of 'b.0' are not two"),
        (tensors(with_tensor(data_offsets=[6, 14]), BODY), "do not lie where"),
        (tensors(with_tensor(data_offsets=[0, 8], extra=1), BODY), "has not exactly dtype, shape and data_offsets"),
        (tensors(with_tensor(), BODY + b"\0"), "1 bytes follow the last tensor"),
        (tensors(with_tensor(), BODY[:-1]), "do not lie where"),
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
def test_wrong_safetensors_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    assert message in refusal(tmp_path, data)


def test_masks_that_contradict_themselves_are_refused(tmp_path: Path) -> None:
    prune = bytearray(WRITTEN["prune"])
    prune[-14] ^= 1  # a column of the first layer's second linear, or its like in the first
    assert "contradicts" in refusal(tmp_path, bytes(prune))
    assert "its layout is 'prune'" in refusal(tmp_path, WRITTEN["prune"], format="safetensors")
    assert "load it as safetensors" in refusal(tmp_path, WRITTEN["safetensors"], format="prune")


def npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, array, allow_pickle=True)
    return out.getvalue()


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(content: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return out.getvalue()


NPZ = members(WRITTEN["npz"])
GIANT = npy(np.zeros(8, bool)).replace(b"(8,), }            ", b"(99999999999,), }  ")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (zipped({name: data for name, data in NPZ.items() if name != "__mask__.npy"}), "no array __mask__"),
        (zipped({name: data for name, data in NPZ.items() if name != "b.0.npy"}), "arrays are not those of its layers"),
        (zipped(NPZ | {"c.npy": b""}), "arrays are not those of its layers: 'c.npy'"),
        (zipped(NPZ | {"../c.npy": b""}), "'../c.npy' is no name of a member"),
        (zipped(NPZ | {"/c.npy": b""}), "'/c.npy' is no name of a member"),
        (zipped(NPZ | {"a\\b.npy": b""}), "is no name of a member"),
        (zipped(NPZ | {"b.0.npy": npy(np.zeros(8, int))}), "an array is no vector of type |b1"),
        (zipped(NPZ | {"b.0.npy": npy(np.zeros((8, 1), bool))}), "an array is no vector of type |b1"),
        (zipped(NPZ | {"b.0.npy": npy(np.zeros(9, bool))}), "'b.0.npy' has 9 values; its layer has 8 neurons"),
        (zipped(NPZ | {"b.0.npy": npy(np.array([None] * 8, dtype=object))}), "an array is no vector of type |b1"),
        (zipped(NPZ | {"b.0.npy": GIANT}), "an array is no vector of type |b1"),
        (zipped(NPZ | {"b.0.npy": NPZ["b.0.npy"][:-1] + b"\2"}), "other values than true and false"),
        (zipped(NPZ | {"b.0.npy": b""}), "an array is no vector"),
        (zipped(NPZ | {"b.0.npy": b"\0" * (64 << 20)}), "says that it has 67108864 bytes; at most 4160"),
        (zipped(NPZ | {"__mask__.npy": b"\0" * (64 << 20)}), "says that it has 67108864 bytes; at most 16777216"),
        (zipped(NPZ, zipfile.ZIP_LZMA), "compressed in an unusual way"),
        (zipped({"x.txt": b""}), "neither of NumPy nor of torch"),
        (zipped({}), "neither of NumPy nor of torch"),
        (zipped({f"a{n}.npy": b"" for n in range(25_001)}, zipfile.ZIP_STORED), "more than 25000 members"),
    ],
    ids=named,
)
def test_wrong_npz_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    assert message in refusal(tmp_path, data)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_archives_that_lie_are_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for data in (b"a", b"b"):
            archive.writestr("b.0.npy", data)
    assert "it has the member 'b.0.npy' twice" in refusal(tmp_path, out.getvalue())
    encrypted = bytearray(WRITTEN["npz"])
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        encrypted[encrypted.find(mark) + at] |= 1
    assert "encrypted" in refusal(tmp_path, bytes(encrypted))
    bomb = bytearray(zipped(NPZ | {"b.0.npy": b"\0" * (64 << 20)}))
    entry = bomb.find(b"b.0.npy", bomb.find(b"PK\x01\x02")) - 46
    bomb[entry + 24 : entry + 28] = struct.pack("<I", 136)  # says that it unpacks to 136 bytes
    assert "damaged, 'b.0.npy'" in refusal(tmp_path, bytes(bomb))


def torch_file(content: Any) -> bytes:
    out = io.BytesIO()
    torch.save(content, out)
    return out.getvalue()


PT = torch.load(io.BytesIO(WRITTEN["pt"]), weights_only=True)
NONE = torch.tensor([], dtype=torch.int64)
STRUCTURE = next(name for name in members(WRITTEN["pt"]) if name.endswith("/data.pkl"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "no tensor __mask__"),
        ({"__mask__": "text"}, "the tensor __mask__ is no vector"),
        ({"__mask__": torch.zeros(3, dtype=torch.uint8)}, "not the JSON it should be"),
        ({**PT, "b.0": PT["b.0"].long()}, "b.0 is torch.int64; bool is wanted"),
        ({**PT, "b.0": PT["b.0"][:, None]}, "b.0 is no vector"),
        ({**PT, "b.0": PT["b.0"][:-1]}, "a bool vector of 8 neurons is wanted"),
        ({**PT, "b.0": torch.zeros(1, dtype=torch.bool).expand(1 << 25)}, "is no size of a tensor"),
        ({**PT, "b.0": torch.zeros(8, dtype=torch.bool, device="meta")}, "which could run code"),
        ({**PT, "b.0": PT["b.0"].to_sparse()}, "which could run code"),
        ({**PT, "c": NONE}, "its tensors are not those of its layers"),
        ({**PT, 3: NONE}, "its tensors are not those of its layers"),
        ({**PT, "b.0": bytearray(8)}, "it is refused"),
        ({**PT, "b.0": 0.5}, "it is refused"),
        ({**PT, "b.0": {1, 2}}, "it is refused"),
        ([], "no list over groups"),
        ([3], "group 0 has no list of layers; the model has 2"),
        ([[NONE]], "group 0 has 1 layers; the model has 2"),
        ([[NONE, [1]]], "group 0, layer 2 (b.1) is no vector"),
        ([[NONE, torch.tensor([6])]], "group 0, layer 2 (b.1): no neuron 6; it has neurons 0 to 5"),
        ([[NONE, torch.tensor([-1])]], "no neuron -1"),
        ([[NONE, torch.tensor([True])]], "is torch.bool; int64 or int32 is wanted"),
        ([[NONE, torch.tensor(1)]], "is no vector"),
        ([[NONE, torch.tensor([1.0])]], "which could run code"),
        (3, "describes no mask"),
    ],
    ids=named,
)
def test_wrong_files_of_torch_are_refused(tmp_path: Path, content: Any, message: str) -> None:
    assert message in refusal(tmp_path, torch_file(content))


def structured(pickled: bytes, name: str = "pt") -> bytes:
    return pack(members(WRITTEN[name]) | {STRUCTURE: pickled})


@pytest.mark.parametrize(
    ("pickled", "message"),
    [
        (b"\x80\x02cbuiltins\nbytearray\nJ\xff\xff\xff\x00\x85R.", "names 'builtins.bytearray'"),
        (b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.", "names 'os.system'"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93.", "(pickle's SHORT_BINUNICODE)"),
        (b"(S'ls'\nios\nsystem\n.", "(pickle's STRING)"),
        (b"\x80\x02ctorch\nLongStorage\nJ\xff\xff\xff\x7f\x85R.", "is no size of a tensor"),
        (b"\x80\x02ctorch\nLongStorage\nJ\xff\xff\xff\x00\x85R.", "torch cannot load it"),
        (b"\x80\x02}q\x00h\x63.", "torch cannot load it"),
        (b"\x80\x02", "its structure cannot be read"),
        (b"", "its structure cannot be read"),
        (b"\x80\x02" + b"]" * 100_000 + b".", "no list over groups"),
        (b"\x80\x02X\xff\xff\xff\x7fa.", "its structure cannot be read"),
        (b"\x80\x02" + b"(" * (5 << 20) + b".", "says that it has 5242883 bytes"),
    ],
    ids=named,
)
def test_structures_that_are_more_than_tensors_are_refused(tmp_path: Path, pickled: bytes, message: str) -> None:
    assert message in refusal(tmp_path, structured(pickled))


def test_archives_of_torch_are_uncompressed(tmp_path: Path) -> None:
    bomb = members(WRITTEN["pt"]) | {STRUCTURE.replace("data.pkl", "data/0"): b"\0" * (64 << 20)}
    assert "leaves the members of its archives uncompressed" in refusal(tmp_path, zipped(bomb))
    short = members(WRITTEN["pt"]) | {STRUCTURE.replace("data.pkl", "data/0"): b"\0"}
    assert "torch cannot load it" in refusal(tmp_path, pack(short))


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


BOMBS = {
    "lists": b'{"1": [' + b"[]," * 1_000_000 + b"[]]}",
    "numbers": b'{"1": [' + b"1000," * 4_190_000 + b"1]}",
    "npz": zipped(NPZ | {"__mask__.npy": b"\0" * (200 << 20)}),
    "storage": structured(b"\x80\x02ctorch\nLongStorage\nJ\xff\xff\xff\x00\x85R."),
}


@pytest.mark.parametrize("name", BOMBS)
def test_no_file_takes_much_memory(tmp_path: Path, name: str) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(BOMBS[name])
    code = (
        "import resource, sys\nfrom queries.masks import Mask, MaskLayer\nfrom warehouse import MaskError\n"
        "import torch\nbefore = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    Mask.load(sys.argv[1], layers=[MaskLayer(1, None, 'b', 8)])\nexcept MaskError as error:\n"
        "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 400 << 10, "KiB"
