"""What became of a claim about a model, and words for it."""

from dataclasses import dataclass
from typing import Literal

from ingest.models.base import Site

Outcome = Literal["ok", "open", "wrong"]


@dataclass(frozen=True)
class Finding:
    """What became of one claim.

    Attributes:
        claim: what was to be shown, in a word or two.
        outcome: ``ok``; ``open``, it could not be shown; ``wrong``, it does not hold.
        said: what was found.
        remedy: what to do, where it is not ``ok``.
    """

    claim: str
    outcome: Outcome
    said: str
    remedy: str = ""


def number(n: int, what: str) -> str:
    """``1 layer``, ``2 layers``."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def at(site: Site) -> str:
    """A layer as messages name it."""
    return f"layer {site.layer} ({site.out_module})"
