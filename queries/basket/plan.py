"""What is to become of a set of neurons, and what that takes from every layer, told before a file is written."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from queries.basket.neuron_set import NeuronSet
from queries.masks.budget import Scores, keep_mask
from queries.masks.mask import Kind, Mask
from warehouse.errors import MaskError

if TYPE_CHECKING:
    from queries.connection import Connection

Fill = Literal["probability", "random"]
FILLS: dict[Fill, str] = {
    "probability": "often active",
    "random": "by lot",
}
"""What fills a density up beside the set: the neurons that are most often active, or some drawn by lot."""


@dataclass(frozen=True)
class Plan:
    """What is to become of a set.

    Attributes:
        kind: ``erase`` takes the set, ``keep`` takes all others.
        density: of kind keep: share of all neurons that stay, in (0, 1]; None = the set alone.
        fill: what stays beside the set.
        seed: of the fill ``random``.
        uniform: the same number stays in every layer.
    """

    kind: Kind = "erase"
    density: float | None = None
    fill: Fill = "probability"
    seed: int = 0
    uniform: bool = False


@dataclass(frozen=True)
class Taken:
    """What a mask takes from a layer.

    Attributes:
        layer: from 1.
        n_neurons: that the layer has.
        in_set: of them in the set.
        taken: of them that the model loses.
    """

    layer: int
    n_neurons: int
    in_set: int
    taken: int


def scores_of(con: "Connection", chosen: NeuronSet, plan: Plan) -> Scores | None:
    """What decides over the neurons beside the set; None where nothing has to be decided.

    Args:
        con: an open warehouse; with the fill ``probability`` its counts are read.
        chosen: the set.
        plan: what is to become of it.

    Raises:
        QueryError: the warehouse has no such model.
        MaskError: the model was recorded with other networks than the set is of.
    """
    from queries.masks.fills import probability_scores, random_scores
    from queries.masks.recorded import mask_layers

    if plan.kind == "erase" or plan.density is None:
        return None
    if plan.fill == "random":
        return random_scores(chosen.mask.layers, plan.seed)
    model = chosen.model or None
    if mask_layers(con, model) != chosen.mask.layers:
        raise MaskError(f"{chosen.name}: {model or 'the model'} has other networks here than the set; fill by lot")
    return probability_scores(con, model)


def planned(chosen: NeuronSet, plan: Plan, scores: Scores | None = None) -> Mask:
    """The mask of a plan: what is exported.

    Args:
        chosen: the set.
        plan: what is to become of it.
        scores: what :func:`scores_of` gives for it.

    Raises:
        MaskError: a density that is out of range or that the set alone exceeds.
    """
    if plan.kind == "erase" or plan.density is None:
        return replace(chosen.mask, kind=plan.kind)
    told = {"fill": plan.fill} | ({"seed": str(plan.seed)} if plan.fill == "random" else {})
    return keep_mask(
        chosen.mask.layers,
        scores or {},
        plan.density,
        protected=replace(chosen.mask, kind="keep"),
        uniform=plan.uniform,
        provenance=told,
    )


def taken(mask: Mask, chosen: NeuronSet) -> tuple[Taken, ...]:
    """What a mask takes, layer by layer.

    Args:
        mask: of a plan for the set.
        chosen: the set.
    """
    removed = mask.removed()
    return tuple(
        Taken(layer.layer, layer.n_neurons, int(in_set.sum()), int(removed[layer.out_module].sum()))
        for layer, in_set in zip(mask.layers, chosen.mask.chosen, strict=True)
    )
