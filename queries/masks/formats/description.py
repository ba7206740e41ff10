"""What a mask file says of itself: kind, networks and provenance, as JSON; written and read with the same checks."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from queries.masks.layers import MOST_NEURONS, MaskLayer
from queries.masks.mask import Kind, Mask
from warehouse.errors import MaskError

MARK = "neuron_warehouse_mask"
VERSION = 1
BESIDE = "__mask__"
"""Name of the description among vectors that are named by module paths; no module path has such a name."""

MOST_LAYERS = 10_000
_PART = r"(?!__)[A-Za-z0-9_-]{1,200}"
_PATH = re.compile(rf"{_PART}(\.{_PART}){{0,63}}", re.ASCII)


@dataclass(frozen=True)
class Description:
    """All of a mask but its neurons.

    Attributes:
        kind: what True means.
        layers: its networks.
        provenance: where the set comes from.
    """

    kind: Kind
    layers: tuple[MaskLayer, ...]
    provenance: Mapping[str, str]

    def with_vectors(self, vectors: Sequence[np.ndarray]) -> Mask:
        """The mask."""
        return Mask(self.kind, self.layers, tuple(vectors), self.provenance)


def describe(mask: Mask) -> dict[str, Any]:
    """What to write.

    Raises:
        MaskError: a module path or a provenance that could not be read back.
    """
    content = {
        MARK: VERSION,
        "kind": mask.kind,
        "layer_base": 1,
        "layers": [
            {
                "layer": layer.layer,
                "in_module": layer.in_module,
                "out_module": layer.out_module,
                "n_neurons": layer.n_neurons,
            }
            for layer in mask.layers
        ],
        "provenance": dict(mask.provenance),
    }
    read_description(content)
    return content


def to_json(content: Any) -> bytes:
    """JSON text in UTF-8 without superfluous spaces."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def read_description(content: Any, extra: Sequence[str] = ()) -> Description:
    """Check what a file says.

    Args:
        content: parsed JSON.
        extra: further names that an entry of ``layers`` has.

    Raises:
        MaskError: it is no description of a mask.
    """
    if not isinstance(content, dict) or MARK not in content:
        raise MaskError(f"does not describe itself (no {MARK}); masks are written by `neurons export`")
    if content[MARK] != VERSION or isinstance(content[MARK], bool):
        raise MaskError(f"a mask of version {content[MARK]!r:.50}; this program reads version {VERSION}")
    if content.get("kind") not in ("erase", "keep"):
        raise MaskError(f"kind {content.get('kind')!r:.50}: must be erase or keep")
    if content.get("layer_base") != 1:
        raise MaskError(f"layers counted from {content.get('layer_base')!r:.50}; must be 1")
    listed = content.get("layers")
    if not isinstance(listed, list) or len(listed) > MOST_LAYERS:
        raise MaskError(f"damaged, it has no list of at most {MOST_LAYERS} layers")
    layers = tuple(_layer(entry, {"layer", "in_module", "out_module", "n_neurons", *extra}) for entry in listed)
    if sum(layer.n_neurons for layer in layers) > MOST_NEURONS:
        raise MaskError(f"more than {MOST_NEURONS} neurons, which no model here has")
    return Description(content["kind"], layers, _provenance(content.get("provenance")))


def whole_number(value: Any, least: int, most: int) -> bool:
    """Whether a value is an integer (no bool) within bounds."""
    return type(value) is int and least <= value <= most


def _layer(entry: Any, names: set[str]) -> MaskLayer:
    if not isinstance(entry, dict) or set(entry) != names:
        raise MaskError(f"damaged, a layer has not exactly {', '.join(sorted(names))}")
    if not whole_number(entry["layer"], 1, 1_000_000):
        raise MaskError(f"layer {entry['layer']!r:.50}: layers are numbers from 1")
    if not whole_number(entry["n_neurons"], 1, MOST_NEURONS):
        raise MaskError(f"layer {entry['layer']}: {entry['n_neurons']!r:.50} is no number of neurons")
    for name in ("in_module", "out_module"):
        path = entry[name]
        if not (path is None and name == "in_module") and not (isinstance(path, str) and _PATH.fullmatch(path)):
            raise MaskError(f"layer {entry['layer']}: {name} {path!r:.100} is no path of a module")
    return MaskLayer(entry["layer"], entry["in_module"], entry["out_module"], entry["n_neurons"])


def _provenance(content: Any) -> dict[str, str]:
    if not isinstance(content, dict):
        raise MaskError("damaged, its provenance is not names and texts")
    for name, text in content.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise MaskError(f"provenance {name!r:.100}: {text!r:.100} is no text")
        try:
            (name + text).encode()
        except UnicodeEncodeError:
            raise MaskError(f"provenance {name!r:.100} is no text that can be written in UTF-8") from None
    return content
