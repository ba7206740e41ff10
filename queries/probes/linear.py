"""Linear probes: the scores of classes as a weighted sum of features, several of them fitted together.

A *view* is a run of columns of one matrix: a layer's features, those of all layers, or the first k of an order. Every
view has weights of its own for every *labelling* (the true labels, permuted ones), and no view sees another's.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from queries.probes.settings import Fitting

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Linear:
    """Fitted weights of the views of one matrix; views are numbered as they were given.

    Attributes:
        views: the columns of each view.
        weights: of each view float (d, m, C): features, labellings, classes.
        intercepts: of each view float (m, C).
    """

    views: "tuple[slice, ...]"
    weights: "list[Tensor]"
    intercepts: "list[Tensor]"

    def predict(self, x: "Tensor", view: int, kept: "np.ndarray | None" = None) -> "np.ndarray":
        """Classes of rows (n, D) by a view, int64 (m, n); ``kept`` features of it alone, the others being zeroed.

        Standardised features are zero at their mean, so that a zeroed feature says nothing of the row.
        """
        import torch

        weights = self.weights[view]
        columns = x[:, self.views[view]]
        if kept is not None:
            chosen = torch.from_numpy(kept)
            columns, weights = columns[:, chosen], weights[chosen]
        scores = columns.to(weights.dtype) @ weights.flatten(1)
        scores = scores.view(len(x), *weights.shape[1:]) + self.intercepts[view]
        found: np.ndarray = scores.argmax(-1).T.numpy()
        return found


def fit_linear(
    x: "Tensor", views: "tuple[slice, ...]", targets: "Tensor", n_classes: int, fitting: Fitting, seed: int
) -> Linear:
    """Fit a softmax with elastic net in every view, for every labelling.

    Args:
        x: standardised training rows, float32 (n, D), contiguous.
        views: columns of each.
        targets: classes, int64 (n, m).
        n_classes: C.
        fitting: how.
        seed: of the order of the batches; weights start at 0, so that none has what it has not earned.

    Returns:
        The weights; the same whatever other views are fitted beside a view, up to rounding.
    """
    if fitting.solver == "converged":
        from queries.probes.converged import fit_converged

        return fit_converged(x, views, targets, n_classes, fitting)
    from queries.probes.adam import fit_adam

    return fit_adam(x, views, targets, n_classes, fitting, seed)
