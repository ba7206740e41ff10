"""Archives from strangers, of NumPy and of torch: names, sizes, types and structures that lie."""

import io
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

from queries.masks import Mask, MaskLayer
from queries.masks.formats import FORMATS
from queries.masks.formats.archives import pack

LAYERS = (MaskLayer(1, "a.0", "b.0", 8), MaskLayer(2, None, "b.1", 6))
MASK = Mask.of_neurons(LAYERS, {1: [0, 7], 2: [3]}, "erase", {"sql": "SELECT 1"})
WRITTEN = {name: entry.write(MASK) for name, entry in FORMATS.items()}
Refusal = Callable[..., str]


def named(value: Any) -> str:
    """Name of a test: the message, never the file."""
    return value[:50] if isinstance(value, str) else "file"


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
def test_wrong_npz_are_refused(data: bytes, message: str, refusal: Refusal) -> None:
    assert message in refusal(data)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_archives_that_lie_are_refused(refusal: Refusal) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for data in (b"a", b"b"):
            archive.writestr("b.0.npy", data)
    assert "it has the member 'b.0.npy' twice" in refusal(out.getvalue())
    encrypted = bytearray(WRITTEN["npz"])
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        encrypted[encrypted.find(mark) + at] |= 1
    assert "encrypted" in refusal(bytes(encrypted))
    bomb = bytearray(zipped(NPZ | {"b.0.npy": b"\0" * (64 << 20)}))
    entry = bomb.find(b"b.0.npy", bomb.find(b"PK\x01\x02")) - 46
    bomb[entry + 24 : entry + 28] = struct.pack("<I", 136)  # says that it unpacks to 136 bytes
    assert "damaged, 'b.0.npy'" in refusal(bytes(bomb))


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
def test_wrong_files_of_torch_are_refused(content: Any, message: str, refusal: Refusal) -> None:
    assert message in refusal(torch_file(content))


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
def test_structures_that_are_more_than_tensors_are_refused(pickled: bytes, message: str, refusal: Refusal) -> None:
    assert message in refusal(structured(pickled))


def test_archives_of_torch_are_uncompressed(refusal: Refusal) -> None:
    bomb = members(WRITTEN["pt"]) | {STRUCTURE.replace("data.pkl", "data/0"): b"\0" * (64 << 20)}
    assert "leaves the members of its archives uncompressed" in refusal(zipped(bomb))
    short = members(WRITTEN["pt"]) | {STRUCTURE.replace("data.pkl", "data/0"): b"\0"}
    assert "torch cannot load it" in refusal(pack(short))


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
