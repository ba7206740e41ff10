"""What decides over neurons that nothing protects: L1 norms of their weights."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from queries.masks.layers import MaskLayer
from warehouse.errors import MaskError

if TYPE_CHECKING:
    from torch import Tensor, nn


def l1_scores(module: "nn.Module", layers: Sequence[MaskLayer], *, with_bias: bool = False) -> dict[int, np.ndarray]:
    """‖W1 row‖₁ + ‖W2 column‖₁ of every neuron, the baseline that pruning by properties is compared with ([A] §5).

    Args:
        module: the model; weights W1 (D, d) and W2 (d, D), as torch's Linear has them.
        layers: its networks.
        with_bias: add |b1|, as the compression toolkit of the paper's authors does.

    Returns:
        Layer -> float64 vector (D,).

    Raises:
        MaskError: a network whose linears are not in the model, are unknown or have other widths.
    """
    return {layer.layer: _of_layer(module, layer, with_bias) for layer in layers}


def _of_layer(module: "nn.Module", layer: MaskLayer, with_bias: bool) -> np.ndarray:
    if layer.in_module is None:
        raise MaskError(f"layer {layer.layer} ({layer.out_module}) has no first linear on record, and so no L1 norms")
    rows = _weight(module, layer, layer.in_module, 0)
    columns = _weight(module, layer, layer.out_module, 1)
    scores = rows.abs().sum(1) + columns.abs().sum(0)
    bias = getattr(module.get_submodule(layer.in_module), "bias", None)
    if with_bias and bias is not None:
        scores = scores + bias.detach().double().abs().to(scores.device)
    found: np.ndarray = scores.cpu().numpy()
    return found


def _weight(module: "nn.Module", layer: MaskLayer, path: str, axis: int) -> "Tensor":
    """Weight of a linear in double precision, checked to have the layer's neurons along ``axis``."""
    import torch

    try:
        linear = module.get_submodule(path)
    except AttributeError:
        raise MaskError(
            f"layer {layer.layer}: this model has no module {path}; load the model that was recorded"
        ) from None
    weight = getattr(linear, "weight", None)
    if not isinstance(weight, torch.Tensor) or weight.ndim != 2 or weight.shape[axis] != layer.n_neurons:
        shape = tuple(weight.shape) if isinstance(weight, torch.Tensor) else "none"
        raise MaskError(
            f"layer {layer.layer}: the weight of {path} must have {layer.n_neurons} "
            f"{'columns' if axis else 'rows'}; its shape is {shape}"
        )
    return weight.detach().double()
