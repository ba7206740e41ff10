"""Pruning: rows of the first linear, their biases and columns of the second are cut out, and widths shrink ([A] §5)."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from queries.editing.configs import declare_widths
from queries.editing.means import Means, check_means, leave_means
from queries.editing.sites import Site, bias_of, changing_weights, resolve, weight_of
from queries.masks import Mask
from warehouse.errors import MaskError

WIDTH_NAMES = ("intermediate_size", "ffn_embedding_dim", "ffn_dim", "dim_feedforward", "intermediate_features", "d_ff")
"""Attributes in which implementations keep the number of neurons beside the linears themselves."""


def prune(
    model: nn.Module,
    mask: Mask,
    *,
    means: Means | None = None,
    prefix: str | None = None,
    already: Mask | None = None,
    other_weights: bool = False,
) -> Mask:
    """Take neurons out of a model, in place: what it computes is what :func:`queries.editing.erase` would make of it.

    Of every network row j of the first linear, weight (D, d) and bias (D,), and column j of the second, weight
    (d, D), are dropped ([A] §5). The sliced parameters are new ones: make optimizers afterwards. A layer may lose
    all its neurons; only the second bias is left of it then. Where one number of neurons is left everywhere, the
    configuration of a transformers model says so, and ``save_pretrained`` and ``from_pretrained`` work as ever.

    Args:
        model: the model that was recorded, or one that has it inside.
        mask: the neurons; of a keep mask, those that it does not keep.
        means: what the neurons do on average, to stay behind in the second linear's bias; None = nothing does.
        prefix: path of the recorded model in this one; None = find it.
        already: what this function returned when the model was pruned before; masks keep the original numbers.
        other_weights: accept weights other than those that were recorded.

    Returns:
        A keep mask of the neurons that the model has now, numbered as they were recorded.

    Raises:
        MaskError: the mask does not fit the model (see :func:`queries.editing.check`), a network's first linear is
            not on record, or a weight is shared with another module; nothing is changed then.
    """
    _, sites = resolve(model, mask, prefix, already, other_weights)
    check_means(sites, means)
    check_prunable(model, sites)
    kept = mask.as_kind("keep") if already is None else already.as_kind("keep") & mask.as_kind("keep")
    with changing_weights():
        for site in sites:
            if means is not None and site.removed.any():
                leave_means(site, means)
    shrink(model, sites)
    return kept


def check_prunable(model: nn.Module, sites: Sequence[Site]) -> None:
    """Check that sites can be cut.

    Raises:
        MaskError: an unknown first linear, or a weight that another module has too.
    """
    users = Counter(id(p) for module in model.modules() for p in module._parameters.values() if p is not None)
    for site in sites:
        if site.first is None:
            raise MaskError(
                f"layer {site.layer.layer} ({site.layer.out_module}) has no first linear on record, so that its rows "
                "cannot be pruned; erase the neurons instead"
            )
        for module in (site.first, site.second):
            if any(users[id(p)] > 1 for p in module._parameters.values() if p is not None):
                raise MaskError(
                    f"layer {site.layer.layer} ({site.path}) shares a weight with another module, which pruning would "
                    "part; erase the neurons instead"
                )


def shrink(model: nn.Module, sites: Iterable[Site]) -> None:
    """Cut the removed neurons of checked sites out, and write the new widths wherever the model states them."""
    sites = list(sites)
    parents = Counter(_parent(site) for site in sites)
    with changing_weights():
        for site in sites:
            if not site.removed.any():
                continue
            assert site.first is not None
            stay = torch.from_numpy(np.flatnonzero(~site.removed))
            _replace(site.first, "weight", weight_of(site.first)[stay.to(weight_of(site.first).device)])
            if (bias := bias_of(site.first)) is not None:
                _replace(site.first, "bias", bias[stay.to(bias.device)])
            _replace(site.second, "weight", weight_of(site.second)[:, stay.to(weight_of(site.second).device)])
            _state(site.first, ("out_features",), len(site.present), len(stay))
            _state(site.second, ("in_features",), len(site.present), len(stay))
            if parents[_parent(site)] == 1:
                _state(model.get_submodule(_parent(site)), WIDTH_NAMES, len(site.present), len(stay))
    declare_widths(model, [site.path for site in sites])


def _replace(module: nn.Module, name: str, value: Tensor) -> None:
    old = module._parameters[name]
    assert old is not None
    setattr(module, name, nn.Parameter(value.detach().clone(), requires_grad=old.requires_grad))


def _state(module: nn.Module, names: Iterable[str], old: int, new: int) -> None:
    for name in names:
        if type(vars(module).get(name)) is int and vars(module)[name] == old:
            setattr(module, name, new)


def _parent(site: Site) -> str:
    """The module around both linears of a site, with the prefix of its path."""
    assert site.layer.in_module is not None
    first, second = site.layer.in_module.split("."), site.layer.out_module.split(".")
    shared = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), 0)
    prefix = site.path[: len(site.path) - len(site.layer.out_module)]
    return (prefix + ".".join(second[:shared])).rstrip(".")
