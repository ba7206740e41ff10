"""From a mask to the modules of a model: paths resolved, widths compared, all before anything is changed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from queries.editing.weights import same_weights
from queries.masks import Mask, MaskLayer
from queries.masks.mask import Bools
from warehouse.errors import MaskError


@dataclass(frozen=True, eq=False)
class Site:
    """One feed-forward network of a model, and the neurons that it is to lose.

    Attributes:
        layer: what the mask says of it; D neurons as the model was recorded.
        path: path of the second linear in this model.
        first: the first linear, whose rows are the neurons; None when unknown.
        second: the second linear, whose columns are the neurons.
        present: original numbers (w,) of the neurons that it has now, ascending; w = D unless it was pruned.
        removed: for each of ``present`` whether it is to go (w,).
    """

    layer: MaskLayer
    path: str
    first: nn.Module | None
    second: nn.Module
    present: np.ndarray
    removed: Bools


def check(
    model: nn.Module,
    mask: Mask,
    *,
    prefix: str | None = None,
    already: Mask | None = None,
    other_weights: bool = False,
) -> str:
    """Whether a mask can be applied to a model; changes nothing.

    Args:
        model: the model that was recorded, or one that has it inside, such as an encoder under a head.
        mask: the neurons.
        prefix: path of the recorded model in this one, ``''`` for the model itself; None = find it.
        already: what the model was pruned to before, as :func:`queries.editing.prune` returned it.
        other_weights: accept weights other than those that were recorded.

    Returns:
        The prefix, empty or with a dot at its end.

    Raises:
        MaskError: a path that does not resolve, or resolves at several places; a module whose weight is no matrix of
            the right width; neurons that do not lie between two linears; other weights.
    """
    return resolve(model, mask, prefix, already, other_weights)[0]


def resolve(
    model: nn.Module, mask: Mask, prefix: str | None, already: Mask | None, other_weights: bool
) -> tuple[str, list[Site]]:
    """The prefix and the sites of a mask, all of them checked as :func:`check` says."""
    if already is not None and already.layers != mask.layers:
        raise MaskError(
            "already: what the model was pruned to is of other layers than the mask; give masks of one model"
        )
    found = _prefix(model, mask.layers, prefix)
    gone = mask.removed()
    before = already.removed() if already is not None else {}
    sites = []
    for layer in mask.layers:
        nothing = np.zeros(layer.n_neurons, dtype=np.bool_)
        present = np.flatnonzero(~before.get(layer.out_module, nothing))
        sites.append(_site(model, layer, found, present, gone[layer.out_module]))
    # A pruned model has other weights than the recorded one by its very shapes.
    if not other_weights and already is None:
        same_weights(model.get_submodule(found.rstrip(".")), mask.provenance, type(model).__name__)
    return found, sites


@contextmanager
def changing_weights() -> Iterator[None]:
    """No gradients are recorded, and parameters that are made can be trained, also inside ``inference_mode``."""
    with torch.inference_mode(False), torch.no_grad():
        yield


def bias_of(module: nn.Module) -> nn.Parameter | None:
    """A linear's bias, when it has one."""
    return module._parameters.get("bias")


def make_bias(module: nn.Module, values: Tensor) -> None:
    """Give a linear that has no bias one of these values (d,); type, device and training are those of its weight."""
    weight = weight_of(module)
    made = values.to(weight.device, weight.dtype, copy=True)
    module.register_parameter("bias", nn.Parameter(made, requires_grad=weight.requires_grad))


def weight_of(module: nn.Module) -> nn.Parameter:
    """A linear's weight, of which :func:`resolve` made sure."""
    weight = module._parameters["weight"]
    assert weight is not None
    return weight


def _prefix(model: nn.Module, layers: Sequence[MaskLayer], prefix: str | None) -> str:
    paths = [path for layer in layers for path in (layer.in_module, layer.out_module) if path is not None]
    modules = dict(model.named_modules(remove_duplicate=False))
    kind = type(model).__name__
    if prefix is not None:
        prefix = f"{prefix.rstrip('.')}." if prefix else ""
        if lost := [path for path in paths if prefix + path not in modules]:
            raise MaskError(f"{kind} has no module {prefix}{lost[0]}; give the prefix of the model that was recorded")
        return prefix
    if not paths:
        return ""
    starts = [path[: -len(paths[0])] for path in modules if f".{path}".endswith(f".{paths[0]}")]
    # One encoder under two names is one encoder.
    places: dict[tuple[int, ...], str] = {}
    for start in starts:
        if all(start + path in modules for path in paths):
            places.setdefault(tuple(id(modules[start + path]) for path in paths), start)
    if len(places) == 1:
        return next(iter(places.values()))
    if places:
        found = ", ".join(f"{start}{paths[0]}" for start in places.values())
        raise MaskError(f"{kind} has the mask's modules at {len(places)} places ({found}); say which with prefix=")
    if not starts:
        lost_path = paths[0]
    else:
        lost_path = next(f"{starts[0]}{path}" for path in paths if starts[0] + path not in modules)
    raise MaskError(f"{kind} has no module {lost_path}, which the mask names; load the model that was recorded")


def _site(model: nn.Module, layer: MaskLayer, prefix: str, present: np.ndarray, gone: Bools) -> Site:
    if layer.in_module == layer.out_module:
        raise MaskError(
            f"layer {layer.layer} ({layer.out_module}): its neurons are what comes out of this module, not what lies "
            "between two linears; use a mask of feed-forward layers"
        )
    first = None
    if layer.in_module is not None:
        first = model.get_submodule(prefix + layer.in_module)
        _fits(model, layer, prefix + layer.in_module, first, 0, len(present))
        bias = bias_of(first)
        if bias is not None and bias.shape != (len(present),):
            raise MaskError(
                f"{type(model).__name__}: the bias of {prefix}{layer.in_module} (layer {layer.layer}) has shape "
                f"{tuple(bias.shape)}, not {len(present)} neurons; load the model that was recorded"
            )
    second = model.get_submodule(prefix + layer.out_module)
    _fits(model, layer, prefix + layer.out_module, second, 1, len(present))
    return Site(layer, prefix + layer.out_module, first, second, present, gone[present])


def _fits(model: nn.Module, layer: MaskLayer, path: str, module: nn.Module, axis: int, width: int) -> None:
    where = f"{type(model).__name__}: {path} (layer {layer.layer})"
    weight = module._parameters.get("weight")
    if weight is None:
        if isinstance(getattr(module, "weight", None), Tensor):
            raise MaskError(
                f"{where} computes its weight anew at every call, as torch.nn.utils.prune and parametrizations do; "
                "make it permanent first, with torch.nn.utils.prune.remove or parametrize.remove_parametrizations"
            )
        raise MaskError(f"{where} is a {type(module).__name__} without a weight of its own; a Linear is wanted")
    if weight.ndim != 2:
        raise MaskError(f"{where} has a weight of shape {tuple(weight.shape)}; a matrix is wanted, as of a Linear")
    if weight.shape[axis] != width:
        side = ("rows", "columns")[axis]
        known = "" if width == layer.n_neurons else f", {width} of which the model was said to have kept"
        raise MaskError(
            f"{where} has {weight.shape[axis]} {side}, the mask {layer.n_neurons} neurons{known}; load the model that "
            "was recorded, and give what it was pruned to as already="
        )
