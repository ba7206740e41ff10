"""Whether neurons of feed-forward networks are read right, shown by what went through their linears in one run.

Captured activations times the second linear must give its output, and they must be an activation function of what the
first one gave.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ingest.between_linears import (
    ACTIVATIONS,
    IDENTITY,
    TOLERANCE,
    functions_of,
    gate_of,
    is_matrix,
    reproduction_error,
)
from ingest.findings import Finding, at, number
from ingest.models.axes import tensor_of
from ingest.models.base import SpeechModel
from ingest.recorder import Recorder, Recording


@dataclass
class Seen:
    """One run: what went into and came out of the sites' modules, by place; and its recording.

    Attributes:
        recording: what was recorded.
        before: what went into the module of a site whose neurons go into it.
        after: what came out of it.
        first: what the first linear gave, where it is known.
        linears: what the linears beside it gave, by path.
        norms: what the normalisations beside it gave, by path.
    """

    recording: Recording | None = None
    before: dict[int, Tensor] = field(default_factory=dict)
    after: dict[int, Tensor] = field(default_factory=dict)
    first: dict[int, Tensor] = field(default_factory=dict)
    linears: dict[int, dict[str, Tensor]] = field(default_factory=dict)
    norms: dict[int, dict[str, Tensor]] = field(default_factory=dict)


def run_listening(model: SpeechModel, recorder: Recorder, wave: np.ndarray) -> Seen:
    """Record one utterance, and keep what goes through the linears."""
    seen = Seen()
    with ExitStack() as hooks:

        def listen(module: nn.Module, hook: Callable[..., None]) -> None:
            hooks.callback(module.register_forward_hook(hook, with_kwargs=True).remove)

        for place, site in enumerate(model.sites):
            if site.reads == "input":
                listen(model.module.get_submodule(site.out_module), _keep_both(seen, place, at(site)))
                if site.in_module is not None:
                    listen(model.module.get_submodule(site.in_module), _keep(seen.first, place))
                home = site.out_module.rpartition(".")[0]
                for name, module in model.module.get_submodule(home).named_children():
                    path = f"{home}.{name}" if home else name
                    if path != site.out_module and is_matrix(module):
                        listen(module, _keep(seen.linears.setdefault(place, {}), path))
                    elif "Norm" in type(module).__name__:
                        listen(module, _keep(seen.norms.setdefault(place, {}), path))
        (seen.recording,) = recorder.record([wave])
    return seen


# What is kept is copied: models work in place (``y += x``, ``ReLU(inplace=True)``).


def _keep(found: dict[Any, Tensor], key: Any) -> Callable[..., None]:
    def hook(module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        if isinstance(output, Tensor):
            found[key] = output.detach().clone()

    return hook


def _keep_both(seen: Seen, place: int, layer: str) -> Callable[..., None]:
    def hook(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        seen.before[place] = (args[0] if args else next(iter(kwargs.values()))).detach().clone()
        if _claims_to_be_linear(module):
            seen.after[place] = tensor_of(output, layer).detach().clone()

    return hook


def _claims_to_be_linear(module: nn.Module) -> bool:
    return is_matrix(module) or hasattr(module, "in_features")


def feed_forward_findings(model: SpeechModel, seen: Seen) -> Iterator[Finding]:
    """Findings on the second linears, and on the activation functions where there are such linears."""
    places = sorted(seen.after)
    if not places:
        side = "goes into" if seen.before else "comes out of"
        yield Finding("second linear", "ok", f"nothing to show: neurons are what {side} the modules that you named")
        return
    errors: dict[int, float] = {}
    unlike = []
    for place in places:
        module = model.module.get_submodule(model.sites[place].out_module)
        error = reproduction_error(module, seen.before[place], seen.after[place])
        if error is None:
            unlike.append(model.sites[place])
        else:
            errors[place] = error
    bad = [place for place, error in errors.items() if not error <= TOLERANCE]
    if bad:
        yield Finding(
            "second linear",
            "wrong",
            f"what enters {at(model.sites[bad[0]])} times its weight is not what it gives (relative error "
            f"{errors[bad[0]]:.1e}), and so in {len(bad)} of {number(len(places), 'layer')}",
            "something changes the activations inside the module (a wrapper, an adapter, a quantised layer): merge it "
            "into the weight, or name the module inside it with --layers",
        )
    elif unlike:
        kind = type(model.module.get_submodule(unlike[0].out_module)).__name__
        yield Finding(
            "second linear",
            "open",
            f"{at(unlike[0])} is a {kind}, which has no weight of {unlike[0].n_neurons} columns",
            "name the second linear itself with --layers in:PATTERN",
        )
    else:
        yield Finding(
            "second linear",
            "ok",
            f"captured activations times W2 give its output in {number(len(places), 'layer')} (relative error at most "
            f"{max(errors.values()):.0e})",
        )
    yield _activation(model, seen, places)


def _activation(model: SpeechModel, seen: Seen, places: list[int]) -> Finding:
    """Whether neurons are read behind the activation function, each from its own row of the first linear."""
    said: dict[str, int] = {}
    for place in places:
        site, y = model.sites[place], seen.before[place]
        layer = at(site)
        linears = dict(seen.linears.get(place, {}))
        if place in seen.first:
            linears = {"the first linear": seen.first[place]} | {
                path: x for path, x in linears.items() if path != site.in_module
            }
        found = next(((path, x, names) for path, x in linears.items() if (names := functions_of(x, y))), None)
        if found is None:
            norm = next((path for path, x in seen.norms.get(place, {}).items() if torch.equal(x, y)), None)
            if norm is not None:
                kind = type(model.module.get_submodule(norm)).__name__
                return Finding(
                    "activation",
                    "open",
                    f"what enters {layer} comes out of a {kind} ({norm}): neurons are normalised values",
                    "name the module before it with --layers out:PATTERN, where those before the normalisation are "
                    "meant",
                )
            gate = gate_of(linears, y)
            if gate is None:
                return _no_activation_found(layer)
            said[gate] = said.get(gate, 0) + 1
            continue
        path, x, names = found
        if IDENTITY in names and site.between_linears:
            if len(names) > 1 and bool((x >= 0).all()):
                return Finding(
                    "activation",
                    "open",
                    f"what {path} of {layer} gives is never negative, so {' or '.join(names)} look the same",
                    "try it on other AUDIO, or look at the model's code",
                )
            return Finding(
                "activation",
                "wrong",
                f"{layer} receives what the first linear gives, without an activation function",
                "name the module behind the activation function with --layers in:PATTERN",
            )
        equal = " (the same on these values)" if len(names) > 1 else ""
        words = f"{' or '.join(names)}{equal} of {path}" if path == "the first linear" else _beside(names, equal, path)
        said[words] = said.get(words, 0) + 1
    return Finding(
        "activation",
        "ok",
        "neurons are " + " and ".join(f"{words} in {number(n, 'layer')}" for words, n in said.items()),
    )


def _beside(names: list[str], equal: str, path: str) -> str:
    of = f"what comes out of {path.rpartition('.')[2]}"
    return of if names == [IDENTITY] else f"{' or '.join(names)}{equal} of {of}"


def _no_activation_found(layer: str) -> Finding:
    return Finding(
        "activation",
        "open",
        f"what enters {layer} is none of {', '.join(ACTIVATIONS)} of a first linear, nor such a one times another",
        "each neuron is read where the second linear receives it, which is right of gated networks too; look at the "
        "model's code where you do not expect one",
    )
