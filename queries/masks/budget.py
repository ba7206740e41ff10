"""Keep masks of a given density: what is protected stays, and scores decide over what the budget leaves open."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from queries.masks.layers import MaskLayer
from queries.masks.mask import Mask
from warehouse.errors import MaskError

Scores = Mapping[int, np.ndarray]
"""Layer from 1 -> vector (D,); the higher, the rather a neuron is kept."""


def keep_mask(
    layers: Sequence[MaskLayer],
    scores: Scores,
    density: float,
    *,
    protected: Mask | None = None,
    uniform: bool = False,
    protect_first: bool = False,
    provenance: Mapping[str, str] | None = None,
) -> Mask:
    """The neurons that a pruned model keeps: the protected ones, then those of highest score ([A] §5).

    Of N neurons floor(density · N + 0.5) are kept. Equal scores: the lower layer first, then the lower neuron.

    Args:
        layers: all networks of the model.
        scores: layer -> a number for each neuron; of protected neurons they decide with ``protect_first`` alone.
        density: share of neurons to keep, in (0, 1].
        protected: a keep mask of the same layers; None = nothing is protected.
        uniform: count in every layer by itself, so that equally wide layers keep the same number, as code with one
            ``intermediate_size`` wants; otherwise over the whole model, as in the paper.
        protect_first: where more are protected than the budget holds, keep those of highest score among them.
        provenance: what to record beside the provenance of ``protected``, the density and the budget.

    Raises:
        MaskError: a density out of range, or one that protection alone exceeds; scores that are missing, of other
            widths or NaN; a protected mask of other layers or of kind erase.
    """
    if not 0 < density <= 1:
        raise MaskError(f"density {density:g}: give a share of neurons to keep, more than 0 and at most 1")
    values = [_of_layer(layer, scores) for layer in layers]
    shields = _shields(layers, protected)
    groups = [[place] for place in range(len(layers))] if uniform else [list(range(len(layers)))]
    if not protect_first:
        _check_room([layers[g[0]] for g in groups], [[shields[i] for i in g] for g in groups], density, uniform)
    chosen = [np.zeros(layer.n_neurons, dtype=np.bool_) for layer in layers]
    for places in groups:
        wanted = budget(density, sum(layers[place].n_neurons for place in places))
        kept = _best(
            np.concatenate([values[place] for place in places]) if places else np.zeros(0),
            np.concatenate([shields[place] for place in places]) if places else np.zeros(0, dtype=np.bool_),
            wanted,
        )
        for place, part in zip(places, _split(kept, [layers[place].n_neurons for place in places]), strict=True):
            chosen[place] = part
    told = {"density": f"{density:g}", "budget": "uniform" if uniform else "free"}
    origin = dict(protected.provenance) if protected is not None else {}
    return Mask("keep", tuple(layers), tuple(chosen), origin | told | dict(provenance or {}))


def budget(density: float, n_neurons: int) -> int:
    """How many of some neurons a density keeps: floor(density · N + 0.5)."""
    return int(np.floor(density * n_neurons + 0.5))


def _of_layer(layer: MaskLayer, scores: Scores) -> np.ndarray:
    if layer.layer not in scores:
        raise MaskError(f"layer {layer.layer} ({layer.out_module}) has no scores; give one vector for every layer")
    found = np.asarray(scores[layer.layer])
    if found.shape != (layer.n_neurons,) or found.dtype.kind not in "biuf":
        raise MaskError(
            f"layer {layer.layer} ({layer.out_module}): {layer.n_neurons} scores are wanted, one a neuron, not "
            f"{found.dtype} of shape {found.shape}"
        )
    values = found.astype(np.float64)
    if np.isnan(values).any():
        raise MaskError(
            f"layer {layer.layer} ({layer.out_module}): the score of neuron {int(np.isnan(values).argmax())} is no "
            "number; look for NaN in the weights"
        )
    return values


def check_protected(layers: Sequence[MaskLayer], protected: Mask) -> None:
    """Check that a mask says which neurons of these layers to keep.

    Raises:
        MaskError: it is of kind erase, or of other layers.
    """
    if protected.kind != "keep":
        raise MaskError("the protected neurons come as a mask of kind erase; make it with kind='keep'")
    if protected.layers != tuple(layers):
        raise MaskError("the protected neurons are of other layers than what is to be pruned; make both for one model")


def _shields(layers: Sequence[MaskLayer], protected: Mask | None) -> list[np.ndarray]:
    if protected is None:
        return [np.zeros(layer.n_neurons, dtype=np.bool_) for layer in layers]
    check_protected(layers, protected)
    return list(protected.chosen)


def _check_room(
    first: Sequence[MaskLayer], shields: Sequence[Sequence[np.ndarray]], density: float, uniform: bool
) -> None:
    """Refuse a density that the protected neurons alone exceed, and say by how much."""
    over = []
    for layer, parts in zip(first, shields, strict=True):
        n_neurons = sum(len(part) for part in parts)
        n_protected = sum(int(part.sum()) for part in parts)
        room = budget(density, n_neurons)
        if n_protected > room:
            where = f"layer {layer.layer}: " if uniform else ""
            points = 100 * (n_protected - density * n_neurons) / n_neurons
            over.append(
                f"{where}{n_protected} of {n_neurons} neurons are protected, {n_protected - room} ({points:.1f} "
                f"points) more than the {room}"
            )
    if over:
        budgets = "a uniform budget" if uniform else "the budget"
        raise MaskError(
            f"density {density:g}: protection alone exceeds {budgets} ({'; '.join(over)}); protect fewer neurons or "
            "give a higher density"
        )


def _best(scores: np.ndarray, shields: np.ndarray, wanted: int) -> np.ndarray:
    """Bool vector of the ``wanted`` best: shielded ones first, then by score, then by place."""
    order = np.lexsort((-scores, ~shields))  # stable: what is equal stays in the order of layers and neurons
    kept = np.zeros(len(scores), dtype=np.bool_)
    kept[order[:wanted]] = True
    return kept


def _split(kept: np.ndarray, widths: Sequence[int]) -> Iterator[np.ndarray]:
    start = 0
    for width in widths:
        yield kept[start : start + width].copy()
        start += width
