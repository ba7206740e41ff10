"""What the study found, in sentences whose numbers are those of the tables."""

from collections.abc import Iterator, Mapping
from typing import Any


def findings(found: Mapping[str, list[dict[str, Any]]], keyed: Mapping[str, tuple[str, str, str]]) -> Iterator[str]:
    """Paragraphs.

    Args:
        found: rows of the views.
        keyed: probe -> label, model and kind.
    """
    return iter(())
