"""The formats of mask files by name, each with the suffix that stands for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from queries.masks.formats import index_lists, lape, npz, prune, pt, safetensors
from queries.masks.layers import MaskLayer
from queries.masks.mask import Kind, Mask
from warehouse.errors import MaskError


@dataclass(frozen=True)
class Format:
    """A way to write masks.

    Attributes:
        name: what users call it.
        suffix: end of the file names that mean it; a longer one wins.
        meaning: what a file holds, in a line.
        write: mask -> bytes.
        read: bytes -> mask, where the file says all of it; else None.
        read_with: (bytes, layers, kind) -> mask, where the file lacks networks and kind; else None.
    """

    name: str
    suffix: str
    meaning: str
    write: Callable[[Mask], bytes]
    read: Callable[[bytes], Mask] | None = None
    read_with: Callable[[bytes, Sequence[MaskLayer], Kind], Mask] | None = None


FORMATS: dict[str, Format] = {}


def register(entry: Format) -> None:
    """Add a format.

    Raises:
        ValueError: its name or suffix is taken.
    """
    if entry.name in FORMATS or entry.suffix in {known.suffix for known in FORMATS.values()}:
        raise ValueError(f"format {entry.name} ({entry.suffix}) is there already")
    FORMATS[entry.name] = entry


def format_of(path: Path, name: str | None = None) -> Format:
    """The format that is asked for by name, or by the suffix of a file to write.

    Raises:
        MaskError: there is none.
    """
    if name is not None:
        if name not in FORMATS:
            raise MaskError(f"format {name!r} is none of {', '.join(FORMATS)}")
        return FORMATS[name]
    fitting = [entry for entry in FORMATS.values() if path.name.lower().endswith(entry.suffix)]
    if not fitting:
        suffixes = ", ".join(entry.suffix for entry in FORMATS.values())
        raise MaskError(f"{path}: the suffix says no format; give one of {suffixes}, or name a format")
    return max(fitting, key=lambda entry: len(entry.suffix))


for _entry in (
    Format(
        "safetensors",
        ".safetensors",
        "bool vector per layer, all else in the metadata",
        safetensors.write,
        safetensors.read,
    ),
    Format("json", ".json", "index lists that describe themselves", index_lists.write, index_lists.read),
    Format(
        "paper",
        ".paper.json",
        '{"1": [neuron, …], …}, as the paper\'s authors write them',
        index_lists.write_paper,
        read_with=index_lists.read_paper,
    ),
    Format("npz", ".npz", "bool vector per layer for NumPy", npz.write, npz.read),
    Format("pt", ".pt", "bool tensor per layer for torch.load", pt.write, pt.read),
    Format("prune", ".prune.safetensors", "masks for torch.nn.utils.prune", prune.write, prune.read),
    Format(
        "lape",
        ".lape.pt",
        "LongTensors over groups and layers, as Language-Specific Neurons saves them",
        lape.write,
        read_with=lape.read,
    ),
):
    register(_entry)
