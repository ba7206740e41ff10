"""The options that say how a model is loaded and read, for every command that runs one."""

from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer

from tui.option_groups import Given, with_options

__all__ = ["NOTHING", "Given", "files_of", "with_model_options"]

NOTHING: Given = MappingProxyType({})

_OPTIONS: dict[str, Any] = {
    "weights": Annotated[Path | None, typer.Option(metavar="FILE", help="Weights of the model.")],
    "random_init": Annotated[int | None, typer.Option(metavar="SEED", help="Random weights from this seed.")],
    "mean_std": Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What normalises MelHuBERT's input, .npy. [default: *mean-std.npy beside its checkpoint]",
        ),
    ],
    "layers": Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN …",
            help="Modules to record, in:encoder.*.fc2 or cnn.*; several after WAREHOUSE or MODEL, else repeatable. "
            "[default: FFNs of the encoder]",
        ),
    ],
    "hop_ms": Annotated[
        float | None,
        typer.Option(metavar="MS", help="Distance between two frames. [default: the model's, or measured]"),
    ],
    "offset_ms": Annotated[float | None, typer.Option(metavar="MS", help="Centre of frame 0.")],
    "window_ms": Annotated[float | None, typer.Option(metavar="MS", help="Span of audio that a frame needs.")],
    "sample_rate": Annotated[
        int | None, typer.Option(metavar="HZ", help="Rate of the waveform. [default: the model's, else 16000]")
    ],
    "time_first": Annotated[
        bool | None,
        typer.Option(
            "--time-first/--batch-first", help="Whether activations are (time, batch, channel). [default: batch first]"
        ),
    ],
    "padding_frames": Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Frames that the model may add at the end, to be dropped.")
    ],
    "normalize": Annotated[
        bool | None,
        typer.Option(
            "--normalize/--no-normalize", help="Whether each waveform is normalised first. [default: the model's]"
        ),
    ],
}

with_model_options = with_options("reading", _OPTIONS)
"""Decorator: in place of its argument ``reading``, a command takes the options of :func:`ingest.load`.

It gets those that the user gave, by the names of that function's arguments.
"""


def files_of(reading: Given) -> list[Path]:
    """The files that the user named."""
    return [reading[name] for name in ("weights", "mean_std") if name in reading]
