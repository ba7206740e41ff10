"""Layers that the user names: ``cnn.*`` reads what comes out of modules, ``in:blocks.*.fc2`` what goes in.

A pattern is compared with whole module paths, part by part: ``*`` stands for anything within one part
(``encoder.layers.*.fc2``), ``**`` for any number of parts (``**.fc2``). The order of the patterns, then that of the
modules, numbers the layers. Without a prefix, or with ``out:``, the neurons are the coordinates of the module's
output [B]; with ``in:`` they are those of its input, as for the second linear of a feed-forward network [A].
"""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Literal

from torch import nn

from ingest.models.base import Site
from ingest.models.ffn import FeedForward, block_of, ffn_sites, find_feed_forwards
from warehouse.errors import ModelError


def find_sites(module: nn.Module, layers: Sequence[str] | None, encoder: str = "") -> tuple[Site, ...]:
    """Sites of a module: the feed-forward networks of its encoder, or what the patterns name anywhere.

    Args:
        module: the whole model.
        layers: patterns; None or none for the feed-forward networks.
        encoder: path of the encoder, '' = all of the model; heads and decoders have networks of their own.

    Raises:
        ModelError: nothing is found, or a named module has no width of its own; lists the candidates.
    """
    if layers:
        return _named_sites(module, layers)
    networks = [found for found in find_feed_forwards(module) if not encoder or found.second.startswith(f"{encoder}.")]
    if not networks:
        raise ModelError(
            f"no feed-forward networks in {f'{encoder} of ' if encoder else ''}{type(module).__name__}: name layers "
            f'with --layers, as in "in:PATTERN" (what goes into a module) or "PATTERN" (what comes out); '
            f"{_candidates(module)}"
        )
    return ffn_sites(networks)


def _named_sites(module: nn.Module, layers: Sequence[str]) -> tuple[Site, ...]:
    modules = dict(module.named_modules())
    chosen: dict[str, Literal["input", "output"]] = {}
    for layer in layers:
        side, pattern = _parse(layer)
        matches = [path for path in modules if path and pattern.fullmatch(path)]
        if not matches:
            raise ModelError(f"no module matches --layers {layer!r}; {_near(layer, modules)}")
        called = [path for path in matches if type(modules[path]).forward is not nn.Module.forward]
        if not called:
            kind = type(modules[matches[0]]).__name__
            inside = f"{layer[: len(layer) - len(_pattern_of(layer))]}{matches[0]}.*"
            raise ModelError(
                f"--layers {layer!r}: {matches[0]} is a {kind}, a container that is never called; name what is in it, "
                f"as in --layers {inside!r}"
            )
        for path in called:
            if chosen.setdefault(path, side) != side:
                raise ModelError(f"--layers names both the input and the output of {path!r}; record one of them")
    networks = {f.second: f for f in find_feed_forwards(module)}
    if all(side == "input" and path in networks for path, side in chosen.items()):
        return ffn_sites([networks[path] for path in chosen])
    sites = []
    homes: dict[str, int] = {}
    for number, (path, side) in enumerate(chosen.items(), 1):
        network = networks.get(path) if side == "input" else None
        block = block_of(path)
        sites.append(
            Site(
                layer=number,
                block=homes.setdefault(block or path, len(homes) + 1),
                site=path,
                in_module=_first_linear(path, side, network),
                out_module=path,
                block_module=network.block if network else None,
                n_neurons=_width(modules[path], side),
                reads=side,
            )
        )
    return tuple(sites)


def _first_linear(path: str, side: str, network: FeedForward | None) -> str | None:
    if side == "output":
        return path
    return network.first if network else None


def _parse(layer: str) -> tuple[Literal["input", "output"], re.Pattern[str]]:
    side, colon, rest = layer.rpartition(":")
    if side not in (("in", "out") if colon else ("",)) or not rest:
        raise ModelError(f"--layers {layer!r}: write PATTERN or out:PATTERN for outputs, in:PATTERN for inputs")
    expression = r"\.".join(_part(part) for part in rest.split("."))
    expression = expression.replace(r"\*\*\.", r"(?:[^.]+\.)*").replace(r"\.\*\*", r"(?:\.[^.]+)*")
    return ("input" if side == "in" else "output"), re.compile(expression.replace(r"\*\*", ".*"))


def _pattern_of(layer: str) -> str:
    """What stands behind ``in:`` or ``out:``."""
    return layer.rpartition(":")[2]


def _part(part: str) -> str:
    return re.escape(part) if part == "**" else re.escape(part).replace(r"\*", "[^.]*").replace(r"\?", "[^.]")


def with_width(module: nn.Module, sites: Iterable[Site]) -> None:
    """Refuse sites whose modules do not say how wide they are, where nothing was measured.

    Raises:
        ModelError: names the first of them.
    """
    for site in sites:
        if not site.n_neurons:
            kind = type(module.get_submodule(site.out_module)).__name__
            raise ModelError(
                f"{site.out_module} is a {kind}, which does not say how wide its {site.reads} is: name the Linear, "
                "convolution or normalisation beside it, or leave --hop-ms out, so that the model is tried on noise"
            )


def _width(module: nn.Module, side: str) -> int:
    """Neurons at one side of a module, as the module itself declares them; 0 where it does not."""
    names = {
        "input": ("in_features", "in_channels", "num_features", "num_channels", "normalized_shape"),
        "output": ("out_features", "out_channels", "num_features", "num_channels", "normalized_shape"),
    }[side]
    for name in names:
        width = getattr(module, name, None)
        if isinstance(width, tuple | list):
            width = width[-1]
        if isinstance(width, int):
            return width
    return 0


def _near(layer: str, modules: Iterable[str]) -> str:
    wanted = _pattern_of(layer)
    shapes = _shapes(path for path in modules if path)
    near = get_close_matches(wanted, shapes, n=4, cutoff=0.5) or shapes[:12]
    return "near names: " + ", ".join(near)


def _candidates(module: nn.Module) -> str:
    linears = _shapes(path for path, m in module.named_modules() if path and isinstance(m, nn.Linear))
    if not linears:
        return f"it has no Linear; its modules: {_list(_shapes(path for path, _ in module.named_modules() if path))}"
    return f"its Linear modules: {_list(linears)}"


def _list(shapes: Sequence[str]) -> str:
    if not shapes:
        return "none"
    return ", ".join(shapes[:12]) + (f" and {len(shapes) - 12} more" if len(shapes) > 12 else "")


def shape_of(path: str) -> str:
    """A module path, or a text that begins with one, with its numbers as ``*``: the same for every block."""
    return re.sub(r"(?<![^.])\d+(?![^.,])", "*", path)


def _shapes(paths: Iterable[str]) -> list[str]:
    """The shapes of some paths, each once."""
    return list(dict.fromkeys(map(shape_of, paths)))
