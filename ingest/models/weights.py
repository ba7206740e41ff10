"""Reading weights from files: tensors and plain values only, so that a checkpoint cannot run code."""

import pickletools
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ingest.models.shown import few, printable
from warehouse.errors import ModelError

CUT = "no checkpoint, or a truncated one; fetch it again"


def read_state(path: Path) -> dict[str, Tensor]:
    """State dict of a ``.safetensors`` file or of anything ``torch.save`` wrote, on the CPU.

    A checkpoint that keeps it under ``state_dict`` or ``model`` is unwrapped.

    Raises:
        ModelError: no such file, a truncated or foreign one, or one that would run code when loaded.
    """
    if not path.is_file():
        raise ModelError(f"no weights at {path}: --weights wants a file that torch.save or safetensors wrote")
    state: Any = (
        _tensors_only(path) if path.suffix == ".safetensors" else read_saved(path, "save its state_dict() alone")
    )
    return unwrapped(state, path)


def unwrapped(saved: Any, path: Path) -> dict[str, Tensor]:
    """The state dict in what was saved: all of it, or what lies under ``state_dict`` or ``model``.

    Raises:
        ModelError: there is none.
    """
    for key in ("state_dict", "model"):
        if isinstance(saved, dict) and isinstance(saved.get(key), dict):
            saved = saved[key]
    if not is_state(saved):
        raise ModelError(f"{path} holds no state dict: save the model's state_dict() with torch.save or safetensors")
    return saved


def is_state(value: object) -> bool:
    """Whether something is a state dict: tensors by names, and some at all."""
    named = isinstance(value, dict) and all(isinstance(k, str) and isinstance(v, Tensor) for k, v in value.items())
    return named and bool(value)


def read_saved(path: Path, remedy: str) -> Any:
    """What ``torch.save`` wrote, on the CPU: tensors, plain values, and what ``safe_globals`` admits around the call.

    Tensors stay in the file until they are used, where its format allows it.

    Args:
        path: of the file.
        remedy: what to do about a file that holds more, for the message.

    Raises:
        ModelError: a truncated or foreign file, or one that would run code when loaded; names the code.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except Exception as error:
        raise ModelError(f"{path} {_complaint(error, path, remedy)}") from error


def load_state(module: nn.Module, state: dict[str, Tensor], source: str) -> None:
    """Load weights into a module; every tensor must find its place.

    Args:
        module: what they are for.
        state: the weights by name.
        source: file they came from, for the message.

    Raises:
        ModelError: names or shapes differ, or numbers would have to be made floating; names a few.
    """
    own = module.state_dict()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the meta device, and of complex numbers, which are refused below
            result = module.load_state_dict(state, strict=False)
    except RuntimeError as error:
        details = [line.strip() for line in str(error).splitlines()[1:]]
        raise ModelError(f"{source} does not fit {type(module).__name__}: {few(details)}") from error
    problems = [f"missing {few(result.missing_keys)}"] if result.missing_keys else []
    problems += [f"unexpected {few(result.unexpected_keys)}"] if result.unexpected_keys else []
    if problems:
        raise ModelError(f"{source} does not fit {type(module).__name__}: {'; '.join(problems)}")
    floating = {key for key, value in own.items() if isinstance(value, Tensor) and value.is_floating_point()}
    refuse_others_than_floats({key: value for key, value in state.items() if key in floating}, source)


def refuse_others_than_floats(state: Mapping[str, Tensor], source: str) -> None:
    """Refuse whole and complex numbers for floating parameters: torch would cast them in silence.

    Raises:
        ModelError: there are some, as in quantised checkpoints; names a few.
    """
    others = [f"{key} ({value.dtype})" for key, value in state.items() if not value.is_floating_point()]
    if others:
        raise ModelError(
            f"{source} holds other than floating numbers in {few(others)}: save the weights as they are before they "
            "are quantised, in float32 or half precision"
        )


def _tensors_only(path: Path) -> dict[str, Tensor]:
    try:
        from safetensors.torch import load_file

        return load_file(path)
    except Exception as error:
        raise ModelError(f"{path} {_complaint(error, path, '')}") from error


def _complaint(error: Exception, path: Path, remedy: str) -> str:
    """What is wrong with a file that could not be read, and what to do about it."""
    if "TorchScript" in str(error):
        return "is TorchScript, a program: load it with torch.jit.load and save its state_dict() with torch.save"
    # A ZIP archive lists at its end what is in it: one that does was not cut off.
    whole = path.suffix != ".safetensors" and zipfile.is_zipfile(path)
    why = f" ({_line(error)}): {CUT}"
    if type(error).__name__ == "UnpicklingError":
        found = _code(error, path)
        if found:
            return f"holds {few(found)} and would run code when loaded: {remedy}"
        why = ": what is pickled in it is damaged; fetch it again" if whole else f": {CUT}"
    elif whole and not isinstance(error, OSError | EOFError | RuntimeError):
        why = f": what is pickled in it cannot be put together ({_line(error)}); {remedy}"
    return f"cannot be read as weights{why}"


def _is_saved(path: Path) -> bool:
    """Whether a file begins as those of ``torch.save`` do; a page that a server sent instead is no code."""
    with open(path, "rb") as file:
        return file.read(2).startswith((b"PK", b"\x80"))


def _code(error: Exception, path: Path) -> list[str]:
    """Classes and functions in a file that loading it would call, read without calling any; nothing if none is.

    Args:
        error: torch's, whose own text is not shown: it advises to let the file run code.
        path: of the file.
    """
    text = str(error)
    instruction = re.search(r"Unsupported operand (\d+)", text)
    damaged = instruction is not None and chr(int(instruction[1])) not in {op.code for op in pickletools.opcodes}
    if not _is_saved(path) or damaged or ("Unsupported" not in text and "GLOBAL" not in text):
        return []
    try:
        names = sorted(torch.serialization.get_unsafe_globals_in_checkpoint(path))
    except Exception:  # not in torch's present format, or with instructions that it does not list
        names = []
    return names or re.findall(r"GLOBAL ([\w.]+)", text)[:1] or ["more than tensors"]


def _line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {printable(text[0][:120])}" if text else type(error).__name__
