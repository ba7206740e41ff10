"""transformers keeps one number of neurons for a whole model in its configuration; pruning updates it where it can."""

import copy
import sys
import warnings
from collections.abc import Collection, Iterator
from itertools import chain
from typing import Any

import torch
from torch import nn

from queries.editing.sites import weight_of

CONFIG_NAMES = ("intermediate_size", "encoder_ffn_dim", "decoder_ffn_dim", "ffn_dim")
"""Settings in which transformers keeps the number of neurons; modules have names of their own for it."""


def declare_widths(model: nn.Module, paths: Collection[str]) -> None:
    """Set the widths that transformers' configurations in a model state, where one number still says it all.

    A configuration is changed only when the class, built from it anew, has exactly the shapes that the model has now:
    then ``from_pretrained`` will too. Otherwise, as after a free budget, it is left alone.

    Args:
        model: a model whose networks were pruned just now, of transformers or not.
        paths: those of the second linears.
    """
    for path, owner in _owners(model):
        inside = [name for name in paths if not path or name.startswith(f"{path}.")]
        widths = {weight_of(model.get_submodule(name)).shape[1] for name in inside}
        if len(widths) == 1:
            _declare(owner, widths.pop())


def _owners(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """The outermost module that each configuration belongs to, with its path."""
    # A model of transformers cannot be there unless transformers is loaded.
    transformers = sys.modules.get("transformers")
    if transformers is None:
        return
    seen: set[int] = set()
    for path, module in model.named_modules():
        if isinstance(module, transformers.PreTrainedModel) and id(module.config) not in seen:
            seen.add(id(module.config))
            yield path, module


def _declare(owner: Any, width: int) -> None:
    names = [name for name in CONFIG_NAMES if getattr(owner.config, name, width) != width]
    for chosen in chain(([name] for name in names), [names] if len(names) > 1 else []):
        stated = copy.deepcopy(owner.config)
        for name in chosen:
            setattr(stated, name, width)
        if _shapes(_built(type(owner), stated)) == _shapes(owner):
            for name in chosen:
                setattr(owner.config, name, width)
            return


def _built(kind: type, config: Any) -> nn.Module | None:
    try:
        with torch.random.fork_rng(devices=[]), torch.device("meta"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # no neuron left in a layer is no reason to talk
            return kind(config)
    except Exception:  # a class of the user's own may want more than a configuration: nothing can be promised of it
        return None


def _shapes(module: nn.Module | None) -> dict[str, tuple[int, ...]] | None:
    return None if module is None else {name: tuple(value.shape) for name, value in module.state_dict().items()}
