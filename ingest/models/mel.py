"""Log-mel encoders: the small model that ships with the project, and files that ``save_mel_encoder`` wrote."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ingest.models.base import SpeechModel
from ingest.models.families import Family, FrontEnd, Reading, Weights, assemble, seeded
from ingest.models.mel_encoder import SAMPLE_RATE, MelEncoder, MelEncoderConfig
from ingest.models.weights import load_state, read_state
from warehouse.errors import ModelError
from warehouse.grid import Grid

TINY = Path(__file__).with_name("mel_tiny.safetensors")
"""Weights of ``mel:tiny``, learned by masked prediction (docs/replication/pretrain.md)."""

GRID = Grid(20_000, 17_500, 25_000)
"""A frame stacks two mel frames of 25 ms, 10 ms apart; the second of the last one may be a repetition."""


def recognise(module: nn.Module) -> FrontEnd | None:
    """The front end of a module that is or contains exactly one :class:`MelEncoder`."""
    encoders = [(path, m) for path, m in module.named_modules() if isinstance(m, MelEncoder)]
    if len(encoders) != 1:
        return None
    path, encoder = encoders[0]
    return FrontEnd(encoder=path, forward=encoder, grid=_grid, sample_rate=SAMPLE_RATE, normalize_from="MelEncoder")


def load(name: str, weights: Weights, reading: Reading) -> SpeechModel:
    """``tiny``, or a ``.safetensors`` file that :func:`save_mel_encoder` wrote.

    Raises:
        ModelError: no such model or file, or one that does not fit.
    """
    path = TINY if name == "tiny" else Path(name)
    if not path.is_file():
        raise ModelError(f"mel:{name}: no such file; give mel:tiny or a file that save_mel_encoder wrote")
    config = _config(path)
    source = f"mel:{name}"
    if weights.seed is not None:
        module = seeded(partial(MelEncoder, config), weights.seed)
        source += f", random weights, seed {weights.seed}"
    else:
        module = MelEncoder(config)
        file = Path(weights.file) if weights.file is not None else path
        load_state(module, read_state(file), str(file))
        source += f", {weights.file}" if weights.file is not None else ""
    return assemble(module, FAMILY.name, _front(module), source, reading)


def save_mel_encoder(encoder: MelEncoder, path: Path, notes: Mapping[str, str]) -> None:
    """Write an encoder with its sizes, in half precision, so that ``load("mel:PATH")`` builds it again.

    Args:
        encoder: what to write.
        path: a ``.safetensors`` file; replaced when it is there.
        notes: where the weights come from, kept in the file's metadata.
    """
    from safetensors.torch import save_file

    state = {name: _half(value) for name, value in encoder.state_dict().items()}
    save_file(state, path, {**notes, "config": json.dumps(asdict(encoder.config), sort_keys=True)})


def _half(value: Tensor) -> Tensor:
    return (value.half() if value.is_floating_point() else value).contiguous()


def _config(path: Path) -> MelEncoderConfig:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            sizes: dict[str, Any] = json.loads((file.metadata() or {})["config"])
        return MelEncoderConfig(**sizes)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path}: no log-mel encoder ({error}): write it by save_mel_encoder") from None


def _front(module: nn.Module) -> FrontEnd:
    front = recognise(module)
    assert front is not None
    return front


def _grid(sample_rate: int) -> Grid:
    if sample_rate != SAMPLE_RATE:
        raise ModelError(f"a log-mel encoder takes sound at {SAMPLE_RATE} Hz; leave --sample-rate out")
    return GRID


FAMILY = Family(
    name="mel",
    schemes=("mel",),
    knows=lambda spec: False,
    load=load,
    recognise=recognise,
    names=lambda: ["mel:tiny", "mel:FILE.safetensors"],
)
