"""What lies between the two linears of a feed-forward network, found from what modules gave in one run.

Tensors are (…, features) as the modules gave them, or (batch, features, time) around convolutions of kernel 1.
"""

from collections.abc import Callable, Mapping
from itertools import permutations

import torch
from torch import Tensor, nn
from torch.nn import functional

IDENTITY = "identity"

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "GELU": functional.gelu,
    "GELU (tanh)": lambda x: functional.gelu(x, approximate="tanh"),
    "ReLU": functional.relu,
    "SiLU": functional.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "leaky ReLU": functional.leaky_relu,
    "ELU": functional.elu,
}
"""Activation functions that feed-forward networks of speech models have."""

FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {IDENTITY: lambda x: x, **ACTIVATIONS}

TOLERANCE = 1e-3
"""Largest error with which an output counts as reproduced, as a share of what the linear adds to its bias."""

CLOSE = 1e-4
"""Largest relative error with which an activation function counts as found in float32."""


def is_matrix(module: nn.Module) -> bool:
    """Whether a module is one matrix over features: a linear, or a convolution of kernel 1."""
    if isinstance(module, nn.Conv1d):
        one = module.kernel_size == module.stride == (1,)
        return one and module.groups == 1 and module.padding in ((0,), "valid")
    return isinstance(module, nn.Linear)


def reproduction_error(module: nn.Module, x: Tensor, y: Tensor) -> float | None:
    """Error of ``x · W2ᵀ + b`` against what a module gave, beyond what rounding explains.

    It is relative to the largest value without the bias that an output takes, so that a large bias hides nothing.
    None where the module has no such weight.
    """
    weight, bias = getattr(module, "weight", None), getattr(module, "bias", None)
    if not isinstance(weight, Tensor) or not weight.is_floating_point():
        return None
    if isinstance(module, nn.Conv1d) and is_matrix(module) and x.ndim == y.ndim == 3:
        weight, x, y = weight[:, :, 0], x.transpose(1, 2), y.transpose(1, 2)
    if weight.ndim != 2 or weight.shape[1] != x.shape[-1]:
        return None
    eps = max(torch.finfo(kind).eps for kind in (x.dtype, y.dtype, weight.dtype))
    x, y, weight = x.double(), y.double(), weight.detach().double()
    made = functional.linear(x, weight)
    if made.shape != y.shape:
        return None
    size = made.abs().flatten(0, -2).amax(0)
    rounding = eps * (4 * y.abs() + functional.linear(x.abs(), weight.abs()))
    if bias is not None:
        made = made + bias.detach().double()
    return float(((made - y).abs() / (size + rounding / TOLERANCE).clamp(min=1e-30)).max())


def functions_of(x: Tensor, y: Tensor) -> list[str]:
    """The functions that make ``y`` of ``x``, those that fit equally well; none where none does."""
    if x.shape != y.shape:
        return []
    eps = torch.finfo(y.dtype).eps if y.is_floating_point() else 0.0
    x, y = x.double(), y.double()
    size = torch.maximum(x.abs(), y.abs())
    errors = {name: _error(function(x), y, size) for name, function in FUNCTIONS.items()}
    names = _best(errors, eps)
    if len(names) > 1 and errors[IDENTITY] > 0:  # rounding hides that there is a function, and not that there is none
        names = [name for name in names if name != IDENTITY]
    return names


def gate_of(first: Mapping[str, Tensor], y: Tensor) -> str | None:
    """In words, the two parts of first linears whose product ``f(a) · b`` is ``y``; None where no two are."""
    parts = {path: x for path, x in first.items() if x.shape == y.shape}
    for path, x in first.items():
        if x.shape == (*y.shape[:-1], 2 * y.shape[-1]):
            parts |= dict(zip((f"one half of {path}", f"the other half of {path}"), x.chunk(2, -1), strict=True))
    eps = torch.finfo(y.dtype).eps if y.is_floating_point() else 0.0
    y = y.double()
    errors = {}
    for a, b in permutations(parts, 2):
        x, by = parts[a].double(), parts[b].double()
        size = torch.maximum((x * by).abs(), y.abs())
        for name, function in FUNCTIONS.items():
            of = a if name == IDENTITY else f"{name} of {a}"
            errors[f"{of} times {b}"] = _error(function(x) * by, y, size)
    return next(iter(_best(errors, eps)), None)


def _error(made: Tensor, y: Tensor, size: Tensor) -> float:
    return float(((made - y).abs() / size.clamp(min=max(1e-3 * float(size.max()), 1e-30))).max())


def _best(errors: Mapping[str, float], eps: float) -> list[str]:
    best = min(errors.values(), default=1.0)
    if not best <= max(CLOSE, 4 * eps):
        return []
    return [name for name, error in errors.items() if error <= max(2 * best, 2 * eps)]
