"""Masks on their way into files that users name: every format, and every place that does not take one."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.basket import FileExistsAlreadyError, export, with_suffix_of
from queries.masks import Mask
from queries.masks.formats import FORMATS, format_of
from warehouse.errors import MaskError


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_holds_the_mask(tmp_path: Path, mask_of: Callable[..., Mask], form: str) -> None:
    mask = mask_of({(1, 2), (3, 0)})
    written = export(mask, tmp_path / f"mask{FORMATS[form].suffix}", form)
    assert Mask.load(written, layers=mask.layers) == mask


@given(st.text("abc.XYZ ", min_size=1), st.sampled_from(sorted(FORMATS)), st.sampled_from(sorted(FORMATS)))
def test_the_suffix_follows_the_format(stem: str, one: str, other: str) -> None:
    path = with_suffix_of(stem, one)
    assert format_of(Path(path)).name == one
    assert with_suffix_of(path, other) == with_suffix_of(stem, other)
    assert with_suffix_of(path, one) == path


def test_a_suffix_of_no_format_is_part_of_the_name() -> None:
    assert with_suffix_of("layer.1", "npz") == "layer.1.npz"
    assert with_suffix_of("a.prune.safetensors", "json") == "a.json"


def test_a_file_that_is_there_is_replaced_when_that_is_said(tmp_path: Path, mask_of: Callable[..., Mask]) -> None:
    path = tmp_path / "m.json"
    path.write_text("mine")
    with pytest.raises(FileExistsAlreadyError, match="is there already"):
        export(mask_of({(1, 0)}), path, "json")
    assert path.read_text() == "mine"
    assert export(mask_of({(1, 0)}), path, "json", replace=True) == path
    assert Mask.load(path).neurons()[1] == [0]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("", "no file is named"),
        (".", "a folder; give the name of a file"),
        ("missing/m.json", "missing: there is no such folder"),
        ("file/m.json", "there is no such folder"),
        ("x" * 300 + ".json", "cannot be written"),
        ("~nobody-of-that-name/m.json", "no such user's home"),
        ("/proc/m.json", "cannot be written"),
    ],
)
def test_a_place_that_takes_no_file_is_said(
    tmp_path: Path, mask_of: Callable[..., Mask], monkeypatch: pytest.MonkeyPatch, place: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(MaskError, match=said):
        export(mask_of({(1, 0)}), place, "json")
    assert os.listdir(tmp_path) == ["file"]


def test_home_is_understood(tmp_path: Path, mask_of: Callable[..., Mask], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert export(mask_of({(1, 0)}), "~/m.npz", "npz") == tmp_path / "m.npz"


def test_a_mask_of_no_neuron_is_refused(tmp_path: Path, mask_of: Callable[..., Mask]) -> None:
    with pytest.raises(MaskError, match="has no neuron"):
        export(mask_of(set()), tmp_path / "m.json", "json")
