"""Huge pages for torch: large tensors, made anew for each utterance, otherwise cost a page fault every 4 KiB."""

import os

SWITCH = "THP_MEM_ALLOC_ENABLE"
"""Of torch's CPU allocator, which reads it when it hands out memory for the first time."""


def ask_for_huge_pages() -> None:
    """Let torch ask Linux for huge pages in this process, unless the user has decided otherwise.

    For processes that are ours alone. Running HuBERT base over eight minutes of short utterances takes half the memory
    and a sixth less time (over fifty minutes 2% less); the numbers are the same. Where the kernel never gives huge
    pages, nothing changes.
    """
    os.environ.setdefault(SWITCH, "1")
