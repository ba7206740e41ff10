"""Weights under the names of one library, for a module with the names of another: every tensor accounted for."""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from ingest.models.shown import few
from warehouse.errors import ModelError

PARAMETRIZED = (
    (".parametrizations.weight.original0", ".weight_g"),
    (".parametrizations.weight.original1", ".weight_v"),
)
"""Weight norm under its newer and its older names."""

_BLOCK = (
    (
        r"attention\.attention\.in_proj_(weight|bias)",
        (r"self_attn.q_proj.\1", r"self_attn.k_proj.\1", r"self_attn.v_proj.\1"),
    ),
    (r"attention\.attention\.out_proj\.(.+)", (r"self_attn.out_proj.\1",)),
    (r"attention\.rel_attn_embed\.(.+)", (r"self_attn.relative_attention_bias.\1",)),
    (r"attention\.gru_rel_pos_linear\.(.+)", (r"self_attn.grep_linear.\1",)),
    (r"attention\.gru_rel_pos_const", ("self_attn.grep_a",)),
    (r"attention\.([qkv]|out)_proj\.(.+)", (r"self_attn.\1_proj.\2",)),
    (r"layer_norm\.(.+)", (r"self_attn_layer_norm.\1",)),
    (r"feed_forward\.intermediate_dense\.(.+)", (r"fc1.\1",)),
    (r"feed_forward\.output_dense\.(.+)", (r"fc2.\1",)),
    (r"final_layer_norm\.(.+)", (r"final_layer_norm.\1",)),
)
"""Names in a block of torchaudio's Transformer, and those of fairseq whose tensors follow each other in it."""


def transformer_names(key: str) -> tuple[str, ...]:
    """The names in fairseq, below ``encoder.``, of a tensor of torchaudio's ``Transformer``."""
    key = unparametrized(key)
    block = re.fullmatch(r"(layers\.\d+)\.(.+)", key)
    if block is None:
        return (key.replace("pos_conv_embed.conv.", "pos_conv.0."),)
    number, rest = block.groups()
    for pattern, names in _BLOCK:
        match = re.fullmatch(pattern, rest)
        if match is not None:
            return tuple(f"{number}.{match.expand(name)}" for name in names)
    raise AssertionError(f"torchaudio's Transformer has a new tensor {key}")


def unparametrized(key: str) -> str:
    """A tensor's name with weight norm as it was first called."""
    for newer, older in PARAMETRIZED:
        key = key.replace(newer, older)
    return key


def renamed(
    state: Mapping[str, Tensor],
    wanted: Iterable[str],
    names: Callable[[str], tuple[str, ...]],
    unused: str,
    path: Path,
) -> dict[str, Tensor]:
    """The tensors of a file under the names of a module.

    Args:
        state: the file's.
        wanted: names of the module's tensors.
        names: the file's names for one of them; tensors of several are joined along their first dimension.
        unused: regular expression of the file's tensors that recording does not need.
        path: of the file, for the message.

    Raises:
        ModelError: tensors are missing, or nothing is known of some; names a few as the file would.
    """
    sources = {key: names(key) for key in wanted}
    given = {unparametrized(key): value for key, value in state.items()}
    needed = {name for many in sources.values() for name in many}
    missing = [name for many in sources.values() for name in many if name not in given]
    unknown = [name for name in given if name not in needed and not re.match(unused, name)]
    problems = [f"lacks {few(missing)}"] if missing else []
    problems += [f"has {few(unknown)}, of which nothing is known"] if unknown else []
    if problems:
        raise ModelError(
            f"{path} {' and '.join(problems)}: its weights are not those of the architecture in its configuration; "
            "name a function that builds the model, python:module:function"
        )
    parts = {key: [given[name] for name in many] for key, many in sources.items()}
    return {key: many[0] if len(many) == 1 else torch.cat(many) for key, many in parts.items()}
