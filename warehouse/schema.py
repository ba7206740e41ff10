"""The tables of a warehouse: names, columns, types, and the sentence that explains each.

These comments are the only place where the columns are described: the query connection registers them as
``COMMENT ON``, and the documentation is generated from there.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from warehouse.columns import (
    BOOL,
    CORPUS,
    EDGES,
    F32,
    F64,
    FLOATS,
    I16,
    I32,
    I64,
    LAYER,
    MODEL,
    NEURON,
    REJECTED,
    STR,
    STRINGS,
    TIMESTAMP,
    UTTERANCE,
    Table,
)
from warehouse.probe_tables import PROBE_TABLES

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA = 2
"""Version of the columns below. Files of version 1 say less of their grid; :mod:`warehouse.stored` completes them."""


_PROPERTY = ("property", STR, "name of the property")
_GROUP = ("group", STR, "group of the property that the frame belongs to")
_PHONE = (
    "phone",
    STR,
    "phone without stress; '' = silence, 'spn' = spoken noise, '*' = unlabelled corpus or whole utterance",
)
_GRID = (
    ("hop_us", I32, "distance between two frames of the grid, microseconds; 0 = one frame an utterance"),
    ("offset_us", I32, "centre of frame 0, microseconds"),
    ("window_us", I32, "span of audio that a frame needs, microseconds"),
)
_READINGS = (
    ("n", I64, "frames, every frame counted (p_frames = 'all')"),
    ("n_middle", I64, "middle frames of runs of equal phones (p_frames = 'middle')"),
    ("n_reference", I64, "the same without each utterance's last run (p_frames = 'reference')"),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "models",
            "ingested model",
            (
                MODEL,
                ("family", STR, "kind of implementation that was read, such as torchaudio or transformers"),
                ("source", STR, "where the weights came from"),
                ("checksum", STR, "digest of all weights, names, shapes and types"),
                ("hop_us", I32, "distance between two frames of its first layer with frames, microseconds"),
                ("offset_us", I32, "centre of frame 0, microseconds"),
                ("window_us", I32, "span of audio that a frame needs, microseconds"),
                ("sample_rate", I32, "rate of the waveform that the model was given, Hz"),
                ("normalize", BOOL, "whether the waveform was layer-normalised first"),
                ("n_layers", I32, "number of recorded layers"),
                ("lambda_pct", F64, "share of each layer's neurons that a frame activates, percent"),
            ),
        ),
        Table(
            "layers",
            "recorded site",
            (
                MODEL,
                LAYER,
                ("block", I16, "Transformer block that the layer belongs to, from 1"),
                ("site", STR, "ffn; ffn1 and ffn2 where a block has two; otherwise the module's name"),
                ("n_neurons", I32, "width D of the layer"),
                ("top_k", I32, "neurons recorded per frame, max(1, floor(lambda_pct * D / 100 + 0.5))"),
                ("in_module", STR, "path of the first linear"),
                ("out_module", STR, "path of the second linear, whose input was recorded"),
                *_GRID,
            ),
        ),
        Table(
            "utterances",
            "utterance",
            (
                UTTERANCE,
                CORPUS,
                ("utterance", STR, "name of the utterance, unique in its corpus"),
                ("speaker", STR, "who speaks; NULL when unknown"),
                ("gender", STR, "M or F; NULL when unknown"),
                ("duration", F64, "length of the audio, seconds"),
                ("text", STR, "what is said; NULL when unknown"),
                ("path", STR, "audio file"),
            ),
            open=True,
        ),
        Table(
            "phones",
            "phone of a corpus's declared inventory",
            (
                CORPUS,
                _PHONE,
                ("phone_class", STR, "vowel, voiced or unvoiced, or what the user's map says; NULL = none"),
            ),
        ),
        Table(
            "recordings",
            "utterance that a model has seen",
            (
                MODEL,
                UTTERANCE,
                ("n_frames", I32, "frames that the model gave, on the grid that the table models says"),
                ("shard", STR, "unit of work in which it was recorded"),
            ),
        ),
        Table(
            "segments",
            "phone interval; they tile the utterance",
            (
                UTTERANCE,
                ("segment", I32, "number of the interval in the utterance, from 0"),
                _PHONE,
                ("word", STR, "word that the phone belongs to; NULL when unknown"),
                ("start_s", F64, "start, seconds"),
                ("end_s", F64, "end, seconds"),
            ),
        ),
        Table(
            "frames",
            "frame of a grid",
            (
                (
                    "frame_id",
                    I64,
                    "number of the frame, unique in the warehouse, consecutive in an utterance",
                ),
                *_GRID,
                UTTERANCE,
                ("frame", I32, "number of the frame in the utterance, from 0"),
                (
                    "segment",
                    I32,
                    "interval that overlaps the frame the longest, the earlier one on a tie; NULL = whole utterance",
                ),
                _PHONE,
                ("is_middle", BOOL, "middle frame of its run of equal phones"),
                ("is_last_run", BOOL, "in the last run of the utterance"),
                ("f0_hz", F32, "fundamental frequency at the frame's centre, Hz; NULL = unvoiced"),
                ("given_pitch", STR, "low, middle or high where the corpus came with discretised pitch"),
            ),
        ),
        Table(
            "activations",
            "(model, layer, frame, rank)",
            (
                MODEL,
                LAYER,
                ("frame_id", I64, "frame"),
                ("rank", I16, "0 = largest |activation| of the frame; equal values: lower neuron first"),
                NEURON,
            ),
            open=True,
            required=True,
        ),
        Table(
            "activation_counts",
            "(model, corpus, layer, property, group, phone, neuron) with n > 0",
            (MODEL, CORPUS, LAYER, _PROPERTY, _GROUP, _PHONE, NEURON, *_READINGS),
            required=True,
        ),
        Table(
            "frame_counts",
            "(model, corpus, grid, property, group, phone)",
            (MODEL, CORPUS, _PROPERTY, _GROUP, _PHONE, *_READINGS, *_GRID),
        ),
        Table(
            "utterance_means",
            "(model, kind, layer, utterance)",
            (
                MODEL,
                ("kind", STR, "ffn = input of the second linear, block = output of the block"),
                LAYER,
                UTTERANCE,
                ("n_frames", I32, "frames averaged"),
                ("mean", FLOATS, "mean over frames of the signed values"),
                ("std", FLOATS, "population standard deviation over frames of the signed values"),
            ),
        ),
        Table(
            "segment_means",
            "(model, kind, layer, segment that has a frame), where the ingest was asked for them",
            (
                MODEL,
                ("kind", STR, "ffn = input of the second linear, block = output of the block"),
                LAYER,
                UTTERANCE,
                ("segment", I32, "number of the interval in the utterance, from 0"),
                ("n_frames", I32, "frames averaged"),
                ("mean", FLOATS, "mean over frames of the signed values"),
            ),
        ),
        Table(
            "properties",
            "declared property",
            (
                _PROPERTY,
                ("definition", STR, "SQL expression over frame_facts that labels a frame"),
                ("bins", STR, "how a number becomes a group; NULL when the expression is the group"),
                ("labels", STRINGS, "names of the bins, from below"),
                ("phones", STRINGS, "phones that count outside the reference reading; NULL = all"),
                ("without_classes", STRINGS, "phone classes that do not count there; NULL = none"),
                ("made", STR, "how the property was declared"),
            ),
        ),
        Table(
            "property_edges",
            "(property, corpus, grid) of a property that bins by quantile",
            (
                _PROPERTY,
                CORPUS,
                ("hop_us", I32, "grid whose frames were used, microseconds"),
                ("offset_us", I32, "grid whose frames were used, microseconds"),
                ("edges", EDGES, "edges between bins, frozen when counting starts"),
            ),
        ),
        *PROBE_TABLES,
        Table(
            "ingests",
            "run",
            (
                ("run", STR, "identifier of the run"),
                ("started", TIMESTAMP, "when the run started, UTC"),
                ("finished", TIMESTAMP, "when it ended, UTC; NULL when it was interrupted or still goes on"),
                MODEL,
                CORPUS,
                ("versions", STR, "versions of the software, JSON"),
                ("settings", STR, "settings of the run, JSON"),
                ("checksums", STR, "digests of the inputs, JSON"),
                ("threads", I32, "torch threads; recorded ranks are exact at the same number"),
                ("rejected", REJECTED, "utterances left out, and why"),
            ),
        ),
    )
}


def table(name: str, columns: Mapping[str, Any], extra: "Iterable[pa.Field]" = ()) -> "pa.Table":
    """Arrow table of a warehouse table from its columns, cast to the declared types.

    Args:
        name: a name in ``TABLES``.
        columns: values by column name; a missing column is all NULL.
        extra: further fields of ``columns``, allowed only where the table is open. One without any value is
            text: Parquet's type for "nothing" is not read by everybody.

    Raises:
        ValueError: a column that the table does not have.
    """
    import pyarrow as pa

    text = (field.with_type(pa.string()) if pa.types.is_null(field.type) else field for field in extra)
    schema = file_schema(name, pa.schema([*TABLES[name].schema, *text]))
    if unknown := columns.keys() - set(schema.names):
        raise ValueError(f"table {name} has no column {', '.join(sorted(unknown))}")
    n = next((len(values) for values in columns.values()), 0)
    arrays = [
        _array(columns[field.name], field.type) if field.name in columns else pa.nulls(n, field.type)
        for field in schema
    ]
    return pa.table(arrays, schema=schema)


def _array(values: Any, kind: "pa.DataType") -> "pa.Array | pa.ChunkedArray":
    import pyarrow as pa

    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values if values.type == kind else values.cast(kind)
    return pa.array(values, type=kind)


def file_schema(name: str, schema: "pa.Schema") -> "pa.Schema":
    """Schema of a file of a table that is to hold rows of some schema.

    Args:
        name: a name in ``TABLES``.
        schema: schema of the rows; a text column may be dictionary-encoded.

    Returns:
        The same fields, required where the table says so.

    Raises:
        ValueError: other columns, another order or other types than the table declares.
    """
    import pyarrow as pa

    spec = TABLES[name]
    declared = spec.schema
    if schema.names[: len(declared)] != declared.names or (len(schema) > len(declared) and not spec.open):
        raise ValueError(f"table {name} has columns {', '.join(declared.names)}, not {', '.join(schema.names)}")
    for field, own in zip(schema, declared, strict=False):
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if kind != own.type:
            raise ValueError(f"column {field.name} of table {name} is {own.type}, not {kind}")
    further = list(schema)[len(declared) :]
    return pa.schema([field.with_nullable(not spec.required) for field in schema][: len(declared)] + further)
