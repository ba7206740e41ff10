"""Views of one matrix, cut at all their ends: a stretch of columns is multiplied once, for every view that has it.

Layers and all of them together, or the first k features for several k, lie over the same columns. A product of few
weights is bound by the reading of its columns, so what lies over them is put side by side in one product.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor


class Stretches:
    """Products of a matrix with the weights of several views, o outputs each.

    Weights are kept as one matrix (k · o, width) for each stretch, k being the views that have it.

    Args:
        views: columns of each view.
        n_outputs: o, of every view.

    Attributes:
        shapes: of the weights of each stretch.
    """

    def __init__(self, views: Sequence[slice], n_outputs: int) -> None:
        self._n_views, self._n_outputs = len(views), n_outputs
        ends = sorted({end for view in views for end in (view.start, view.stop)})
        cut = [(slice(*ends), _over(views, slice(*ends))) for ends in pairwise(ends)]
        self._stretches = [(columns, torch.tensor(over)) for columns, over in cut if over]
        self.shapes = [(len(over) * n_outputs, columns.stop - columns.start) for columns, over in self._stretches]

    def cut(self, x: Tensor, chosen: Tensor | None = None) -> list[Tensor]:
        """The stretches of rows (n, D), or copies of those of chosen rows.

        They are copied stretch by stretch: where rows of all columns are a multiple of 4 KiB long, as those of 9,216
        features are, their beginnings compete for the same places of the cache.
        """
        parts = (x[:, columns] for columns, _ in self._stretches)
        return [part if chosen is None else part.index_select(0, chosen) for part in parts]

    def scores(self, rows: Sequence[Tensor], weights: Sequence[Tensor]) -> Tensor:
        """Weighted sums of rows that were cut, float (V, o, n)."""
        n = len(rows[0])
        scores = rows[0].new_zeros(self._n_views, self._n_outputs, n)
        for part, (_, over), of_stretch in zip(rows, self._stretches, weights, strict=True):
            scores.index_add_(0, over, (of_stretch @ part.T).view(len(over), self._n_outputs, n))
        return scores

    def add_slopes(self, rows: Sequence[Tensor], slopes: Tensor, into: Sequence[Tensor], beta: float) -> None:
        """Add slopes of the weights to ``beta`` · ``into``; of rows that were cut, and slopes of scores (V, o, n)."""
        for part, (_, over), of_stretch in zip(rows, self._stretches, into, strict=True):
            of_stretch.addmm_(slopes.index_select(0, over).flatten(0, 1), part, beta=beta)

    def of_view(self, weights: Sequence[Tensor], view: int) -> Tensor:
        """The weights of one view, (o, d): a copy."""
        return torch.cat(list(self._parts(weights, view)), 1)

    def fill(self, weights: Sequence[Tensor], view: int, values: Tensor) -> None:
        """Write the weights of one view, (o, d)."""
        start = 0
        for part in self._parts(weights, view):
            part.copy_(values[:, start : start + part.shape[1]])
            start += part.shape[1]

    def _parts(self, weights: Sequence[Tensor], view: int) -> Iterator[Tensor]:
        for (_, over), of_stretch in zip(self._stretches, weights, strict=True):
            for place in (over == view).nonzero().flatten().tolist():
                yield of_stretch[place * self._n_outputs : (place + 1) * self._n_outputs]


def _over(views: Sequence[slice], columns: slice) -> list[int]:
    return [place for place, view in enumerate(views) if view.start <= columns.start and columns.stop <= view.stop]
