"""Reading weights from files: tensors only, so that a checkpoint cannot run code."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from warehouse.errors import ModelError


def read_state(path: Path) -> dict[str, Tensor]:
    """State dict of a ``.safetensors`` file or of anything ``torch.save`` wrote, on the CPU.

    A checkpoint that keeps it under ``state_dict`` or ``model`` is unwrapped.

    Raises:
        ModelError: no such file, a truncated or foreign one, or one that would run code when loaded.
    """
    if not path.is_file():
        raise ModelError(f"no weights at {path}: --weights wants a file that torch.save or safetensors wrote")
    state: Any
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            state = load_file(path)
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                state = torch.load(path, map_location="cpu", weights_only=True)
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(f"{path} {_complaint(error)}") from error
    for key in ("state_dict", "model"):
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    if not isinstance(state, dict) or not state or not all(isinstance(v, Tensor) for v in state.values()):
        raise ModelError(f"{path} holds no state dict: save the model's state_dict() with torch.save or safetensors")
    return state


def load_state(module: nn.Module, state: dict[str, Tensor], source: str) -> None:
    """Load weights into a module; every tensor must find its place.

    Args:
        module: what they are for.
        state: the weights by name.
        source: file they came from, for the message.

    Raises:
        ModelError: names or shapes differ; names a few.
    """
    try:
        result = module.load_state_dict(state, strict=False)
    except RuntimeError as error:
        details = [line.strip() for line in str(error).splitlines()[1:]]
        raise ModelError(f"{source} does not fit {type(module).__name__}: {_few(details)}") from error
    problems = [f"missing {_few(result.missing_keys)}"] if result.missing_keys else []
    problems += [f"unexpected {_few(result.unexpected_keys)}"] if result.unexpected_keys else []
    if problems:
        raise ModelError(f"{source} does not fit {type(module).__name__}: {'; '.join(problems)}")


def _complaint(error: Exception) -> str:
    """What is wrong with a file that could not be read, and the remedy."""
    unreadable, remedy = "cannot be read as weights", "no checkpoint, or a truncated one; fetch it again"
    if type(error).__name__ != "UnpicklingError":
        return f"{unreadable} ({_line(error)}): {remedy}"
    # torch's own text is not shown: it advises to let the file run code.
    if "Unsupported" in str(error) or "GLOBAL" in str(error):
        return "holds more than tensors and would run code when loaded: save its state_dict() alone"
    return f"{unreadable}: {remedy}"


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:120]}" if text else type(error).__name__
