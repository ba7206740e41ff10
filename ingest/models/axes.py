"""What a module gives, as frames: the tensor in what it returns, and the order of that tensor's axes."""

from typing import Any

from torch import Tensor

from warehouse.errors import ModelError


def as_frames(tensor: Tensor, axes: str, batch: int, at: str) -> Tensor:
    """A view of a module's activations as (batch, frames, channels).

    Args:
        tensor: what the module gives.
        axes: its axes in order, as :attr:`ingest.models.base.Site.axes` names them; without ``t`` it has one frame.
        batch: utterances; a tensor of one may lack their axis.
        at: the module, for the message.

    Raises:
        ModelError: other axes than it should have.
    """
    if tensor.ndim == len(axes) - 1 and batch == 1:
        tensor = tensor.unsqueeze(axes.index("b"))
    if tensor.ndim != len(axes):
        wanted = ", ".join({"b": "batch", "t": "time", "c": "channel"}[axis] for axis in axes)
        raise ModelError(f"{at} gives shape {tuple(tensor.shape)}: ({wanted}) is wanted")
    if "t" not in axes:
        return tensor.permute(axes.index("b"), axes.index("c")).unsqueeze(1)
    return tensor.permute(*(axes.index(axis) for axis in "btc"))


def tensor_of(output: Any, at: str) -> Tensor:
    """The activations in what a module returns: itself, or the first of a tuple or of a mapping.

    Args:
        output: what it returns.
        at: the module, for the message.

    Raises:
        ModelError: there is no tensor in that place.
    """
    if isinstance(output, Tensor):
        return output
    if isinstance(output, dict):
        output = tuple(output.values())
    if isinstance(output, tuple | list) and output and isinstance(output[0], Tensor):
        return output[0]
    kind = type(output).__name__
    if isinstance(output, tuple | list) and output:
        kind += f" that begins with {type(output[0]).__name__}"
    raise ModelError(f"{at} returns a {kind}, not a tensor: name a module inside it with --layers")
