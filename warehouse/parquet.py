"""How each table is written as Parquet: encodings, compression and row groups, chosen by measurement.

Statistics are kept where they let a reader skip row groups, and left out where they cost and do not.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa


@dataclass(frozen=True)
class Format:
    """How a table is written.

    Attributes:
        rows_per_group: most rows of a row group.
        apart: columns that have one value in a row group: rows that differ there never share one.
        options: of the Parquet writer.
    """

    rows_per_group: int = 1_000_000
    apart: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=lambda: {"compression": "zstd", "compression_level": 3})


def _delta(*columns: str) -> dict[str, str]:
    """Encoding of ascending or small integers as packed differences."""
    return dict.fromkeys(columns, "DELTA_BINARY_PACKED")


DEFAULT = Format()

FORMATS: dict[str, Format] = {
    # Whoever works on a shard reads only its part of the plan and of the corpus's frames.
    **dict.fromkeys(("utterances", "segments", "phones"), Format(50_000)),
    "frames": Format(
        122_880,
        options={
            "compression": "zstd",
            "compression_level": 3,
            "use_dictionary": ["hop_us", "offset_us", "window_us", "phone", "given_pitch"],
            "column_encoding": _delta("frame_id", "utterance_id", "frame", "segment"),
        },
    ),
    # frame_id and rank follow a fixed pattern, which delta encoding and zstd reduce to almost nothing;
    # what remains is the neuron: a dictionary index of ceil(log2 D) bits.
    "activations": Format(
        apart=("layer",),
        options={
            "compression": "zstd",
            "compression_level": 1,
            "use_dictionary": ["model", "layer", "neuron"],
            "column_encoding": _delta("frame_id", "rank"),
        },
    ),
    # DuckDB reads large row groups fastest and skips those of other properties.
    "activation_counts": Format(
        491_520,
        ("property",),
        {
            "compression": "zstd",
            "compression_level": 1,
            "use_dictionary": ["model", "corpus", "property", "group", "phone"],
            "column_encoding": _delta("layer", "neuron", "n", "n_middle", "n_reference"),
            "write_statistics": ["model", "corpus", "layer", "property"],
        },
    ),
    # Dense floats hardly compress: spend no time on it. A row holds all neurons of a layer.
    **dict.fromkeys(
        ("utterance_means", "segment_means"),
        Format(2_048, ("kind", "layer"), {"compression": "none", "use_dictionary": ["model", "kind", "layer"]}),
    ),
}


def row_groups(pieces: Iterable[pa.Table], form: Format) -> Iterator[pa.Table]:
    """Join small consecutive pieces of a table, and cut large ones, into its row groups.

    Args:
        pieces: rows in order; the columns ``form.apart`` have one value in a piece.
        form: how the table is written.
    """
    held: list[pa.Table] = []
    held_key: list[object] = []
    for piece in pieces:
        if piece.num_rows:
            key = [piece[name][0].as_py() for name in form.apart]
            n_parts = -(-piece.num_rows // form.rows_per_group)
            size = -(-piece.num_rows // n_parts)
            for start in range(0, piece.num_rows, size):
                part = piece.slice(start, size)
                rows = sum(other.num_rows for other in held)
                if held and (key != held_key or rows + part.num_rows > form.rows_per_group):
                    yield pa.concat_tables(held)
                    held = []
                held.append(part)
                held_key = key
    if held:
        yield pa.concat_tables(held)
