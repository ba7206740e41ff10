"""Tensors to a file in the safetensors format and back, with torch and without."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from queries.tensor_files import header, pack, read_tensors, unpack, write_tensors
from warehouse.errors import MaskError


def test_tensors_of_any_kind(tmp_path: Path) -> None:
    tensors = {
        "turned": torch.arange(6.0).reshape(2, 3).T,
        "scalar": torch.tensor(2, dtype=torch.int8),
        "empty": torch.empty(3, 0),
        "ü": torch.tensor([1.5], dtype=torch.float16),
    }
    write_tensors(tmp_path / "t", tensors, {})
    found, _ = read_tensors(tmp_path / "t")
    assert all(torch.equal(found[name], value) and found[name].dtype == value.dtype for name, value in tensors.items())


def test_tensors_that_lie_in_one_place_are_written_each(tmp_path: Path) -> None:
    tied = torch.arange(4.0)
    write_tensors(tmp_path / "t", {"a": tied, "b": tied, "c": tied[1:]}, {"x": "y"})
    found, metadata = read_tensors(tmp_path / "t")
    assert {name: value.tolist() for name, value in found.items()} == {
        "a": [0, 1, 2, 3],
        "b": [0, 1, 2, 3],
        "c": [1, 2, 3],
    }
    assert metadata == {"x": "y"}


def test_what_was_read_stays_when_the_file_is_replaced(tmp_path: Path) -> None:
    write_tensors(tmp_path / "t", {"a": torch.zeros(5000)}, {})
    found, _ = read_tensors(tmp_path / "t")
    write_tensors(tmp_path / "t", {"a": torch.ones(5000)}, {})
    assert found["a"].sum() == 0


def test_others_may_read_a_file_as_far_as_the_umask_lets_them(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_tensors(tmp_path / "t", {"a": torch.zeros(5)}, {})
    finally:
        os.umask(before)
    assert (tmp_path / "t").stat().st_mode & 0o777 == 0o640


ODD = [torch.eye(3).to_sparse(), torch.ones(3, device="meta"), torch.ones(2, dtype=torch.complex128)]


@pytest.mark.parametrize("odd", ODD, ids=["sparse", "meta", "complex128"])
def test_tensors_that_the_format_lacks_are_refused(odd: torch.Tensor, tmp_path: Path) -> None:
    with pytest.raises(MaskError) as caught:
        write_tensors(tmp_path / "t", {"a": torch.ones(2), "odd": odd}, {})
    assert str(caught.value).startswith(f"{tmp_path / 't'}: ")
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_equal_arrays_make_equal_bytes_and_keep_their_order_of_values() -> None:
    turned = np.arange(6).reshape(2, 3).T
    texts = {str(n): "ä" for n in range(8)}
    assert len({pack({"a": turned}, texts) for _ in range(20)}) == 1
    assert (unpack(pack({"a": turned}, texts))["a"] == turned).all()


def test_a_header_is_bounded() -> None:
    data = pack({"a": np.zeros(3, bool)}, {"b": "c"})
    text = header(data)
    assert text is not None
    assert header(data, len(text)) == text
    assert header(data, len(text) - 1) is None
    assert all(header(data[:n]) is None for n in range(8 + len(text)))


def test_arrays_need_no_torch() -> None:
    code = (
        "import sys, numpy; from queries.masks import Mask, MaskLayer; from queries.masks.formats import FORMATS\n"
        "mask = Mask.of_neurons([MaskLayer(1, 'a', 'b', 3)], {1: [2]})\n"
        "assert FORMATS['safetensors'].read(FORMATS['safetensors'].write(mask)) == mask\n"
        "assert FORMATS['prune'].read(FORMATS['prune'].write(mask)) == mask\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
