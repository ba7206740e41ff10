"""What a table of the warehouse is: its columns, their types in SQL and in Arrow, and a sentence on each."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

STR, I16, I32, I64 = "VARCHAR", "SMALLINT", "INTEGER", "BIGINT"
F32, F64, BOOL, TIMESTAMP = "FLOAT", "DOUBLE", "BOOLEAN", "TIMESTAMP"
STRINGS, FLOATS, EDGES, NUMBERS = "VARCHAR[]", "FLOAT[]", "DOUBLE[]", "BIGINT[]"
REJECTED = "STRUCT(utterance VARCHAR, reason VARCHAR)[]"


@dataclass(frozen=True)
class Table:
    """A table of the warehouse.

    Attributes:
        name: its name in SQL and the folder of its Parquet files.
        grain: what one row stands for.
        columns: (name, SQL type, comment) in order; files may hold more columns only where ``open``.
        open: whether files may add columns of their own (metadata of a corpus, values of activations).
        required: whether every column has a value in every row, which large tables are written faster with.
    """

    name: str
    grain: str
    columns: tuple[tuple[str, str, str], ...]
    open: bool = False
    required: bool = False

    @property
    def schema(self) -> "pa.Schema":
        """The columns as an Arrow schema."""
        import pyarrow as pa

        types = _arrow_types()
        return pa.schema([pa.field(name, types[kind], nullable=not self.required) for name, kind, _ in self.columns])


def _arrow_types() -> "dict[str, pa.DataType]":
    # Readers need no Arrow, and it takes longer to import than DuckDB: it is imported where it is used.
    import pyarrow as pa

    text = pa.string()
    return {
        STR: text,
        I16: pa.int16(),
        I32: pa.int32(),
        I64: pa.int64(),
        F32: pa.float32(),
        F64: pa.float64(),
        BOOL: pa.bool_(),
        TIMESTAMP: pa.timestamp("us"),
        STRINGS: pa.list_(text),
        FLOATS: pa.list_(pa.float32()),
        EDGES: pa.list_(pa.float64()),
        NUMBERS: pa.list_(pa.int64()),
        REJECTED: pa.list_(pa.struct([("utterance", text), ("reason", text)])),
    }


MODEL = ("model", STR, "name the model was ingested under")
LAYER = ("layer", I16, "recorded feed-forward layer, from 1 as in the paper")
CORPUS = ("corpus", STR, "name of the corpus")
UTTERANCE = ("utterance_id", I64, "number of the utterance, unique in the warehouse")
NEURON = ("neuron", I32, "neuron of the layer, from 0")
