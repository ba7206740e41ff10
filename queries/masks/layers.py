"""The networks that masks speak of."""

from collections.abc import Sequence
from dataclasses import dataclass

MOST_NEURONS = 1 << 22
"""Neurons of all layers that a mask file or a query can list: four times 100 layers of 10,000 neurons each."""


@dataclass(frozen=True)
class MaskLayer:
    """One feed-forward network that a mask speaks of.

    Attributes:
        layer: from 1, as in the paper [A] and in the table ``layers``.
        in_module: path of the first linear, whose rows are the neurons; None when unknown.
        out_module: path of the second linear, whose columns are the neurons.
        n_neurons: D.
    """

    layer: int
    in_module: str | None
    out_module: str
    n_neurons: int


def described(layers: Sequence[MaskLayer]) -> str:
    """``12 layers of 3072 neurons``."""
    widths = sorted({layer.n_neurons for layer in layers})
    return f"{len(layers)} layers of {' or '.join(map(str, widths))} neurons"


def span(numbers: Sequence[int]) -> str:
    """``layers 1 to 12``, or all numbers where some between are missing."""
    if numbers and list(numbers) == list(range(numbers[0], numbers[-1] + 1)):
        return f"layers {numbers[0]} to {numbers[-1]}"
    return f"layers {', '.join(map(str, numbers)) or '(none)'}"
