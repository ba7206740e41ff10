"""Making and opening warehouses, and everything that is none."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse import FormatError, Snapshot, WarehouseError, create, open_layout, snapshot
from warehouse.layout import MARKER, slug


def _one_line(error: pytest.ExceptionInfo[Exception], *parts: str) -> None:
    text = str(error.value)
    assert "\n" not in text
    for part in parts:
        assert part in text


def test_a_new_warehouse_is_empty_and_making_it_again_opens_it(folder: Path) -> None:
    first = create(folder / "a" / "b")
    assert create(folder / "a" / "b") == first == open_layout(folder / "a" / "b")
    assert snapshot(first) == Snapshot(first, ())


def test_what_an_interrupted_making_leaves_can_be_finished(folder: Path) -> None:
    for name in ("manifests", "data", "staging"):
        (folder / "w" / name).mkdir(parents=True)
    (folder / "w" / "staging" / "warehouse.json.1.abcd").write_text("{")
    create(folder / "w")


@pytest.mark.parametrize("content", ["notes.txt", "data/speech/a.parquet", "manifests/x.json"])
def test_a_folder_with_other_things_is_left_alone(folder: Path, content: str) -> None:
    (folder / content).parent.mkdir(parents=True, exist_ok=True)
    (folder / content).write_text("mine")
    with pytest.raises(FormatError) as error:
        create(folder)
    _one_line(error, str(folder), "not empty", "new folder")
    assert [p for p in folder.rglob("*") if p.is_file()] == [folder / content]


def test_a_plain_file_is_no_warehouse(folder: Path) -> None:
    (folder / "w").write_text("x")
    with pytest.raises(FormatError) as error:
        create(folder / "w")
    _one_line(error, "a file, not a folder")
    with pytest.raises(FormatError) as error:
        open_layout(folder / "w")
    _one_line(error, "not a warehouse")


def test_a_place_below_a_file_cannot_be_made(folder: Path) -> None:
    (folder / "file").write_text("x")
    with pytest.raises(WarehouseError) as error:
        create(folder / "file" / "w")
    _one_line(error, "cannot write")


def test_a_folder_that_is_not_there_or_none(folder: Path) -> None:
    with pytest.raises(FormatError) as error:
        open_layout(folder / "nowhere")
    _one_line(error, "no such warehouse", "neurons ingest")
    with pytest.raises(FormatError) as error:
        open_layout(folder)
    _one_line(error, "not a warehouse", MARKER)


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ('{"format": "neuron-warehouse", "version": 2}', "version 2, this program reads version 1"),
        ('{"format": "parquet-lake", "version": 1}', "not a warehouse"),
        ("{}", "unreadable"),
        ("[]", "unreadable"),
        ("{", "unreadable"),
        (b"\xff\xfe", "unreadable"),
    ],
)
def test_another_marker_is_refused(folder: Path, marker: str | bytes, said: str) -> None:
    (folder / MARKER).write_bytes(marker if isinstance(marker, bytes) else marker.encode())
    for act in (create, open_layout, snapshot):
        with pytest.raises(FormatError) as error:
            act(folder)
        _one_line(error, said)


def test_a_warehouse_that_lost_its_manifests_is_damaged(folder: Path) -> None:
    layout = create(folder / "w")
    layout.manifests.rmdir()
    with pytest.raises(FormatError) as error:
        snapshot(folder / "w")
    _one_line(error, "damaged", "restore")


def test_several_processes_make_one_warehouse(folder: Path) -> None:
    code = (
        "import sys, time\nfrom warehouse import create\n"
        "time.sleep(max(0, float(sys.argv[2]) - time.time()))\n"
        "for i in range(40): create(f'{sys.argv[1]}/{i}')"
    )
    import time

    start = str(time.time() + 1.5)
    makers = [
        subprocess.Popen([sys.executable, "-c", code, str(folder), start], stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert [maker.communicate()[1] for maker in makers] == [""] * 4
    for i in range(40):
        layout = open_layout(folder / str(i))
        assert json.loads(layout.marker.read_text())["version"] == 1
        assert not any(layout.staging.iterdir())


@given(st.lists(st.text(), min_size=2, max_size=2, unique=True))
def test_slugs_are_file_names_and_as_different_as_the_texts(texts: list[str]) -> None:
    first, second = (slug(text) for text in texts)
    assert first != second
    assert all(c.isalnum() or c in "._-%" for c in first + second)
    assert (first + second).isascii()
