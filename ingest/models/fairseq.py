"""fairseq's HuBERT, wav2vec 2.0 and WavLM, also as s3prl converts them: read without fairseq, run by torchaudio."""

import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ingest.models.base import SpeechModel
from ingest.models.checkpoints import REMEDY, peek, read_checkpoint, state_of
from ingest.models.fairseq_config import Architecture, Layout, architecture, layout
from ingest.models.families import Family, Reading, Weights, assemble, seeded
from ingest.models.renaming import renamed, transformer_names
from ingest.models.shown import shown
from ingest.models.torchaudio import assumed, recognise, was_normalised
from ingest.models.weights import load_state, read_state, refuse_others_than_floats, unwrapped
from warehouse.errors import ModelError, first_line

UNUSED = r"(mask_emb$|label_embs_concat$|final_proj\.|quantizer\.|project_q\.|project_inp\.|project_hid\.|target_glu\.)"
"""Tensors that only pretraining touches: what stands for masked frames, and what predicts them."""

FINE_TUNED = r"w2v_encoder\.(w2v_model\.)?|w2v_model\."
"""What fine-tuning puts before the names of the encoder and of its head, ``proj``."""


def load(name: str, weights: Weights, reading: Reading) -> SpeechModel:
    """A checkpoint that fairseq, WavLM's authors or s3prl wrote.

    ``--weights`` takes the weights of another file, in one of the layouts or a bare state dict, for this one's
    configuration.

    Raises:
        ModelError: no such file, one that cannot be read or would run code, another layout or kind of network, or
            tensors that are missing or unknown.
    """
    path = Path(name)
    saved = read_checkpoint(path)
    found = layout(saved)
    if found is None:
        raise ModelError(
            f"{path} holds {', '.join(map(shown, sorted(saved)[:6])) or 'nothing'}, not fairseq's 'model' and 'cfg' "
            f"(or 'args'), nor s3prl's 'model_weight' and 'model_cfg': {REMEDY}"
        )
    sizes = architecture(found.model, path)
    state = _state(saved, found, path)
    make = partial(build, sizes, state, path)
    source = f"fairseq:{name}"
    if weights.file is not None:
        path, source = Path(weights.file), f"{source}, {weights.file}"
        state = _other_state(path)
    with torch.device("meta"):  # sizes that the weights do not have are refused before memory is taken for them
        empty = make()
    fitting = _fitting(state, empty, sizes.conv_norm, path)
    if weights.seed is not None:
        module, source = seeded(make, weights.seed), f"{source}, random weights, seed {weights.seed}"
    else:
        module = make()
        load_state(module, fitting, str(path))
    return _assembled(module, source, found.normalize, reading)


def build(sizes: Architecture, state: dict[str, Tensor], path: Path) -> nn.Module:
    """The model of torchaudio with these sizes; a head where the state dict has one.

    Raises:
        ModelError: no such model can be built.
    """
    import torchaudio

    relative = sizes.relative
    more: dict[str, Any] = {}
    if relative is not None:
        more = {"encoder_num_buckets": relative.buckets, "encoder_max_distance": relative.distance}
    make = torchaudio.models.wav2vec2_model if relative is None else torchaudio.models.wavlm_model
    try:
        module = make(
            extractor_mode=sizes.conv_norm,
            extractor_conv_layer_config=list(sizes.convs),
            extractor_conv_bias=sizes.conv_bias,
            encoder_embed_dim=sizes.width,
            encoder_projection_dropout=0.0,
            encoder_pos_conv_kernel=sizes.kernel,
            encoder_pos_conv_groups=sizes.groups,
            encoder_num_layers=sizes.blocks,
            encoder_num_heads=sizes.heads,
            encoder_attention_dropout=0.0,
            encoder_ff_interm_features=sizes.neurons,
            encoder_ff_interm_dropout=0.0,
            encoder_dropout=0.0,
            encoder_layer_norm_first=sizes.norm_first,
            encoder_layer_drop=0.0,
            aux_num_out=state["proj.weight"].numel() // sizes.width if "proj.weight" in state else None,
            **more,
        )
    except (ValueError, TypeError, ArithmeticError, AssertionError, RuntimeError) as error:
        raise ModelError(f"{path}: no model has the sizes in its configuration ({first_line(error)})") from error
    if relative is not None and not relative.gated:
        _without_gates(module)
    if sizes.convs[-1][0] == sizes.width and "post_extract_proj.weight" not in state:
        module.encoder.feature_projection.projection = nn.Identity()  # fairseq projects where widths differ
    return module


def _without_gates(module: nn.Module) -> None:
    """Plain relative positions: torchaudio's attention has a switch for them, its constructor has none."""
    for block in module.encoder.transformer.layers:  # type: ignore[union-attr]
        block.attention.gru_rel_pos = False
        del block.attention.gru_rel_pos_linear, block.attention.gru_rel_pos_const


def _fitting(state: dict[str, Tensor], module: nn.Module, conv_norm: str, path: Path) -> dict[str, Tensor]:
    """The tensors of a file under the names of a module, which is on the meta device, and which they fit."""
    try:
        fitting = renamed(state, module.state_dict(), partial(_names, conv_norm), UNUSED, path)
    except RuntimeError as error:  # of tensors that are joined
        raise ModelError(f"{path}: its weights are of no attention ({first_line(error)}): {REMEDY}") from error
    # All of them, before any are joined: with a floating tensor whole numbers become floating, too.
    refuse_others_than_floats({key: value for key, value in state.items() if not re.match(UNUSED, key)}, str(path))
    load_state(module, fitting, str(path))
    return fitting


def _state(saved: dict[str, Any], found: Layout, path: Path) -> dict[str, Tensor]:
    return _bare(state_of(saved, found.weights, path))


def _other_state(path: Path) -> dict[str, Tensor]:
    if path.suffix == ".safetensors":
        return _bare(read_state(path))
    saved = read_checkpoint(path)
    found = layout(saved)
    return _bare(unwrapped(saved, path)) if found is None else _state(saved, found, path)


def _bare(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {re.sub(rf"^({FINE_TUNED})", "", key): value for key, value in state.items()}


def _names(conv_norm: str, key: str) -> tuple[str, ...]:
    """The names in fairseq of a tensor of torchaudio's model."""
    inner = "encoder.transformer."
    if key.startswith(inner):
        return tuple(f"encoder.{name}" for name in transformer_names(key.removeprefix(inner)))
    key = re.sub(r"(feature_extractor\.conv_layers\.\d+)\.conv\.", r"\1.0.", key)
    # A layer norm there stands between two transpositions, a group norm alone.
    norm = "2.1" if conv_norm == "layer_norm" else "2"
    key = re.sub(r"(feature_extractor\.conv_layers\.\d+)\.layer_norm\.", rf"\g<1>.{norm}.", key)
    key = re.sub(r"^encoder\.feature_projection\.layer_norm\.", "layer_norm.", key)
    key = re.sub(r"^encoder\.feature_projection\.projection\.", "post_extract_proj.", key)
    return (re.sub(r"^aux\.", "proj.", key),)


def _assembled(module: nn.Module, source: str, normalize: bool | None, reading: Reading) -> SpeechModel:
    """The model; where the file is silent on normalisation, its front end tells."""
    front = recognise(module)
    assert front is not None
    said = "the checkpoint's configuration"
    if normalize is None:
        normalize = was_normalised(module)
        said = assumed(normalize)
    return assemble(module, FAMILY.name, replace(front, normalize=normalize, normalize_from=said), source, reading)


def _knows(spec: str) -> bool:
    saved = peek(spec)
    return saved is not None and layout(saved) is not None


FAMILY = Family(
    name="fairseq",
    schemes=("fairseq",),
    knows=_knows,
    load=load,
    recognise=lambda module: None,  # once built it is torchaudio's
    names=lambda: ["fairseq:FILE"],
)
