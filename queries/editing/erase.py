"""Erasing neurons in place, for good or for a while: their columns of the second linear become zero ([A] §4.2)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from queries.editing.means import Means, check_means, leave_means
from queries.editing.sites import Site, bias_of, changing_weights, resolve, weight_of
from queries.masks import Mask
from warehouse.errors import MaskError


def erase(
    model: nn.Module,
    mask: Mask,
    *,
    means: Means | None = None,
    prefix: str | None = None,
    already: Mask | None = None,
    other_weights: bool = False,
) -> None:
    """Silence neurons: their columns of the second linear, weight (d, D), become zero in place ([A] §4.2).

    The shapes stay, and so do all parameters and what optimizers hold of them. Training that goes on would bring
    the columns back; :func:`queries.editing.prune` takes them out.

    Args:
        model: the model that was recorded, or one that has it inside.
        mask: the neurons; of a keep mask, those that it does not keep.
        means: what the neurons do on average (see :func:`queries.editing.neuron_means`): it stays behind in the
            second linear's bias, which is made where there is none. None = they are replaced by 0.
        prefix: path of the recorded model in this one; None = find it.
        already: what the model was pruned to before.
        other_weights: accept weights other than those that were recorded.

    Raises:
        MaskError: the mask does not fit the model (see :func:`queries.editing.check`); nothing is changed then.
    """
    _, sites = resolve(model, mask, prefix, already, other_weights)
    check_means(sites, means)
    with changing_weights():
        for site in sites:
            _erase(site, means)


@contextmanager
def erased(
    model: nn.Module,
    mask: Mask,
    *,
    means: Means | None = None,
    prefix: str | None = None,
    already: Mask | None = None,
    other_weights: bool = False,
) -> Iterator[None]:
    """Erase neurons while a ``with`` block runs; afterwards every bit is as before, also after an exception.

    Args:
        model: as for :func:`erase`, like all that follow.
        mask: the neurons.
        means: what the neurons do on average.
        prefix: path of the recorded model in this one; None = find it.
        already: what the model was pruned to before.
        other_weights: accept weights other than those that were recorded.

    Raises:
        MaskError: the mask does not fit the model, or the block took the weights away that were to be restored.
    """
    _, sites = resolve(model, mask, prefix, already, other_weights)
    check_means(sites, means)
    with changing_weights():
        saved = [_Saved.of(site, means is not None) for site in sites if site.removed.any()]
    try:
        with changing_weights():
            for site in sites:
                _erase(site, means)
        yield
    finally:
        with changing_weights():
            for before in saved:
                before.restore()


def _erase(site: Site, means: Means | None) -> None:
    if not site.removed.any():
        return
    weight = weight_of(site.second)
    if means is not None:
        leave_means(site, means)
    weight[:, _columns(site, weight)] = 0


def _columns(site: Site, weight: Tensor) -> Tensor:
    return torch.from_numpy(np.flatnonzero(site.removed)).to(weight.device)


@dataclass(frozen=True, eq=False)
class _Saved:
    """What erasing changes at one site: the parameters themselves, and copies of what they hold.

    The bias is looked after only ``with_bias``, when means are left in it; what else trains it meanwhile stays.
    """

    site: Site
    weight: nn.Parameter
    columns: Tensor
    with_bias: bool
    bias: nn.Parameter | None
    bias_values: Tensor | None

    @classmethod
    def of(cls, site: Site, with_bias: bool) -> "_Saved":
        weight, bias = weight_of(site.second), bias_of(site.second)
        columns = weight.detach()[:, _columns(site, weight)].clone()
        return cls(site, weight, columns, with_bias, bias, None if bias is None else bias.detach().clone())

    def restore(self) -> None:
        second = self.site.second
        if second._parameters.get("weight") is not self.weight or self.weight.shape[1] != len(self.site.removed):
            raise MaskError(
                f"{self.site.path}: the block put another weight in the place of the one that was to be restored; "
                "prune or replace modules outside of erased()"
            )
        self.weight[:, _columns(self.site, self.weight)] = self.columns.to(self.weight.device, self.weight.dtype)
        if self.with_bias:
            second.register_parameter("bias", self.bias)
            if self.bias is not None and self.bias_values is not None:
                self.bias.copy_(self.bias_values)
