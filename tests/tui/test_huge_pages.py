"""Huge pages: torch asks the kernel for them, unless the user has decided otherwise."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tui.huge_pages import SWITCH, ask_for_huge_pages

KERNEL = Path("/sys/kernel/mm/transparent_hugepage")
PRINT_FLAGS = """
from tui.huge_pages import ask_for_huge_pages
ask_for_huge_pages()
import torch
place = torch.empty(1 << 26, dtype=torch.uint8).add_(1)
inside = False
for line in open("/proc/self/smaps"):
    first = line.split()[0]
    if "-" in first:
        start, end = (int(part, 16) for part in first.split("-"))
        inside = start <= place.data_ptr() + (1 << 25) < end
    elif inside and first == "VmFlags:":
        print(line)
"""


@pytest.mark.skipif(not KERNEL.exists(), reason="this kernel has no transparent huge pages")
@pytest.mark.parametrize(("chosen", "advised"), [(None, True), ("0", False)])
def test_large_tensors_are_marked_for_huge_pages_unless_the_user_declines(chosen: str | None, advised: bool) -> None:
    environment = {key: value for key, value in os.environ.items() if key != SWITCH}
    if chosen is not None:
        environment[SWITCH] = chosen
    done = subprocess.run(
        [sys.executable, "-c", PRINT_FLAGS], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("VmFlags:")
    assert ("hg" in done.stdout.split()) == advised


def test_what_the_user_chose_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "0")
    ask_for_huge_pages()
    assert os.environ[SWITCH] == "0"
