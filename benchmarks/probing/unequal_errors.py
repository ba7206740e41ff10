"""Errors of probes for speakers whom no encoder heard, by gender, and what they come to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.probing.unequal import HEARD, WOMEN


@dataclass(frozen=True, eq=False)
class UnequalErrors:
    """Errors of probes for unseen speakers, of the encoders that heard one share of women.

    Attributes:
        share: of women; None = random weights, which heard nobody.
        women: share of women's utterances that are told wrong, (encoders,).
        men: the same of men.
    """

    share: float | None
    women: np.ndarray
    men: np.ndarray


def unequal_errors(
    groups: Sequence[Mapping[str, Any]], probes: Mapping[tuple[float | None, str], str]
) -> Iterator[UnequalErrors]:
    """Errors by share.

    Args:
        groups: rows of ``probe_group_errors``.
        probes: (share, model) -> probe.
    """
    errors = {
        (row["probe"], row["group"]): row["error"]
        for row in groups
        if row["layer"] is None and row["by_column"] == "gender"
    }
    for share in dict.fromkeys(share for share, _ in probes):
        of_share = [probe for (of, _), probe in probes.items() if of == share]
        women, men = (np.array([errors[probe, group] for probe in of_share]) for group in ("F", "M"))
        yield UnequalErrors(share, women, men)


def mean_and_sd(values: np.ndarray) -> tuple[float, float | None]:
    """Mean, and sample standard deviation where there are several."""
    return float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else None


def finding(errors: Sequence[UnequalErrors]) -> str:
    """What hearing more women does to the difference between women and men, encoders of one seed beside each other."""
    by_share = {one.share: one for one in errors}
    nobody, (few, equal, many) = by_share[None], (by_share[share] for share in WOMEN)
    before, after = few.women - few.men, many.women - many.men
    change, sd = mean_and_sd(100 * (after - before))
    over = ""
    if sd is not None:
        seen = "more" if stats.ttest_rel(after, before).pvalue < 0.05 else "no more"
        less = f"less in {(after < before).sum()} of {len(before)} pairs of encoders of the same lot"
        over = f" (± {sd:.1f}; {less}), which is {seen} than encoders differ by"

    def course(group: str) -> str:
        first, last = (100 * getattr(one, group).mean() for one in (few, many))
        return f"{first:.1f} to {last:.1f}%"

    return (
        f"**Encoders that heard unequal voices.** From {few.share:.0%} to {many.share:.0%} women among the {HEARD} "
        f"speakers that an encoder learned, errors of unseen women go from {course('women')}, of unseen men from "
        f"{course('men')}: what women have more changes by {change:+.1f} points{over}. Where as many of both were "
        f"heard, it is {100 * (equal.women - equal.men).mean():+.1f}. Random weights, which all of them started from, "
        f"leave errors of {100 * nobody.women.mean():.1f} and {100 * nobody.men.mean():.1f}%."
    )
