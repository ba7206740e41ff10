"""Finding feed-forward networks: the pairs of linears between which the neurons of [A §2] lie."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch import nn

from ingest.models.base import Site

PAIRS = (
    ("intermediate_dense", "output_dense"),
    ("fc1", "fc2"),
    ("linear1", "linear2"),
    ("w_1", "w_2"),
    ("intermediate.dense", "output.dense"),
)
"""Names, relative to a module, that implementations give the first and the second linear."""


@dataclass(frozen=True)
class FeedForward:
    """A feed-forward network (d → D → d): paths of its linears and of the block around it, and D."""

    first: str
    second: str
    block: str | None
    width: int


def find_feed_forwards(module: nn.Module) -> list[FeedForward]:
    """Feed-forward networks of a module, in the order in which its modules are registered."""
    modules = dict(module.named_modules())
    return [found for path in modules for found in _at(path, modules)]


def ffn_sites(networks: list[FeedForward]) -> tuple[Site, ...]:
    """Sites of feed-forward networks: layers and blocks from 1, ``ffn1`` and ``ffn2`` where a block has two."""
    homes = [f.block if f.block is not None else f.second for f in networks]
    per_block = Counter(homes)
    numbers = {home: i for i, home in enumerate(dict.fromkeys(homes), 1)}
    seen: Counter[str] = Counter()
    sites = []
    for layer, (f, home) in enumerate(zip(networks, homes, strict=True), 1):
        seen[home] += 1
        name = "ffn" if per_block[home] == 1 else f"ffn{seen[home]}"
        last = seen[home] == per_block[home]
        sites.append(Site(layer, numbers[home], name, f.first, f.second, f.block if last else None, f.width))
    return tuple(sites)


def block_of(path: str) -> str | None:
    """The innermost numbered module at or around a path (``encoder.layers.3``): the block, or None."""
    parts = path.split(".")
    for end in range(len(parts), 0, -1):
        if parts[end - 1].isdigit():
            return ".".join(parts[:end])
    return None


def _at(path: str, modules: Mapping[str, nn.Module]) -> Iterator[FeedForward]:
    prefix = f"{path}." if path else ""
    for first_name, second_name in PAIRS:
        first, second = modules.get(prefix + first_name), modules.get(prefix + second_name)
        if isinstance(first, nn.Linear) and isinstance(second, nn.Linear) and _fit(first, second):
            yield FeedForward(prefix + first_name, prefix + second_name, block_of(path), first.out_features)
    if isinstance(modules[path], nn.Sequential):
        linears = [(name, m) for name, m in modules[path].named_children() if isinstance(m, nn.Linear)]
        if len(linears) == 2:
            (first_name, first), (second_name, second) = linears
            if _fit(first, second) and first.out_features > first.in_features == second.out_features:
                yield FeedForward(prefix + first_name, prefix + second_name, block_of(path), first.out_features)


def _fit(first: nn.Linear, second: nn.Linear) -> bool:
    return second.in_features == first.out_features and second.out_features == first.in_features
