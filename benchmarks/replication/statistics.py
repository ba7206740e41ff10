"""Means over seeds with intervals from a bootstrap over speakers."""

from dataclasses import dataclass

import numpy as np

DRAWS = 10_000


@dataclass(frozen=True)
class Estimate:
    """A mean and its 95% interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:+.1f} [{self.low:+.1f}, {self.high:+.1f}]"

    def excludes(self, value: float) -> bool:
        """Whether the interval lies on one side of a value."""
        return not self.low <= value <= self.high


def over_speakers(values: np.ndarray, seed: int = 0) -> Estimate:
    """Mean of values (seeds, speakers); speakers are drawn with replacement, each with all of its seeds."""
    return _estimate(_means(np.atleast_2d(values).mean(0), np.random.default_rng(seed)), np.mean(values))


def difference(these: np.ndarray, those: np.ndarray, seed: int = 0) -> Estimate:
    """Mean of some speakers (seeds, speakers) less that of others; the two groups are drawn apart."""
    draw = np.random.default_rng(seed)
    a, b = np.atleast_2d(these).mean(0), np.atleast_2d(those).mean(0)
    return _estimate(_means(a, draw) - _means(b, draw), np.mean(these) - np.mean(those))


def _means(values: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    return values[draw.integers(0, len(values), (DRAWS, len(values)))].mean(1)


def _estimate(drawn: np.ndarray, mean: np.floating) -> Estimate:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Estimate(float(mean), float(low), float(high))
