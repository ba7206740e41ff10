"""MelHuBERT's public checkpoints: ``model``, ``Upstream_Config``, and the normalisation of the input beside them."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ingest.models.base import SpeechModel
from ingest.models.checkpoints import peek, read_checkpoint, state_of
from ingest.models.configuration import MOST_BLOCKS, expect, flag, plain, size
from ingest.models.families import Family, FrontEnd, Reading, Weights, assemble, seeded
from ingest.models.melhubert_encoder import HOP, N_MELS, SAMPLE_RATE, WINDOW, MelHubert, MelHubertSizes
from ingest.models.renaming import renamed, transformer_names
from ingest.models.shown import printable, shown
from ingest.models.weights import load_state, read_state, unwrapped
from warehouse.errors import ModelError, first_line
from warehouse.grid import Grid

KEYS = ("melhubert", "hubert")
"""Under which the configuration lies in ``Upstream_Config``; the second one in older files."""

UNUSED = r"(mask_emb$|label_embs_concat$|final_proj\.)"
"""Tensors that only pretraining touches: what stands for masked frames, and what predicts them."""


def recognise(module: nn.Module) -> FrontEnd | None:
    """The front end of a module that is or contains exactly one :class:`MelHubert`."""
    encoders = [(path, m) for path, m in module.named_modules() if isinstance(m, MelHubert)]
    if len(encoders) != 1:
        return None
    path, encoder = encoders[0]
    return FrontEnd(
        encoder=path,
        forward=encoder,
        grid=partial(_grid, encoder.sizes.stack),
        sample_rate=SAMPLE_RATE,
        normalize_from="MelHuBERT, whose energies are normalised by the file of means and deviations",
    )


def load(name: str, weights: Weights, reading: Reading) -> SpeechModel:
    """A public checkpoint with the file of means and deviations that its input was normalised by in training.

    ``--weights`` takes the weights of another such checkpoint, or a bare state dict, for this one's configuration.

    Raises:
        ModelError: no such file, one that cannot be read or would run code, another layout or kind of network,
            tensors that are missing or unknown, pruned attention heads, or no normalisation.
    """
    path = Path(name)
    saved = read_checkpoint(path)
    config = _config(saved)
    if config is None:
        raise ModelError(
            f"{path} holds {', '.join(map(shown, sorted(saved)[:6])) or 'nothing'}, not MelHuBERT's 'model' and "
            "'Upstream_Config' with 'melhubert' or 'hubert' in it: give a public checkpoint"
        )
    state = state_of(saved, "model", path)
    sizes = _sizes(config, state, path)
    normalisation = _mean_std_file(path, weights.mean_std)
    make = partial(_build, sizes, _mean_std(normalisation), path)
    source = f"melhubert:{name}"
    if weights.file is not None:
        path, source = Path(weights.file), f"{source}, {weights.file}"
        state = _other_state(path)
    with torch.device("meta"):  # sizes that the weights do not have are refused before memory is taken for them
        empty = make()
    own = {"mean": empty.mean, "std": empty.std}
    wanted = [key for key in empty.state_dict() if key not in own]
    fitting = own | renamed(state, wanted, _names, UNUSED, path)
    load_state(empty, fitting, str(path))
    if weights.seed is not None:
        module, source = seeded(make, weights.seed), f"{source}, random weights, seed {weights.seed}"
    else:
        module = make()
        load_state(module, fitting, str(path))
    front = recognise(module)
    assert front is not None
    return assemble(module, FAMILY.name, front, f"{source}, normalised by {normalisation.name}", reading)


def _config(saved: Mapping[str, Any]) -> dict[str, Any] | None:
    upstream = plain(saved.get("Upstream_Config")) or {}
    found = [config for key in KEYS if (config := plain(upstream.get(key))) is not None]
    return found[0] if found else None


def _sizes(config: Mapping[str, Any], state: Mapping[str, Tensor], path: Path) -> MelHubertSizes:
    """Sizes as the configuration states them; the width of each feed-forward network is that of its tensor."""
    expect(config, "activation_fn", ("gelu",), path)
    expect(config, "pos_emb_type", ("conv",), path)
    expect(config, "pos_conv_depth", (1,), path)
    wide = size(config, "feat_emb_dim", path, N_MELS)
    if wide not in (N_MELS, 2 * N_MELS):
        raise ModelError(f"{path}: feat_emb_dim = {wide} is not read, only 40 (10 ms) and 80 (20 ms)")
    width = size(config, "encoder_embed_dim", path)
    blocks = size(config, "encoder_layers", path, most=MOST_BLOCKS)
    _check_attention(config, state, width, path)
    firsts = [state.get(f"encoder.layers.{block}.fc1.weight") for block in range(blocks)]
    return MelHubertSizes(
        stack=wide // N_MELS,
        width=width,
        # Where the tensor is not there a width of 1 stands in, until all that is missing is named at once.
        neurons=tuple(1 if first is None else max(_rows(first), 1) for first in firsts),
        heads=size(config, "encoder_attention_heads", path),
        kernel=size(config, "conv_pos", path, 128),
        groups=size(config, "conv_pos_groups", path, 16),
        norm_first=flag(config, "layer_norm_first", path),
        projected=wide != width or "pre_extract_proj.weight" in state,
    )


def _check_attention(config: Mapping[str, Any], state: Mapping[str, Tensor], width: int, path: Path) -> None:
    pruned = [key for key, value in state.items() if key.endswith("self_attn.q_proj.weight") and _rows(value) != width]
    if pruned or isinstance(config.get("encoder_attention_heads"), list | tuple):
        where = (
            f"{printable(pruned[0])} has {_rows(state[pruned[0]])} rows, not {width}"
            if pruned
            else "encoder_attention_heads lists"
        )
        raise ModelError(
            f"{path}: its attention heads were pruned ({where}), which is not read: build the model in a function of "
            "your own and name it python:module:function"
        )


def _rows(weight: Tensor) -> int:
    return weight.shape[0] if weight.ndim else 0


def _build(sizes: MelHubertSizes, normalisation: tuple[Tensor, Tensor], path: Path) -> MelHubert:
    try:
        return MelHubert(sizes, *normalisation)
    except (ValueError, TypeError, ArithmeticError, AssertionError, RuntimeError) as error:
        raise ModelError(f"{path}: no model has the sizes in its configuration ({first_line(error)})") from error


def _other_state(path: Path) -> dict[str, Tensor]:
    if path.suffix == ".safetensors":
        return read_state(path)
    saved = read_checkpoint(path)
    return state_of(saved, "model", path) if "model" in saved else unwrapped(saved, path)


def _names(key: str) -> tuple[str, ...]:
    """The checkpoint's names for a tensor of the module."""
    inner = "encoder."
    if key.startswith(inner):
        return tuple(inner + name for name in transformer_names(key.removeprefix(inner)))
    return (key,)


def _mean_std_file(checkpoint: Path, stated: str | None) -> Path:
    """The file that normalises the input: what is stated, or the only one beside the checkpoint."""
    if stated is not None:
        if not Path(stated).is_file():
            raise ModelError(
                f"{stated}: there is no such file; --mean-std wants the .npy published with the checkpoint"
            )
        return Path(stated)
    beside = sorted(checkpoint.parent.glob("*mean-std.npy"))
    if len(beside) == 1:
        return beside[0]
    if beside:
        names = ", ".join(file.name for file in beside)
        raise ModelError(f"{checkpoint}: beside it are {names}; say with --mean-std which one it was trained with")
    raise ModelError(
        f"{checkpoint}: the mean and deviation of its input are a file of their own, such as libri-960-mean-std.npy: "
        "give it with --mean-std FILE, or put it beside the checkpoint"
    )


def _mean_std(path: Path) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation (40,) of each band, from an array (2, 40)."""
    try:
        values = np.load(path, allow_pickle=False)
        numbers = torch.from_numpy(np.asarray(values, np.float32))
    except (OSError, ValueError, TypeError, EOFError):
        # NumPy's own text is not shown: it advises to let the file run code.
        raise ModelError(f"{path} is no array of numbers: give the .npy published with the checkpoint") from None
    if numbers.shape != (2, N_MELS):
        raise ModelError(
            f"{path} has shape {tuple(numbers.shape)}, not (2, {N_MELS}): rows are mean and deviation; give the .npy "
            "published with the checkpoint"
        )
    if not numbers.isfinite().all():
        raise ModelError(f"{path} holds values that are not finite: give the .npy published with the checkpoint")
    if not (numbers[1] > 0).all():
        raise ModelError(f"{path}: deviations (its second row) must be above 0; give the .npy published with the model")
    return numbers[0].clone(), numbers[1].clone()


def _grid(stack: int, sample_rate: int) -> Grid:
    """The centre of frame 0 is that of the windows that it stacks."""
    if sample_rate != SAMPLE_RATE:
        raise ModelError(f"MelHuBERT takes sound at {SAMPLE_RATE} Hz; leave --sample-rate out")
    hop, window = (samples * 1_000_000 // SAMPLE_RATE for samples in (HOP, WINDOW))
    return Grid(stack * hop, (window + (stack - 1) * hop) // 2, window)


def _knows(spec: str) -> bool:
    saved = peek(spec)
    return saved is not None and _config(saved) is not None


FAMILY = Family(
    name="melhubert",
    schemes=("melhubert",),
    knows=_knows,
    load=load,
    recognise=recognise,
    names=lambda: ["melhubert:FILE"],
    takes_mean_std=True,
)
