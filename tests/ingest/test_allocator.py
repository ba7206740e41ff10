"""Freed memory is reused instead of being faulted in again."""

import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
import torch
from ingest.allocator import keep_freed_memory

def faults(mebibytes):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        torch.empty(mebibytes << 18).fill_(1.0)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

torch.empty(1 << 18).fill_(1.0)
kept = keep_freed_memory()
faults(int(sys.argv[1]))
print(int(kept), faults(int(sys.argv[1])))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
@pytest.mark.parametrize("mebibytes", [20, 60])
def test_blocks_of_an_utterance_are_reused(mebibytes: int) -> None:
    command = [sys.executable, "-c", FAULTS, str(mebibytes)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    kept, faults = map(int, out.split())
    if not kept:
        pytest.skip("this C library has no such setting")
    assert faults < mebibytes << 8  # pages of one block; twenty were filled
