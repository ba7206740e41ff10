"""The lines that apply a mask file to a torch model in somebody's own script, without this package."""

import json

from queries.masks.mask import Mask

_LINES: dict[str, tuple[str, str]] = {
    "safetensors": (
        """
from safetensors.torch import load_file
for path, neurons in load_file(FILE).items():
    model.get_submodule(path).weight.data[:, neurons] = 0
""",
        """
from safetensors.torch import load_file
for path, neurons in load_file(FILE).items():
    model.get_submodule(path).weight.data[:, ~neurons] = 0
""",
    ),
    "json": (
        """
import json
for layer in json.load(open(FILE))["layers"]:
    model.get_submodule(layer["out_module"]).weight.data[:, layer["neurons"]] = 0
""",
        """
import json
for layer in json.load(open(FILE))["layers"]:
    gone = sorted(set(range(layer["n_neurons"])) - set(layer["neurons"]))
    model.get_submodule(layer["out_module"]).weight.data[:, gone] = 0
""",
    ),
    "paper": (
        """
import json
for layer, neurons in json.load(open(FILE)).items():
    model.get_submodule(PATH).weight.data[:, neurons] = 0
""",
        """
import json
for layer, neurons in json.load(open(FILE)).items():
    weight = model.get_submodule(PATH).weight.data
    weight[:, sorted(set(range(weight.shape[1])) - set(neurons))] = 0
""",
    ),
    "npz": (
        """
import numpy, torch
for path, neurons in numpy.load(FILE).items():
    if path != "__mask__":
        model.get_submodule(path).weight.data[:, torch.from_numpy(neurons)] = 0
""",
        """
import numpy, torch
for path, neurons in numpy.load(FILE).items():
    if path != "__mask__":
        model.get_submodule(path).weight.data[:, torch.from_numpy(~neurons)] = 0
""",
    ),
    "pt": (
        """
import torch
for path, neurons in torch.load(FILE, weights_only=True).items():
    if path != "__mask__":
        model.get_submodule(path).weight.data[:, neurons] = 0
""",
        """
import torch
for path, neurons in torch.load(FILE, weights_only=True).items():
    if path != "__mask__":
        model.get_submodule(path).weight.data[:, ~neurons] = 0
""",
    ),
    "prune": (
        """
from safetensors.torch import load_file
from torch.nn.utils import prune
for name, mask in load_file(FILE).items():
    module, parameter = model.get_submodule(name.rpartition(".")[0]), name.rpartition(".")[2].removesuffix("_mask")
    prune.custom_from_mask(module, parameter, mask.expand_as(getattr(module, parameter)))
""",
    )
    * 2,
    "lape": (
        """
import torch
for layer, neurons in enumerate(torch.load(FILE, weights_only=True)[0], 1):
    model.get_submodule(PATH).weight.data[:, neurons] = 0
""",
        """
import torch
for layer, neurons in enumerate(torch.load(FILE, weights_only=True)[0], 1):
    weight = model.get_submodule(PATH).weight.data
    weight[:, ~torch.isin(torch.arange(weight.shape[1]), neurons)] = 0
""",
    ),
}


def usage(mask: Mask, format: str, file: str) -> str:
    """Python lines that take the neurons of a mask file out of ``model``, whatever the kind of the mask.

    Args:
        mask: what the file holds.
        format: name of its format.
        file: its path, as the lines are to name it.
    """
    erase, keep = _LINES[format]
    lines = erase if mask.kind == "erase" else keep
    return lines.strip("\n").replace("FILE", json.dumps(file, ensure_ascii=False)).replace("PATH", _path(mask))


def _path(mask: Mask) -> str:
    """Python text that makes the second linear's path from ``layer``, where the numbers of the layers allow it."""
    first = mask.layers[0].out_module.split(".") if mask.layers else []
    for place, part in enumerate(first):
        if not part.isdigit():
            continue
        head, tail = first[:place], first[place + 1 :]
        paths = [".".join([*head, str(layer.layer - 1), *tail]) for layer in mask.layers]
        if paths == [layer.out_module for layer in mask.layers]:
            return f'f"{".".join([*head, "{int(layer) - 1}", *tail])}"'
    return "PATHS[int(layer)]"
