"""Pruning in steps, with training between them: at each step the present weights decide who stays ([A] §5)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from torch import nn

from queries.editing.prune import check_prunable, prune
from queries.editing.sites import resolve
from queries.masks import Mask, MaskLayer
from queries.masks.budget import Scores, budget, check_protected, keep_mask
from queries.masks.fills import random_scores
from queries.masks.scores import l1_scores
from warehouse.errors import MaskError

Scorer = Callable[[nn.Module, Sequence[MaskLayer]], Mapping[int, np.ndarray]]
"""Scores neurons, (recorded module, its layers as wide as they are now) -> layer -> (w,); the higher stays."""


@dataclass(frozen=True)
class PruningStep:
    """What one step of a schedule left.

    Attributes:
        step: from 1.
        density: share of the recorded neurons that was to be left.
        kept: keep mask of the neurons that the model has now, numbered as they were recorded.
        n_neurons: how many they are.
    """

    step: int
    density: float
    kept: Mask
    n_neurons: int


def pruning_schedule(
    model: nn.Module,
    layers: Sequence[MaskLayer] | Mask,
    *,
    to: float = 0.05,
    steps: int = 6,
    densities: Sequence[float] | None = None,
    protected: Mask | None = None,
    protect_first: bool = True,
    uniform: bool = False,
    fill: Literal["l1", "random"] | Scores | Scorer = "l1",
    seed: int = 0,
    prefix: str | None = None,
    already: Mask | None = None,
    other_weights: bool = False,
) -> Iterator[PruningStep]:
    """Prune a model step by step, in place; between two steps it is the caller's to train and to evaluate.

    ::

        for step in pruning_schedule(model, protected, protected=protected, to=0.05):
            train(model)  # with an optimizer made anew: the sliced parameters are other ones
            print(step.n_neurons, evaluate(model))

    At each step the model's present weights are scored; protected neurons stay, then those of highest score. What is
    gone stays gone, and every layer keeps at least one neuron.

    Args:
        model: the model that was recorded, or one that has it inside.
        layers: its networks, or a mask that has them.
        to: density of the last step: neurons left over neurons recorded.
        steps: how many; densities fall by the same factor at each.
        densities: the density of every step instead, falling.
        protected: keep mask of neurons that nothing but a lack of room removes.
        protect_first: where the protected alone are more than a density holds, the weakest of them go too; False =
            that is an error, raised at the step.
        uniform: the same density in every layer, which transformers' ``save_pretrained`` needs.
        fill: what scores neurons: ``l1``, norms of their weights at each step; ``random``, drawn once; scores of all
            recorded neurons, such as those of :func:`queries.masks.probability_scores`; or a function that is asked
            at each step.
        seed: of ``random``.
        prefix: path of the recorded model in this one; None = find it.
        already: what the model was pruned to before, to go on from there.
        other_weights: accept weights other than those that were recorded, as of a model trained on a task.

    Yields:
        What each step left, after it was pruned.

    Raises:
        MaskError: densities that do not fall or leave a layer without a neuron; a mask that does not fit the model.
    """
    frame = layers if isinstance(layers, Mask) else None
    sites = frame.layers if frame is not None else tuple(layers)  # type: ignore[arg-type]
    whole = ~Mask.of_neurons(sites, {}, "keep")
    origin = dict((protected or frame or already or whole).provenance)
    start = replace(already.as_kind("keep") if already else whole, provenance=origin)
    found, resolved = resolve(model, start, prefix, already, other_weights)
    check_prunable(model, resolved)
    if protected is not None:
        check_protected(sites, protected)
    wanted = _densities(start.share, to, steps) if densities is None else tuple(densities)
    _check_densities(sites, start, wanted, uniform)
    score = _scorer(fill, sites, seed)
    return _steps(model, start, wanted, score, protected, protect_first, uniform, found)


def _steps(
    model: nn.Module,
    kept: Mask,
    densities: Sequence[float],
    score: Callable[[nn.Module, Mask], dict[int, np.ndarray]],
    protected: Mask | None,
    protect_first: bool,
    uniform: bool,
    prefix: str,
) -> Iterator[PruningStep]:
    for number, density in enumerate(densities, 1):
        scores = score(model.get_submodule(prefix.rstrip(".")), kept)
        shields = kept & replace(protected, provenance={}) if protected is not None else kept - kept
        shields = _with_floor(shields, kept, scores)
        provenance = kept.provenance
        target = keep_mask(
            kept.layers, scores, density, protected=shields, uniform=uniform, protect_first=protect_first
        )
        kept = prune(model, target, prefix=prefix, already=kept)
        kept = replace(kept, provenance={**provenance, "density": f"{density:g}", "steps": str(number)})
        yield PruningStep(number, density, kept, len(kept))


def _with_floor(shields: Mask, kept: Mask, scores: dict[int, np.ndarray]) -> Mask:
    """Protection of each layer's strongest neuron too, whose score becomes infinite: whatever goes, it stays."""
    chosen = []
    for layer, vector, there in zip(kept.layers, shields.chosen, kept.chosen, strict=True):
        values = scores[layer.layer]
        candidates = np.flatnonzero(vector if vector.any() else there)
        strongest = candidates[np.argmax(values[candidates])]
        values[strongest] = np.inf
        marked = vector.copy()
        marked[strongest] = True
        chosen.append(marked)
    return replace(shields, chosen=tuple(chosen))


def _scorer(
    fill: str | Scores | Scorer, layers: Sequence[MaskLayer], seed: int
) -> Callable[[nn.Module, Mask], dict[int, np.ndarray]]:
    """Scores in the original numbering: −∞ for what is gone."""
    if isinstance(fill, str) and fill not in ("l1", "random"):
        raise MaskError(f"fill {fill!r}: give 'l1', 'random', scores, or a function of a module and its layers")
    fixed = random_scores(layers, seed) if fill == "random" else fill
    if isinstance(fixed, Mapping):
        keep_mask(layers, fixed, 1.0)  # says what is wrong with them
        values_of = {number: np.nan_to_num(np.asarray(values, dtype=np.float64)) for number, values in fixed.items()}
        return lambda _, kept: {
            layer.layer: np.where(there, values_of[layer.layer], -np.inf)
            for layer, there in zip(kept.layers, kept.chosen, strict=True)
        }
    of_present: Scorer = l1_scores if isinstance(fixed, str) else fixed

    def score(module: nn.Module, kept: Mask) -> dict[int, np.ndarray]:
        now = [
            replace(layer, n_neurons=int(there.sum())) for layer, there in zip(kept.layers, kept.chosen, strict=True)
        ]
        values = of_present(module, now)
        scores = {}
        for layer, there in zip(now, kept.chosen, strict=True):
            found = np.asarray(values.get(layer.layer, ()), dtype=np.float64)
            if found.shape != (layer.n_neurons,) or np.isnan(found).any():
                raise MaskError(
                    f"layer {layer.layer} ({layer.out_module}): {layer.n_neurons} scores are wanted, one a present "
                    f"neuron and none NaN, not {found.dtype} of shape {found.shape}"
                )
            # Finite, so that the weakest that is there comes before all that is gone.
            scores[layer.layer] = np.full(len(there), -np.inf)
            scores[layer.layer][there] = np.nan_to_num(found)
        return scores

    return score


def _densities(start: float, to: float, steps: int) -> tuple[float, ...]:
    if not 0 < to <= 1:
        raise MaskError(f"to={to:g}: give a share of neurons to keep, more than 0 and at most 1")
    if steps < 1:
        raise MaskError(f"steps={steps}: give at least one step")
    return (*(start * (to / start) ** (step / steps) for step in range(1, steps)), to)


def _check_densities(layers: Sequence[MaskLayer], start: Mask, densities: Sequence[float], uniform: bool) -> None:
    before = start.share
    for density in densities:
        if not 0 < density <= before:
            raise MaskError(f"density {density:g} after {before:g}: densities must fall, within 0 and 1")
        before = density
    least = densities[-1] if densities else 1.0
    total = start.n_neurons
    if not uniform and budget(least, total) < len(layers):
        raise MaskError(
            f"density {least:g} leaves {budget(least, total)} of {total} neurons to {len(layers)} layers; give at "
            f"least {len(layers) / max(total, 1):.2g}, one neuron a layer"
        )
    for layer, there in zip(layers, start.chosen, strict=True):
        if uniform and budget(least, layer.n_neurons) < 1:
            raise MaskError(
                f"density {least:g} leaves no neuron of the {layer.n_neurons} of layer {layer.layer} "
                f"({layer.out_module}); give at least {1 / layer.n_neurons:.2g}"
            )
        if uniform and densities and budget(densities[0], layer.n_neurons) > int(there.sum()):
            raise MaskError(
                f"layer {layer.layer} ({layer.out_module}) has {int(there.sum())} neurons left, fewer than density "
                f"{densities[0]:g} of {layer.n_neurons}; begin lower, or without uniform=True"
            )
        if not there.any():
            raise MaskError(f"layer {layer.layer} ({layer.out_module}) has no neuron left; a schedule needs one")
