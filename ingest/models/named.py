"""Any module, from a function of the user's: its layers found or named, its grid measured or stated."""

import importlib
import os
import sys
from collections.abc import Callable
from functools import reduce
from pathlib import Path

from torch import nn

from ingest.models.base import SpeechModel
from ingest.models.families import Family, FrontEnd, Reading, Weights, fit, seeded
from ingest.models.weights import load_state, read_state
from warehouse.errors import ModelError, first_line


def recognise(module: nn.Module) -> FrontEnd:
    """Every module: it is called with waveforms (batch, samples), and its grid measured unless stated."""
    return FrontEnd(encoder="", forward=module)


def load(name: str, weights: Weights, reading: Reading) -> SpeechModel:
    """What ``module:function`` returns, called without arguments; the working directory is searched too.

    Raises:
        ModelError: no such module or function, or it returns something else than a module or a SpeechModel.
    """
    build, source = _function(name), f"python:{name}"
    made = _call(build, source) if weights.seed is None else seeded(lambda: _call(build, source), weights.seed)
    if not isinstance(made, SpeechModel | nn.Module):
        raise ModelError(
            f"{source} returned a {type(made).__name__}: it must return a torch.nn.Module or a SpeechModel"
        )
    if weights.seed is not None:
        source = f"{source}, random weights, seed {weights.seed}"
    if weights.file is not None:
        inner = made.module if isinstance(made, SpeechModel) else made
        load_state(inner, read_state(Path(weights.file)), weights.file)
        source = f"{source}, {weights.file}"
    if isinstance(made, nn.Module):
        return fit(made, source, reading)
    if not _repeats(reading, made):
        raise ModelError(f"{source} returns a SpeechModel, which is complete: state layers and grid in the function")
    return made


def _repeats(reading: Reading, model: SpeechModel) -> bool:
    """Whether what is stated of a model is nothing but what it says itself."""
    grid = model.grid
    said = {
        "hop_ms": grid.hop_us / 1000,
        "offset_ms": grid.offset_us / 1000,
        "window_ms": grid.window_us / 1000,
        "sample_rate": model.sample_rate,
        "normalize": model.normalize,
        "time_first": model.time_first,
        "padding_frames": model.padding_frames,
    }
    stated = {name: value for name, value in vars(reading).items() if value is not None}
    return all(name in said and said[name] == value for name, value in stated.items())


def _function(name: str) -> Callable[[], object]:
    module_name, _, path = name.partition(":")
    if not module_name or not path:
        raise ModelError(f"python:{name}: write python:module:function, as in python:my_models:build")
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return reduce(getattr, path.split("."), importlib.import_module(module_name))  # type: ignore[return-value]
    except ModuleNotFoundError as error:
        raise ModelError(f"python:{name}: no module {error.name!r} in {here} or on Python's path") from error
    except AttributeError as error:
        raise ModelError(f"python:{name}: {error}") from error
    except Exception as error:
        what = f"{type(error).__name__}: {first_line(error)}"
        raise ModelError(f"python:{name}: importing {module_name} failed ({what})") from error


def _call(build: Callable[[], object], source: str) -> object:
    if not callable(build):
        raise ModelError(f"{source} is a {type(build).__name__}, not a function")
    try:
        return build()
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(f"{source}() failed ({type(error).__name__}: {first_line(error)})") from error


FAMILY = Family(
    name="named",
    schemes=("python",),
    knows=lambda spec: False,
    load=load,
    recognise=recognise,
    names=lambda: ["python:MODULE:FUNCTION"],
    any_module=True,
)
