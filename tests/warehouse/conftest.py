"""Folders in memory, where waiting for a disk does not slow the tests, and the drawn study beside this file."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

IN_MEMORY = Path("/dev/shm")


@pytest.fixture(scope="session")
def new_folder() -> Iterator[Callable[[], Path]]:
    """Makes empty folders, as many as a test asks for."""
    there = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=there, prefix="warehouse-tests-") as root:
        numbers = count()

        def make() -> Path:
            folder = Path(root) / str(next(numbers))
            folder.mkdir()
            return folder

        yield make


@pytest.fixture
def folder(new_folder: Callable[[], Path]) -> Path:
    """An empty folder."""
    return new_folder()
