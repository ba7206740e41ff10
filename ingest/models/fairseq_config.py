"""What fairseq's checkpoints say of themselves: where the weights are, the architecture, whether sound is normalised.

Three layouts are read: ``{model, cfg}``, as fairseq and WavLM's authors save, ``{model, args}`` of older fairseq, and
``{model_weight, model_cfg, task_cfg}``, which s3prl converts them to. A fine-tuned model keeps the configuration of
the pretrained one inside of its own.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.models.checkpoints import REMEDY
from ingest.models.configuration import MOST, MOST_BLOCKS, expect, flag, plain, size
from ingest.models.shown import shown
from warehouse.errors import ModelError

CONVS = "[(512,10,5)] + [(512,3,2)] * 4 + [(512,2,2)] * 2"
"""fairseq's default ``conv_feature_layers``: (channels, kernel, stride) of each convolution."""

MODES = {"default": "group_norm", "layer_norm": "layer_norm"}
"""fairseq's ``extractor_mode`` and torchaudio's."""

MOST_CONVS = 100
"""Convolutions that a configuration may ask for; it is an expression, and multiplies."""

MOST_LENGTH = 5_000
"""Characters of that expression."""


@dataclass(frozen=True)
class Relative:
    """WavLM's relative positions: buckets, the distance from which on all share the last one, and the gate."""

    buckets: int
    distance: int
    gated: bool


@dataclass(frozen=True)
class Architecture:
    """Sizes of wav2vec 2.0, HuBERT or WavLM.

    Attributes:
        convs: (channels, kernel, stride) of each convolution over the waveform.
        conv_bias: whether they have biases.
        conv_norm: ``group_norm`` or ``layer_norm``.
        width: d, of the residual stream.
        neurons: D, of each feed-forward network.
        blocks: Transformer blocks.
        heads: attention heads.
        kernel: frames that the positional convolution spans.
        groups: of its channels.
        norm_first: whether layer norms come before attention and feed-forward networks instead of after them.
        relative: WavLM's positions; None for the others.
    """

    convs: tuple[tuple[int, int, int], ...]
    conv_bias: bool
    conv_norm: str
    width: int
    neurons: int
    blocks: int
    heads: int
    kernel: int
    groups: int
    norm_first: bool
    relative: Relative | None


@dataclass(frozen=True)
class Layout:
    """Where things are in a checkpoint.

    Attributes:
        weights: key of the state dict.
        model: configuration of the network that has the FFNs.
        stated: configurations that may say whether sound is normalised, the one that holds first.
    """

    weights: str
    model: Mapping[str, Any]
    stated: tuple[Mapping[str, Any], ...]

    @property
    def normalize(self) -> bool | None:
        """Whether each waveform is normalised; None where the file does not say."""
        said = [config["normalize"] for config in self.stated if isinstance(config.get("normalize"), bool)]
        return said[0] if said else None


def layout(saved: Mapping[str, Any]) -> Layout | None:
    """Where things are in a checkpoint; None when it has none of the layouts."""
    if "model_weight" in saved:
        model, task = plain(saved.get("model_cfg")), plain(saved.get("task_cfg"))
        return None if model is None else _layout("model_weight", model, task or {})
    whole = plain(saved.get("cfg"))
    if whole is None:
        whole = plain(saved.get("args"))
    if whole is None or not isinstance(saved.get("model"), dict):
        return None
    nested = plain(whole.get("model"))
    return _layout("model", whole if nested is None else nested, plain(whole.get("task")) or {})


def _layout(weights: str, model: Mapping[str, Any], task: Mapping[str, Any]) -> Layout:
    """A fine-tuned model has the pretrained one's configuration, in any of the layouts, under ``w2v_args``."""
    whole = plain(model.get("w2v_args"))
    if whole is None:
        return Layout(weights, model, (task, model))
    nested = plain(whole.get("model"))
    pretrained = whole if nested is None else nested
    return Layout(weights, pretrained, (task, model, plain(whole.get("task")) or {}, pretrained))


def architecture(config: Mapping[str, Any], path: Path) -> Architecture:
    """The sizes that a configuration states; what it leaves out is fairseq's default.

    Raises:
        ModelError: a size is missing or impossible, or the network is of another kind.
    """
    expect(config, "activation_fn", ("gelu",), path)
    expect(config, "layer_type", ("transformer", None), path)
    expect(config, "pos_conv_depth", (1,), path)
    expect(config, "quantize_input", (False,), path)
    expect(config, "extractor_mode", tuple(MODES), path)
    relative = None
    if flag(config, "relative_position_embedding", path):
        relative = Relative(
            buckets=size(config, "num_buckets", path),
            distance=size(config, "max_distance", path),
            gated=flag(config, "gru_rel_pos", path),
        )
    return Architecture(
        convs=conv_layers(config.get("conv_feature_layers", CONVS), path),
        conv_bias=flag(config, "conv_bias", path),
        conv_norm=MODES[config.get("extractor_mode", "default")],
        width=size(config, "encoder_embed_dim", path),
        neurons=size(config, "encoder_ffn_embed_dim", path),
        blocks=size(config, "encoder_layers", path, most=MOST_BLOCKS),
        heads=size(config, "encoder_attention_heads", path),
        kernel=size(config, "conv_pos", path, 128),
        groups=size(config, "conv_pos_groups", path, 16),
        norm_first=flag(config, "layer_norm_first", path),
        relative=relative,
    )


def conv_layers(text: object, path: Path) -> tuple[tuple[int, int, int], ...]:
    """(channels, kernel, stride) of each convolution: lists of triples, joined by ``+`` and repeated by ``*``.

    The expression is read, never run.

    Raises:
        ModelError: it is something else.
    """
    try:
        written = str(text) if isinstance(text, str | list | tuple) else ""
        value = _value(ast.parse(written, mode="eval").body) if len(written) <= MOST_LENGTH else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        value = None
    layers = value if isinstance(value, list) else []
    triples = [one for one in layers if isinstance(one, tuple) and len(one) == 3 and 0 < min(one) <= max(one) <= MOST]
    if not layers or len(triples) != len(layers):
        raise ModelError(
            f"{path}: conv_feature_layers = {shown(text)} is no list of (channels, kernel, stride), none of them above "
            f"{MOST:,}: write {CONVS!r} or its like, and {REMEDY}"
        )
    return tuple((channels, kernel, stride) for channels, kernel, stride in triples)


def _value(node: ast.expr) -> Any:
    """A number, a tuple of numbers, or a list of tuples.

    Raises:
        ValueError: it is neither, or too long.
    """
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.List | ast.Tuple):
        parts = [_value(part) for part in node.elts]
        inner: type = int if len(parts) == 3 and all(isinstance(part, int) for part in parts) else tuple
        if not all(isinstance(part, inner) for part in parts):
            raise ValueError
        return tuple(parts) if inner is int else parts
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left), _value(node.right)
        if isinstance(node.op, ast.Add) and isinstance(left, list) and isinstance(right, list):
            return _short(left + right)
        if isinstance(node.op, ast.Mult):
            many, times = (left, right) if isinstance(left, list) else (right, left)
            if isinstance(many, list) and isinstance(times, int) and times <= MOST_CONVS:
                return _short(many * times)
    raise ValueError


def _short(layers: list[Any]) -> list[Any]:
    if len(layers) > MOST_CONVS:
        raise ValueError
    return layers
